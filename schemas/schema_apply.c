#include "schemas/schema_internal.h"

SCHEMA_CHECK(schema_check_ref)
{
    return schema_run_node(run, rule->children[0].node, value);
}

SCHEMA_CHECK(schema_check_all_of)
{
    bool is_right = true;

    for (size_t i = 0; i < rule->child_count; i++) {
        if (schema_run_node(run, rule->children[i].node, value))
            continue;
        is_right = false;
        if (schema_run_is_over(run))
            break;
    }
    return is_right;
}

static size_t count_right(struct schema_run *run, const struct schema_rule *rule, const struct schema_value *value,
                          size_t enough)
{
    size_t count = 0;

    for (size_t i = 0; i < rule->child_count && count < enough; i++)
        count += schema_run_quietly(run, rule->children[i].node, value);
    return count;
}

SCHEMA_CHECK(schema_check_any_of)
{
    if (count_right(run, rule, value, 1) > 0)
        return true;
    return schema_problem_add(run, rule, "fits none of the %zu forms allowed", "不符合允许的 %zu 种形式中的任何一种",
                              rule->child_count);
}

SCHEMA_CHECK(schema_check_one_of)
{
    size_t count = count_right(run, rule, value, 2);

    if (count == 1)
        return true;
    if (count > 1)
        return schema_problem_add(run, rule, "fits more than one of the forms allowed",
                                  "同时符合多种形式，只能符合一种");
    return schema_problem_add(run, rule, "fits none of the %zu forms allowed", "不符合允许的 %zu 种形式中的任何一种",
                              rule->child_count);
}

SCHEMA_CHECK(schema_check_not)
{
    if (!schema_run_quietly(run, rule->children[0].node, value))
        return true;
    return schema_problem_add(run, rule, "has a form that is not allowed", "属于不允许的形式");
}

SCHEMA_CHECK(schema_check_if)
{
    bool holds = schema_run_quietly(run, rule->children[0].node, value);
    const struct schema_rule *next = holds ? rule->first : rule->second;

    return !next || schema_run_node(run, next->children[0].node, value);
}

SCHEMA_CHECK(schema_check_max_items)
{
    if (!(value->types & TYPE_ARRAY) || json_array_size(value->json) <= rule->count)
        return true;
    return schema_problem_add(run, rule, "has more than %zu items", "超过 %zu 项", rule->count);
}

SCHEMA_CHECK(schema_check_min_items)
{
    if (!(value->types & TYPE_ARRAY) || json_array_size(value->json) >= rule->count)
        return true;
    return schema_problem_add(run, rule, "has fewer than %zu items", "少于 %zu 项", rule->count);
}

SCHEMA_CHECK(schema_check_unique_items)
{
    if (!(value->types & TYPE_ARRAY) || !json_is_true(rule->value) || schema_all_differ(value->json))
        return true;
    return schema_problem_add(run, rule, "holds the same item twice", "含有重复项");
}

static bool check_item(struct schema_run *run, const struct schema_node *node, const struct schema_value *array,
                       size_t index)
{
    struct schema_step step = {run->step, NULL, index};
    struct schema_value item = schema_value_of(json_array_get(array->json, index));

    return schema_run_below(run, node, &item, &step);
}

SCHEMA_CHECK(schema_check_prefix_items)
{
    bool is_right = true;

    if (!(value->types & TYPE_ARRAY))
        return true;
    for (size_t i = 0; i < rule->child_count && i < json_array_size(value->json); i++) {
        if (check_item(run, rule->children[i].node, value, i))
            continue;
        is_right = false;
        if (schema_run_is_over(run))
            break;
    }
    return is_right;
}

SCHEMA_CHECK(schema_check_items)
{
    bool is_right = true;

    if (!(value->types & TYPE_ARRAY))
        return true;
    for (size_t i = rule->first ? rule->first->child_count : 0; i < json_array_size(value->json); i++) {
        if (check_item(run, rule->children[0].node, value, i))
            continue;
        is_right = false;
        if (schema_run_is_over(run))
            break;
    }
    return is_right;
}

SCHEMA_CHECK(schema_check_contains)
{
    size_t least = rule->first ? rule->first->count : 1;
    size_t most = rule->second ? rule->second->count : SIZE_MAX;
    size_t count = 0;

    if (!(value->types & TYPE_ARRAY))
        return true;
    for (size_t i = 0; i < json_array_size(value->json); i++) {
        struct schema_value item = schema_value_of(json_array_get(value->json, i));

        count += schema_run_quietly(run, rule->children[0].node, &item);
    }
    if (count >= least && count <= most)
        return true;
    return schema_problem_add(run, rule, "has %zu items of the kind asked for", "所要求的项有 %zu 个，数目不符", count);
}
