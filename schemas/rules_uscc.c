/* rules_uscc.c - the unified social credit code of a row (GB 32100-2015). One rule speaks about one code, so that
 * people are told the first thing to do; the odd things about a usable code are warnings. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "schemas/notation.h"
#include "schemas/rules_internal.h"

enum { DIVISION_AT = 2, DIVISION_DIGITS = 6 };

static struct span code_of(const struct facts *facts)
{
    return facts->row->field[COLUMN_USCC];
}

/* A number cell of a workbook, or what a CSV holds after a spreadsheet took the code for a number. */
static bool is_number(const struct facts *facts)
{
    return (facts->context->number_cells >> COLUMN_USCC & 1) || notation_is_scientific(code_of(facts));
}

static bool has(const struct facts *facts, enum uscc_fault fault)
{
    return facts_has(facts, COLUMN_USCC) && !is_number(facts) && facts->uscc == fault;
}

static bool has_foreign_characters(const struct facts *facts)
{
    char code[USCC_BYTES + 1];

    if (!has(facts, USCC_LENGTH) || !notation_uscc(code_of(facts), code))
        return false;
    expected_set(facts->expected, span_of(code));
    return true;
}

static bool has_wrong_length(const struct facts *facts)
{
    char code[USCC_BYTES + 1];
    size_t characters = facts->text[COLUMN_USCC].characters;

    if (!has(facts, USCC_LENGTH) || characters == USCC_BYTES || notation_uscc(code_of(facts), code))
        return false;
    snprintf(facts->expected, PROBLEM_EXPECTED_BYTES, "%zu", characters);
    return true;
}

static bool has_lower_case(const struct facts *facts)
{
    char code[USCC_BYTES + 1];

    if (!has(facts, USCC_LOWER_CASE) || !notation_uscc(code_of(facts), code))
        return false;
    expected_set(facts->expected, span_of(code));
    return true;
}

/* Eighteen characters, but not all from the alphabet. */
static bool has_wrong_alphabet(const struct facts *facts)
{
    char code[USCC_BYTES + 1];

    if (has(facts, USCC_ALPHABET))
        return true;
    return has(facts, USCC_LENGTH) && facts->text[COLUMN_USCC].characters == USCC_BYTES &&
           !notation_uscc(code_of(facts), code);
}

static bool has_wrong_check(const struct facts *facts)
{
    return has(facts, USCC_CHECK);
}

static bool has_wrong_organisation(const struct facts *facts)
{
    return has(facts, USCC_ORGANISATION);
}

static bool is_usable(const struct facts *facts)
{
    return has(facts, USCC_GOOD) || has(facts, USCC_ORGANISATION);
}

static bool has_division_digits(struct span code)
{
    for (size_t i = DIVISION_AT; i < DIVISION_AT + DIVISION_DIGITS; i++)
        if (code.at[i] < '0' || code.at[i] > '9')
            return false;
    return true;
}

/* Both check characters may be right by chance; a province that never was is none. */
static bool has_no_province(const struct facts *facts)
{
    if (!is_usable(facts))
        return false;
    return !has_division_digits(code_of(facts)) ||
           !divisions_has_province(rules_divisions(facts->rules), uscc_division(code_of(facts)));
}

/* An enterprise in Guangdong may carry another province's code; only a place that exists nowhere is odd. */
static bool has_unknown_place(const struct facts *facts)
{
    const struct divisions *divisions = rules_divisions(facts->rules);
    struct span place;

    if (!is_usable(facts) || has_no_province(facts))
        return false;
    place = uscc_division(code_of(facts));
    return memcmp(place.at, "44", 2) == 0 && !divisions_find(divisions, place);
}

static bool is_no_enterprise(const struct facts *facts)
{
    return is_usable(facts) && code_of(facts).at[0] != '9';
}

const struct rule_check RULES_USCC[] = {
    {"uscc.number", is_number},
    {"uscc.characters", has_foreign_characters},
    {"uscc.length", has_wrong_length},
    {"uscc.lower-case", has_lower_case},
    {"uscc.alphabet", has_wrong_alphabet},
    {"uscc.check", has_wrong_check},
    {"uscc.organisation", has_wrong_organisation},
    {"uscc.province", has_no_province},
    {"uscc.place", has_unknown_place},
    {"uscc.kind", is_no_enterprise},
};
const size_t RULES_USCC_COUNT = COUNT_OF(RULES_USCC);
