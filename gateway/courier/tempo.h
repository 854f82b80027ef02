/* tempo.h - the time by which the courier decides what is due. It runs as fast as the machine's clock and never goes
 * back. Pure.
 *
 * A clock may be put forward by hours, found wrong, and put back. What was queued or put off in between bears instants
 * that come only hours later, and so does everything after it, since the journal's instants never go back either: by
 * the machine's clock all of it would wait that long. By this one nothing does. What others are told (timestamps,
 * nonces, how long a secret is good) is the machine's clock's business alone. */
#ifndef GATEWAY_COURIER_TEMPO_H
#define GATEWAY_COURIER_TEMPO_H

#include "base/base.h"

/* A clock that is put back by less is followed: it is being adjusted. */
enum { TEMPO_SLACK_MS = 2000 };

/* All zeroes to begin with. */
struct tempo {
    int64_t now_ms;
    int64_t monotonic_ms; /* when that was */
};

/* The machine's clocks say so now. */
int64_t tempo_now(struct tempo *tempo, int64_t wall_ms, int64_t monotonic_ms);
/* Was the machine's clock moved between two looks at both clocks, by more than an adjustment? */
bool tempo_is_moved(int64_t wall_ms, int64_t monotonic_ms, int64_t later_wall_ms, int64_t later_monotonic_ms);
/* Something has happened at that instant already: it is no earlier. */
int64_t tempo_raise(struct tempo *tempo, int64_t seen_ms);

#endif
