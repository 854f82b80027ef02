/* time.h - days, months and instants.
 *
 * A *day* is an int32_t: days since 1970-01-01 on the calendar of Asia/Shanghai (UTC+8; no summer time since 1991). An
 * *instant* is an int64_t: milliseconds since the epoch, UTC. All statutory dates are days. */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include "base/error.h"

enum { DAY_NONE = INT32_MIN }; /* "no date" */
enum { DAY_TEXT_BYTES = 11, INSTANT_TEXT_BYTES = 32 };

/* Where "now" comes from, so that tests can turn it. */
struct clock {
    int64_t (*now_ms)(void *context);
    void *context;
};
extern const struct clock CLOCK_SYSTEM;
static inline int64_t clock_now_ms(const struct clock *clock)
{
    return clock->now_ms(clock->context);
}
/* Milliseconds of a clock that never goes back; only differences mean something. */
int64_t time_monotonic_ms(void);

/* Exactly YYYY-MM-DD, a day that exists, years 1900 to 2199. */
MUST_CHECK bool day_parse(struct span text, int32_t *day);
/* `text` gets YYYY-MM-DD, or "" for DAY_NONE. Returns text. */
const char *day_format(int32_t day, char text[DAY_TEXT_BYTES]);
int32_t day_from_civil(int year, int month, int day_of_month);
void day_to_civil(int32_t day, int *year, int *month, int *day_of_month);
/* The same day of the month `months` later; the last day of that month when it is shorter (民法典 202 条). */
int32_t day_add_months(int32_t day, int months);
/* The calendar day in Asia/Shanghai at an instant. */
int32_t day_of_instant(int64_t instant_ms);
/* The first instant of a day in Asia/Shanghai. */
int64_t day_start_ms(int32_t day);

/* RFC 3339 with milliseconds and +08:00, for example 2026-11-24T07:41:43.000+08:00. Returns text. */
const char *instant_format(int64_t instant_ms, char text[INSTANT_TEXT_BYTES]);
/* RFC 3339, any offset. */
MUST_CHECK bool instant_parse(struct span text, int64_t *instant_ms);

#endif
