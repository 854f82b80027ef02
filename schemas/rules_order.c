/* rules_order.c - who ordered what on which ground, and who had to approve it: seed rows 2 to 6. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "schemas/rules_internal.h"

static bool ground_is_unknown(const struct facts *facts)
{
    return facts_has(facts, facts->column) && !facts->has_ground;
}

static bool is_dated_out(const struct facts *facts, int32_t from, int32_t until)
{
    int32_t day = facts->row->order_date;

    return facts_has_dates(facts, HAS_ORDER) &&
           ((from != DAY_NONE && day < from) || (until != DAY_NONE && day > until));
}

static bool measure_is_foreign(const struct facts *facts)
{
    AUTO(buf_done) struct buf known = BUF_INIT;

    if (!facts_has(facts, facts->column) || !facts->has_ground ||
        (facts->measure && !is_dated_out(facts, facts->measure->from, facts->measure->until)))
        return false;
    catalog_measures_add(rules_catalog(facts->rules), facts->row->ground, &known);
    expected_set(facts->expected, buf_span(&known));
    return true;
}

static const struct authority_kind *competent(const struct facts *facts)
{
    if (!facts->has_ground || !facts->industry)
        return NULL;
    return catalog_competent(rules_catalog(facts->rules), facts->row->ground, facts->industry);
}

static bool may_order(const struct facts *facts, const struct authority_kind *kind)
{
    return catalog_may_order(rules_catalog(facts->rules), facts->row->ground, facts->industry, kind);
}

static bool authority_has_wrong_kind(const struct facts *facts)
{
    const struct authority_kind *wanted = competent(facts);

    if (!wanted || !facts->authority.kind || may_order(facts, facts->authority.kind))
        return false;
    expected_set(facts->expected, wanted->name);
    return true;
}

static bool kind_is_unknown(const struct facts *facts)
{
    const struct authority_kind *wanted = facts->authority.kind ? facts->authority.kind : competent(facts);
    AUTO(buf_done) struct buf known = BUF_INIT;

    if (!facts_has(facts, facts->column) || facts->kind)
        return false;
    if (!wanted)
        authorities_kinds_add(rules_authorities(facts->rules), &known);
    expected_set(facts->expected, wanted ? wanted->name : buf_span(&known));
    return true;
}

/* The column 机关类别 must say what the authority is; of an unknown authority, what it would have to be. */
static bool kind_differs(const struct facts *facts)
{
    const struct authority_kind *wanted = facts->authority.kind ? facts->authority.kind : competent(facts);

    if (!facts->kind || !wanted || facts->kind == wanted)
        return false;
    if (!facts->authority.kind && may_order(facts, facts->kind))
        return false;
    expected_set(facts->expected, wanted->name);
    return true;
}

/* The directory's name for the competent body of the enterprise's city, as help. */
static const struct authority *usual_name(const struct facts *facts, const struct authority_kind *kind,
                                          struct span division)
{
    if (!kind || !facts_has_dates(facts, HAS_ORDER))
        return NULL;
    return authorities_on(rules_authorities(facts->rules), kind, division, facts->row->order_date);
}

/* The name to propose instead: of the enterprise's city; of the province when the row names no city. */
static void expect_usual(const struct facts *facts)
{
    static const struct span PROVINCE = SPAN("440000");
    const struct division *city =
        facts->division ? divisions_city(rules_divisions(facts->rules), facts->division->code) : NULL;
    const struct authority *usual = usual_name(facts, competent(facts), city ? city->code : PROVINCE);
    const struct authority_kind *kind = competent(facts);

    expected_set(facts->expected, usual ? usual->name : kind ? kind->name : SPAN("-"));
}

static bool authority_is_unknown(const struct facts *facts)
{
    if (!facts_has(facts, facts->column) || facts->authority.kind)
        return false;
    expect_usual(facts);
    return true;
}

static bool authority_is_unlisted(const struct facts *facts)
{
    return facts->authority.kind && !facts->authority.listed;
}

static bool authority_name_is_out_of_time(const struct facts *facts)
{
    const struct authority *listed = facts->authority.listed;
    const struct authority *usual;

    if (!listed || !facts_has_dates(facts, HAS_ORDER) || authority_is_in_force(listed, facts->row->order_date))
        return false;
    usual = usual_name(facts, listed->kind, listed->division);
    expected_set(facts->expected, usual ? usual->name : listed->successor);
    return true;
}

static bool authority_is_elsewhere(const struct facts *facts)
{
    if (!facts->authority.kind || !facts->division || authority_covers(&facts->authority, facts->division->code) ||
        (facts->division->now && authority_covers(&facts->authority, facts->division->now->code)))
        return false;
    expect_usual(facts);
    return true;
}

static bool needs_approval(const struct facts *facts)
{
    return facts->measure && facts->measure->needs_approval;
}

static bool approval_is_missing(const struct facts *facts)
{
    return needs_approval(facts) && !facts_has(facts, facts->column);
}

static struct place approving_place(const struct facts *facts)
{
    return divisions_place(rules_divisions(facts->rules), facts->row->field[COLUMN_APPROVAL]);
}

static bool names_a_government(const struct place *place)
{
    return span_is(place->rest, "人民政府") && (place->is_province || place->city || place->district);
}

static bool approval_is_no_government(const struct facts *facts)
{
    struct place place;

    if (!facts_has(facts, facts->column))
        return false;
    place = approving_place(facts);
    return !names_a_government(&place);
}

static bool approval_is_elsewhere(const struct facts *facts)
{
    struct place place;

    if (!facts_has(facts, facts->column) || !facts->division)
        return false;
    place = approving_place(facts);
    if (!names_a_government(&place))
        return false;
    return !place_covers(&place, facts->division->now ? facts->division->now->code : facts->division->code);
}

const struct rule_check RULES_ORDER[] = {
    {"ground.unknown", ground_is_unknown},
    {"measure.ground", measure_is_foreign},
    {"authority.ground", authority_has_wrong_kind},
    {"authority.kind-unknown", kind_is_unknown},
    {"authority.kind", kind_differs},
    {"authority.unknown", authority_is_unknown},
    {"authority.unlisted", authority_is_unlisted},
    {"authority.period", authority_name_is_out_of_time},
    {"authority.area", authority_is_elsewhere},
    {"approval.missing", approval_is_missing},
    {"approval.government", approval_is_no_government},
    {"approval.area", approval_is_elsewhere},
};
const size_t RULES_ORDER_COUNT = COUNT_OF(RULES_ORDER);
