/* exits.c - exits of the year by city, industry, ground, month and capacity (seed row 22; rows 1 and 25). */
#include "base/text.h"
#include "gateway/journal/journal.h"
#include "gateway/reports/sums_table.h"

#define EXIT_COLUMNS                                                                                                   \
    {"enterprises", "企业（家）", "enterprises", TABLE_COUNT, 12}, {"exits", "退出（项）", "exits", TABLE_COUNT, 12},  \
        {"in_time", "按期", "in time", TABLE_COUNT, 10}, {"late", "逾期后", "late", TABLE_COUNT, 10},                  \
        {"equipment", "设备（台、套）", "equipment", TABLE_COUNT, 15},                                                 \
    {                                                                                                                  \
        "capacity", "退出产能", "capacity", TABLE_TEXT, 48                                                             \
    }

static const struct table_column TOTAL_COLUMNS[] = {EXIT_COLUMNS};
static const struct table_column CITY_COLUMNS[] = {
    {"division", "行政区划", "division", TABLE_TEXT, 10}, {"city", "地市", "city", TABLE_TEXT, 12}, EXIT_COLUMNS};
static const struct table_column INDUSTRY_COLUMNS[] = {{"industry", "行业", "industry", TABLE_TEXT, 14}, EXIT_COLUMNS};
static const struct table_column GROUND_COLUMNS[] = {{"ground", "退出维度", "ground", TABLE_TEXT, 12}, EXIT_COLUMNS};
static const struct table_column MONTH_COLUMNS[] = {{"month", "月份", "month", TABLE_TEXT, 10}, EXIT_COLUMNS};

#define HEAP_COLUMNS                                                                                                   \
    {"industry", "行业", "industry", TABLE_TEXT, 14}, {"exits", "退出（项）", "exits", TABLE_COUNT, 12},               \
        {"equipment", "设备（台、套）", "equipment", TABLE_COUNT, 15},                                                 \
        {"amount", "退出产能", "capacity", TABLE_AMOUNT, 16}, {"unit", "单位", "unit", TABLE_TEXT, 14},                \
    {                                                                                                                  \
        "without", "未填产能（项）", "without capacity", TABLE_COUNT, 15                                               \
    }
static const struct table_column CAPACITY_COLUMNS[] = {HEAP_COLUMNS};
static const struct table_column CITY_CAPACITY_COLUMNS[] = {
    {"division", "行政区划", "division", TABLE_TEXT, 10}, {"city", "地市", "city", TABLE_TEXT, 12}, HEAP_COLUMNS};

static const struct table_design TOTAL = {"total", "合计", "total", TOTAL_COLUMNS, COUNT_OF(TOTAL_COLUMNS)};
static const struct table_design BY_CITY_TABLE = {"by_city", "按地市", "by city", CITY_COLUMNS, COUNT_OF(CITY_COLUMNS)};
static const struct table_design BY_INDUSTRY_TABLE = {"by_industry", "按行业", "by industry", INDUSTRY_COLUMNS,
                                                      COUNT_OF(INDUSTRY_COLUMNS)};
static const struct table_design BY_GROUND_TABLE = {"by_ground", "按退出维度", "by ground", GROUND_COLUMNS,
                                                    COUNT_OF(GROUND_COLUMNS)};
static const struct table_design BY_MONTH_TABLE = {"by_month", "按月份", "by month", MONTH_COLUMNS,
                                                   COUNT_OF(MONTH_COLUMNS)};
static const struct table_design CAPACITY = {"capacity", "退出产能", "capacity", CAPACITY_COLUMNS,
                                             COUNT_OF(CAPACITY_COLUMNS)};
static const struct table_design CITY_CAPACITY = {"city_capacity", "各地市退出产能", "capacity by city",
                                                  CITY_CAPACITY_COLUMNS, COUNT_OF(CITY_CAPACITY_COLUMNS)};

static const struct report_note NOTES[] = {
    {"退出按退出日期计入当年（任务分工第 22 项），不论原定期限；按期、逾期后以台账登记的状态为准；已撤销的任务不计。",
     "An exit counts in the year of its exit date (row 22), whatever its deadline; in time or late as the register "
     "says; revoked orders are left out."},
    {"企业按统一社会信用代码去重：同一企业可能出现在多个分组中，各组之和可能大于合计。",
     "Enterprises are told apart by their code and may stand in several groups, which may add up to more than the "
     "total."},
    {"产能只在同一行业、同一计量单位内相加，不同行业或单位之间不相加。",
     "Capacity is added within one industry and one unit only."},
};

static void add_exits(struct table *table, const struct group *group)
{
    const struct sums *sums = &group->sums;

    table_count(table, sums->enterprises);
    table_count(table, sums->exits);
    table_count(table, sums->exits_in_time);
    table_count(table, sums->exits_late);
    table_count(table, sums->equipment);
    table_text(table, buf_span(&group->capacity_zh));
}

struct heaping {
    const struct report_source *source;
    const struct words *words;
    struct table *table;
};

static void add_heap(const struct heap *heap, void *context)
{
    const struct heaping *heaping = context;
    AUTO(buf_done) struct buf amount = BUF_INIT;
    char code[7];

    table_row(heaping->table, false);
    if (heap->city != CITY_COUNT) {
        table_text(heaping->table, span_of(city_code(heap->city, code)));
        table_text(heaping->table, city_name(heaping->source->divisions, heap->city));
    }
    table_text(heaping->table, span_of(words_at(heaping->words, heap->industry)));
    table_count(heaping->table, heap->exits);
    table_count(heaping->table, heap->equipment);
    amount_write(&heap->amount, &amount);
    table_amount(heaping->table, heap->exits == heap->without ? SPAN_NONE : buf_span(&amount));
    table_text(heaping->table, span_of(words_at(heaping->words, heap->unit)));
    table_count(heaping->table, heap->without);
}

static struct table *heaps(const struct report_source *source, struct census *census, bool by_city)
{
    struct heaping heaping = {source, census->words, table_new(by_city ? &CITY_CAPACITY : &CAPACITY)};

    census_heaps(census, by_city, add_heap, &heaping);
    return heaping.table;
}

bool report_exits(const struct report_source *source, const struct report_period *period, struct report *out,
                  struct error *err)
{
    static const struct sums_design TABLES[] = {{&TOTAL, add_exits, BY_ALL, true},
                                                {&BY_CITY_TABLE, add_exits, BY_CITY, true},
                                                {&BY_INDUSTRY_TABLE, add_exits, BY_INDUSTRY, true},
                                                {&BY_GROUND_TABLE, add_exits, BY_GROUND, true},
                                                {&BY_MONTH_TABLE, add_exits, BY_MONTH, true}};
    AUTO(census_done) struct census census = {.list = NULL};
    struct sums_source from = {source, &census, day_of_instant(source->now_ms)};

    if (!census_gather(source, period, &census, err))
        return false;
    *out = (struct report){.name = "exits",
                           .zh = "落后产能退出情况",
                           .en = "Exits of outdated capacity",
                           .period = *period,
                           .at_ms = source->now_ms,
                           .sequence = journal_size(source->txn),
                           .notes = NOTES,
                           .note_count = COUNT_OF(NOTES)};
    for (size_t i = 0; i < COUNT_OF(TABLES); i++)
        out->tables[out->count++] = sums_table(&from, &TABLES[i]);
    out->tables[out->count++] = heaps(source, &census, false);
    out->tables[out->count++] = heaps(source, &census, true);
    return store_txn_is_good(source->txn, err);
}
