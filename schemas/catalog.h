/* catalog.h - industries, units of capacity, grounds (退出维度) with their measures and the kinds of authority that may
 * order on each. Seed rows 1 to 6. Data: schemas/data/industries.json, units.json, grounds.json. */
#ifndef SCHEMAS_CATALOG_H
#define SCHEMAS_CATALOG_H

#include "schemas/authorities.h"
#include "schemas/obligation.h"

enum { CATALOG_INDUSTRIES_MAX = 64, CATALOG_UNITS_MAX = 32, CATALOG_MEASURES_MAX = 16 };

struct industry {
    struct span name;
    struct span english;
    int32_t from;
    int32_t until;  /* the last day on which it counted among the key industries; DAY_NONE: still does */
    uint32_t units; /* bit u: unit u fits */
};

/* 责令措施 */
struct measure {
    struct span name;
    struct span english;
    int32_t from;
    int32_t until;
    int seed_row;
    bool needs_approval; /* only with the approval of a government that has the power to approve */
};

struct catalog;

/* `folder` holds the files. The authorities are borrowed and must live longer. */
MUST_CHECK bool catalog_load(const char *folder, const struct authorities *authorities, struct catalog **out,
                             struct error *err);
void catalog_free(struct catalog *catalog);

/* By name; NULL (or a negative number) when unknown. Borrowed. */
const struct industry *catalog_industry(const struct catalog *catalog, struct span name);
int catalog_unit(const struct catalog *catalog, struct span name);
bool industry_has_unit(const struct industry *industry, int unit);
const struct measure *catalog_measure(const struct catalog *catalog, enum ground ground, struct span name);
/* The measures of a ground as one text, "限制生产 / 停产整治 …", for messages. */
void catalog_measures_add(const struct catalog *catalog, enum ground ground, struct buf *out);
void catalog_industries_add(const struct catalog *catalog, struct buf *out);
/* Without `industry`: all units. */
void catalog_units_add(const struct catalog *catalog, const struct industry *industry, struct buf *out);
/* Whether a kind of authority may order on a ground against an industry, seed rows 2 to 6. */
bool catalog_may_order(const struct catalog *catalog, enum ground ground, const struct industry *industry,
                       const struct authority_kind *kind);
/* The kind that usually orders there (the first of the data), or NULL. */
const struct authority_kind *catalog_competent(const struct catalog *catalog, enum ground ground,
                                               const struct industry *industry);

DEFINE_AUTO(struct catalog *, catalog_free)

#endif
