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
    int64_t interval_ns = MINUTE_NS / per_minute;
    _Atomic int64_t *full_at_ns = &limits->full_at_ns[index];
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
