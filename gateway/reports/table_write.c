#include "gateway/reports/table_write.h"

#include <stdio.h>
#include <string.h>

#include "base/csv.h"
#include "base/text.h"

enum { LINE_BYTES = 256, WORD_BYTES = 64, SHEET_NAME_BYTES = 128 };

static const char *const KINDS[] = {"text", "count", "amount", "rate", "day"};
_Static_assert(TABLE_DAY + 1 == COUNT_OF(KINDS), "a word for each kind");

static const char *say(bool is_chinese, const char *zh, const char *en)
{
    return is_chinese ? zh : en;
}

void report_title_add(const struct report *report, bool is_chinese, struct buf *out)
{
    const struct report_period *period = &report->period;

    if (period->year == 0)
        buf_add_text(out, say(is_chinese, report->zh, report->en));
    else if (is_chinese && period->month)
        buf_addf(out, "%d 年 %d 月%s", period->year, period->month, report->zh);
    else if (is_chinese)
        buf_addf(out, "%d 年度%s", period->year, report->zh);
    else if (period->month)
        buf_addf(out, "%s, %d-%02d", report->en, period->year, period->month);
    else
        buf_addf(out, "%s, %d", report->en, period->year);
}

void report_as_of_add(const struct report *report, bool is_chinese, struct buf *out)
{
    char at[INSTANT_TEXT_BYTES];

    instant_format(report->at_ms, at);
    buf_addf(out, is_chinese ? "统计时点 %.10s %.5s，序号 %llu" : "as of %.10s %.5s, sequence %llu", at, at + 11,
             (unsigned long long)report->sequence);
}

/* --- JSON --- */

static void text_or_null(struct buf *out, const char *text)
{
    if (text)
        json_string_add(out, span_of(text));
    else
        buf_add_text(out, "null");
}

static void both_add(struct buf *out, const char *before, const char *zh, const char *en)
{
    buf_addf(out, "%s\"title\":", before);
    text_or_null(out, en);
    buf_add_text(out, ",\"title_zh\":");
    text_or_null(out, zh);
}

/* A rate in ten thousandths, rounded down: what is not all is never told as all. */
static void rate_add(struct buf *out, int64_t number, int64_t of)
{
    buf_addf(out, "{\"count\":%lld,\"of\":%lld,\"rate\":", (long long)number, (long long)of);
    if (of == 0) {
        buf_add_text(out, "null}");
        return;
    }
    buf_addf(out, "%lld.%04lld}", (long long)(number / of), (long long)(number % of * 10000 / of));
}

static void cell_json(const struct table_cell *cell, enum table_kind kind, struct buf *out)
{
    char day[DAY_TEXT_BYTES];

    switch (kind) {
    case TABLE_COUNT:
        buf_addf(out, "%lld", (long long)cell->number);
        return;
    case TABLE_RATE:
        rate_add(out, cell->number, cell->of);
        return;
    case TABLE_DAY:
        text_or_null(out, cell->day == DAY_NONE ? NULL : day_format(cell->day, day));
        return;
    default:
        break;
    }
    if (!cell->zh) {
        text_or_null(out, cell->text);
        return;
    }
    buf_add_text(out, "{\"en\":");
    text_or_null(out, cell->en);
    buf_add_text(out, ",\"value\":");
    text_or_null(out, cell->text);
    buf_add_text(out, ",\"zh\":");
    text_or_null(out, cell->zh);
    buf_add_byte(out, '}');
}

static void table_json(const struct table *table, struct buf *out)
{
    const struct table_design *design = table_design(table);

    buf_addf(out, "{\"key\":\"%s\"", design->key);
    both_add(out, ",", design->zh, design->en);
    buf_add_text(out, ",\"columns\":[");
    for (size_t i = 0; i < design->count; i++) {
        const struct table_column *column = &design->columns[i];

        buf_addf(out, "%s{\"key\":\"%s\"", i ? "," : "", column->key);
        both_add(out, ",", column->zh, column->en);
        buf_addf(out, ",\"kind\":\"%s\"}", KINDS[column->kind]);
    }
    buf_addf(out, "],\"count\":%zu,\"rows\":[", table_rows(table));
    for (size_t row = 0; row < table_rows(table) && row < REPORT_JSON_ROWS_MAX; row++) {
        buf_add_text(out, row ? ",{" : "{");
        for (size_t i = 0; i < design->count; i++) {
            buf_addf(out, "%s\"%s\":", i ? "," : "", design->columns[i].key);
            cell_json(table_cell(table, row, i), design->columns[i].kind, out);
        }
        buf_add_text(out, table_row_is_sum(table, row) ? ",\"sum\":true}" : "}");
    }
    buf_add_text(out, "]}");
}

void report_json_add(const struct report *report, struct buf *out)
{
    char at[INSTANT_TEXT_BYTES];

    buf_addf(out, "{\"report\":\"%s\"", report->name);
    both_add(out, ",", report->zh, report->en);
    buf_add_text(out, ",\"authority\":");
    text_or_null(out, report->authority);
    if (report->period.year)
        buf_addf(out, ",\"year\":%d,\"month\":", report->period.year);
    else
        buf_add_text(out, ",\"year\":null,\"month\":");
    if (report->period.month)
        buf_addf(out, "%d", report->period.month);
    else
        buf_add_text(out, "null");
    buf_addf(out, ",\"at\":\"%s\",\"sequence\":%llu,\"notes\":[", instant_format(report->at_ms, at),
             (unsigned long long)report->sequence);
    for (size_t i = 0; i < report->note_count; i++) {
        buf_add_text(out, i ? ",{\"en\":" : "{\"en\":");
        text_or_null(out, report->notes[i].en);
        buf_add_text(out, ",\"zh\":");
        text_or_null(out, report->notes[i].zh);
        buf_add_byte(out, '}');
    }
    buf_add_text(out, "],\"tables\":[");
    for (size_t i = 0; i < report->count; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        table_json(report->tables[i], out);
    }
    buf_add_text(out, "]}\n");
}

/* --- text and CSV --- */

/* A cell in one language. */
static void cell_text(const struct table_cell *cell, enum table_kind kind, bool is_chinese, struct buf *out)
{
    char day[DAY_TEXT_BYTES];

    switch (kind) {
    case TABLE_COUNT:
        buf_addf(out, "%lld", (long long)cell->number);
        return;
    case TABLE_RATE:
        if (cell->of == 0)
            buf_add_text(out, "—");
        else
            buf_addf(out, "%lld.%lld%%", (long long)(cell->number * 100 / cell->of),
                     (long long)(cell->number * 1000 / cell->of % 10));
        return;
    case TABLE_DAY:
        buf_add_text(out, day_format(cell->day, day));
        return;
    default:
        buf_add_text(out, cell->zh ? say(is_chinese, cell->zh, cell->en) : cell->text ? cell->text : "");
        return;
    }
}

static bool is_number(enum table_kind kind)
{
    return kind == TABLE_COUNT || kind == TABLE_AMOUNT || kind == TABLE_RATE;
}

static void shown_add(struct buf *out, struct span text, size_t width, bool is_right, bool is_last)
{
    AUTO(buf_done) struct buf shown = BUF_INIT;
    size_t columns;

    text_shown_add(&shown, text);
    columns = utf8_columns(buf_span(&shown));
    for (; is_right && columns < width; columns++)
        buf_add_byte(out, ' ');
    buf_add_span(out, buf_span(&shown));
    for (; !is_last && columns < width; columns++)
        buf_add_byte(out, ' ');
    buf_add_text(out, is_last ? "\n" : "  ");
}

static void table_text_add(const struct table *table, bool is_chinese, struct buf *out)
{
    const struct table_design *design = table_design(table);
    AUTO(buf_done) struct buf cell = BUF_INIT;
    size_t widths[TABLE_COLUMNS_MAX];

    for (size_t i = 0; i < design->count; i++) {
        widths[i] = utf8_columns(span_of(say(is_chinese, design->columns[i].zh, design->columns[i].en)));
        for (size_t row = 0; row < table_rows(table); row++) {
            size_t columns;

            buf_clear(&cell);
            cell_text(table_cell(table, row, i), design->columns[i].kind, is_chinese, &cell);
            columns = cell.bytes ? utf8_columns(buf_span(&cell)) : 0;
            widths[i] = columns > widths[i] ? columns : widths[i];
        }
    }
    for (size_t i = 0; i < design->count; i++)
        shown_add(out, span_of(say(is_chinese, design->columns[i].zh, design->columns[i].en)), widths[i],
                  is_number(design->columns[i].kind), i + 1 == design->count);
    for (size_t row = 0; row < table_rows(table); row++) {
        for (size_t i = 0; i < design->count; i++) {
            buf_clear(&cell);
            cell_text(table_cell(table, row, i), design->columns[i].kind, is_chinese, &cell);
            shown_add(out, buf_span(&cell), widths[i], is_number(design->columns[i].kind), i + 1 == design->count);
        }
    }
}

void report_text_add(const struct report *report, bool is_chinese, struct buf *out)
{
    report_title_add(report, is_chinese, out);
    buf_add_byte(out, '\n');
    for (size_t i = 0; i < report->count; i++) {
        const struct table_design *design = table_design(report->tables[i]);

        buf_addf(out, "\n%s\n", say(is_chinese, design->zh, design->en));
        if (table_rows(report->tables[i]) == 0)
            buf_add_text(out, say(is_chinese, "（无）\n", "(none)\n"));
        else
            table_text_add(report->tables[i], is_chinese, out);
    }
    buf_add_byte(out, '\n');
    report_as_of_add(report, is_chinese, out);
    buf_add_byte(out, '\n');
    for (size_t i = 0; i < report->note_count; i++)
        buf_addf(out, "%s\n", say(is_chinese, report->notes[i].zh, report->notes[i].en));
}

static void table_csv_add(const struct table *table, bool is_chinese, struct buf *out)
{
    const struct table_design *design = table_design(table);

    for (size_t i = 0; i < design->count; i++) {
        csv_cell_add(out, span_of(say(is_chinese, design->columns[i].zh, design->columns[i].en)), CSV_FOR_PEOPLE);
        buf_add_text(out, i + 1 < design->count ? "," : "\r\n");
    }
    for (size_t row = 0; row < table_rows(table); row++) {
        for (size_t i = 0; i < design->count; i++) {
            AUTO(buf_done) struct buf cell = BUF_INIT;

            cell_text(table_cell(table, row, i), design->columns[i].kind, is_chinese, &cell);
            csv_cell_add(out, buf_span(&cell), CSV_FOR_PEOPLE);
            buf_add_text(out, i + 1 < design->count ? "," : "\r\n");
        }
    }
}

void report_csv_add(const struct report *report, bool is_chinese, struct buf *out)
{
    AUTO(buf_done) struct buf line = BUF_INIT;

    buf_add_text(out, "\xEF\xBB\xBF");
    report_title_add(report, is_chinese, &line);
    buf_add_text(&line, say(is_chinese, "（", " ("));
    report_as_of_add(report, is_chinese, &line);
    buf_add_text(&line, say(is_chinese, "）", ")"));
    csv_cell_add(out, buf_span(&line), CSV_FOR_PEOPLE);
    buf_add_text(out, "\r\n");
    for (size_t i = 0; i < report->count; i++) {
        const struct table_design *design = table_design(report->tables[i]);

        buf_add_text(out, "\r\n");
        csv_cell_add(out, span_of(say(is_chinese, design->zh, design->en)), CSV_FOR_PEOPLE);
        buf_add_text(out, "\r\n");
        table_csv_add(report->tables[i], is_chinese, out);
    }
}
