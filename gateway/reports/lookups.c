/* lookups.c - questions by month and domain, from the log of the trace: the same count as `creditgate trace --counts`,
 * for one period. Domains in parentheses are no questions about an enterprise's standing: (trace) readings of the
 * trace, (names) searches by name, and so on; they stand in a table of their own. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/walk.h"
#include "gateway/reports/report.h"
#include "gateway/reports/sums_table.h"
#include "gateway/trace/trace.h"

/* Strangers may ask about any domain: so many are told apart, the rest stand together. */
enum { DOMAINS_TOLD_MAX = 200, DOMAIN_BYTES = 80, TELL_EVERY = 4096, MONTHS = 12, YEAR_BYTES = 4, MONTH_AT = 5 };

enum verdict { ASKED, LISTED, NOT_LISTED, UNKNOWN, REFUSED, VERDICT_COUNT };

#define COUNT_COLUMNS                                                                                                  \
    {"asked", "查询", "asked", TABLE_COUNT, 12}, {"listed", "在列", "listed", TABLE_COUNT, 12},                        \
        {"not_listed", "不在列", "not listed", TABLE_COUNT, 12}, {"unknown", "未知", "unknown", TABLE_COUNT, 12},      \
    {                                                                                                                  \
        "other", "拒绝及其他", "refused and other", TABLE_COUNT, 14                                                    \
    }
static const struct table_column DOMAIN_COLUMNS[] = {{"domain", "领域", "domain", TABLE_TEXT, 28}, COUNT_COLUMNS};
static const struct table_column MONTH_COLUMNS[] = {{"month", "月份", "month", TABLE_TEXT, 10}, COUNT_COLUMNS};
static const struct table_column BOTH_COLUMNS[] = {
    {"month", "月份", "month", TABLE_TEXT, 10}, {"domain", "领域", "domain", TABLE_TEXT, 28}, COUNT_COLUMNS};
static const struct table_design BY_DOMAIN = {"by_domain", "各领域", "by domain", DOMAIN_COLUMNS,
                                              COUNT_OF(DOMAIN_COLUMNS)};
static const struct table_design BY_MONTH_TABLE = {"by_month", "各月", "by month", MONTH_COLUMNS,
                                                   COUNT_OF(MONTH_COLUMNS)};
static const struct table_design BY_BOTH = {"by_month_domain", "各月各领域", "by month and domain", BOTH_COLUMNS,
                                            COUNT_OF(BOTH_COLUMNS)};
static const struct table_design OTHERS = {"others", "查阅留痕等", "readings of the trace and others", BOTH_COLUMNS,
                                           COUNT_OF(BOTH_COLUMNS)};

static const struct report_note NOTES[] = {
    {"按查询留痕计数：每次答复（批量、名单筛查中每个企业各一次）计一次；测试名单的答复不计。已答复而尚未归入留痕日志的"
     "（数秒内）不在其中。",
     "Counted from the trace: each answer once (each enterprise of a batch or a screening); answers from the test list "
     "are left out, and so is what was answered within the last seconds and is not in the log yet."},
    {"“未知”不等于“不在列”。“拒绝及其他”为未作结论的：无权限、参数错误等。",
     "Unknown is not the same as not listed. Refused and other: no verdict (no right, wrong parameters and the like)."},
    {"统计本身也留痕（领域“(trace)”）。", "This count is itself traced (domain \"(trace)\")."},
};

struct cell {
    int64_t count[VERDICT_COUNT];
};
struct domain_row {
    char name[DOMAIN_BYTES];
    struct cell months[MONTHS];
};
struct counting {
    const struct report_period *period;
    struct domain_row *rows;
    size_t count;
};

static struct domain_row *row_of(struct counting *counting, struct span name)
{
    struct span kept = utf8_cut(name.bytes ? name : SPAN("-"), DOMAIN_BYTES - 1);
    struct domain_row *row;

    for (size_t i = 0; i < counting->count; i++) {
        if (span_is(kept, counting->rows[i].name))
            return &counting->rows[i];
    }
    if (counting->count >= DOMAINS_TOLD_MAX && !span_is(kept, "(other)"))
        return row_of(counting, SPAN("(other)"));
    row = &counting->rows[counting->count++];
    memcpy(row->name, kept.at, kept.bytes);
    return row;
}

/* Instants stand in local time. False: not of the period. */
static bool month_of(const struct counting *counting, struct span at, int *month)
{
    int64_t number;

    if (at.bytes < MONTH_AT + 2 || !integer_parse((struct span){at.at, YEAR_BYTES}, &number) ||
        number != counting->period->year || !integer_parse((struct span){at.at + MONTH_AT, 2}, &number) || number < 1 ||
        number > MONTHS)
        return false;
    *month = (int)number;
    return counting->period->month == 0 || counting->period->month == *month;
}

static enum verdict verdict_of(struct span raw)
{
    static const char *const VERDICTS[] = {
        [LISTED] = "\"listed\"", [NOT_LISTED] = "\"not-listed\"", [UNKNOWN] = "\"unknown\""};

    for (size_t i = LISTED; i < COUNT_OF(VERDICTS); i++) {
        if (span_is(raw, VERDICTS[i]))
            return (enum verdict)i;
    }
    return REFUSED;
}

static void count_entry(struct counting *counting, struct span entry)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct span domain = SPAN_NONE;
    struct cell *cell;
    int month;

    if (!month_of(counting, walk_plain_of(entry, "at"), &month) || span_is(walk_member(entry, "test"), "true"))
        return;
    if (!walk_text(walk_member(entry, "domain"), &hold, &domain))
        domain = SPAN_NONE;
    cell = &row_of(counting, domain)->months[month - 1];
    cell->count[ASKED]++;
    cell->count[verdict_of(walk_member(entry, "verdict"))]++;
}

static bool count_log(const struct report_source *source, struct trace_log *log, struct counting *counting,
                      struct error *err)
{
    AUTO(buf_done) struct buf entry = BUF_INIT;
    uint64_t size = trace_log_size(log);

    for (uint64_t i = 0; i < size; i++) {
        buf_clear(&entry);
        if (i % TELL_EVERY == 0 && source->tell && !source->tell(source->context, i, size))
            return fail(err, ERR_UNAVAILABLE, "nobody wants the report any more");
        if (!trace_log_read(log, i, &entry, err))
            return false;
        count_entry(counting, buf_span(&entry));
    }
    return true;
}

/* --- tables --- */

static bool is_question(const struct domain_row *row)
{
    return row->name[0] != '(';
}

static void cell_add(struct cell *sum, const struct cell *more)
{
    for (int i = 0; i < VERDICT_COUNT; i++)
        sum->count[i] += more->count[i];
}

static void add_cell(struct table *table, const struct cell *cell)
{
    for (int i = 0; i < VERDICT_COUNT; i++)
        table_count(table, cell->count[i]);
}

static int compare_rows(const void *a, const void *b)
{
    return strcmp(((const struct domain_row *)a)->name, ((const struct domain_row *)b)->name);
}

static struct table *domains_table(const struct counting *counting)
{
    struct table *table = table_new(&BY_DOMAIN);
    struct cell all = {{0}};

    for (size_t i = 0; i < counting->count; i++) {
        struct cell sum = {{0}};

        if (!is_question(&counting->rows[i]))
            continue;
        for (int month = 0; month < MONTHS; month++)
            cell_add(&sum, &counting->rows[i].months[month]);
        table_row(table, false);
        table_text(table, span_of(counting->rows[i].name));
        add_cell(table, &sum);
        cell_add(&all, &sum);
    }
    table_row(table, true);
    table_word(table, "total", "合计", "total");
    add_cell(table, &all);
    return table;
}

static struct table *months_table(const struct counting *counting)
{
    struct table *table = table_new(&BY_MONTH_TABLE);

    for (int month = 0; month < MONTHS; month++) {
        struct cell sum = {{0}};

        for (size_t i = 0; i < counting->count; i++) {
            if (is_question(&counting->rows[i]))
                cell_add(&sum, &counting->rows[i].months[month]);
        }
        table_row(table, false);
        month_add(table, (unsigned)month + 1);
        add_cell(table, &sum);
    }
    return table;
}

static struct table *both_table(const struct counting *counting, bool of_questions)
{
    struct table *table = table_new(of_questions ? &BY_BOTH : &OTHERS);

    for (int month = 0; month < MONTHS; month++) {
        for (size_t i = 0; i < counting->count; i++) {
            const struct domain_row *row = &counting->rows[i];

            if (is_question(row) != of_questions || row->months[month].count[ASKED] == 0)
                continue;
            table_row(table, false);
            month_add(table, (unsigned)month + 1);
            table_text(table, span_of(row->name));
            add_cell(table, &row->months[month]);
        }
    }
    return table;
}

bool report_lookups(const struct report_source *source, const char *folder, const struct report_period *period,
                    struct report *out, struct error *err)
{
    AUTO(trace_log_free) struct trace_log *log = NULL;
    struct counting counting = {.period = period, .rows = memory_new((DOMAINS_TOLD_MAX + 1) * sizeof *counting.rows)};
    bool is_good = trace_log_open(folder, &log, err) && count_log(source, log, &counting, err);

    if (is_good) {
        qsort(counting.rows, counting.count, sizeof *counting.rows, compare_rows);
        *out = (struct report){.name = "lookups",
                               .zh = "查询情况",
                               .en = "Lookups",
                               .period = *period,
                               .at_ms = source->now_ms,
                               .sequence = trace_log_size(log),
                               .notes = NOTES,
                               .note_count = COUNT_OF(NOTES)};
        out->tables[out->count++] = domains_table(&counting);
        if (period->month == 0)
            out->tables[out->count++] = months_table(&counting);
        out->tables[out->count++] = both_table(&counting, true);
        out->tables[out->count++] = both_table(&counting, false);
    }
    free(counting.rows);
    return is_good;
}
