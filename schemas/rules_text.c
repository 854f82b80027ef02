/* rules_text.c - what a cell may look like, and the unified social credit code. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
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

static bool is_number_cell(const struct facts *facts)
{
    return facts->context->number_cells >> COLUMN_USCC & 1;
}

static bool uscc_is_number(const struct facts *facts)
{
    return is_number_cell(facts);
}

static bool uscc_has(const struct facts *facts, enum uscc_fault fault)
{
    return facts_has(facts, COLUMN_USCC) && !is_number_cell(facts) && facts->uscc == fault;
}

static bool uscc_has_length(const struct facts *facts)
{
    if (!uscc_has(facts, USCC_LENGTH))
        return false;
    snprintf(facts->expected, PROBLEM_EXPECTED_BYTES, "%zu", facts->text[facts->column].characters);
    return true;
}

static bool uscc_has_lower_case(const struct facts *facts)
{
    const struct span *code = &facts->row->field[facts->column];

    if (!uscc_has(facts, USCC_LOWER_CASE))
        return false;
    for (size_t i = 0; i < code->bytes; i++)
        facts->expected[i] = (char)(code->at[i] >= 'a' && code->at[i] <= 'z' ? code->at[i] - 'a' + 'A' : code->at[i]);
    facts->expected[code->bytes] = '\0';
    return true;
}

static bool uscc_has_alphabet(const struct facts *facts)
{
    return uscc_has(facts, USCC_ALPHABET);
}

static bool uscc_has_check(const struct facts *facts)
{
    return uscc_has(facts, USCC_CHECK);
}

static bool uscc_has_organisation(const struct facts *facts)
{
    return uscc_has(facts, USCC_ORGANISATION);
}

static bool uscc_is_good(const struct facts *facts)
{
    return uscc_has(facts, USCC_GOOD) || uscc_has(facts, USCC_ORGANISATION);
}

/* An enterprise in Guangdong may carry another province's code; only a place that exists nowhere is odd. */
static bool uscc_has_unknown_place(const struct facts *facts)
{
    const struct divisions *divisions = rules_divisions(facts->rules);
    struct span place;

    if (!uscc_is_good(facts))
        return false;
    place = uscc_division(facts->row->field[facts->column]);
    if (!divisions_has_province(divisions, place))
        return true;
    return memcmp(place.at, "44", 2) == 0 && !divisions_find(divisions, place);
}

static bool uscc_is_no_enterprise(const struct facts *facts)
{
    return uscc_is_good(facts) && facts->row->field[facts->column].at[0] != '9';
}

const struct rule_check RULES_TEXT[] = {
    {"text.required", is_missing},
    {"text.control", has_control},
    {"text.break", has_break},
    {"text.invisible", has_invisible},
    {"text.formula", is_formula},
    {"text.long", is_long},
    {"text.long-remark", is_long},
    {"uscc.number", uscc_is_number},
    {"uscc.length", uscc_has_length},
    {"uscc.lower-case", uscc_has_lower_case},
    {"uscc.alphabet", uscc_has_alphabet},
    {"uscc.check", uscc_has_check},
    {"uscc.organisation", uscc_has_organisation},
    {"uscc.place", uscc_has_unknown_place},
    {"uscc.kind", uscc_is_no_enterprise},
};
const size_t RULES_TEXT_COUNT = COUNT_OF(RULES_TEXT);
