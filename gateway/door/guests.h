/* guests.h - how often a network of strangers tried in this minute: whoever tries more is not judged. Pure; a table of
 * GUESTS networks, in which the one not seen for longest makes room. Only for this room. */
#ifndef GATEWAY_DOOR_GUESTS_H
#define GATEWAY_DOOR_GUESTS_H

#include "base/base.h"

enum { GUESTS = 512, GUESTS_PER_MINUTE = 20 };

struct guests {
    struct guest {
        uint8_t network[16];
        int64_t minute;
        unsigned tries;
    } list[GUESTS];
};

/* One more try of the network (IPv4 as ::ffff:a.b.c.d; of IPv6 the first 64 bits). False: too many in this minute. */
bool guests_try(struct guests *guests, const uint8_t network[16], int64_t now_ms);

#endif
