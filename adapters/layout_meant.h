/* layout_meant.h - which of our fields a refusal is about, and where each is put right: what somebody must know who has
 * to correct it. Words are data of the layout (the label) and of one table by source (what it is for us, and where it
 * is corrected). */
#ifndef ADAPTERS_LAYOUT_MEANT_H
#define ADAPTERS_LAYOUT_MEANT_H

#include "adapters/layout.h"

/* Where it is put right. */
enum layout_remedy {
    REMEDY_NONE,     /* made by the gateway: with those who run the channel */
    REMEDY_RECORD,   /* by a correction of the record */
    REMEDY_REGISTER, /* in the register, then by a correction of the record, which takes the row as it is now */
    REMEDY_SETTINGS, /* in the configuration */
    REMEDY_COUNT
};
extern const char *const REMEDY_SLUGS[REMEDY_COUNT]; /* "none", "record", "register", "settings" */

struct layout_meant {
    const char *name;  /* as they call it; borrowed from the layout */
    const char *label; /* as people there call it, likewise */
    const char *field; /* as we call it: "name", "code" …, "constant" */
    const char *en;    /* what it is, in English */
    enum layout_remedy remedy;
    const char *how_zh; /* how it is put right */
    const char *how_en;
};
/* Those that their words name (whole names as the layout has them); else those that the code is about (the layout's
 * `fields` of a result). At most `max`, in the order in which they are named; returns how many. */
enum { LAYOUT_MEANT_MAX = 8 };
size_t layout_meant(const struct layout *layout, const char *code, struct span words, struct layout_meant *out,
                    size_t max);

#endif
