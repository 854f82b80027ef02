#include "schemas/schema_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PREPARE(name) static bool name(struct schema_loader *loader, struct schema_rule *rule, struct error *err)

static const char DRAFT[] = "https://json-schema.org/draft/2020-12/schema";

static const struct schema_rule *sibling(const struct schema_rule *rule, const char *name)
{
    const struct schema_node *node = rule->owner;

    for (size_t i = 0; i < node->rule_count; i++) {
        if (strcmp(node->rules[i].keyword->name, name) == 0)
            return &node->rules[i];
    }
    return NULL;
}

PREPARE(prepare_draft)
{
    const char *named = json_string_value(rule->value);

    (void)loader;
    if (!named || strcmp(named, DRAFT) != 0)
        return fail(err, ERR_REFUSED, "only %s is supported", DRAFT);
    return true;
}

PREPARE(prepare_text)
{
    (void)loader;
    return json_is_string(rule->value) || fail(err, ERR_INVALID, "must be a string");
}

PREPARE(prepare_flag)
{
    (void)loader;
    return json_is_boolean(rule->value) || fail(err, ERR_INVALID, "must be true or false");
}

PREPARE(prepare_values)
{
    (void)loader;
    return json_is_array(rule->value) || fail(err, ERR_INVALID, "must be an array");
}

PREPARE(prepare_number)
{
    (void)loader;
    if (!json_is_number(rule->value))
        return fail(err, ERR_INVALID, "must be a number");
    rule->number = schema_number_of(rule->value);
    return true;
}

PREPARE(prepare_divisor)
{
    if (!prepare_number(loader, rule, err))
        return false;
    return rule->number > 0 || fail(err, ERR_INVALID, "must be above 0");
}

PREPARE(prepare_count)
{
    if (!prepare_number(loader, rule, err))
        return false;
    if (rule->number < 0 || rule->number != truncl(rule->number) || rule->number > 0x1p53L)
        return fail(err, ERR_INVALID, "must be a whole number, at least 0");
    rule->count = (size_t)rule->number;
    return true;
}

static unsigned type_find(const char *name)
{
    static const struct {
        const char *name;
        unsigned type;
    } TYPES[] = {{"null", TYPE_NULL},     {"boolean", TYPE_BOOLEAN}, {"object", TYPE_OBJECT},  {"array", TYPE_ARRAY},
                 {"number", TYPE_NUMBER}, {"string", TYPE_STRING},   {"integer", TYPE_INTEGER}};

    for (size_t i = 0; name && i < COUNT_OF(TYPES); i++) {
        if (strcmp(TYPES[i].name, name) == 0)
            return TYPES[i].type;
    }
    return 0;
}

PREPARE(prepare_type)
{
    size_t count = json_is_array(rule->value) ? json_array_size(rule->value) : 1;

    (void)loader;
    for (size_t i = 0; i < count; i++) {
        const json_t *name = json_is_array(rule->value) ? json_array_get(rule->value, i) : rule->value;
        unsigned type = type_find(json_string_value(name));

        if (!type)
            return fail(err, ERR_INVALID, "must be the name of a type or several");
        rule->types |= type;
    }
    return rule->types || fail(err, ERR_INVALID, "must name a type");
}

PREPARE(prepare_pattern)
{
    if (!prepare_text(loader, rule, err))
        return false;
    return schema_pattern_compile((struct span){json_string_value(rule->value), json_string_length(rule->value)},
                                  &rule->pattern, err);
}

static bool are_names(const json_t *names)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        if (!json_is_string(json_array_get(names, i)))
            return false;
    }
    return json_is_array(names);
}

PREPARE(prepare_names)
{
    (void)loader;
    return are_names(rule->value) || fail(err, ERR_INVALID, "must be an array of strings");
}

static struct schema_child *children_new(struct schema_rule *rule, size_t count)
{
    rule->children = memory_new(count * sizeof *rule->children);
    rule->child_count = count;
    return rule->children;
}

PREPARE(prepare_one)
{
    (void)err;
    children_new(rule, 1)->node = schema_node_of(loader, rule->value);
    return true;
}

PREPARE(prepare_list)
{
    struct schema_child *child;

    if (json_array_size(rule->value) == 0)
        return fail(err, ERR_INVALID, "must be an array of schemas, not empty");
    child = children_new(rule, json_array_size(rule->value));
    for (size_t i = 0; i < rule->child_count; i++)
        child[i].node = schema_node_of(loader, json_array_get(rule->value, i));
    return true;
}

PREPARE(prepare_map)
{
    struct schema_child *child;
    const char *name;
    json_t *value;

    if (!json_is_object(rule->value))
        return fail(err, ERR_INVALID, "must be an object of schemas");
    child = children_new(rule, json_object_size(rule->value));
    json_object_foreach((json_t *)rule->value, name, value)
    {
        child->name = span_of(name);
        child->node = schema_node_of(loader, value);
        child++;
    }
    return true;
}

PREPARE(prepare_patterns)
{
    if (!prepare_map(loader, rule, err))
        return false;
    for (size_t i = 0; i < rule->child_count; i++) {
        if (!schema_pattern_compile(rule->children[i].name, &rule->children[i].pattern, err))
            return false;
    }
    return true;
}

PREPARE(prepare_dependent_names)
{
    struct schema_child *child;
    const char *name;
    json_t *value;

    (void)loader;
    if (!json_is_object(rule->value))
        return fail(err, ERR_INVALID, "must be an object of arrays of strings");
    child = children_new(rule, json_object_size(rule->value));
    json_object_foreach((json_t *)rule->value, name, value)
    {
        if (!are_names(value))
            return fail(err, ERR_INVALID, "%s: must be an array of strings", name);
        child->name = span_of(name);
        child->names = value;
        child++;
    }
    return true;
}

PREPARE(prepare_items)
{
    rule->first = sibling(rule, "prefixItems");
    return prepare_one(loader, rule, err);
}

PREPARE(prepare_contains)
{
    rule->first = sibling(rule, "minContains");
    rule->second = sibling(rule, "maxContains");
    return prepare_one(loader, rule, err);
}

PREPARE(prepare_additional)
{
    rule->first = sibling(rule, "properties");
    rule->second = sibling(rule, "patternProperties");
    return prepare_one(loader, rule, err);
}

PREPARE(prepare_if)
{
    rule->first = sibling(rule, "then");
    rule->second = sibling(rule, "else");
    return prepare_one(loader, rule, err);
}

PREPARE(prepare_ref)
{
    if (!prepare_text(loader, rule, err))
        return false;
    return schema_reference(loader, rule->owner, json_string_value(rule->value), &children_new(rule, 1)->node, err);
}

/* In the order of checking: cheap and telling first; a keyword stands behind the siblings it looks at. */
static const struct schema_keyword KEYWORDS[] = {
    {"$schema", prepare_draft, NULL, SHAPE_PLAIN, true},
    {"$id", prepare_text, NULL, SHAPE_PLAIN, true},
    {"$anchor", prepare_text, NULL, SHAPE_PLAIN, true},
    {"$defs", prepare_map, NULL, SHAPE_MAP, true},
    {"$comment", prepare_text, NULL, SHAPE_PLAIN, true},
    {"title", prepare_text, NULL, SHAPE_PLAIN, true},
    {"description", prepare_text, NULL, SHAPE_PLAIN, true},
    {"default", NULL, NULL, SHAPE_PLAIN, true},
    {"examples", prepare_values, NULL, SHAPE_PLAIN, true},
    {"deprecated", prepare_flag, NULL, SHAPE_PLAIN, true},
    {"readOnly", prepare_flag, NULL, SHAPE_PLAIN, true},
    {"writeOnly", prepare_flag, NULL, SHAPE_PLAIN, true},
    {"type", prepare_type, schema_check_type, SHAPE_PLAIN, true},
    {"const", NULL, schema_check_const, SHAPE_PLAIN, false},
    {"enum", prepare_values, schema_check_enum, SHAPE_PLAIN, false},
    {"minLength", prepare_count, schema_check_min_length, SHAPE_PLAIN, false},
    {"maxLength", prepare_count, schema_check_max_length, SHAPE_PLAIN, false},
    {"pattern", prepare_pattern, schema_check_pattern, SHAPE_PLAIN, false},
    {"format", prepare_text, schema_check_format, SHAPE_PLAIN, false},
    {"minimum", prepare_number, schema_check_minimum, SHAPE_PLAIN, false},
    {"exclusiveMinimum", prepare_number, schema_check_exclusive_minimum, SHAPE_PLAIN, false},
    {"maximum", prepare_number, schema_check_maximum, SHAPE_PLAIN, false},
    {"exclusiveMaximum", prepare_number, schema_check_exclusive_maximum, SHAPE_PLAIN, false},
    {"multipleOf", prepare_divisor, schema_check_multiple_of, SHAPE_PLAIN, false},
    {"minItems", prepare_count, schema_check_min_items, SHAPE_PLAIN, false},
    {"maxItems", prepare_count, schema_check_max_items, SHAPE_PLAIN, false},
    {"prefixItems", prepare_list, schema_check_prefix_items, SHAPE_LIST, false},
    {"items", prepare_items, schema_check_items, SHAPE_SCHEMA, false},
    {"minContains", prepare_count, NULL, SHAPE_PLAIN, false},
    {"maxContains", prepare_count, NULL, SHAPE_PLAIN, false},
    {"contains", prepare_contains, schema_check_contains, SHAPE_SCHEMA, false},
    {"uniqueItems", prepare_flag, schema_check_unique_items, SHAPE_PLAIN, false},
    {"minProperties", prepare_count, schema_check_min_properties, SHAPE_PLAIN, true},
    {"maxProperties", prepare_count, schema_check_max_properties, SHAPE_PLAIN, true},
    {"required", prepare_names, schema_check_required, SHAPE_PLAIN, true},
    {"dependentRequired", prepare_dependent_names, schema_check_dependent_required, SHAPE_PLAIN, false},
    {"propertyNames", prepare_one, schema_check_property_names, SHAPE_SCHEMA, false},
    {"properties", prepare_map, schema_check_properties, SHAPE_MAP, true},
    {"patternProperties", prepare_patterns, schema_check_pattern_properties, SHAPE_MAP, false},
    {"additionalProperties", prepare_additional, schema_check_additional_properties, SHAPE_SCHEMA, true},
    {"dependentSchemas", prepare_map, schema_check_dependent_schemas, SHAPE_MAP, false},
    {"allOf", prepare_list, schema_check_all_of, SHAPE_LIST, false},
    {"anyOf", prepare_list, schema_check_any_of, SHAPE_LIST, false},
    {"oneOf", prepare_list, schema_check_one_of, SHAPE_LIST, false},
    {"not", prepare_one, schema_check_not, SHAPE_SCHEMA, false},
    {"then", prepare_one, NULL, SHAPE_SCHEMA, false},
    {"else", prepare_one, NULL, SHAPE_SCHEMA, false},
    {"if", prepare_if, schema_check_if, SHAPE_SCHEMA, false},
    {"$ref", prepare_ref, schema_check_ref, SHAPE_PLAIN, false},
};

const struct schema_keyword *schema_keyword_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(KEYWORDS); i++) {
        if (strcmp(KEYWORDS[i].name, name) == 0)
            return &KEYWORDS[i];
    }
    return NULL;
}

bool schema_node_prepare(struct schema_loader *loader, struct schema_node *node, struct error *err)
{
    node->rules = memory_new(json_object_size(node->json) * sizeof *node->rules);
    for (size_t i = 0; i < COUNT_OF(KEYWORDS); i++) {
        const json_t *value = json_object_get(node->json, KEYWORDS[i].name);
        struct schema_rule *rule;

        if (!value)
            continue;
        rule = &node->rules[node->rule_count++];
        rule->keyword = &KEYWORDS[i];
        rule->owner = node;
        rule->value = value;
        if (KEYWORDS[i].prepare && !KEYWORDS[i].prepare(loader, rule, err))
            return fail_in(err, "%s%s/%s", node->base, node->pointer, KEYWORDS[i].name);
    }
    return true;
}

void schema_node_free(struct schema_node *node)
{
    for (size_t i = 0; i < node->rule_count; i++) {
        struct schema_rule *rule = &node->rules[i];

        for (size_t n = 0; n < rule->child_count; n++)
            pcre2_code_free(rule->children[n].pattern);
        free(rule->children);
        pcre2_code_free(rule->pattern);
    }
    free(node->rules);
    free(node->pointer);
    free(node);
}
