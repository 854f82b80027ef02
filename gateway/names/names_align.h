/* names_align.h - one string of units written for another: the cheapest way of slips, and what it costs.
 *
 * Damerau's distance (CACM 7(3), 1964; neighbours may change places) with the logs of chances as costs: homophones and
 * look-alikes are cheap, a character too few or two swapped costs more, a character from nowhere is very dear. Lengths
 * may differ by ALIGN_DRIFT_MAX: what differs more is not a slip. */
#ifndef GATEWAY_NAMES_NAMES_ALIGN_H
#define GATEWAY_NAMES_NAMES_ALIGN_H

#include "gateway/names/names_model.h"

enum { ALIGN_DRIFT_MAX = 6, ALIGN_STEPS_MAX = 2 * NAME_UNITS_MAX };
#define ALIGN_NEVER (-1e4)

struct align {
    const struct name_tables *tables;
    const struct name_model *model; /* how dear a stray character is */
};

struct units {
    const uint16_t *at;
    size_t count;
};

enum align_kind { ALIGN_CHANGED, ALIGN_MISSING, ALIGN_EXTRA, ALIGN_SWAPPED };

/* One slip: units of what was meant and of what is written, at most two each. */
struct align_step {
    enum align_kind kind;
    enum name_slip slip; /* of a changed unit */
    uint8_t meant;       /* place in the units that were meant */
    uint8_t written;
};

/* Log of the chance that `meant` comes out as `written`; ALIGN_NEVER when their lengths are too far apart, or when it
 * is sure to be less than `least`: what cannot count need not be known. */
double align_log(const struct align *align, struct units meant, struct units written, double least);
/* The slips on the cheapest way, in order; at most ALIGN_STEPS_MAX. Returns how many. */
size_t align_steps(const struct align *align, struct units meant, struct units written,
                   struct align_step steps[ALIGN_STEPS_MAX]);
/* Log of the chance that a company which is a relative of `meant` (same group, same founders, same street) is called
 * `written`: whole stretches differ, and any character is as good as another. */
double align_kin_log(struct units meant, struct units written);

#endif
