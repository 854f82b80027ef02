/* rules_competence.c - which body may order an exit, and which may list that it was missed: asked by the store again,
 * whoever proposes a record. Seed rows 2 to 6 and 18. */
#include "base/text.h"
#include "schemas/rules.h"

bool rules_authority_may_order(const struct rules *rules, const struct obligation *row, struct error *err)
{
    const struct division *division = divisions_find(rules_divisions(rules), row->field[COLUMN_DIVISION]);
    const struct industry *industry = catalog_industry(rules_catalog(rules), row->field[COLUMN_INDUSTRY]);
    const struct span *name = &row->field[COLUMN_AUTHORITY];
    struct authority_match match = authorities_find(rules_authorities(rules), *name);

    if (!match.kind || !industry || !catalog_may_order(rules_catalog(rules), row->ground, industry, match.kind))
        return refuse(err, ERR_REFUSED, "authority.ground", "%.*s may not order on the ground %s (seed rows 2 to 6)",
                      "%.*s 无权依据“%s”维度作出责令（任务分工表第 2 至 6 行）", (int)name->bytes, name->at,
                      GROUND_NAMES[row->ground]);
    if (match.listed && !authority_is_in_force(match.listed, row->order_date))
        return refuse(err, ERR_REFUSED, "authority.period", "%.*s did not bear that name on the day of the order",
                      "%.*s：决定日期当日该机关名称不在使用期内", (int)name->bytes, name->at);
    if (!division ||
        !(authority_covers(&match, division->code) || (division->now && authority_covers(&match, division->now->code))))
        return refuse(err, ERR_REFUSED, "authority.area", "%.*s is not competent where the enterprise is",
                      "%.*s 对企业所在地没有管辖权", (int)name->bytes, name->at);
    return true;
}

struct span rules_listing_authority(const struct rules *rules, const struct obligation *row, int32_t day)
{
    struct authority_match ordered = authorities_find(rules_authorities(rules), row->field[COLUMN_AUTHORITY]);
    const struct authority *now = NULL;

    if (ordered.listed)
        now = authorities_bearing(rules_authorities(rules), ordered.listed, day);
    return now ? now->name : row->field[COLUMN_AUTHORITY];
}

/* Whether `later` is `first`, or took its place, directly or after others. */
static bool took_the_place(const struct rules *rules, const struct authority *first, const struct authority *later)
{
    const struct authorities *authorities = rules_authorities(rules);

    /* Each step of the way ends on another day, so there are no more steps than days of change: a few. */
    for (int step = 0; first && step < 8; step++) {
        if (first == later)
            return true;
        first = authorities_find(authorities, first->successor).listed;
    }
    return false;
}

static bool is_same_district(const struct authority_match *a, const struct authority_match *b)
{
    return a->kind && a->kind == b->kind && a->kind->is_listed && a->place.district &&
           a->place.district == b->place.district;
}

enum listing_verdict rules_judge_listing(const struct rules *rules, const struct obligation *row, struct span listing,
                                         int32_t day)
{
    struct authority_match ordered = authorities_find(rules_authorities(rules), row->field[COLUMN_AUTHORITY]);
    struct authority_match lists = authorities_find(rules_authorities(rules), listing);

    if (ordered.listed) {
        if (!lists.listed || !took_the_place(rules, ordered.listed, lists.listed))
            return LISTING_STRANGER;
        return authority_is_in_force(lists.listed, day) ? LISTING_GOOD : LISTING_RENAMED;
    }
    if (span_equal(listing, row->field[COLUMN_AUTHORITY]) || is_same_district(&ordered, &lists))
        return LISTING_GOOD;
    return LISTING_STRANGER;
}
