/* names_fit.h - the chance that who means one company writes what was asked, read part by part.
 *
 * People leave the region out, shorten it, add the province or move it to the end, and write another form of
 * organisation; they do so with whole parts, not by slips of characters. So the two names are compared in several
 * readings (whole; without region; without form; both; with the region moved) and the likeliest reading counts. */
#ifndef GATEWAY_NAMES_NAMES_FIT_H
#define GATEWAY_NAMES_NAMES_FIT_H

#include "gateway/names/names_align.h"

/* One of the two names. */
struct fit_name {
    struct name_form form;
    struct name_parts parts;
    uint32_t division; /* six digits of its credit code; 0 when unknown */
};

enum fit_region {
    FIT_REGION_SAME,
    FIT_REGION_SHORT, /* the same places, otherwise written: 广州 for 广州市 */
    FIT_REGION_MISSING,
    FIT_REGION_LESS,   /* some of its places, the finest among them */
    FIT_REGION_COARSE, /* some of its places, without the finest */
    FIT_REGION_MORE,   /* its places and one around or in them */
    FIT_REGION_NEAR,   /* another place around or in it */
    FIT_REGION_MOVED,
    FIT_REGION_UNREAD /* the reading does not look at regions */
};

struct fit {
    double part_log; /* of the parts alone, without slips of characters */
    double log;      /* ALIGN_NEVER or less when it cannot be */
    enum fit_region region;
    bool is_suffix_read;   /* the forms of organisation were compared as parts */
    struct units meant;    /* what was compared character by character: of the company's name */
    struct units written;  /* of what was asked */
    struct name_form rest; /* where `written` or `meant` lies when something in its middle was moved */
};

void fit_name_set(const struct name_tables *tables, const uint16_t *units, size_t count, struct fit_name *out);
/* A first look, without the dearer readings; ALIGN_NEVER when it is less than `least`. */
double fit_quick_log(const struct align *align, const struct fit_name *meant, const struct fit_name *written,
                     double least);
/* `out` points into the two names and into itself: do not copy it. */
void fit_best(const struct align *align, const struct fit_name *meant, const struct fit_name *written, struct fit *out);
/* Of a name without its form of organisation. */
struct units fit_without_suffix(const struct fit_name *name);

#endif
