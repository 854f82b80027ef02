#include "gateway/reports/report.h"

int32_t report_first_day(const struct report_period *period)
{
    return day_from_civil(period->year, period->month ? period->month : 1, 1);
}

int32_t report_last_day(const struct report_period *period)
{
    if (period->month == 0 || period->month == 12)
        return day_from_civil(period->year, 12, 31);
    return day_from_civil(period->year, period->month + 1, 1) - 1;
}

void report_done(struct report *report)
{
    for (size_t i = 0; i < report->count; i++)
        table_free(report->tables[i]);
    report->count = 0;
}
