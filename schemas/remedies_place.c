/* remedies_place.c - places and bodies by other names. */
#include <string.h>

#include "base/text.h"
#include "schemas/remedies_internal.h"

static const struct division *division_of(const struct seeking *seeking)
{
    const struct division *division =
        divisions_find(rules_divisions(seeking->rules), seeking->row->field[COLUMN_DIVISION]);

    return division && division->now ? division->now : division;
}

/* The code of a place that is named, and nothing besides. */
static bool try_place(struct seeking *seeking, struct span name)
{
    struct place place = divisions_place(rules_divisions(seeking->rules), name);
    const struct division *division = place.district ? place.district : place.city;

    return name.bytes > 0 && place.rest.bytes == 0 && division && remedy_try(seeking, division->code);
}

bool remedy_division(struct seeking *seeking)
{
    const struct division *division = division_of(seeking);
    struct span text = seeking->folded;
    char code[DIVISION_CODE_BYTES];
    size_t digits = 0;

    if (division && remedy_try(seeking, division->code)) /* a former one */
        return true;
    (void)remedy_cut(&text, ".0");
    while (digits < text.bytes && text.at[digits] >= '0' && text.at[digits] <= '9')
        digits++;
    /* Codes of towns and villages begin with that of their district (GB/T 10114). */
    if (digits == text.bytes && (digits == DIVISION_CODE_BYTES || digits == 9 || digits == 12))
        return remedy_try(seeking, (struct span){text.at, DIVISION_CODE_BYTES});
    if (digits == text.bytes && digits == 4) {
        memcpy(code, text.at, 4);
        memcpy(code + 4, "00", 2);
        return remedy_try(seeking, (struct span){code, sizeof code});
    }
    return try_place(seeking, text) || (text.bytes == 0 && try_place(seeking, seeking->row->field[COLUMN_REGION]));
}

/* 惠州市惠阳区 */
static void full_name_add(const struct seeking *seeking, const struct division *division, struct buf *out)
{
    const struct division *city =
        division->kind == DIVISION_DISTRICT ? divisions_city(rules_divisions(seeking->rules), division->code) : NULL;

    if (city)
        buf_add_span(out, city->name);
    buf_add_span(out, division->name);
}

/* Another place that exists contradicts the code: which of the two is wrong is not for us to say. */
bool remedy_region(struct seeking *seeking)
{
    AUTO(buf_done) struct buf name = BUF_INIT;
    const struct division *division = division_of(seeking);

    if (!division || division->kind == DIVISION_REGISTRY)
        return false;
    full_name_add(seeking, division, &name);
    if (seeking->folded.bytes > 0 && !span_equal(seeking->folded, division->code) &&
        !remedy_is_short_for(seeking->folded, buf_span(&name)))
        return false;
    return remedy_try(seeking, buf_span(&name));
}

/* What the rules say would be right in that column, when they say one thing. */
static struct span expected_of(const struct seeking *seeking)
{
    const struct problems *problems = seeking->before;

    for (size_t i = 0; i < problems->count; i++)
        if (problems->at[i].column == seeking->column && problems->at[i].expected[0] &&
            !strstr(problems->at[i].expected, " / "))
            return span_of(problems->at[i].expected);
    return SPAN_NONE;
}

static bool has_rule(const struct seeking *seeking, const char *id)
{
    const struct problems *problems = seeking->before;

    for (size_t i = 0; i < problems->count; i++)
        if (problems->at[i].column == seeking->column && strcmp(rule_id(problems->at[i].rule), id) == 0)
            return true;
    return false;
}

/* A short name of the body that is competent there, or its name of another time. */
bool remedy_authority(struct seeking *seeking)
{
    struct span expected = expected_of(seeking);

    if (has_rule(seeking, "authority.period"))
        return remedy_try(seeking, expected);
    return has_rule(seeking, "authority.unknown") && remedy_is_short_for(seeking->folded, expected) &&
           remedy_try(seeking, expected);
}

/* The kind follows from the body; of an unknown body only a short form of what is asked is taken for it. */
bool remedy_authority_kind(struct seeking *seeking)
{
    struct authority_match match =
        authorities_find(rules_authorities(seeking->rules), seeking->row->field[COLUMN_AUTHORITY]);
    struct span expected = expected_of(seeking);

    if (match.kind)
        return remedy_try(seeking, match.kind->name);
    return remedy_is_short_for(seeking->folded, expected) && remedy_try(seeking, expected);
}

static bool try_government(struct seeking *seeking, struct span place)
{
    AUTO(buf_done) struct buf name = BUF_INIT;

    buf_add_span(&name, place);
    buf_add_text(&name, "人民政府");
    return remedy_try(seeking, buf_span(&name));
}

bool remedy_approval(struct seeking *seeking)
{
    const struct division *division = division_of(seeking);
    const struct division *city = division ? divisions_city(rules_divisions(seeking->rules), division->code) : NULL;
    struct span place = seeking->folded;

    if (!remedy_cut(&place, "人民政府") && !remedy_cut(&place, "政府"))
        return false;
    if (span_is(place, "省"))
        return try_government(seeking, SPAN("广东省"));
    if (span_is(place, "市") && city)
        return try_government(seeking, city->name);
    return try_government(seeking, place);
}
