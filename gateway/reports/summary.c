/* summary.c - the year's summary: how the year's obligations stand (row 23: the work of the year), what exited in it
 * (row 22: enterprises, equipment and capacity), the records of those who missed it (row 18). */
#include <string.h>

#include "base/text.h"
#include "gateway/journal/journal.h"
#include "gateway/registry/records.h"
#include "gateway/reports/details.h"
#include "gateway/reports/sums_table.h"

#define STANDING_COLUMNS                                                                                               \
    {"due", "当年到期任务（项）", "due in the year", TABLE_COUNT, 18},                                                 \
        {"due_in_time", "按期退出", "exited in time", TABLE_COUNT, 12},                                                \
        {"due_late", "逾期后退出", "exited late", TABLE_COUNT, 12},                                                    \
        {"due_overdue", "逾期未退出", "overdue", TABLE_COUNT, 12},                                                     \
        {"due_running", "尚未到期", "not due yet", TABLE_COUNT, 12}, {"done", "完成率", "done", TABLE_RATE, 10},       \
        {"earlier", "以前年度逾期未退出", "overdue from earlier years", TABLE_COUNT, 18},                              \
        {"exits", "当年退出（项）", "exits in the year", TABLE_COUNT, 14},                                             \
        {"enterprises", "退出企业（家）", "enterprises that exited", TABLE_COUNT, 14},                                 \
        {"equipment", "退出设备（台、套）", "equipment retired", TABLE_COUNT, 18},                                     \
    {                                                                                                                  \
        "capacity", "退出产能", "capacity retired", TABLE_TEXT, 48                                                     \
    }

static const struct table_column CITY_COLUMNS[] = {
    {"division", "行政区划", "division", TABLE_TEXT, 10}, {"city", "地市", "city", TABLE_TEXT, 12}, STANDING_COLUMNS};
static const struct table_column INDUSTRY_COLUMNS[] = {{"industry", "行业", "industry", TABLE_TEXT, 14},
                                                       STANDING_COLUMNS};
static const struct table_column GROUND_COLUMNS[] = {{"ground", "退出维度", "ground", TABLE_TEXT, 12},
                                                     STANDING_COLUMNS};
static const struct table_column KIND_COLUMNS[] = {{"kind", "主管部门", "kind of authority", TABLE_TEXT, 30},
                                                   STANDING_COLUMNS};
static const struct table_design BY_CITY_TABLE = {"by_city", "各地市情况", "by city", CITY_COLUMNS,
                                                  COUNT_OF(CITY_COLUMNS)};
static const struct table_design BY_INDUSTRY_TABLE = {"by_industry", "各行业情况", "by industry", INDUSTRY_COLUMNS,
                                                      COUNT_OF(INDUSTRY_COLUMNS)};
static const struct table_design BY_GROUND_TABLE = {"by_ground", "各维度情况", "by ground", GROUND_COLUMNS,
                                                    COUNT_OF(GROUND_COLUMNS)};
static const struct table_design BY_KIND_TABLE = {"by_kind", "各主管部门情况", "by kind of authority", KIND_COLUMNS,
                                                  COUNT_OF(KIND_COLUMNS)};

static const struct table_column RECORD_COLUMNS[] = {
    {"ground", "退出维度", "ground", TABLE_TEXT, 12},
    {"records", "当年认定（条）", "decided in the year", TABLE_COUNT, 16},
    {"published", "仍在列", "still listed", TABLE_COUNT, 12},
    {"repaired", "已修复", "repaired", TABLE_COUNT, 12},
    {"withdrawn", "已撤销", "withdrawn", TABLE_COUNT, 12},
    {"ended", "公示期满", "publication ended", TABLE_COUNT, 12},
    {"disputed", "异议中", "disputed", TABLE_COUNT, 12},
};
static const struct table_design RECORDS = {"records", "失信记录", "records", RECORD_COLUMNS, COUNT_OF(RECORD_COLUMNS)};

static const struct report_note NOTES[] = {
    {"当年退出：退出日期在当年的任务（任务分工第 22 项，12 月 20 日前报省汇总，12 月 31 日前上报国家有关部门），"
     "不论原定期限。",
     "Exits in the year: those whose exit date lies in it (row 22: to the province by 20 December, to the state by 31 "
     "December), whatever the deadline."},
    {"当年到期任务：期限（有延期的以延期后的期限计，第 2 项）在当年的任务，按统计时点的台账状态分列；完成率为其中已退出"
     "（含逾期后退出）的比例。已撤销的任务不计。工作总结：第 23 项，各市 12 月 31 日前、全省次年 1 月 31 日前上报。",
     "Due in the year: obligations whose last day (after an extension, row 2) lies in it, as the register has them at "
     "the time of counting; done is the share that exited, late ones included. Revoked orders are left out. Row 23: "
     "cities by 31 December, the province by 31 January."},
    {"以前年度逾期未退出：期限在当年之前，至统计时点仍未退出的任务。",
     "Overdue from earlier years: the last day lies before the year, and they have not exited by the time of "
     "counting."},
    {"企业按统一社会信用代码去重，各组之和可能大于合计。产能只在同一行业、同一计量单位内相加。",
     "Enterprises are told apart by their code, so groups may add up to more than the total. Capacity is added within "
     "one industry and one unit only."},
    {"失信记录：认定日期在当年、已经复核生效的记录（第 18 项）；已关停退出的企业（“红牌”）不因退出本身列入。",
     "Records: decided in the year and in force by a second person's approval (row 18); an enterprise that exited (red "
     "list) is not recorded for that."},
};

static void add_standing(struct table *table, const struct group *group)
{
    const struct sums *sums = &group->sums;

    table_count(table, sums->due);
    table_count(table, sums->due_in_time);
    table_count(table, sums->due_late);
    table_count(table, sums->due_overdue);
    table_count(table, sums->due_running);
    table_rate(table, sums->due_in_time + sums->due_late, sums->due);
    table_count(table, sums->earlier);
    table_count(table, sums->exits);
    table_count(table, sums->enterprises);
    table_count(table, sums->equipment);
    table_text(table, buf_span(&group->capacity_zh));
}

/* --- records --- */

struct record_sums {
    int64_t records;
    int64_t published;
    int64_t repaired;
    int64_t withdrawn;
    int64_t ended;
    int64_t disputed;
};
struct counting {
    int32_t first;
    int32_t last;
    int32_t today;
    const struct windows *windows;
    struct record_sums sums[GROUND_COUNT + 1]; /* the last: all */
};

static void count_record(struct record_sums *sums, const struct counting *counting, const struct record *record)
{
    int32_t end = windows_end(counting->windows, record->severity, record->decided_on, record->publication_end,
                              counting->today, NULL);
    bool is_listed = record_is_published(record->op, end, counting->today);

    sums->records++;
    sums->repaired += record->op == OP_REPAIRED;
    sums->withdrawn += record->op == OP_WITHDRAWN && record->statute.bytes == 0;
    sums->published += is_listed;
    sums->ended +=
        (record->op == OP_WITHDRAWN && record->statute.bytes > 0) || (!record_op_ends(record->op) && !is_listed);
    sums->disputed += is_listed && record->is_disputed;
}

static bool see_record(const struct record_version *version, void *context)
{
    struct counting *counting = context;
    const struct record *record = &version->record;

    if (record->decided_on >= counting->first && record->decided_on <= counting->last) {
        count_record(&counting->sums[record->ground], counting, record);
        count_record(&counting->sums[GROUND_COUNT], counting, record);
    }
    return true;
}

static bool count_records(const struct report_source *source, struct counting *counting, struct error *err)
{
    static const struct records_filter LISTS[] = {{RECORDS_LIVE, -1, NULL, NULL}, {RECORDS_OVER, -1, NULL, NULL}};

    for (size_t i = 0; i < COUNT_OF(LISTS); i++) {
        if (!records_scan(source->txn, &LISTS[i], see_record, counting, err))
            return false;
    }
    return true;
}

static struct table *records_table(const struct counting *counting)
{
    struct table *table = table_new(&RECORDS);

    for (int ground = 0; ground <= GROUND_COUNT; ground++) {
        const struct record_sums *sums = &counting->sums[ground];

        table_row(table, ground == GROUND_COUNT);
        if (ground == GROUND_COUNT)
            table_word(table, "total", "合计", "total");
        else
            table_word(table, GROUND_SLUGS[ground], GROUND_NAMES[ground], GROUND_ENGLISH[ground]);
        table_count(table, sums->records);
        table_count(table, sums->published);
        table_count(table, sums->repaired);
        table_count(table, sums->withdrawn);
        table_count(table, sums->ended);
        table_count(table, sums->disputed);
    }
    return table;
}

/* --- all of it --- */

static bool add_tables(const struct report_source *source, struct census *census, struct report *out, struct error *err)
{
    static const struct sums_design TABLES[] = {{&BY_CITY_TABLE, add_standing, BY_CITY, true},
                                                {&BY_INDUSTRY_TABLE, add_standing, BY_INDUSTRY, true},
                                                {&BY_GROUND_TABLE, add_standing, BY_GROUND, true},
                                                {&BY_KIND_TABLE, add_standing, BY_KIND, true}};
    struct sums_source from = {source, census, day_of_instant(source->now_ms)};
    struct counting counting = {.first = report_first_day(&out->period),
                                .last = report_last_day(&out->period),
                                .today = from.today,
                                .windows = source->windows};

    if (!count_records(source, &counting, err))
        return false;
    for (size_t i = 0; i < COUNT_OF(TABLES); i++)
        out->tables[out->count++] = sums_table(&from, &TABLES[i]);
    out->tables[out->count++] = records_table(&counting);
    return details_add(source, census, out, err);
}

bool report_summary(const struct report_source *source, const struct report_period *period, struct report *out,
                    struct error *err)
{
    AUTO(census_done) struct census census = {.list = NULL};
    AUTO(report_done)
    struct report report = {.name = "summary",
                            .zh = "推动落后产能退出工作情况",
                            .en = "Retiring outdated capacity",
                            .period = *period,
                            .at_ms = source->now_ms,
                            .sequence = journal_size(source->txn),
                            .notes = NOTES,
                            .note_count = COUNT_OF(NOTES)};

    if (!census_gather(source, period, &census, err) || !add_tables(source, &census, &report, err) ||
        !store_txn_is_good(source->txn, err))
        return false;
    *out = report;
    report.count = 0;
    return true;
}
