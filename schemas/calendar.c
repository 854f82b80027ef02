#include "schemas/calendar.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

enum { YEAR_DAYS = 366, NOTICES_MAX = 300, HOLIDAYS_MAX = 30, WORKDAYS_MAX = 60, STATUTES_MAX = 50, FIXED_MAX = 40 };
enum { MONTH_DAY_BYTES = 5, QINGMING_FIRST = 2000, QINGMING_LAST = 2099 };
enum mark { MARK_NONE, MARK_OFF, MARK_WORK };

struct year {
    int year;
    int32_t first; /* its first day */
    struct calendar_notice notice;
    uint8_t marks[YEAR_DAYS]; /* what the notice says of each day */
};

struct statute {
    int32_t from;
    int32_t until; /* DAY_NONE: still */
    bool has_qingming;
    size_t count;
    struct {
        int month;
        int day;
    } days[FIXED_MAX];
};

struct calendar {
    json_t *json; /* owns the texts */
    struct year *years;
    size_t year_count;
    struct statute *statutes;
    size_t statute_count;
};

/* --- loading --- */

/* Nothing but these members, so that a slip of the pen is not taken for a comment. */
static bool has_only(const json_t *object, const char *const *names, size_t count)
{
    const char *member;
    json_t *value;

    if (!json_is_object(object))
        return false;
    json_object_foreach((json_t *)object, member, value)
    {
        size_t i = 0;

        while (i < count && strcmp(names[i], member) != 0)
            i++;
        if (i == count)
            return false;
    }
    return json_object_size(object) == count;
}

static bool read_day(const json_t *value, int32_t *day)
{
    return json_is_string(value) && day_parse(span_of(json_string_value(value)), day);
}

static bool read_certainty(const json_t *object, bool *is_certain)
{
    const char *certainty = json_text_of(object, "certainty");
    const char *source = json_text_of(object, "source");

    if (!certainty || (strcmp(certainty, "F") != 0 && strcmp(certainty, "G") != 0) || !source || !*source)
        return false;
    *is_certain = *certainty == 'F';
    return true;
}

static bool is_weekend(int32_t day)
{
    int weekday = (int)(((int64_t)day % 7 + 7 + 4) % 7); /* 1970-01-01 was a Thursday; 0: Sunday */

    return weekday == 0 || weekday == 6;
}

static int32_t days_of(const struct year *year)
{
    return day_from_civil(year->year + 1, 1, 1) - year->first;
}

static bool mark(struct year *year, int32_t day, enum mark as)
{
    int32_t at = day - year->first;

    if (at < 0 || at >= days_of(year) || year->marks[at] != MARK_NONE)
        return false;
    year->marks[at] = (uint8_t)as;
    return true;
}

static bool read_holiday(const json_t *json, struct year *year)
{
    static const char *const MEMBERS[] = {"name", "from", "until"};
    const char *name = json_text_of(json, "name");
    int32_t from, until;

    if (!has_only(json, MEMBERS, COUNT_OF(MEMBERS)) || !name || !*name ||
        !read_day(json_object_get(json, "from"), &from) || !read_day(json_object_get(json, "until"), &until) ||
        until < from)
        return false;
    for (int32_t day = from; day <= until; day++) {
        if (!mark(year, day, MARK_OFF))
            return false;
    }
    return true;
}

static bool read_marks(const json_t *json, struct year *year)
{
    const json_t *holidays = json_object_get(json, "holidays");
    const json_t *workdays = json_object_get(json, "workdays");
    size_t i;
    const json_t *value;
    int32_t day;

    if (json_array_size(holidays) == 0 || json_array_size(holidays) > HOLIDAYS_MAX || !json_is_array(workdays) ||
        json_array_size(workdays) > WORKDAYS_MAX)
        return false;
    json_array_foreach(holidays, i, value)
    {
        if (!read_holiday(value, year))
            return false;
    }
    json_array_foreach(workdays, i, value)
    {
        if (!read_day(value, &day) || !is_weekend(day) || !mark(year, day, MARK_WORK))
            return false;
    }
    return true;
}

static bool read_year(const json_t *json, struct year *year)
{
    static const char *const MEMBERS[] = {"year", "number", "dated", "certainty", "source", "holidays", "workdays"};
    int64_t number = json_integer_of(json, "year", 0);

    if (!has_only(json, MEMBERS, COUNT_OF(MEMBERS)) || number < 1950 || number > 2198)
        return false;
    year->year = (int)number;
    year->first = day_from_civil(year->year, 1, 1);
    year->notice.number = json_text_of(json, "number");
    return year->notice.number && *year->notice.number &&
           read_day(json_object_get(json, "dated"), &year->notice.dated) &&
           read_certainty(json, &year->notice.is_certain) && read_marks(json, year);
}

static bool take_years(struct calendar *calendar, struct error *err)
{
    const json_t *notices = json_object_get(calendar->json, "notices");
    size_t count = json_array_size(notices);

    if (!json_is_array(notices) || count > NOTICES_MAX)
        return fail(err, ERR_INVALID, "calendar: \"notices\" must be a list of at most %d", NOTICES_MAX);
    calendar->years = memory_new((count + 1) * sizeof *calendar->years);
    for (size_t i = 0; i < count; i++) {
        if (!read_year(json_array_get(notices, i), &calendar->years[i]))
            return fail(err, ERR_INVALID, "calendar: notice %zu is none (members, days, make-up days)", i + 1);
        if (i > 0 && calendar->years[i].year <= calendar->years[i - 1].year)
            return fail(err, ERR_INVALID, "calendar: notice %zu: the years must ascend", i + 1);
    }
    calendar->year_count = count;
    return true;
}

/* "05-01": a day that every year has. */
static bool read_month_day(const json_t *value, int *month, int *day)
{
    struct span text = span_of(json_string_value(value));
    char whole[DAY_TEXT_BYTES] = "2001-";
    int32_t parsed;
    int year;

    if (text.bytes != MONTH_DAY_BYTES)
        return false;
    memcpy(whole + 5, text.at, MONTH_DAY_BYTES);
    if (!day_parse(span_of(whole), &parsed))
        return false;
    day_to_civil(parsed, &year, month, day);
    return true;
}

static bool read_statute(const json_t *json, struct statute *statute)
{
    static const char *const MEMBERS[] = {"basis", "from", "until", "qingming", "days", "certainty", "source"};
    const json_t *days = json_object_get(json, "days");
    const json_t *until = json_object_get(json, "until");
    const char *basis = json_text_of(json, "basis");
    bool is_certain;

    if (!has_only(json, MEMBERS, COUNT_OF(MEMBERS)) || !basis || !*basis ||
        !read_day(json_object_get(json, "from"), &statute->from) ||
        !json_is_boolean(json_object_get(json, "qingming")) || json_array_size(days) == 0 ||
        json_array_size(days) > FIXED_MAX || !read_certainty(json, &is_certain))
        return false;
    statute->until = DAY_NONE;
    if (!json_is_null(until) && (!read_day(until, &statute->until) || statute->until < statute->from))
        return false;
    statute->has_qingming = json_bool_of(json, "qingming", false);
    for (size_t i = 0; i < json_array_size(days); i++) {
        if (!read_month_day(json_array_get(days, i), &statute->days[i].month, &statute->days[i].day))
            return false;
    }
    statute->count = json_array_size(days);
    return true;
}

static bool take_statutes(struct calendar *calendar, struct error *err)
{
    const json_t *list = json_object_get(calendar->json, "statutory");
    size_t count = json_array_size(list);

    if (!json_is_array(list) || count > STATUTES_MAX)
        return fail(err, ERR_INVALID, "calendar: \"statutory\" must be a list of at most %d", STATUTES_MAX);
    calendar->statutes = memory_new((count + 1) * sizeof *calendar->statutes);
    for (size_t i = 0; i < count; i++) {
        struct statute *statute = &calendar->statutes[i];

        if (!read_statute(json_array_get(list, i), statute))
            return fail(err, ERR_INVALID, "calendar: entry %zu of \"statutory\" is none", i + 1);
        if (i > 0 && (statute[-1].until == DAY_NONE || statute->from <= statute[-1].until))
            return fail(err, ERR_INVALID, "calendar: entry %zu of \"statutory\" begins before the one before it ends",
                        i + 1);
    }
    calendar->statute_count = count;
    return true;
}

static bool calendar_from(json_t *json, struct calendar **out, struct error *err)
{
    static const char *const MEMBERS[] = {"about", "notices", "statutory"};
    AUTO(calendar_free) struct calendar *calendar = memory_new(sizeof *calendar);

    calendar->json = json;
    if (!has_only(json, MEMBERS, COUNT_OF(MEMBERS)) || !json_text_of(json, "about"))
        return fail(err, ERR_INVALID, "calendar: \"about\", \"notices\" and \"statutory\" are wanted, nothing else");
    if (!take_years(calendar, err) || !take_statutes(calendar, err))
        return false;
    *out = TAKE(calendar);
    return true;
}

bool calendar_load(const char *path, struct calendar **out, struct error *err)
{
    json_t *json = NULL;

    if (!json_read_file(path, &json, err))
        return false;
    return calendar_from(json, out, err) || fail_in(err, "%s", path);
}

bool calendar_parse(struct span text, struct calendar **out, struct error *err)
{
    json_t *json = NULL;

    return json_read(text, JSON_BYTES_MAX, &json, err) && calendar_from(json, out, err);
}

void calendar_free(struct calendar *calendar)
{
    if (!calendar)
        return;
    json_decref(calendar->json);
    free(calendar->years);
    free(calendar->statutes);
    free(calendar);
}

/* --- questions --- */

static const struct year *find_year(const struct calendar *calendar, int year)
{
    for (size_t i = 0; i < calendar->year_count; i++) {
        if (calendar->years[i].year == year)
            return &calendar->years[i];
    }
    return NULL;
}

bool calendar_notice(const struct calendar *calendar, int year, struct calendar_notice *out)
{
    const struct year *found = find_year(calendar, year);

    if (found)
        *out = found->notice;
    return found != NULL;
}

/* The day in April of the solar term 清明, by the usual formula for this century. */
static bool is_qingming(int year, int month, int day)
{
    int past = year - 2000;

    if (year < QINGMING_FIRST || year > QINGMING_LAST || month != 4)
        return false;
    return day == (past * 2422 + 48100) / 10000 - past / 4;
}

static bool is_statutory(const struct calendar *calendar, int32_t on)
{
    int year, month, day;

    day_to_civil(on, &year, &month, &day);
    for (size_t i = 0; i < calendar->statute_count; i++) {
        const struct statute *statute = &calendar->statutes[i];

        if (on < statute->from || (statute->until != DAY_NONE && on > statute->until))
            continue;
        if (statute->has_qingming && is_qingming(year, month, day))
            return true;
        for (size_t j = 0; j < statute->count; j++) {
            if (statute->days[j].month == month && statute->days[j].day == day)
                return true;
        }
    }
    return false;
}

bool calendar_is_working(const struct calendar *calendar, int32_t day, bool *is_provisional)
{
    int year, month, day_of_month;
    const struct year *known;

    day_to_civil(day, &year, &month, &day_of_month);
    known = find_year(calendar, year);
    if (!known) {
        if (is_provisional)
            *is_provisional = true;
        return !is_weekend(day) && !is_statutory(calendar, day);
    }
    switch ((enum mark)known->marks[day - known->first]) {
    case MARK_OFF:
        return false;
    case MARK_WORK:
        return true;
    default:
        return !is_weekend(day);
    }
}

int32_t calendar_working_days_after(const struct calendar *calendar, int32_t day, int count, bool *is_provisional)
{
    if (count > CALENDAR_COUNT_MAX)
        count = CALENDAR_COUNT_MAX;
    while (count > 0)
        count -= calendar_is_working(calendar, ++day, is_provisional);
    return day;
}

int calendar_working_days_between(const struct calendar *calendar, int32_t from, int32_t to, bool *is_provisional)
{
    int count = 0;

    if (to < from)
        return -calendar_working_days_between(calendar, to, from, is_provisional);
    while (from < to && count < CALENDAR_COUNT_MAX)
        count += calendar_is_working(calendar, ++from, is_provisional);
    return count;
}
