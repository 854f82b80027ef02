/* authorities.h - who may order: the directory of departments of the province and the cities with the periods of their
 * names (the reorganisation of 2018-2019), and how to tell a district body, which no directory lists, by its name.
 * Seed rows 2 to 6. Data: schemas/data/authorities.json, authority-kinds.json. */
#ifndef SCHEMAS_AUTHORITIES_H
#define SCHEMAS_AUTHORITIES_H

#include "base/buf.h"
#include "base/time.h"
#include "schemas/divisions.h"

/* 机关类别, for example 经济和信息化主管部门. */
struct authority_kind {
    struct span name;
    struct span english;
    bool is_listed; /* the directory holds every body of this kind at province and city level */
};

/* One name of one department. */
struct authority {
    struct span name;
    const struct authority_kind *kind;
    struct span division;  /* the division whose body it is */
    int32_t from;          /* first day of the name; DAY_NONE: since ever */
    int32_t until;         /* last day of the name; DAY_NONE: still */
    struct span successor; /* the name after it, or empty */
};

/* What a name turned out to be. */
struct authority_match {
    const struct authority *listed;    /* in the directory, or NULL */
    const struct authority_kind *kind; /* NULL: no name of any authority that we could recognise */
    struct place place;                /* of a body that is not listed */
};

struct authorities;

/* `folder` holds the two files. The divisions are borrowed and must live longer. */
MUST_CHECK bool authorities_load(const char *folder, const struct divisions *divisions, struct authorities **out,
                                 struct error *err);
void authorities_free(struct authorities *authorities);

const struct authority_kind *authorities_kind(const struct authorities *authorities, struct span name);
/* All kinds as one text, "… / …", for messages. */
void authorities_kinds_add(const struct authorities *authorities, struct buf *out);
/* A name: listed; or a district body (or a kind that is not listed at all), told by the place at its beginning and the
 * ending of its kind; or neither: kind is NULL. */
struct authority_match authorities_find(const struct authorities *authorities, struct span name);
/* The name in force on `day` for a kind in a division (a city or the province), or NULL. */
const struct authority *authorities_on(const struct authorities *authorities, const struct authority_kind *kind,
                                       struct span division, int32_t day);
/* The name that `authority` bears on `day`: its own, or that of the body that took its place. NULL: none that the
 * directory knows. */
const struct authority *authorities_bearing(const struct authorities *authorities, const struct authority *authority,
                                            int32_t day);
bool authority_is_in_force(const struct authority *authority, int32_t day);
/* Whether the body may act in the division. */
bool authority_covers(const struct authority_match *match, struct span division);

DEFINE_AUTO(struct authorities *, authorities_free)

#endif
