/* table_sheet.c - a report as a workbook. */
#include <string.h>

#include "base/text.h"
#include "gateway/reports/table_write.h"

static const char *say(const struct report_sheet *sheet, const char *zh, const char *en)
{
    return sheet->is_chinese ? zh : en;
}

static struct sheet_cell cell_of(const struct report_sheet *sheet, const struct table_cell *cell, enum table_kind kind)
{
    switch (kind) {
    case TABLE_COUNT:
        return sheet_count(cell->number);
    case TABLE_AMOUNT:
        return sheet_decimal(span_of(cell->text));
    case TABLE_RATE:
        return sheet_rate(cell->number, cell->of);
    case TABLE_DAY:
        return sheet_day(cell->day);
    default:
        return sheet_text(span_of(cell->zh ? say(sheet, cell->zh, cell->en) : cell->text));
    }
}

static enum sheet_kind kind_of(enum table_kind kind)
{
    static const enum sheet_kind KINDS[] = {SHEET_TEXT, SHEET_COUNT, SHEET_DECIMAL, SHEET_RATE, SHEET_DAY};

    return KINDS[kind];
}

struct lines {
    struct buf title;
    struct buf about;
    const char *list[3];
    size_t count;
};

static void lines_done(struct lines *lines)
{
    buf_done(&lines->title);
    buf_done(&lines->about);
}
DEFINE_AUTO_IN_PLACE(struct lines, lines_done)

/* What stands above every worksheet: what it is, whose, as of when. */
static void make_lines(const struct report *report, const struct report_sheet *sheet, const char *part,
                       struct lines *lines)
{
    report_title_add(report, sheet->is_chinese, &lines->title);
    buf_addf(&lines->title, sheet->is_chinese ? "（%s）" : " (%s)", part);
    if (report->authority)
        buf_addf(&lines->about, sheet->is_chinese ? "填报单位：%s　　" : "reported by %s; ", report->authority);
    report_as_of_add(report, sheet->is_chinese, &lines->about);
    lines->list[0] = buf_text(&lines->title);
    lines->list[1] = buf_text(&lines->about);
    lines->count = 2;
}

static bool add_page(const struct report *report, const struct report_sheet *sheet, const struct table_design *design,
                     struct error *err)
{
    AUTO(lines_done) struct lines lines = {.count = 0};
    struct sheet_column columns[TABLE_COLUMNS_MAX];
    const char *name = say(sheet, design->zh, design->en);

    make_lines(report, sheet, name, &lines);
    for (size_t i = 0; i < design->count; i++)
        columns[i] = (struct sheet_column){say(sheet, design->columns[i].zh, design->columns[i].en),
                                           design->columns[i].width, kind_of(design->columns[i].kind)};
    return sheet_page(sheet->sheet,
                      &(struct sheet_page){.name = name,
                                           .lines = lines.list,
                                           .line_count = lines.count,
                                           .columns = columns,
                                           .column_count = design->count},
                      err);
}

static bool add_table(const struct report *report, const struct report_sheet *sheet, const struct table *table,
                      struct error *err)
{
    const struct table_design *design = table_design(table);
    struct sheet_cell cells[TABLE_COLUMNS_MAX];

    if (!add_page(report, sheet, design, err))
        return false;
    for (size_t row = 0; row < table_rows(table); row++) {
        for (size_t i = 0; i < design->count; i++) {
            cells[i] = cell_of(sheet, table_cell(table, row, i), design->columns[i].kind);
            cells[i].look = table_row_is_sum(table, row) ? SHEET_STRONG : SHEET_PLAIN;
        }
        if (!sheet_row(sheet->sheet, cells, design->count, err))
            return false;
    }
    return true;
}

bool report_sheet_begin(const struct report *report, struct report_sheet *out, const char *scratch, struct error *err)
{
    AUTO(buf_done) struct buf title = BUF_INIT;

    report_title_add(report, out->is_chinese, &title);
    if (!sheet_new(&(struct sheet_options){.title = buf_text(&title), .author = report->authority, .scratch = scratch},
                   &out->sheet, err))
        return false;
    for (size_t i = 0; i < report->count; i++) {
        if (!add_table(report, out, report->tables[i], err))
            return false;
    }
    return true;
}

bool report_sheet_end(const struct report *report, struct report_sheet *sheet, struct buf *out, struct error *err)
{
    static const struct table_column COLUMNS[] = {{"note", "说明", "what the figures mean", TABLE_TEXT, 100}};
    static const struct table_design NOTES = {"notes", "填报说明", "notes", COLUMNS, COUNT_OF(COLUMNS)};

    if (report->note_count > 0 && !add_page(report, sheet, &NOTES, err))
        return false;
    for (size_t i = 0; i < report->note_count; i++) {
        struct sheet_cell cell = sheet_text(span_of(say(sheet, report->notes[i].zh, report->notes[i].en)));

        if (!sheet_row(sheet->sheet, &cell, 1, err))
            return false;
    }
    return sheet_finish(sheet->sheet, out, err);
}

void report_sheet_done(struct report_sheet *sheet)
{
    sheet_free(sheet->sheet);
    sheet->sheet = NULL;
}
