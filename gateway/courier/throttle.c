#include "gateway/courier/throttle.h"

void throttle_init(struct throttle *throttle, unsigned limit)
{
    *throttle = (struct throttle){.limit = limit > 0 ? limit : 1};
    throttle->size = throttle->limit < THROTTLE_BEGIN ? throttle->limit : THROTTLE_BEGIN;
    throttle->patience = 1;
}

static void grow(struct throttle *throttle)
{
    throttle->successes = 0;
    if (throttle->size == throttle->limit)
        return;
    throttle->size++;
    if (throttle->has_grown && throttle->patience > 1)
        throttle->patience /= 2;
    throttle->has_grown = true;
}

static void shrink(struct throttle *throttle)
{
    throttle->successes = 0;
    throttle->has_grown = false;
    throttle->size -= throttle->size > 1;
    if (throttle->patience < THROTTLE_PATIENCE_MAX)
        throttle->patience *= 2;
}

bool throttle_success(struct throttle *throttle)
{
    bool was_dead = throttle->deaths > 0;

    throttle->failures = 0;
    if (!was_dead) {
        if (++throttle->successes >= throttle->size * throttle->patience)
            grow(throttle);
        return false;
    }
    throttle->deaths = 0;
    throttle->size = 1;
    throttle->successes = 0;
    throttle->probe_ms = 0;
    return true;
}

unsigned throttle_deaths(const struct throttle *throttle)
{
    return throttle->deaths + 1;
}

void throttle_failure(struct throttle *throttle, int64_t now_ms, int64_t delay_ms)
{
    if (throttle->failures++ == 0)
        throttle->round = throttle->size;
    if (throttle->deaths == 0 && throttle->failures < throttle->round) {
        shrink(throttle);
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
