/* calendar.h - working days (工作日), by which statutory terms run.
 *
 * Data: schemas/data/calendar.json: for each year the State Council's notice on holidays with its number and date,
 * make-up workdays included; for years without one the fixed days of 《全国年节及纪念日放假办法》 that follow the solar
 * calendar (Qingming by its solar term, 2000 to 2099). A year without a notice is provisional, and so is every answer
 * that rests on a day of it: it counts too many working days rather than too few, so a term seems to end too early
 * rather than too late. Days are those of Asia/Shanghai (base/time.h). */
#ifndef SCHEMAS_CALENDAR_H
#define SCHEMAS_CALENDAR_H

#include "base/error.h"
#include "base/time.h"

/* So many working days are counted at most. */
enum { CALENDAR_COUNT_MAX = 10000 };

struct calendar;
/* Strict: an unknown member, a day outside its year, holidays that overlap, a make-up day that is no weekend or is a
 * holiday are ERR_INVALID, naming the place. */
MUST_CHECK bool calendar_load(const char *path, struct calendar **out, struct error *err);
/* The same from JSON in memory. */
MUST_CHECK bool calendar_parse(struct span json, struct calendar **out, struct error *err);
void calendar_free(struct calendar *calendar);

/* The notice for that year. False when there is none (yet). */
struct calendar_notice {
    const char *number; /* "国办发明电〔2025〕7号"; lives as long as the calendar */
    int32_t dated;
    bool is_certain; /* its text was seen */
};
bool calendar_notice(const struct calendar *calendar, int year, struct calendar_notice *out);

/* `is_provisional` is set when a day of a year without a notice was counted, and else left as it is, so that one flag
 * may serve several questions; NULL when nobody asks. */
bool calendar_is_working(const struct calendar *calendar, int32_t day, bool *is_provisional);
/* The `count`-th working day after `day`, which itself does not count (民法典 201 条); `day` itself for 0. A count
 * beyond CALENDAR_COUNT_MAX is taken for that. */
int32_t calendar_working_days_after(const struct calendar *calendar, int32_t day, int count, bool *is_provisional);
/* How many working days lie after `from` up to and with `to`; negative, the other way round, when `to` is before
 * `from`. At most CALENDAR_COUNT_MAX. */
int calendar_working_days_between(const struct calendar *calendar, int32_t from, int32_t to, bool *is_provisional);

DEFINE_AUTO(struct calendar *, calendar_free)

#endif
