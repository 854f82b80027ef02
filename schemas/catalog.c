#include "schemas/catalog.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

enum { COMPETENCES_MAX = 8 };

/* Who may order on a ground; bit i of `industries`: against industry i. */
struct competence {
    const struct authority_kind *kind;
    uint64_t industries;
};

struct ground_rules {
    struct measure measures[CATALOG_MEASURES_MAX];
    size_t measure_count;
    struct competence competences[COMPETENCES_MAX];
    size_t competence_count;
};

struct catalog {
    json_t *industries_data;
    json_t *units_data;
    json_t *grounds_data;
    struct industry industries[CATALOG_INDUSTRIES_MAX];
    size_t industry_count;
    struct span units[CATALOG_UNITS_MAX];
    size_t unit_count;
    struct ground_rules grounds[GROUND_COUNT];
};

/* The array `name`, with 1 to `limit` entries. */
static bool list_of(const json_t *data, const char *name, size_t limit, const json_t **out, struct error *err)
{
    const json_t *list = json_object_get(data, name);

    if (json_array_size(list) == 0 || json_array_size(list) > limit)
        return fail(err, ERR_INVALID, "\"%s\" must be a list of 1 to %zu", name, limit);
    *out = list;
    return true;
}

static bool day_of_member(const json_t *item, const char *name, int32_t *day)
{
    const char *text = json_text_of(item, name);

    *day = DAY_NONE;
    return !text || day_parse(span_of(text), day);
}

static bool load_units(struct catalog *catalog, struct error *err)
{
    const json_t *list;
    const json_t *item;
    size_t i;

    if (!list_of(catalog->units_data, "units", CATALOG_UNITS_MAX, &list, err))
        return false;
    json_array_foreach(list, i, item)
    {
        struct span name = span_of(json_text_of(item, "name"));

        if (name.bytes == 0 || catalog_unit(catalog, name) >= 0)
            return fail(err, ERR_INVALID, "unit %zu: without a name, or there twice", i);
        catalog->units[catalog->unit_count++] = name;
    }
    return true;
}

static bool load_industry(struct catalog *catalog, const json_t *item, struct error *err)
{
    struct industry *industry = &catalog->industries[catalog->industry_count];
    const json_t *units;
    const json_t *unit;
    size_t i;

    industry->name = span_of(json_text_of(item, "name"));
    industry->english = span_of(json_text_of(item, "en"));
    if (industry->name.bytes == 0 || industry->english.bytes == 0 || catalog_industry(catalog, industry->name))
        return fail(err, ERR_INVALID, "industry %zu: without a name, or there twice", catalog->industry_count);
    if (!day_of_member(item, "from", &industry->from) || !day_of_member(item, "until", &industry->until))
        return fail(err, ERR_INVALID, "industry %s: not a day", industry->name.at);
    if (!list_of(item, "units", CATALOG_UNITS_MAX, &units, err))
        return fail_in(err, "industry %s", industry->name.at);
    json_array_foreach(units, i, unit)
    {
        int number = catalog_unit(catalog, span_of(json_string_value(unit)));

        if (number < 0)
            return fail(err, ERR_INVALID, "industry %s: unknown unit", industry->name.at);
        industry->units |= UINT32_C(1) << number;
    }
    catalog->industry_count++;
    return true;
}

static bool load_industries(struct catalog *catalog, struct error *err)
{
    const json_t *list;
    const json_t *item;
    size_t i;

    if (!list_of(catalog->industries_data, "industries", CATALOG_INDUSTRIES_MAX, &list, err))
        return false;
    json_array_foreach(list, i, item) if (!load_industry(catalog, item, err)) return false;
    return true;
}

static bool load_measures(struct ground_rules *rules, const json_t *ground, struct error *err)
{
    const json_t *list;
    const json_t *item;
    size_t i;

    if (!list_of(ground, "measures", CATALOG_MEASURES_MAX, &list, err))
        return false;
    json_array_foreach(list, i, item)
    {
        struct measure *measure = &rules->measures[rules->measure_count++];

        measure->name = span_of(json_text_of(item, "name"));
        measure->english = span_of(json_text_of(item, "en"));
        measure->seed_row = (int)json_integer_of(item, "seed_row", 0);
        measure->needs_approval = json_bool_of(item, "needs_approval", false);
        if (measure->name.bytes == 0 || measure->english.bytes == 0 || measure->seed_row <= 0 ||
            !day_of_member(item, "from", &measure->from) || !day_of_member(item, "until", &measure->until))
            return fail(err, ERR_INVALID, "measure %zu: it needs a name, \"en\", a seed row and good days", i);
    }
    return true;
}

static bool load_competence(const struct catalog *catalog, const json_t *item, const struct authorities *authorities,
                            struct competence *out)
{
    const json_t *industries = json_object_get(item, "industries");
    const json_t *industry;
    size_t i;

    out->kind = authorities_kind(authorities, span_of(json_text_of(item, "kind")));
    out->industries = json_is_null(industries) ? UINT64_MAX : 0;
    json_array_foreach(industries, i, industry)
    {
        const struct industry *found = catalog_industry(catalog, span_of(json_string_value(industry)));

        if (!found)
            return false;
        out->industries |= UINT64_C(1) << (found - catalog->industries);
    }
    return out->kind && out->industries != 0;
}

static bool load_ground(struct catalog *catalog, const json_t *item, const struct authorities *authorities,
                        struct error *err)
{
    struct ground_rules *rules;
    enum ground ground;
    const json_t *list;
    const json_t *entry;
    size_t i;

    if (!obligation_ground_find(span_of(json_text_of(item, "ground")), &ground))
        return fail(err, ERR_INVALID, "unknown ground");
    rules = &catalog->grounds[ground];
    if (rules->measure_count > 0)
        return fail(err, ERR_INVALID, "%s stands there twice", GROUND_NAMES[ground]);
    if (!load_measures(rules, item, err) || !list_of(item, "authorities", COMPETENCES_MAX, &list, err))
        return fail_in(err, "%s", GROUND_NAMES[ground]);
    json_array_foreach(list, i, entry) if (
        !load_competence(
            catalog, entry, authorities,
            &rules->competences[rules->competence_count++])) return fail(err, ERR_INVALID,
                                                                         "%s: authority %zu: unknown kind or industry",
                                                                         GROUND_NAMES[ground], i);
    return true;
}

static bool load_grounds(struct catalog *catalog, const struct authorities *authorities, struct error *err)
{
    const json_t *list;
    const json_t *item;
    size_t i;

    if (!list_of(catalog->grounds_data, "grounds", GROUND_COUNT, &list, err))
        return false;
    if (json_array_size(list) != GROUND_COUNT)
        return fail(err, ERR_INVALID, "it must name all %d grounds", GROUND_COUNT);
    json_array_foreach(list, i, item) if (!load_ground(catalog, item, authorities, err)) return false;
    return true;
}

bool catalog_load(const char *folder, const struct authorities *authorities, struct catalog **out, struct error *err)
{
    AUTO(catalog_free) struct catalog *catalog = memory_new(sizeof *catalog);
    AUTO(text_free) char *units = path_join(folder, "units.json");
    AUTO(text_free) char *industries = path_join(folder, "industries.json");
    AUTO(text_free) char *grounds = path_join(folder, "grounds.json");

    if (!json_read_file(units, &catalog->units_data, err) || !load_units(catalog, err))
        return fail_in(err, "%s", units);
    if (!json_read_file(industries, &catalog->industries_data, err) || !load_industries(catalog, err))
        return fail_in(err, "%s", industries);
    if (!json_read_file(grounds, &catalog->grounds_data, err) || !load_grounds(catalog, authorities, err))
        return fail_in(err, "%s", grounds);
    *out = TAKE(catalog);
    return true;
}

void catalog_free(struct catalog *catalog)
{
    if (!catalog)
        return;
    json_decref(catalog->industries_data);
    json_decref(catalog->units_data);
    json_decref(catalog->grounds_data);
    free(catalog);
}

const struct industry *catalog_industry(const struct catalog *catalog, struct span name)
{
    for (size_t i = 0; i < catalog->industry_count; i++)
        if (span_equal(catalog->industries[i].name, name))
            return &catalog->industries[i];
    return NULL;
}

int catalog_unit(const struct catalog *catalog, struct span name)
{
    for (size_t i = 0; i < catalog->unit_count; i++)
        if (span_equal(catalog->units[i], name))
            return (int)i;
    return -1;
}

bool industry_has_unit(const struct industry *industry, int unit)
{
    return unit >= 0 && (industry->units >> unit & 1);
}

const struct measure *catalog_measure(const struct catalog *catalog, enum ground ground, struct span name)
{
    const struct ground_rules *rules = &catalog->grounds[ground];

    for (size_t i = 0; i < rules->measure_count; i++)
        if (span_equal(rules->measures[i].name, name))
            return &rules->measures[i];
    return NULL;
}

static void add_listed(struct buf *out, bool *is_first, struct span name)
{
    if (!*is_first)
        buf_add_text(out, " / ");
    *is_first = false;
    buf_add_span(out, name);
}

void catalog_measures_add(const struct catalog *catalog, enum ground ground, struct buf *out)
{
    const struct ground_rules *rules = &catalog->grounds[ground];
    bool is_first = true;

    for (size_t i = 0; i < rules->measure_count; i++)
        add_listed(out, &is_first, rules->measures[i].name);
}

void catalog_industries_add(const struct catalog *catalog, struct buf *out)
{
    bool is_first = true;

    for (size_t i = 0; i < catalog->industry_count; i++)
        add_listed(out, &is_first, catalog->industries[i].name);
}

void catalog_units_add(const struct catalog *catalog, const struct industry *industry, struct buf *out)
{
    bool is_first = true;

    for (size_t i = 0; i < catalog->unit_count; i++)
        if (!industry || industry_has_unit(industry, (int)i))
            add_listed(out, &is_first, catalog->units[i]);
}

static bool is_competent(const struct catalog *catalog, const struct competence *competence,
                         const struct industry *industry)
{
    return competence->industries >> (industry - catalog->industries) & 1;
}

bool catalog_may_order(const struct catalog *catalog, enum ground ground, const struct industry *industry,
                       const struct authority_kind *kind)
{
    const struct ground_rules *rules = &catalog->grounds[ground];

    for (size_t i = 0; i < rules->competence_count; i++)
        if (rules->competences[i].kind == kind && is_competent(catalog, &rules->competences[i], industry))
            return true;
    return false;
}

const struct authority_kind *catalog_competent(const struct catalog *catalog, enum ground ground,
                                               const struct industry *industry)
{
    const struct ground_rules *rules = &catalog->grounds[ground];

    for (size_t i = 0; i < rules->competence_count; i++)
        if (is_competent(catalog, &rules->competences[i], industry))
            return rules->competences[i].kind;
    return NULL;
}
