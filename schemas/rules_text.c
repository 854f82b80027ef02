/* rules_text.c - what a cell may look like. */
#include "schemas/rules_internal.h"

static bool is_missing(const struct facts *facts)
{
    return !facts_has(facts, facts->column);
}

static bool has_control(const struct facts *facts)
{
    return facts->text[facts->column].flags & TEXT_CONTROL;
}

static bool has_break(const struct facts *facts)
{
    return facts->text[facts->column].flags & TEXT_BREAK;
}

static bool has_invisible(const struct facts *facts)
{
    return facts->text[facts->column].flags & TEXT_INVISIBLE;
}

static bool is_formula(const struct facts *facts)
{
    return facts->text[facts->column].flags & TEXT_FORMULA;
}

static bool is_long(const struct facts *facts)
{
    return (int64_t)facts->text[facts->column].characters > rule_parameter(facts->rule);
}

static bool is_private(const struct facts *facts)
{
    return facts->text[facts->column].flags & TEXT_PRIVATE;
}

static bool is_short(const struct facts *facts)
{
    return facts_has(facts, facts->column) &&
           (int64_t)facts->text[facts->column].characters < rule_parameter(facts->rule);
}

const struct rule_check RULES_TEXT[] = {
    {"text.required", is_missing},
    {"text.control", has_control},
    {"text.break", has_break},
    {"text.invisible", has_invisible},
    {"text.invisible-remark", has_invisible},
    {"text.private", is_private},
    {"text.formula", is_formula},
    {"text.short", is_short},
    {"text.long", is_long},
    {"text.long-remark", is_long},
};
const size_t RULES_TEXT_COUNT = COUNT_OF(RULES_TEXT);
