/* throttle.h - how many requests a destination gets at once, after Postfix's scheduler: one more after as many
 * successes as there are at once, one less with each failure; after a whole round of failures it is held for dead and
 * gets one request at a time, further and further apart, until one succeeds. Pure.
 *
 * Where success adds as much as failure takes away, a destination that takes k connections is asked for 2k, and every
 * second request is refused. Here k + 1 is tried once in k successes at most: one request in k + 1 is refused, a sixth
 * where k is 5; and since what was too many a moment ago is tried again later and later, it soon is one in a hundred.
 * Source: architecture 5; Postfix SCHEDULER_README (the idea, no code). */
#ifndef GATEWAY_COURIER_THROTTLE_H
#define GATEWAY_COURIER_THROTTLE_H

#include "base/base.h"

enum { THROTTLE_BEGIN = 2, THROTTLE_PATIENCE_MAX = 16 };

struct throttle {
    unsigned limit;
    unsigned size;         /* requests at once, 1 to limit */
    unsigned successes;    /* since the size last changed */
    unsigned patience;     /* rounds of successes that make it one more */
    bool has_grown;        /* nothing failed since it became one more */
    unsigned failures;     /* in a row */
    unsigned round;        /* the size when they began */
    unsigned deaths;       /* failed probes since it was held for dead; 0: alive */
    int64_t probe_ms;      /* while dead: not before */
    int64_t not_before_ms; /* the destination asked for it */
};

void throttle_init(struct throttle *throttle, unsigned limit);
/* True when it was held for dead: whatever waits because of that need wait no longer. */
bool throttle_success(struct throttle *throttle);
/* `delay_ms`: until the next probe, should it be held for dead now (see throttle_deaths). */
void throttle_failure(struct throttle *throttle, int64_t now_ms, int64_t delay_ms);
/* How many deaths the next failure would make: what its delay is computed with. */
unsigned throttle_deaths(const struct throttle *throttle);
/* No request before that instant. */
void throttle_close_until(struct throttle *throttle, int64_t until_ms);
/* How many more may start now. */
unsigned throttle_room(const struct throttle *throttle, unsigned in_flight, int64_t now_ms);
/* When there may be room again for time alone; 0: now. */
int64_t throttle_opens_ms(const struct throttle *throttle);
static inline bool throttle_is_alive(const struct throttle *throttle)
{
    return throttle->deaths == 0;
}

#endif
