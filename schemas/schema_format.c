#include "schemas/schema_internal.h"

#include <string.h>

/* RFC 3339 section 5.6. Any year of four digits: which years make sense is for the rules to say. */
static bool two_digits(const char *at, int low, int high, int *value)
{
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return false;
    *value = (at[0] - '0') * 10 + (at[1] - '0');
    return *value >= low && *value <= high;
}

static bool is_date(struct span text)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int century;
    int year;
    int month;
    int day;

    if (text.bytes != 10 || text.at[4] != '-' || text.at[7] != '-' || !two_digits(text.at, 0, 99, &century) ||
        !two_digits(text.at + 2, 0, 99, &year) || !two_digits(text.at + 5, 1, 12, &month) ||
        !two_digits(text.at + 8, 1, 31, &day))
        return false;
    year += century * 100;
    return day <= DAYS[month - 1] + (month == 2 && (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)));
}

/* Minutes east of UTC. */
static bool is_offset(struct span text, int *minutes)
{
    int hours;
    int rest;

    *minutes = 0;
    if (text.bytes == 1)
        return text.at[0] == 'Z' || text.at[0] == 'z';
    if (text.bytes != 6 || (text.at[0] != '+' && text.at[0] != '-') || text.at[3] != ':' ||
        !two_digits(text.at + 1, 0, 23, &hours) || !two_digits(text.at + 4, 0, 59, &rest))
        return false;
    *minutes = (hours * 60 + rest) * (text.at[0] == '-' ? -1 : 1);
    return true;
}

static bool is_date_time(struct span text)
{
    size_t at = 19;
    int hour;
    int minute;
    int second;
    int offset;

    if (text.bytes < 20 || !is_date((struct span){text.at, 10}) || (text.at[10] != 'T' && text.at[10] != 't') ||
        text.at[13] != ':' || text.at[16] != ':' || !two_digits(text.at + 11, 0, 23, &hour) ||
        !two_digits(text.at + 14, 0, 59, &minute) || !two_digits(text.at + 17, 0, 60, &second))
        return false;
    if (text.at[at] == '.') {
        for (at++; at < text.bytes && text.at[at] >= '0' && text.at[at] <= '9'; at++)
            continue;
        if (at == 20)
            return false;
    }
    if (!is_offset((struct span){text.at + at, text.bytes - at}, &offset))
        return false;
    /* A leap second is the last one of a day in UTC. */
    return second < 60 || (hour * 60 + minute - offset + 2 * 1440) % 1440 == 1439;
}

bool schema_format_holds(const char *format, struct span text)
{
    if (strcmp(format, "date") == 0)
        return is_date(text);
    if (strcmp(format, "date-time") == 0)
        return is_date_time(text);
    return true;
}
