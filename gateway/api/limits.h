/* limits.h - how often a client may ask, counted for the whole gateway: a token bucket a client, whose every token
 * comes back after a minute divided by the client's limit and which holds a minute's worth.
 *
 * It is the one thing that processes share besides the store: a client's connections land where they land, and a share
 * of the limit per process would refuse some clients too early. A bucket is a single number (the instant at which it
 * will be full again), changed by compare-and-swap, so a process that is killed leaves nothing half done. */
#ifndef GATEWAY_API_LIMITS_H
#define GATEWAY_API_LIMITS_H

#include "base/base.h"

struct limits;
/* `count` full buckets in memory that processes forked later share. */
struct limits *limits_new(size_t count);
void limits_free(struct limits *limits);

struct limits_wish {
    size_t index;
    int64_t per_minute;
    int64_t count;
};

/* Take a token of bucket `index`. `now_ns`: a clock that all processes share and that never goes back. False when there
 * is none: `*wait_ms` says when there will be one. */
bool limits_take(struct limits *limits, size_t index, int64_t per_minute, int64_t now_ns, int64_t *wait_ms);
/* `count` tokens at once or none; never more than a minute's worth, or nobody could have them. */
bool limits_take_many(struct limits *limits, const struct limits_wish *wish, int64_t now_ns, int64_t *wait_ms);

/* What a client may know: `*left` tokens are there now, and after `*full_s` seconds (rounded up) there are all of them
 * when it asks nothing meanwhile. */
void limits_left(const struct limits *limits, size_t index, int64_t per_minute, int64_t now_ns, int64_t *left,
                 int64_t *full_s);

DEFINE_AUTO(struct limits *, limits_free)

#endif
