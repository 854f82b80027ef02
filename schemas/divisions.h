/* divisions.h - the administrative divisions of Guangdong (行政区划, GB/T 2260), codes that are no longer given out,
 * and what a text such as 惠州市惠阳区发展和改革局 begins with. Data: schemas/data/divisions.json. */
#ifndef SCHEMAS_DIVISIONS_H
#define SCHEMAS_DIVISIONS_H

#include "base/error.h"

enum { DIVISION_CODE_BYTES = 6 };

enum division_kind {
    DIVISION_PROVINCE,
    DIVISION_CITY,
    DIVISION_DISTRICT,
    DIVISION_FORMER,  /* no longer a division: `now` says which one took its place */
    DIVISION_REGISTRY /* never a division: a registration office's number, found in unified social credit codes */
};

struct division {
    struct span code;
    struct span name;
    enum division_kind kind;
    const struct division *now; /* of a former one; else NULL */
};

/* What a text begins with. */
struct place {
    bool is_province;                /* it names the province */
    const struct division *city;     /* NULL when none is named or implied */
    const struct division *district; /* NULL when none; never a former one */
    struct span rest;                /* what follows the names */
};

struct divisions;

MUST_CHECK bool divisions_load(const char *path, struct divisions **out, struct error *err);
void divisions_free(struct divisions *divisions);

/* By six digits. NULL when unknown. Borrowed. */
const struct division *divisions_find(const struct divisions *divisions, struct span code);
/* The city that a code of Guangdong lies in, or NULL (the province, another province). */
const struct division *divisions_city(const struct divisions *divisions, struct span code);
/* The first two digits are a province of China. */
bool divisions_has_province(const struct divisions *divisions, struct span code);
/* 广东省, 惠州市, 惠州市惠阳区, 惠阳区, 广东省惠州市惠阳区 and former names of districts at the beginning of `text`. */
struct place divisions_place(const struct divisions *divisions, struct span text);
/* The district of `city` that is called so, with or without its last word (惠阳 is 惠阳区), or NULL. */
const struct division *divisions_district(const struct divisions *divisions, const struct division *city,
                                          struct span name);
/* Whether a body of `place` may act for the division `code`: the province for all, a city for all of its districts, a
 * district for itself. False when the place names nothing. */
bool place_covers(const struct place *place, struct span code);

DEFINE_AUTO(struct divisions *, divisions_free)

#endif
