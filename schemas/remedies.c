#include "schemas/remedies_internal.h"

#include <string.h>

#include "base/text.h"
#include "schemas/notation.h"
#include "schemas/rules_internal.h"

static remedy_seek *const BY_COLUMN[COLUMN_COUNT] = {
    [COLUMN_USCC] = remedy_uscc,
    [COLUMN_DIVISION] = remedy_division,
    [COLUMN_REGION] = remedy_region,
    [COLUMN_INDUSTRY] = remedy_industry,
    [COLUMN_DIMENSION] = remedy_ground,
    [COLUMN_MEASURE] = remedy_measure,
    [COLUMN_AUTHORITY] = remedy_authority,
    [COLUMN_AUTHORITY_KIND] = remedy_authority_kind,
    [COLUMN_ORDER_DATE] = remedy_date,
    [COLUMN_DEADLINE] = remedy_date,
    [COLUMN_EXTENDED_TO] = remedy_date,
    [COLUMN_APPROVAL] = remedy_approval,
    [COLUMN_EQUIPMENT_COUNT] = remedy_equipment_count,
    [COLUMN_CAPACITY] = remedy_capacity,
    [COLUMN_CAPACITY_UNIT] = remedy_unit,
    [COLUMN_STATE] = remedy_state,
    [COLUMN_EXIT_DATE] = remedy_date,
};

/* --- judging --- */

static bool has_problem(const struct problems *problems, const struct problem *like)
{
    for (size_t i = 0; i < problems->count; i++)
        if (problems->at[i].rule == like->rule && problems->at[i].column == like->column)
            return true;
    return false;
}

/* The first error of `after` that `before` has not; NULL: there is none. */
static const struct problem *new_error(const struct problems *before, const struct problems *after)
{
    for (size_t i = 0; i < after->count; i++)
        if (rule_is_error(after->at[i].rule) && !has_problem(before, &after->at[i]))
            return &after->at[i];
    return NULL;
}

/* Problems of a column: errors weigh more than any number of warnings. */
static size_t weight_of(const struct problems *problems, enum column column)
{
    size_t weight = 0;

    for (size_t i = 0; i < problems->count; i++)
        if (problems->at[i].column == column)
            weight += rule_is_error(problems->at[i].rule) ? PROBLEMS_MAX + 1 : 1;
    return weight;
}

bool remedy_try(struct seeking *seeking, struct span candidate)
{
    enum column column = seeking->column;
    struct obligation row = *seeking->row;
    struct rules_context context = *seeking->context;
    struct problems after = {.count = 0};
    size_t weight;

    candidate = span_trim(candidate);
    if (candidate.bytes == 0 || span_equal(candidate, row.field[column]))
        return false;
    row.field[column] = candidate;
    context.number_cells &= ~(UINT32_C(1) << column);
    rules_check(seeking->rules, &row, &context, &after);
    weight = weight_of(&after, column);
    if (weight > PROBLEMS_MAX || weight >= weight_of(seeking->before, column) || new_error(seeking->before, &after))
        return false;
    buf_clear(seeking->value);
    buf_add_span(seeking->value, candidate);
    return true;
}

bool remedy_is_short_for(struct span part, struct span whole)
{
    size_t at = 0;
    size_t found = 0;

    while (part.bytes > 0) {
        size_t step = 1;

        while (step < part.bytes && ((unsigned char)part.at[step] & 0xC0) == 0x80)
            step++;
        while (at + step <= whole.bytes && memcmp(whole.at + at, part.at, step) != 0)
            at++;
        if (at + step > whole.bytes)
            return false;
        at += step;
        part.at += step;
        part.bytes -= step;
        found++;
    }
    return found >= 2;
}

bool remedy_cut(struct span *text, const char *ending)
{
    size_t bytes = strlen(ending);

    if (text->bytes <= bytes || memcmp(text->at + text->bytes - bytes, ending, bytes) != 0)
        return false;
    text->bytes -= bytes;
    return true;
}

/* --- one cell --- */

static bool seek(struct seeking *seeking)
{
    AUTO(buf_done) struct buf tidy = BUF_INIT;
    char folded[REMEDY_FOLDED_BYTES];
    remedy_seek *by_column = BY_COLUMN[seeking->column];
    bool is_found;

    /* What was lost in decoding is not there any more. */
    if (!facts_tidy(seeking->row->field[seeking->column], &tidy))
        return false;
    seeking->text = span_trim(buf_span(&tidy));
    seeking->folded = (struct span){folded, notation_fold(seeking->text, folded, sizeof folded)};
    is_found = remedy_try(seeking, seeking->text);
    /* A part of a text is another text. */
    if (!is_found && by_column && seeking->folded.bytes < sizeof folded)
        is_found = remedy_try(seeking, seeking->folded) || by_column(seeking);
    seeking->text = seeking->folded = SPAN_NONE;
    return is_found;
}

static uint32_t columns_of(const struct problems *problems)
{
    uint32_t columns = 0;

    for (size_t i = 0; i < problems->count; i++)
        if (problems->at[i].column < COLUMN_COUNT)
            columns |= UINT32_C(1) << problems->at[i].column;
    return columns;
}

/* --- all of them together --- */

/* What goes well for each alone may contradict each other: a deadline that can be read now lies before an order that
 * can be read now. Then both are left to the person. */
static void judge_together(const struct seeking *seeking, struct remedies *out)
{
    while (out->offered & (out->offered - 1)) {
        struct obligation row = *seeking->row;
        struct rules_context context = *seeking->context;
        struct problems after = {.count = 0};
        const struct problem *wrong;

        for (int column = 0; column < COLUMN_COUNT; column++)
            if (out->offered >> column & 1)
                row.field[column] = buf_span(&out->value[column]);
        context.number_cells &= ~out->offered;
        rules_check(seeking->rules, &row, &context, &after);
        wrong = new_error(seeking->before, &after);
        if (!wrong)
            return;
        if (wrong->column < COLUMN_COUNT && (out->offered >> wrong->column & 1))
            out->offered &= ~(UINT32_C(1) << wrong->column);
        else
            out->offered = 0;
    }
}

void remedies_find(const struct rules *rules, const struct obligation *row, const struct rules_context *context,
                   const struct problems *problems, struct remedies *out)
{
    struct obligation checked = *row;
    struct problems before = {.count = 0};
    struct seeking seeking = {.rules = rules, .row = &checked, .context = context, .before = &before};
    uint32_t left;

    out->offered = 0;
    rules_check(rules, &checked, context, &before);
    for (left = columns_of(problems) & columns_of(&before); left; left &= left - 1) {
        seeking.column = (enum column)__builtin_ctz(left);
        seeking.value = &out->value[seeking.column];
        if (seek(&seeking))
            out->offered |= UINT32_C(1) << seeking.column;
    }
    judge_together(&seeking, out);
}

void remedies_done(struct remedies *remedies)
{
    for (int column = 0; column < COLUMN_COUNT; column++)
        buf_done(&remedies->value[column]);
    remedies->offered = 0;
}

struct span remedies_of(const struct remedies *remedies, enum column column)
{
    if (column >= COLUMN_COUNT || !(remedies->offered >> column & 1))
        return SPAN_NONE;
    return buf_span(&remedies->value[column]);
}
