/* The bucket's number is the "theoretical arrival time" of the generic cell rate algorithm (ITU-T I.371): each request
 * moves it on by the interval between tokens, beginning at now; it may run ahead of now by the bucket's size. */
#include "gateway/api/limits.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/buf.h"

#define MINUTE_NS INT64_C(60000000000)

struct limits {
    size_t count;
    _Atomic int64_t full_at_ns[];
};

static size_t limits_bytes(size_t count)
{
    return sizeof(struct limits) + count * sizeof(_Atomic int64_t);
}

struct limits *limits_new(size_t count)
{
    struct limits *limits = mmap(NULL, limits_bytes(count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (limits == MAP_FAILED)
        abort(); /* as memory_new does */
    limits->count = count;
    return limits;
}

void limits_free(struct limits *limits)
{
    if (limits)
        munmap(limits, limits_bytes(limits->count));
}

bool limits_take(struct limits *limits, size_t index, int64_t per_minute, int64_t now_ns, int64_t *wait_ms)
{
    return limits_take_many(limits, &(struct limits_wish){index, per_minute, 1}, now_ns, wait_ms);
}

bool limits_take_many(struct limits *limits, const struct limits_wish *wish, int64_t now_ns, int64_t *wait_ms)
{
    int64_t count = wish->count < wish->per_minute ? wish->count : wish->per_minute;
    int64_t interval_ns = MINUTE_NS / wish->per_minute * count;
    _Atomic int64_t *full_at_ns = &limits->full_at_ns[wish->index];
    int64_t before_ns = atomic_load_explicit(full_at_ns, memory_order_relaxed);
    int64_t after_ns;

    do {
        after_ns = (before_ns > now_ns ? before_ns : now_ns) + interval_ns;
        if (after_ns - now_ns > MINUTE_NS) {
            *wait_ms = (after_ns - now_ns - MINUTE_NS + 999999) / 1000000;
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(full_at_ns, &before_ns, after_ns, memory_order_relaxed,
                                                    memory_order_relaxed));
    return true;
}

void limits_left(const struct limits *limits, size_t index, int64_t per_minute, int64_t now_ns, int64_t *left,
                 int64_t *full_s)
{
    int64_t ahead_ns = atomic_load_explicit(&limits->full_at_ns[index], memory_order_relaxed) - now_ns;

    ahead_ns = ahead_ns < 0 ? 0 : ahead_ns > MINUTE_NS ? MINUTE_NS : ahead_ns;
    *left = (MINUTE_NS - ahead_ns) / (MINUTE_NS / per_minute);
    *left = *left > per_minute ? per_minute : *left;
    *full_s = (ahead_ns + 999999999) / 1000000000;
}
