/* lists.c - the yellow and the red list as they are published today: seed rows 26 and 27 by the rules of
 * gateway/lookup/bulletin.h, so that what staff print is what anybody may read. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/journal/journal.h"
#include "gateway/lookup/bulletin.h"
#include "gateway/reports/sums_table.h"

static const struct table_column CITY_COLUMNS[] = {
    {"division", "行政区划", "division", TABLE_TEXT, 10},
    {"city", "地市", "city", TABLE_TEXT, 12},
    {"yellow", "“黄牌”（项）", "yellow", TABLE_COUNT, 14},
    {"red", "“红牌”（项）", "red", TABLE_COUNT, 14},
};
static const struct table_column GROUND_COLUMNS[] = {
    {"ground", "退出维度", "ground", TABLE_TEXT, 12},
    {"yellow", "“黄牌”（项）", "yellow", TABLE_COUNT, 14},
    {"red", "“红牌”（项）", "red", TABLE_COUNT, 14},
};
static const struct table_column LINE_COLUMNS[] = {
    {"city", "地区", "place", TABLE_TEXT, 20},
    {"name", "企业名称", "enterprise", TABLE_TEXT, 34},
    {"uscc", "统一社会信用代码", "code", TABLE_TEXT, 22},
    {"industry", "行业", "industry", TABLE_TEXT, 12},
    {"ground", "退出维度", "ground", TABLE_TEXT, 10},
    {"equipment", "设备（生产线）", "equipment", TABLE_TEXT, 34},
    {"equipment_count", "台（套）", "number", TABLE_COUNT, 10},
    {"amount", "产能", "capacity", TABLE_AMOUNT, 12},
    {"unit", "单位", "unit", TABLE_TEXT, 12},
    {"authority", "责令机关", "authority", TABLE_TEXT, 28},
    {"due", "整改（退出）期限", "last day", TABLE_DAY, 16},
    {"exit_date", "关停退出日期", "exit", TABLE_DAY, 14},
    {"row", "任务分工", "seed row", TABLE_TEXT, 10},
    {"disputed", "异议", "disputed", TABLE_TEXT, 8},
};
static const struct table_design BY_CITY_TABLE = {"by_city", "按地市", "by city", CITY_COLUMNS, COUNT_OF(CITY_COLUMNS)};
static const struct table_design BY_GROUND_TABLE = {"by_ground", "按退出维度", "by ground", GROUND_COLUMNS,
                                                    COUNT_OF(GROUND_COLUMNS)};
static const struct table_design YELLOW = {"yellow", "“黄牌”名单", "yellow list", LINE_COLUMNS, COUNT_OF(LINE_COLUMNS)};
static const struct table_design RED = {"red", "“红牌”名单", "red list", LINE_COLUMNS, COUNT_OF(LINE_COLUMNS)};

static const struct report_note NOTES[] = {
    {"“黄牌”：不达标、应限期整改、期限未满的；“红牌”：经整改仍不达标、已依法关闭的（任务分工第 26 项）。环保维度为超标"
     "排放"
     "企业名单和情节严重的企业名单（第 27 项）。",
     "Yellow: ordered to rectify, and the term is not over; red: closed by law after they failed (row 26). On the "
     "ground of environment: those that emit too much, and the serious ones (row 27)."},
    {"与公开名单同一口径：已修复、撤销或公示期满的，使用范围不公开的，不在名单中；“红牌”与逾期未退出（第 18 "
     "项）是两回事。",
     "As the public lists have it: what was repaired, withdrawn or is no longer published, or is not for the public, "
     "is not on them. A red list is not the list of those that missed their deadline (row 18)."},
    {"个体工商户的名称、代码按个人信息处理，只显示首字。名单为统计当日的，不能按过去的日期查询。",
     "Names and codes of individual businesses are personal data: the first character is shown. The lists are those of "
     "the day of counting; a past day cannot be asked for."},
};

enum { YELLOW_AT, RED_AT, LIST_COUNT };
struct listing_lines {
    const struct report_source *source;
    struct table *lines;
    int64_t *by_city;
    int64_t *by_ground;
};
struct numbers {
    int64_t by_city[LIST_COUNT][CITY_COUNT];
    int64_t by_ground[LIST_COUNT][GROUND_COUNT];
};

static void see_line(const struct bulletin_row *row, void *context)
{
    struct listing_lines *lines = context;
    AUTO(buf_done) struct buf seed_row = BUF_INIT;

    lines->by_city[city_of(lines->source->divisions, row->division)]++;
    lines->by_ground[row->ground]++;
    if (table_rows(lines->lines) == TABLE_ROWS_MAX)
        return; /* counted; the public page has them all */
    table_row(lines->lines, false);
    table_text(lines->lines, row->division_name.bytes ? row->division_name : row->division);
    table_text(lines->lines, row->name);
    table_text(lines->lines, row->uscc);
    table_text(lines->lines, row->industry);
    table_word(lines->lines, GROUND_SLUGS[row->ground], GROUND_NAMES[row->ground], GROUND_ENGLISH[row->ground]);
    table_text(lines->lines, row->equipment);
    table_count(lines->lines, row->equipment_count);
    table_amount(lines->lines, row->capacity);
    table_text(lines->lines, row->capacity_unit);
    table_text(lines->lines, row->authority);
    table_day(lines->lines, row->due);
    table_day(lines->lines, row->exit_date);
    buf_addf(&seed_row, "第 %d 项", row->seed_row);
    table_text(lines->lines, buf_span(&seed_row));
    if (row->is_disputed)
        table_word(lines->lines, "disputed", "异议中", "disputed");
}

static bool read_list(struct listing_lines *lines, enum announced_list list, struct error *err)
{
    const struct report_source *source = lines->source;
    struct bulletin_question question = {.list = list,
                                         .ground = -1,
                                         .limit = BULLETIN_LIMIT_MAX,
                                         .day = day_of_instant(source->now_ms),
                                         .windows = source->windows,
                                         .divisions = source->divisions};
    struct bulletin_page page;

    do {
        if (!bulletin_read(source->txn, &question, see_line, lines, &page, err))
            return false;
        memcpy(question.mark, page.mark, sizeof question.mark);
        question.mark_bytes = page.mark_bytes;
        if (source->tell && !source->tell(source->context, table_rows(lines->lines), 0))
            return fail(err, ERR_UNAVAILABLE, "nobody wants the report any more");
    } while (page.mark_bytes > 0);
    return true;
}

static void add_city(const struct report_source *source, const struct numbers *numbers, uint32_t city,
                     struct table *table)
{
    int64_t yellow = numbers->by_city[YELLOW_AT][city];
    int64_t red = numbers->by_city[RED_AT][city];
    char code[7];

    if (yellow == 0 && red == 0 && !city_is_there(source->divisions, city))
        return;
    table_row(table, false);
    table_text(table, span_of(city_code(city, code)));
    table_text(table, city_name(source->divisions, city));
    table_count(table, yellow);
    table_count(table, red);
}

static void add_totals(const struct numbers *numbers, struct table *table)
{
    for (int list = 0; list < LIST_COUNT; list++) {
        int64_t sum = 0;

        for (int ground = 0; ground < GROUND_COUNT; ground++)
            sum += numbers->by_ground[list][ground];
        table_count(table, sum);
    }
}

static struct table *city_table(const struct report_source *source, const struct numbers *numbers)
{
    struct table *table = table_new(&BY_CITY_TABLE);

    for (uint32_t city = CITY_OTHER + 1; city < CITY_COUNT; city++)
        add_city(source, numbers, city, table);
    add_city(source, numbers, CITY_OTHER, table);
    table_row(table, true);
    table_text(table, SPAN_NONE);
    table_word(table, "total", "合计", "total");
    add_totals(numbers, table);
    return table;
}

static struct table *ground_table(const struct numbers *numbers)
{
    struct table *table = table_new(&BY_GROUND_TABLE);

    for (int ground = 0; ground < GROUND_COUNT; ground++) {
        table_row(table, false);
        table_word(table, GROUND_SLUGS[ground], GROUND_NAMES[ground], GROUND_ENGLISH[ground]);
        table_count(table, numbers->by_ground[YELLOW_AT][ground]);
        table_count(table, numbers->by_ground[RED_AT][ground]);
    }
    table_row(table, true);
    table_word(table, "total", "合计", "total");
    add_totals(numbers, table);
    return table;
}

bool report_lists(const struct report_source *source, const struct report_period *period, struct report *out,
                  struct error *err)
{
    AUTO(table_free) struct table *yellow = table_new(&YELLOW);
    AUTO(table_free) struct table *red = table_new(&RED);
    struct numbers *numbers = memory_new(sizeof *numbers);
    struct listing_lines lines[LIST_COUNT] = {
        {source, yellow, numbers->by_city[YELLOW_AT], numbers->by_ground[YELLOW_AT]},
        {source, red, numbers->by_city[RED_AT], numbers->by_ground[RED_AT]}};
    bool is_good;

    (void)period; /* of the day of asking: bulletin.h */
    is_good = read_list(&lines[YELLOW_AT], ANNOUNCED_YELLOW, err) && read_list(&lines[RED_AT], ANNOUNCED_RED, err) &&
              store_txn_is_good(source->txn, err);
    if (is_good) {
        *out = (struct report){.name = "lists",
                               .zh = "“黄牌”“红牌”名单情况",
                               .en = "Yellow and red lists",
                               .at_ms = source->now_ms,
                               .sequence = journal_size(source->txn),
                               .notes = NOTES,
                               .note_count = COUNT_OF(NOTES)};
        out->tables[out->count++] = city_table(source, numbers);
        out->tables[out->count++] = ground_table(numbers);
        out->tables[out->count++] = TAKE(yellow);
        out->tables[out->count++] = TAKE(red);
    }
    free(numbers);
    return is_good;
}
