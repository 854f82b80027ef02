#include "gateway/reports/details.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/reports/sums_table.h"

static const struct table_column COLUMNS[] = {
    {"city", "地市", "city", TABLE_TEXT, 12},
    {"name", "企业名称", "enterprise", TABLE_TEXT, 34},
    {"uscc", "统一社会信用代码", "code", TABLE_TEXT, 22},
    {"industry", "行业", "industry", TABLE_TEXT, 12},
    {"ground", "退出维度", "ground", TABLE_TEXT, 10},
    {"equipment", "设备（生产线）", "equipment", TABLE_TEXT, 34},
    {"equipment_count", "台（套）", "number", TABLE_COUNT, 10},
    {"amount", "产能", "capacity", TABLE_AMOUNT, 12},
    {"unit", "单位", "unit", TABLE_TEXT, 12},
    {"authority", "责令机关", "authority", TABLE_TEXT, 28},
    {"document", "文号", "document", TABLE_TEXT, 24},
    {"due", "退出期限", "last day", TABLE_DAY, 12},
    {"exit_date", "退出日期", "exit", TABLE_DAY, 12},
    {"state", "状态", "state", TABLE_TEXT, 12},
    {"obligation", "任务编号", "obligation", TABLE_TEXT, 36},
};
static const struct table_design DETAILS = {"details", "当年退出明细", "exits of the year", COLUMNS, COUNT_OF(COLUMNS)};

static int compare(const void *left, const void *right)
{
    const struct fact *a = left;
    const struct fact *b = right;

    if (a->is_exit != b->is_exit)
        return a->is_exit ? -1 : 1;
    if (a->city != b->city)
        return a->city < b->city ? -1 : 1;
    if (a->exit_date != b->exit_date)
        return a->exit_date < b->exit_date ? -1 : 1;
    return strcmp(a->uscc, b->uscc) ? strcmp(a->uscc, b->uscc) : memcmp(a->id, b->id, sizeof a->id);
}

static void add_row(const struct report_source *source, const struct fact *fact, const struct obligation *row,
                    struct table *table)
{
    char id[33];

    obligation_id_text(fact->id, id);
    table_row(table, false);
    table_text(table, city_name(source->divisions, fact->city));
    table_text(table, row->field[COLUMN_NAME]);
    table_text(table, span_of(fact->uscc));
    table_text(table, row->field[COLUMN_INDUSTRY]);
    table_word(table, GROUND_SLUGS[fact->ground], GROUND_NAMES[fact->ground], GROUND_ENGLISH[fact->ground]);
    table_text(table, row->field[COLUMN_EQUIPMENT]);
    table_count(table, row->equipment_count);
    table_amount(table, row->field[COLUMN_CAPACITY]);
    table_text(table, row->field[COLUMN_CAPACITY_UNIT]);
    table_text(table, row->field[COLUMN_AUTHORITY]);
    table_text(table, row->field[COLUMN_DOCUMENT]);
    table_day(table, fact->due);
    table_day(table, fact->exit_date);
    table_word(table, STATE_SLUGS[fact->state], STATE_NAMES[fact->state],
               fact->state == STATE_EXITED_LATE ? "late" : "in time");
    table_text(table, span_of(id));
}

static void add_rest(struct table *table, size_t rest)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    buf_addf(&text, "其余 %zu 项未列出（最多 %d 项） / %zu more are left out", rest, DETAILS_MAX, rest);
    table_row(table, true);
    table_text(table, SPAN_NONE);
    table_text(table, buf_span(&text));
}

bool details_add(const struct report_source *source, struct census *census, struct report *report, struct error *err)
{
    AUTO(table_free) struct table *table = table_new(&DETAILS);
    AUTO(buf_done) struct buf hold = BUF_INIT;
    size_t exits = 0;

    if (census->count > 0)
        qsort(census->list, census->count, sizeof *census->list, compare);
    for (; exits < census->count && census->list[exits].is_exit; exits++) {
        const struct fact *fact = &census->list[exits];
        struct obligation_version version;
        struct obligation row;

        if (exits >= DETAILS_MAX)
            continue;
        if (!obligations_find(source->txn, fact->id, fact->version, &version))
            return store_txn_is_good(source->txn, err) && fail(err, ERR_CORRUPT, "an obligation was there, and is not");
        if (!obligations_row(source->txn, &version, &row, &hold, err))
            return false;
        add_row(source, fact, &row, table);
    }
    if (exits > DETAILS_MAX)
        add_rest(table, exits - DETAILS_MAX);
    report->tables[report->count++] = TAKE(table);
    return true;
}
