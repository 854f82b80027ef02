#include "schemas/schema_internal.h"

#include <string.h>

static struct schema_value value_of_flat(const struct schema_flat_value *flat)
{
    struct schema_value value = {.text = flat->text};

    switch (flat->type) {
    case SCHEMA_FLAT_NULL:
        value.types = TYPE_NULL;
        break;
    case SCHEMA_FLAT_STRING:
        value.types = TYPE_STRING;
        break;
    case SCHEMA_FLAT_INTEGER:
        value.types = TYPE_NUMBER | TYPE_INTEGER;
        value.number = (long double)flat->integer;
        break;
    case SCHEMA_FLAT_NUMBER:
        value.types = TYPE_NUMBER;
        value.number = (long double)flat->number;
        if (flat->number == __builtin_trunc(flat->number) && !__builtin_isinf(flat->number))
            value.types |= TYPE_INTEGER;
        break;
    }
    return value;
}

/* A member by name. Rows come in the order of the schema: look at `hint` first. */
static bool member_find(const struct schema_value *object, const char *name, size_t hint, struct schema_value *out)
{
    const json_t *json;

    if (object->json) {
        json = json_object_get(object->json, name);
        if (json && out)
            *out = schema_value_of(json);
        return json != NULL;
    }
    for (size_t i = 0; i < object->flat_count; i++) {
        size_t at = hint < object->flat_count ? (hint + i) % object->flat_count : i;

        if (object->flat[at].key != name && strcmp(object->flat[at].key, name) != 0)
            continue;
        if (out)
            *out = value_of_flat(&object->flat[at]);
        return true;
    }
    return false;
}

static size_t member_count(const struct schema_value *object)
{
    return object->json ? json_object_size(object->json) : object->flat_count;
}

static bool child_has(const struct schema_rule *properties, const char *name, size_t hint)
{
    for (size_t i = 0; i < properties->child_count; i++) {
        size_t at = (hint + i) % properties->child_count;

        if (strcmp(properties->children[at].name.at, name) == 0)
            return true;
    }
    return false;
}

SCHEMA_CHECK(schema_check_max_properties)
{
    if (!(value->types & TYPE_OBJECT) || member_count(value) <= rule->count)
        return true;
    return schema_problem_add(run, rule, "has more than %zu members", "超过 %zu 个成员", rule->count);
}

SCHEMA_CHECK(schema_check_min_properties)
{
    if (!(value->types & TYPE_OBJECT) || member_count(value) >= rule->count)
        return true;
    return schema_problem_add(run, rule, "has fewer than %zu members", "少于 %zu 个成员", rule->count);
}

static bool has_all(struct schema_run *run, const struct schema_rule *rule, const json_t *names,
                    const struct schema_value *value)
{
    bool is_right = true;

    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));

        if (member_find(value, name, i, NULL))
            continue;
        is_right = schema_problem_add(run, rule, "%s is missing", "缺少 %s", name);
        if (schema_run_is_over(run))
            break;
    }
    return is_right;
}

SCHEMA_CHECK(schema_check_required)
{
    return !(value->types & TYPE_OBJECT) || has_all(run, rule, rule->value, value);
}

SCHEMA_CHECK(schema_check_dependent_required)
{
    bool is_right = true;

    for (size_t i = 0; (value->types & TYPE_OBJECT) && i < rule->child_count; i++) {
        if (member_find(value, rule->children[i].name.at, i, NULL))
            is_right &= has_all(run, rule, rule->children[i].names, value);
    }
    return is_right;
}

SCHEMA_CHECK(schema_check_dependent_schemas)
{
    bool is_right = true;

    for (size_t i = 0; (value->types & TYPE_OBJECT) && i < rule->child_count; i++) {
        if (member_find(value, rule->children[i].name.at, i, NULL))
            is_right &= schema_run_node(run, rule->children[i].node, value);
    }
    return is_right;
}

static bool check_member(struct schema_run *run, const struct schema_node *node, const char *name,
                         const struct schema_value *member)
{
    struct schema_step step = {run->step, name, 0};

    return schema_run_below(run, node, member, &step);
}

SCHEMA_CHECK(schema_check_properties)
{
    bool is_right = true;

    for (size_t i = 0; (value->types & TYPE_OBJECT) && i < rule->child_count; i++) {
        struct schema_value member;

        if (!member_find(value, rule->children[i].name.at, i, &member) ||
            check_member(run, rule->children[i].node, rule->children[i].name.at, &member))
            continue;
        is_right = false;
        if (schema_run_is_over(run))
            break;
    }
    return is_right;
}

/* A pattern that gives up counts as a match: then the member must fit as well. */
static bool name_matches(const struct schema_run *run, const struct schema_child *child, const char *name)
{
    return schema_pattern_match(run->schema, child->pattern, span_of(name)) != 0;
}

SCHEMA_CHECK(schema_check_pattern_properties)
{
    bool is_right = true;
    const char *name;
    json_t *json;

    json_object_foreach((json_t *)value->json, name, json)
    {
        struct schema_value member = schema_value_of(json);

        for (size_t i = 0; i < rule->child_count; i++) {
            if (name_matches(run, &rule->children[i], name))
                is_right &= check_member(run, rule->children[i].node, name, &member);
        }
    }
    return is_right;
}

static bool is_additional(const struct schema_run *run, const struct schema_rule *rule, const char *name, size_t hint)
{
    if (rule->first && child_has(rule->first, name, hint))
        return false;
    for (size_t i = 0; rule->second && i < rule->second->child_count; i++) {
        if (schema_pattern_match(run->schema, rule->second->children[i].pattern, span_of(name)) > 0)
            return false;
    }
    return true;
}

static bool check_additional(struct schema_run *run, const struct schema_rule *rule, const char *name,
                             const struct schema_value *member)
{
    if (rule->children[0].node->is_false)
        return schema_problem_add(run, rule, "%s is not a known member", "%s 不是已知的字段", name);
    return check_member(run, rule->children[0].node, name, member);
}

SCHEMA_CHECK(schema_check_additional_properties)
{
    bool is_right = true;
    size_t at = 0;
    const char *name;
    json_t *json;

    for (size_t i = 0; i < value->flat_count; i++) {
        struct schema_value member = value_of_flat(&value->flat[i]);

        if (is_additional(run, rule, value->flat[i].key, i))
            is_right &= check_additional(run, rule, value->flat[i].key, &member);
    }
    json_object_foreach((json_t *)value->json, name, json)
    {
        struct schema_value member = schema_value_of(json);

        if (is_additional(run, rule, name, at++))
            is_right &= check_additional(run, rule, name, &member);
    }
    return is_right;
}

SCHEMA_CHECK(schema_check_property_names)
{
    bool is_right = true;
    const char *name;
    json_t *json;

    json_object_foreach((json_t *)value->json, name, json)
    {
        struct schema_value text = {.types = TYPE_STRING, .text = span_of(name)};

        (void)json;
        is_right &= check_member(run, rule->children[0].node, name, &text);
    }
    return is_right;
}
