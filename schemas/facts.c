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

/* Characters that nobody sees, or that others see otherwise: with them two different texts look the same. */
static const struct {
    uint32_t first;
    uint32_t last;
    unsigned flag;
} ODD[] = {
    {0x80, 0x9F, TEXT_INVISIBLE},   /* C1 controls */
    {0xAD, 0xAD, TEXT_INVISIBLE},   /* soft hyphen */
    {0x34F, 0x34F, TEXT_INVISIBLE}, /* joiners, fillers and direction marks of several scripts */
    {0x61C, 0x61C, TEXT_INVISIBLE},
    {0x115F, 0x1160, TEXT_INVISIBLE},
    {0x17B4, 0x17B5, TEXT_INVISIBLE},
    {0x180B, 0x180F, TEXT_INVISIBLE},
    {0x200B, 0x200F, TEXT_INVISIBLE}, /* zero width, direction */
    {0x2028, 0x202E, TEXT_INVISIBLE}, /* line separators, direction */
    {0x2060, 0x206F, TEXT_INVISIBLE},
    {0x3164, 0x3164, TEXT_INVISIBLE},
    {0xE000, 0xF8FF, TEXT_PRIVATE},   /* user-defined characters of a font (造字) */
    {0xFE00, 0xFE0F, TEXT_INVISIBLE}, /* variation selectors */
    {0xFEFF, 0xFEFF, TEXT_INVISIBLE}, /* byte order mark */
    {0xFFA0, 0xFFA0, TEXT_INVISIBLE},
    {0xFFF0, 0xFFFF, TEXT_INVISIBLE},   /* the sign of a broken decoding, noncharacters */
    {0xE0000, 0xE0FFF, TEXT_INVISIBLE}, /* tags, variation selectors */
    {0xF0000, 0x10FFFF, TEXT_PRIVATE},
};

/* The character at `at`, whose first byte is 0xC2 or more; the text is valid UTF-8. */
static uint32_t character_at(const unsigned char *at)
{
    if (at[0] < 0xE0)
        return (uint32_t)(at[0] & 0x1F) << 6 | (at[1] & 0x3F);
    if (at[0] < 0xF0)
        return (uint32_t)(at[0] & 0x0F) << 12 | (uint32_t)(at[1] & 0x3F) << 6 | (at[2] & 0x3F);
    return (uint32_t)(at[0] & 0x07) << 18 | (uint32_t)(at[1] & 0x3F) << 12 | (uint32_t)(at[2] & 0x3F) << 6 |
           (at[3] & 0x3F);
}

static unsigned oddness_at(const unsigned char *at)
{
    uint32_t character = character_at(at);

    for (size_t i = 0; i < COUNT_OF(ODD) && character >= ODD[i].first; i++)
        if (character <= ODD[i].last)
            return ODD[i].flag;
    return 0;
}

/* Nearly all text is CJK from U+4000 to U+9FFF, first bytes E4 to E9: nothing odd is there. */
static bool may_be_odd(unsigned char byte)
{
    return byte >= 0xC2 && (byte < 0xE4 || byte > 0xE9);
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
        else if (may_be_odd(at[i]))
            facts.flags |= oddness_at(at + i);
    }
    return facts;
}

static size_t character_bytes(unsigned char first)
{
    return first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

static bool is_word(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

/* A line break between Chinese characters was only typed for the looks. */
static void blank_add(struct span text, size_t at, struct buf *out)
{
    if (out->bytes > 0 && is_word(out->data[out->bytes - 1]) && at + 1 < text.bytes && is_word(text.at[at + 1]))
        buf_add_byte(out, ' ');
}

bool facts_tidy(struct span text, struct buf *out)
{
    static const char BROKEN[] = "\xEF\xBF\xBD"; /* U+FFFD */
    size_t step;

    for (size_t i = 0; i < text.bytes; i += step) {
        const unsigned char *at = (const unsigned char *)text.at + i;
        unsigned odd = may_be_odd(at[0]) ? oddness_at(at) : 0;

        step = character_bytes(at[0]);
        if ((odd & TEXT_PRIVATE) || (step == 3 && memcmp(at, BROKEN, 3) == 0))
            return false;
        if (at[0] == '\n' || at[0] == '\r' || at[0] == '\t')
            blank_add(text, i, out);
        else if (at[0] >= 0x20 && at[0] != 0x7F && !odd)
            buf_add(out, at, step);
    }
    return true;
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
