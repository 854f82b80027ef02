/* rules_place.c - where the enterprise is, what it makes, with what. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "schemas/rules_internal.h"

static bool division_is_unknown(const struct facts *facts)
{
    return facts_has(facts, facts->column) && !facts->division;
}

static bool division_is_former(const struct facts *facts)
{
    const struct division *division = facts->division;

    if (!division || division->kind != DIVISION_FORMER)
        return false;
    snprintf(facts->expected, PROBLEM_EXPECTED_BYTES, "%.*s", DIVISION_CODE_BYTES, division->now->code.at);
    return true;
}

static bool division_is_registry(const struct facts *facts)
{
    return facts->division && facts->division->kind == DIVISION_REGISTRY;
}

/* The whole text must be names of the division: 惠州市惠阳区, 惠阳区, 广东省惠州市惠阳区; its city alone will do. */
static bool region_differs(const struct facts *facts)
{
    const struct divisions *divisions = rules_divisions(facts->rules);
    const struct division *wanted = facts->division;
    const struct division *city;
    struct place place;

    if (!facts_has(facts, facts->column) || !wanted || wanted->kind == DIVISION_REGISTRY)
        return false;
    if (wanted->now)
        wanted = wanted->now;
    place = divisions_place(divisions, facts->row->field[facts->column]);
    if (place.rest.bytes == 0 &&
        (place_covers(&place, wanted->code) ||
         (place.city && !place.district && place.city == divisions_city(divisions, wanted->code))))
        return false;
    city = wanted->kind == DIVISION_DISTRICT ? divisions_city(divisions, wanted->code) : NULL;
    snprintf(facts->expected, PROBLEM_EXPECTED_BYTES, "%.*s%.*s", city ? (int)city->name.bytes : 0,
             city ? city->name.at : "", (int)wanted->name.bytes, wanted->name.at);
    return true;
}

static void expected_from(char *expected, struct buf *text)
{
    expected_set(expected, buf_span(text));
}

static bool industry_is_unknown(const struct facts *facts)
{
    AUTO(buf_done) struct buf known = BUF_INIT;

    if (!facts_has(facts, facts->column) || facts->industry)
        return false;
    catalog_industries_add(rules_catalog(facts->rules), &known);
    expected_from(facts->expected, &known);
    return true;
}

static bool industry_has_ended(const struct facts *facts)
{
    if (!facts->industry || facts->industry->until == DAY_NONE || !facts_has_dates(facts, HAS_ORDER) ||
        facts->row->order_date <= facts->industry->until)
        return false;
    expected_set_day(facts->expected, facts->industry->until);
    return true;
}

static bool count_is_wrong(const struct facts *facts)
{
    struct span text = facts->row->field[facts->column];
    int64_t count;

    if (!facts_has(facts, facts->column))
        return false;
    return !integer_parse(text, &count) || count < 1 || count > rule_parameter(facts->rule);
}

static bool capacity_is_no_number(const struct facts *facts)
{
    return facts_has(facts, facts->column) && !decimal_is_valid(facts->row->field[facts->column]);
}

static bool capacity_is_zero(const struct facts *facts)
{
    struct span text = facts->row->field[facts->column];

    return facts_has(facts, facts->column) && decimal_is_valid(text) && span_is(decimal_canonical(text), "0");
}

static bool unit_is_unknown(const struct facts *facts)
{
    AUTO(buf_done) struct buf known = BUF_INIT;

    if (!facts_has(facts, facts->column) || facts->unit >= 0)
        return false;
    catalog_units_add(rules_catalog(facts->rules), NULL, &known);
    expected_from(facts->expected, &known);
    return true;
}

static bool unit_does_not_fit(const struct facts *facts)
{
    AUTO(buf_done) struct buf known = BUF_INIT;

    if (!facts->industry || facts->unit < 0 || industry_has_unit(facts->industry, facts->unit))
        return false;
    catalog_units_add(rules_catalog(facts->rules), facts->industry, &known);
    expected_from(facts->expected, &known);
    return true;
}

const struct rule_check RULES_PLACE[] = {
    {"division.unknown", division_is_unknown},     {"division.former", division_is_former},
    {"division.registry", division_is_registry},   {"region.differs", region_differs},
    {"industry.unknown", industry_is_unknown},     {"industry.ended", industry_has_ended},
    {"equipment.count", count_is_wrong},           {"capacity.number", capacity_is_no_number},
    {"capacity.zero", capacity_is_zero},           {"capacity.unit-unknown", unit_is_unknown},
    {"capacity.unit-industry", unit_does_not_fit},
};
const size_t RULES_PLACE_COUNT = COUNT_OF(RULES_PLACE);
