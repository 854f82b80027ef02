#include "base/time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MS_PER_DAY = 86400000, SHANGHAI_MS = 8 * 3600 * 1000, YEAR_FIRST = 1900, YEAR_LAST = 2199 };

static int64_t system_now_ms(void *context)
{
    struct timespec now;

    (void)context;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const struct clock CLOCK_SYSTEM = {system_now_ms, NULL};

int64_t time_monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return DAYS[month - 1] + (month == 2 && is_leap(year));
}

/* Days from civil and back: the well-known arithmetic on years that begin in March, so that the leap day comes last. */
int32_t day_from_civil(int year, int month, int day_of_month)
{
    int y = month <= 2 ? year - 1 : year;
    int era = (y >= 0 ? y : y - 399) / 400;
    int year_of_era = y - era * 400;
    int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day_of_month - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

void day_to_civil(int32_t day, int *year, int *month, int *day_of_month)
{
    int z = day + 719468;
    int era = (z >= 0 ? z : z - 146096) / 146097;
    int day_of_era = z - era * 146097;
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted_month = (5 * day_of_year + 2) / 153;

    *day_of_month = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    *month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

static bool digits_parse(const char *at, size_t count, int *value)
{
    int sum = 0;

    for (size_t i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        sum = sum * 10 + (at[i] - '0');
    }
    *value = sum;
    return true;
}

bool day_parse(struct span text, int32_t *day)
{
    int year;
    int month;
    int day_of_month;

    if (text.bytes != 10 || text.at[4] != '-' || text.at[7] != '-')
        return false;
    if (!digits_parse(text.at, 4, &year) || !digits_parse(text.at + 5, 2, &month) ||
        !digits_parse(text.at + 8, 2, &day_of_month))
        return false;
    if (year < YEAR_FIRST || year > YEAR_LAST || month < 1 || month > 12)
        return false;
    if (day_of_month < 1 || day_of_month > days_in_month(year, month))
        return false;
    *day = day_from_civil(year, month, day_of_month);
    return true;
}

static void put_digits(char *at, int count, int value)
{
    for (int i = count - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

const char *day_format(int32_t day, char text[DAY_TEXT_BYTES])
{
    int year;
    int month;
    int day_of_month;

    if (day == DAY_NONE) {
        text[0] = '\0';
        return text;
    }
    day_to_civil(day, &year, &month, &day_of_month);
    memcpy(text, "0000-00-00", DAY_TEXT_BYTES);
    put_digits(text, 4, year);
    put_digits(text + 5, 2, month);
    put_digits(text + 8, 2, day_of_month);
    return text;
}

int32_t day_add_months(int32_t day, int months)
{
    int year;
    int month;
    int day_of_month;
    int last;

    day_to_civil(day, &year, &month, &day_of_month);
    months += year * 12 + month - 1;
    year = months / 12;
    month = months % 12 + 1;
    last = days_in_month(year, month);
    return day_from_civil(year, month, day_of_month < last ? day_of_month : last);
}

static int64_t floor_divide(int64_t value, int64_t by)
{
    int64_t quotient = value / by;

    return value % by < 0 ? quotient - 1 : quotient;
}

int32_t day_of_instant(int64_t instant_ms)
{
    return (int32_t)floor_divide(instant_ms + SHANGHAI_MS, MS_PER_DAY);
}

int64_t day_start_ms(int32_t day)
{
    return (int64_t)day * MS_PER_DAY - SHANGHAI_MS;
}

const char *instant_format(int64_t instant_ms, char text[INSTANT_TEXT_BYTES])
{
    int64_t in_day = instant_ms - day_start_ms(day_of_instant(instant_ms));

    memcpy(text, "0000-00-00T00:00:00.000+08:00", 30);
    day_format(day_of_instant(instant_ms), text);
    text[10] = 'T';
    put_digits(text + 11, 2, (int)(in_day / 3600000));
    put_digits(text + 14, 2, (int)(in_day / 60000 % 60));
    put_digits(text + 17, 2, (int)(in_day / 1000 % 60));
    put_digits(text + 20, 3, (int)(in_day % 1000));
    return text;
}

static bool offset_parse(struct span text, int *minutes)
{
    int hours;
    int rest;

    if (text.bytes == 1 && (text.at[0] == 'Z' || text.at[0] == 'z')) {
        *minutes = 0;
        return true;
    }
    if (text.bytes != 6 || (text.at[0] != '+' && text.at[0] != '-') || text.at[3] != ':')
        return false;
    if (!digits_parse(text.at + 1, 2, &hours) || !digits_parse(text.at + 4, 2, &rest) || hours > 23 || rest > 59)
        return false;
    *minutes = (hours * 60 + rest) * (text.at[0] == '-' ? -1 : 1);
    return true;
}

bool instant_parse(struct span text, int64_t *instant_ms)
{
    int32_t day;
    int hour;
    int minute;
    int second;
    int offset;
    int fraction_ms = 0;
    size_t at = 19;

    if (text.bytes < 20 || !day_parse((struct span){text.at, 10}, &day) || (text.at[10] != 'T' && text.at[10] != 't'))
        return false;
    if (text.at[13] != ':' || text.at[16] != ':' || !digits_parse(text.at + 11, 2, &hour) ||
        !digits_parse(text.at + 14, 2, &minute) || !digits_parse(text.at + 17, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    if (text.at[at] == '.') {
        int scale = 100;

        for (at++; at < text.bytes && text.at[at] >= '0' && text.at[at] <= '9'; at++) {
            fraction_ms += (text.at[at] - '0') * scale;
            scale /= 10;
        }
        if (at == 20)
            return false;
    }
    if (!offset_parse((struct span){text.at + at, text.bytes - at}, &offset))
        return false;
    *instant_ms = (int64_t)day * MS_PER_DAY + ((int64_t)hour * 3600 + (int64_t)minute * 60 + second) * 1000 +
                  fraction_ms - (int64_t)offset * 60000;
    return true;
}
