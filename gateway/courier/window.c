#include "gateway/courier/window.h"

void window_init(struct window *window, unsigned limit)
{
    *window = (struct window){.limit = limit > 0 ? limit : 1};
    window->size = window->limit < WINDOW_BEGIN ? window->limit : WINDOW_BEGIN;
}

/* One step of the balance; a full round of steps changes the size. */
static void weigh(struct window *window, int step)
{
    window->balance += step;
    if (window->balance >= (int)window->size) {
        window->size += window->size < window->limit;
        window->balance = 0;
    } else if (window->balance <= -(int)window->size) {
        window->size -= window->size > 1;
        window->balance = 0;
    }
}

bool window_success(struct window *window)
{
    bool was_dead = window->deaths > 0;

    window->failures = 0;
    if (!was_dead) {
        weigh(window, 1);
        return false;
    }
    window->deaths = 0;
    window->size = 1;
    window->balance = 0;
    window->probe_ms = 0;
    return true;
}

unsigned window_deaths(const struct window *window)
{
    return window->deaths + 1;
}

void window_failure(struct window *window, int64_t now_ms, int64_t delay_ms)
{
    window->failures++;
    if (window->deaths == 0 && window->failures < window->size) {
        weigh(window, -1);
        return;
    }
    /* What was in flight when it died may fail late: only a probe counts as another death. */
    if (window->deaths == 0 || now_ms >= window->probe_ms) {
        window->deaths++;
        window->probe_ms = now_ms + delay_ms;
    }
}

void window_close_until(struct window *window, int64_t until_ms)
{
    if (until_ms > window->not_before_ms)
        window->not_before_ms = until_ms;
}

int64_t window_opens_ms(const struct window *window)
{
    return window->probe_ms > window->not_before_ms ? window->probe_ms : window->not_before_ms;
}

unsigned window_room(const struct window *window, unsigned in_flight, int64_t now_ms)
{
    unsigned most = window->deaths > 0 ? 1 : window->size;

    if (now_ms < window_opens_ms(window) || in_flight >= most)
        return 0;
    return most - in_flight;
}
