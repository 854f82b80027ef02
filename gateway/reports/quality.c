#include "gateway/reports/quality.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/clocks/clocks.h"
#include "gateway/journal/journal.h"
#include "gateway/reports/sums_table.h"

enum { MONTHS = 12 };

#define QUALITY_COLUMNS                                                                                                \
    {"records", "认定（条）", "records", TABLE_COUNT, 12}, {"timely", "及时率", "timely", TABLE_RATE, 10},             \
        {"late", "逾期（条）", "late", TABLE_COUNT, 12}, {"pending", "未到期（条）", "pending", TABLE_COUNT, 14},      \
        {"accepted", "入库率", "accepted", TABLE_RATE, 10}, {"complete", "完整率", "complete", TABLE_RATE, 10},        \
        {"accurate", "准确率", "accurate", TABLE_RATE, 10},                                                            \
    {                                                                                                                  \
        "judged", "已有结果（条）", "judged", TABLE_COUNT, 15                                                          \
    }
static const struct table_column DEPARTMENT_COLUMNS[] = {{"department", "认定单位", "department", TABLE_TEXT, 34},
                                                         QUALITY_COLUMNS};
static const struct table_column MONTH_COLUMNS[] = {{"month", "认定月份", "month", TABLE_TEXT, 10}, QUALITY_COLUMNS};
static const struct table_column BOTH_COLUMNS[] = {{"department", "认定单位", "department", TABLE_TEXT, 34},
                                                   {"month", "认定月份", "month", TABLE_TEXT, 10},
                                                   QUALITY_COLUMNS};
static const struct table_design BY_DEPARTMENT = {"by_department", "各部门", "by department", DEPARTMENT_COLUMNS,
                                                  COUNT_OF(DEPARTMENT_COLUMNS)};
static const struct table_design BY_MONTH_TABLE = {"by_month", "各月", "by month", MONTH_COLUMNS,
                                                   COUNT_OF(MONTH_COLUMNS)};
static const struct table_design BY_BOTH = {"by_department_month", "各部门各月", "by department and month",
                                            BOTH_COLUMNS, COUNT_OF(BOTH_COLUMNS)};

static const struct report_note NOTES[] = {
    {"及时：自认定之日的次日起 7 个工作日内取得“信用广东”业务回执。分母为已取得回执的和期满仍未取得的；期限未满的、"
     "报送前已撤销、修复或期满的不计。",
     "Timely: 信用广东's business receipt within 7 working days after the decision. Of those that have it and those "
     "whose term is over without it; not of those whose term runs, or that ended before they were taken."},
    {"入库：各版本均未因内容被拒收。完整：未因缺项被拒收。准确：未因内容错误被拒收，且此后未经更正、撤销。分母均为已有"
     "业务结果的记录；因密钥、传输、版本次序等被拒收的，不计入部门。",
     "Accepted: no version was refused for its content. Complete: none for something missing. Accurate: none for "
     "something wrong, and not corrected or withdrawn since. Of the records that 信用广东 judged; refusals for keys, "
     "transport or order are not the department's."},
    {"各率 95% 及以上为满分；没有可计的记录时为“—”，不作 100% 处理。未满足的比率只舍不入。",
     "95 % and more is full marks; of no records there is no rate. Rates are cut, never rounded up."},
};

void quality_add(struct quality_sums *sums, const struct quality_item *item, const struct calendar *calendar,
                 int32_t today)
{
    int32_t due = clocks_report_due(calendar, item->decided_on, NULL);
    bool is_taken = item->taken_ms != 0;
    bool is_judged = is_taken || item->is_refused;

    sums->records++;
    if (is_taken || (!item->is_over && today > due))
        sums->timed++;
    else if (!item->is_over)
        sums->pending++;
    sums->on_time += is_taken && day_of_instant(item->taken_ms) <= due;
    sums->judged += is_judged;
    sums->accepted += is_judged && !item->is_refused;
    sums->complete += is_judged && !item->is_missing;
    sums->accurate += is_judged && !item->is_wrong && !item->is_corrected;
}

static void add_sums(struct table *table, const struct quality_sums *sums)
{
    table_count(table, sums->records);
    table_rate(table, sums->on_time, sums->timed);
    table_count(table, sums->timed - sums->on_time);
    table_count(table, sums->pending);
    table_rate(table, sums->accepted, sums->judged);
    table_rate(table, sums->complete, sums->judged);
    table_rate(table, sums->accurate, sums->judged);
    table_count(table, sums->judged);
}

/* --- departments and months --- */

struct department {
    uint32_t department;
    struct quality_sums all;
    struct quality_sums months[MONTHS];
};
struct departments {
    const struct quality *quality;
    struct department *list; /* a department each */
    struct quality_sums all;
    struct quality_sums months[MONTHS];
};

static int compare_places(const void *left, const void *right, void *context)
{
    const struct quality *quality = context;
    const struct department *a = left;
    const struct department *b = right;

    if (a->all.records != b->all.records)
        return a->all.records > b->all.records ? -1 : 1;
    return strcmp(quality->departments[a->department], quality->departments[b->department]);
}

static void sum_up(const struct report_source *source, struct quality *quality, struct departments *places)
{
    int32_t today = day_of_instant(source->now_ms);

    places->quality = quality;
    places->list = memory_new((quality->department_count + 1) * sizeof *places->list);
    for (size_t i = 0; i < quality->department_count; i++)
        places->list[i].department = (uint32_t)i;
    for (size_t i = 0; i < quality->count; i++) {
        const struct quality_item *item = &quality->list[i];
        struct department *place = &places->list[item->department];
        int year, month, of_month;

        day_to_civil(item->decided_on, &year, &month, &of_month);
        quality_add(&place->all, item, source->calendar, today);
        quality_add(&place->months[month - 1], item, source->calendar, today);
        quality_add(&places->all, item, source->calendar, today);
        quality_add(&places->months[month - 1], item, source->calendar, today);
    }
    qsort_r(places->list, quality->department_count, sizeof *places->list, compare_places, quality);
}

static struct table *departments_table(const struct departments *places)
{
    struct table *table = table_new(&BY_DEPARTMENT);

    for (size_t i = 0; i < places->quality->department_count; i++) {
        table_row(table, false);
        table_text(table, span_of(places->quality->departments[places->list[i].department]));
        add_sums(table, &places->list[i].all);
    }
    table_row(table, true);
    table_word(table, "total", "合计", "total");
    add_sums(table, &places->all);
    return table;
}

static struct table *months_table(const struct departments *places)
{
    struct table *table = table_new(&BY_MONTH_TABLE);

    for (int month = 0; month < MONTHS; month++) {
        table_row(table, false);
        month_add(table, (unsigned)month + 1);
        add_sums(table, &places->months[month]);
    }
    table_row(table, true);
    table_word(table, "total", "合计", "total");
    add_sums(table, &places->all);
    return table;
}

static struct table *both_table(const struct departments *places)
{
    struct table *table = table_new(&BY_BOTH);

    for (size_t i = 0; i < places->quality->department_count; i++) {
        for (int month = 0; month < MONTHS; month++) {
            if (places->list[i].months[month].records == 0)
                continue;
            table_row(table, false);
            table_text(table, span_of(places->quality->departments[places->list[i].department]));
            month_add(table, (unsigned)month + 1);
            add_sums(table, &places->list[i].months[month]);
        }
    }
    return table;
}

bool report_quality(const struct report_source *source, const struct report_period *period, struct report *out,
                    struct error *err)
{
    AUTO(quality_done) struct quality quality = {.list = NULL};
    struct departments places = {.list = NULL};

    if (!quality_gather(source, period, &quality, err) || !store_txn_is_good(source->txn, err))
        return false;
    sum_up(source, &quality, &places);
    *out = (struct report){.name = "quality",
                           .zh = "部门数据质量情况",
                           .en = "Quality of what departments reported",
                           .period = *period,
                           .at_ms = source->now_ms,
                           .sequence = journal_size(source->txn),
                           .notes = NOTES,
                           .note_count = COUNT_OF(NOTES)};
    out->tables[out->count++] = departments_table(&places);
    if (period->month == 0) {
        out->tables[out->count++] = months_table(&places);
        out->tables[out->count++] = both_table(&places);
    }
    free(places.list);
    return true;
}
