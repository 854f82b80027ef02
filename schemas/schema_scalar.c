#include "schemas/schema_internal.h"

#include <stdio.h>
#include <string.h>

static const struct {
    unsigned type;
    const char *en;
    const char *zh;
} TYPE_NAMES[] = {
    {TYPE_NULL, "null", "空值"},       {TYPE_BOOLEAN, "boolean", "布尔值"}, {TYPE_OBJECT, "object", "对象"},
    {TYPE_ARRAY, "array", "数组"},     {TYPE_NUMBER, "number", "数字"},     {TYPE_STRING, "string", "文本"},
    {TYPE_INTEGER, "integer", "整数"},
};

SCHEMA_CHECK(schema_check_type)
{
    AUTO(buf_done) struct buf en = BUF_INIT;
    AUTO(buf_done) struct buf zh = BUF_INIT;

    if (rule->types & value->types)
        return true;
    if (schema_run_is_over(run))
        return false;
    for (size_t i = 0; i < COUNT_OF(TYPE_NAMES); i++) {
        if (!(rule->types & TYPE_NAMES[i].type))
            continue;
        buf_addf(&en, "%s%s", en.bytes ? " or " : "", TYPE_NAMES[i].en);
        buf_addf(&zh, "%s%s", zh.bytes ? "或" : "", TYPE_NAMES[i].zh);
    }
    return schema_problem_add(run, rule, "must be %s%.0s", "%.0s类型应为%s", buf_text(&en), buf_text(&zh));
}

/* The texts of an enum, as far as a sentence goes. */
static bool problem_not_one_of(struct schema_run *run, const struct schema_rule *rule)
{
    AUTO(buf_done) struct buf list = BUF_INIT;

    for (size_t i = 0; i < json_array_size(rule->value) && list.bytes < 300; i++) {
        char *text = json_dumps(json_array_get(rule->value, i), JSON_ENCODE_ANY | JSON_COMPACT);

        buf_addf(&list, "%s%s", i ? ", " : "", text ? text : "?");
        text_free(text);
    }
    return schema_problem_add(run, rule, "must be one of %s", "只能是下列值之一：%s", buf_text(&list));
}

SCHEMA_CHECK(schema_check_enum)
{
    for (size_t i = 0; i < json_array_size(rule->value); i++) {
        if (schema_value_equal(value, json_array_get(rule->value, i)))
            return true;
    }
    return schema_run_is_over(run) ? false : problem_not_one_of(run, rule);
}

SCHEMA_CHECK(schema_check_const)
{
    if (schema_value_equal(value, rule->value))
        return true;
    return schema_problem_add(run, rule, "is not the one value allowed here", "不是此处唯一允许的值");
}

/* A limit as the schema's author would write it. */
static bool problem_number(struct schema_run *run, const struct schema_rule *rule, const char *en, const char *zh)
{
    AUTO(buf_done) struct buf limit = BUF_INIT;

    if (schema_run_is_over(run) || !json_number_add((double)rule->number, &limit))
        return false;
    return schema_problem_add(run, rule, "must be %s%.0s %s", "应%.0s%s%s", en, zh, limit.data);
}

SCHEMA_CHECK(schema_check_multiple_of)
{
    if (!(value->types & TYPE_NUMBER) || schema_is_multiple(value->number, rule->number))
        return true;
    return problem_number(run, rule, "a multiple of", "为以下数的整数倍：");
}

SCHEMA_CHECK(schema_check_maximum)
{
    if (!(value->types & TYPE_NUMBER) || value->number <= rule->number)
        return true;
    return problem_number(run, rule, "at most", "不大于 ");
}

SCHEMA_CHECK(schema_check_exclusive_maximum)
{
    if (!(value->types & TYPE_NUMBER) || value->number < rule->number)
        return true;
    return problem_number(run, rule, "below", "小于 ");
}

SCHEMA_CHECK(schema_check_minimum)
{
    if (!(value->types & TYPE_NUMBER) || value->number >= rule->number)
        return true;
    return problem_number(run, rule, "at least", "不小于 ");
}

SCHEMA_CHECK(schema_check_exclusive_minimum)
{
    if (!(value->types & TYPE_NUMBER) || value->number > rule->number)
        return true;
    return problem_number(run, rule, "above", "大于 ");
}

SCHEMA_CHECK(schema_check_max_length)
{
    /* No character is less than one byte: most texts need no counting. */
    if (!(value->types & TYPE_STRING) || value->text.bytes <= rule->count || utf8_count(value->text) <= rule->count)
        return true;
    return schema_problem_add(run, rule, "is longer than %zu characters", "超过 %zu 个字符", rule->count);
}

SCHEMA_CHECK(schema_check_min_length)
{
    if (!(value->types & TYPE_STRING) || utf8_count(value->text) >= rule->count)
        return true;
    return schema_problem_add(run, rule, "is shorter than %zu characters", "少于 %zu 个字符", rule->count);
}

SCHEMA_CHECK(schema_check_pattern)
{
    int found;

    if (!(value->types & TYPE_STRING))
        return true;
    found = schema_pattern_match(run->schema, rule->pattern, value->text);
    if (found > 0)
        return true;
    if (found < 0)
        return schema_problem_add(run, rule, "takes too long to compare with the pattern %s", "与格式 %s 比对超出限度",
                                  json_string_value(rule->value));
    return schema_problem_add(run, rule, "does not have the form %s", "不符合格式 %s", json_string_value(rule->value));
}

SCHEMA_CHECK(schema_check_format)
{
    const char *format = json_string_value(rule->value);

    if (!run->schema->asserts_format || !(value->types & TYPE_STRING) || schema_format_holds(format, value->text))
        return true;
    if (strcmp(format, "date") == 0)
        return schema_problem_add(run, rule, "is no day of the calendar written YYYY-MM-DD",
                                  "不是有效日期，应为 YYYY-MM-DD");
    return schema_problem_add(run, rule, "is no %s (RFC 3339)", "不是有效的 %s（RFC 3339）", format);
}
