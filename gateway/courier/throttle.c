#include "gateway/courier/throttle.h"

void throttle_init(struct throttle *throttle, unsigned limit)
{
    *throttle = (struct throttle){.limit = limit > 0 ? limit : 1};
    throttle->size = throttle->limit < THROTTLE_BEGIN ? throttle->limit : THROTTLE_BEGIN;
}

/* One step of the balance; a full round of steps changes the size. */
static void weigh(struct throttle *throttle, int step)
{
    throttle->balance += step;
    if (throttle->balance >= (int)throttle->size) {
        throttle->size += throttle->size < throttle->limit;
        throttle->balance = 0;
    } else if (throttle->balance <= -(int)throttle->size) {
        throttle->size -= throttle->size > 1;
        throttle->balance = 0;
    }
}

bool throttle_success(struct throttle *throttle)
{
    bool was_dead = throttle->deaths > 0;

    throttle->failures = 0;
    if (!was_dead) {
        weigh(throttle, 1);
        return false;
    }
    throttle->deaths = 0;
    throttle->size = 1;
    throttle->balance = 0;
    throttle->probe_ms = 0;
    return true;
}

unsigned throttle_deaths(const struct throttle *throttle)
{
    return throttle->deaths + 1;
}

void throttle_failure(struct throttle *throttle, int64_t now_ms, int64_t delay_ms)
{
    throttle->failures++;
    if (throttle->deaths == 0 && throttle->failures < throttle->size) {
        weigh(throttle, -1);
        return;
    }
    /* What was in flight when it died may fail late: only a probe counts as another death. */
    if (throttle->deaths == 0 || now_ms >= throttle->probe_ms) {
        throttle->deaths++;
        throttle->probe_ms = now_ms + delay_ms;
    }
}

void throttle_close_until(struct throttle *throttle, int64_t until_ms)
{
    if (until_ms > throttle->not_before_ms)
        throttle->not_before_ms = until_ms;
}

int64_t throttle_opens_ms(const struct throttle *throttle)
{
    return throttle->probe_ms > throttle->not_before_ms ? throttle->probe_ms : throttle->not_before_ms;
}

unsigned throttle_room(const struct throttle *throttle, unsigned in_flight, int64_t now_ms)
{
    unsigned most = throttle->deaths > 0 ? 1 : throttle->size;

    if (now_ms < throttle_opens_ms(throttle) || in_flight >= most)
        return 0;
    return most - in_flight;
}
