/* facts.c - what the rules need to know about a row, found out once for all of them. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "schemas/rules_internal.h"

void expected_set(char *expected, struct span text)
{
    struct span cut = utf8_cut(text, PROBLEM_EXPECTED_BYTES - 1);

    if (cut.bytes)
        memcpy(expected, cut.at, cut.bytes);
    expected[cut.bytes] = '\0';
}

void expected_set_day(char *expected, int32_t day)
{
    day_format(day, expected);
}

/* U+200B to U+200F, U+2028 to U+202E, U+2060 to U+2069, U+FEFF, U+FFFD, and the C1 controls U+0080 to U+009F: nobody
 * sees them, and with them two different names look the same. */
static bool is_invisible(const unsigned char *at)
{
    if (at[0] == 0xC2)
        return at[1] < 0xA0;
    if (at[0] == 0xE2 && at[1] == 0x80)
        return (at[2] >= 0x8B && at[2] <= 0x8F) || (at[2] >= 0xA8 && at[2] <= 0xAE);
    if (at[0] == 0xE2 && at[1] == 0x81)
        return at[2] >= 0xA0 && at[2] <= 0xA9;
    return at[0] == 0xEF && ((at[1] == 0xBB && at[2] == 0xBF) || (at[1] == 0xBF && at[2] == 0xBD));
}

/* = + - @ and their full-width forms: a spreadsheet would compute what follows. */
static bool begins_formula(struct span text)
{
    static const char *const WIDE[] = {"＝", "＋", "－", "＠"};

    if (memchr("=+-@", text.at[0], 4))
        return true;
    for (size_t i = 0; i < COUNT_OF(WIDE); i++)
        if (span_starts(text, WIDE[i]))
            return true;
    return false;
}

static struct text_facts text_of(struct span text)
{
    const unsigned char *at = (const unsigned char *)text.at;
    struct text_facts facts = {0, 0};

    if (text.bytes == 0)
        return facts;
    if (begins_formula(text))
        facts.flags |= TEXT_FORMULA;
    for (size_t i = 0; i < text.bytes; i++) {
        facts.characters += (at[i] & 0xC0) != 0x80;
        if (at[i] < 0x20 || at[i] == 0x7F)
            facts.flags |= at[i] == '\n' || at[i] == '\r' || at[i] == '\t' ? TEXT_BREAK : TEXT_CONTROL;
        else if ((at[i] == 0xC2 || at[i] == 0xE2 || at[i] == 0xEF) && is_invisible(at + i))
            facts.flags |= TEXT_INVISIBLE;
    }
    return facts;
}

static unsigned date_of(struct span text, int32_t *day, unsigned flag)
{
    *day = DAY_NONE;
    return day_parse(text, day) ? flag : 0;
}

static void gather_dates(struct obligation *row, struct facts *facts)
{
    facts->dates = date_of(row->field[COLUMN_ORDER_DATE], &row->order_date, HAS_ORDER) |
                   date_of(row->field[COLUMN_DEADLINE], &row->deadline, HAS_DEADLINE) |
                   date_of(row->field[COLUMN_EXTENDED_TO], &row->extended_to, HAS_EXTENSION) |
                   date_of(row->field[COLUMN_EXIT_DATE], &row->exit_date, HAS_EXIT);
}

void facts_gather(const struct rules *rules, struct obligation *row, const struct rules_context *context,
                  struct facts *facts)
{
    const struct catalog *catalog = rules_catalog(rules);
    const struct authorities *authorities = rules_authorities(rules);

    memset(facts, 0, sizeof *facts);
    facts->rules = rules;
    facts->row = row;
    facts->context = context;
    for (int column = 0; column < COLUMN_COUNT; column++)
        facts->text[column] = text_of(row->field[column]);
    facts->uscc = uscc_check(row->field[COLUMN_USCC]);
    gather_dates(row, facts);
    facts->has_ground = obligation_ground_find(row->field[COLUMN_DIMENSION], &row->ground);
    facts->has_state = obligation_state_find(row->field[COLUMN_STATE], &row->state);
    if (!integer_parse(row->field[COLUMN_EQUIPMENT_COUNT], &row->equipment_count))
        row->equipment_count = 0;
    facts->division = divisions_find(rules_divisions(rules), row->field[COLUMN_DIVISION]);
    facts->industry = catalog_industry(catalog, row->field[COLUMN_INDUSTRY]);
    facts->unit = catalog_unit(catalog, row->field[COLUMN_CAPACITY_UNIT]);
    if (facts->has_ground)
        facts->measure = catalog_measure(catalog, row->ground, row->field[COLUMN_MEASURE]);
    facts->authority = authorities_find(authorities, row->field[COLUMN_AUTHORITY]);
    facts->kind = authorities_kind(authorities, row->field[COLUMN_AUTHORITY_KIND]);
}
