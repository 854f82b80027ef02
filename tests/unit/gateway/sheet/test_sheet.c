#include "gateway/sheet/sheet.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/intake/xlsx.h"
#include "gateway/sheet/sheet_check.h"
#include "tests/support/support.h"

/* What is written here is read back with the project's own reader of workbooks. */

static char folder[TEST_PATH_BYTES];
static char path[2 * TEST_PATH_BYTES];
static struct error err;

static const struct sheet_column COLUMNS[] = {
    {"企业名称", 30, SHEET_TEXT}, {"件数", 0, SHEET_COUNT}, {"产能", 0, SHEET_DECIMAL}, {"日期", 0, SHEET_DAY}};
static const struct sheet_page PAGE = {.name = "明细", .columns = COLUMNS, .column_count = COUNT_OF(COLUMNS)};

static void setup(void)
{
    test_folder_new(folder);
    snprintf(path, sizeof path, "%s/book.xlsx", folder);
}

static void teardown(void)
{
    test_folder_remove(folder);
}

TestSuite(sheet, .init = setup, .fini = teardown);

static struct sheet *begin(const struct sheet_page *page)
{
    struct sheet *sheet = NULL;

    cr_assert(sheet_new(&(struct sheet_options){.title = "试验", .scratch = folder}, &sheet, &err), "%s", err.text);
    cr_assert(sheet_page(sheet, page, &err), "%s", err.text);
    return sheet;
}

struct reading {
    struct rules *rules;
    struct problems notes;
    struct spool *spool;
    struct record record;
    bool is_end;
    int fd;
};

static void read_start(struct reading *reading)
{
    *reading = (struct reading){0};
    reading->fd = open(path, O_RDONLY | O_CLOEXEC);
    cr_assert_geq(reading->fd, 0);
    cr_assert(rules_load(TEST_SOURCE "/schemas", &reading->rules, &err), "%s", err.text);
    cr_assert(spool_new(folder, &reading->spool, &err), "%s", err.text);
    cr_assert(
        xlsx_read(&(struct xlsx_source){reading->fd, folder, reading->rules}, reading->spool, &reading->notes, &err),
        "%s", err.text);
    cr_assert(spool_rewind(reading->spool, &err), "%s", err.text);
}

static void read_next(struct reading *reading)
{
    cr_assert(spool_next(reading->spool, &reading->record, &reading->is_end, &err), "%s", err.text);
}

static void read_end(struct reading *reading)
{
    spool_free(reading->spool);
    rules_free(reading->rules);
    close(reading->fd);
}

static void save(struct sheet *sheet)
{
    cr_assert(sheet_save(sheet, path, 0600, &err), "%s", err.text);
    sheet_free(sheet);
}

/* The bytes of one entry of the workbook. */
static void entry(const char *name, struct buf *out)
{
    zip_t *zip = zip_open(path, ZIP_RDONLY, NULL);
    zip_file_t *file;
    char piece[4096];
    zip_int64_t got;

    cr_assert(zip);
    file = zip_fopen(zip, name, 0);
    cr_assert(file, "%s", name);
    while ((got = zip_fread(file, piece, sizeof piece)) > 0)
        buf_add(out, piece, (size_t)got);
    zip_fclose(file);
    zip_discard(zip);
}

Test(sheet, a_formula_that_somebody_typed_stays_text)
{
    static const char *const EVIL[] = {"=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "=HYPERLINK(\"http://x\")"};
    struct sheet *sheet = begin(&PAGE);
    AUTO(buf_done) struct buf xml = BUF_INIT;
    struct reading reading;

    for (size_t i = 0; i < COUNT_OF(EVIL); i++)
        cr_assert(sheet_row(sheet, (struct sheet_cell[]){sheet_text(span_of(EVIL[i]))}, 1, &err), "%s", err.text);
    save(sheet);
    entry("xl/worksheets/sheet1.xml", &xml);
    cr_assert_null(strstr(buf_text(&xml), "<f>"), "%s", buf_text(&xml));
    cr_assert_null(strstr(buf_text(&xml), "hyperlink"));
    read_start(&reading);
    read_next(&reading);
    for (size_t i = 0; i < COUNT_OF(EVIL); i++) {
        read_next(&reading);
        cr_assert_eq(reading.record.kind[0], CELL_TEXT);
        cr_assert(span_is(reading.record.field[0], EVIL[i]), "%.*s", (int)reading.record.field[0].bytes,
                  reading.record.field[0].at);
    }
    read_end(&reading);
}

Test(sheet, what_looks_like_the_formats_own_escapes_reads_back_as_typed)
{
    static const char *const TEXTS[] = {"_x0041_", "a_x000D_b_x005F_", "__x0041_", "甲\x01乙",
                                        "a\nb",    " 前后 ",           "<&>\"'"};
    struct sheet *sheet = begin(&PAGE);
    struct reading reading;

    for (size_t i = 0; i < COUNT_OF(TEXTS); i++)
        cr_assert(sheet_row(sheet, (struct sheet_cell[]){sheet_text(span_of(TEXTS[i]))}, 1, &err), "%s", err.text);
    save(sheet);
    read_start(&reading);
    read_next(&reading);
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        read_next(&reading);
        cr_assert(span_is(reading.record.field[0], TEXTS[i]), "%zu: %.*s", i, (int)reading.record.field[0].bytes,
                  reading.record.field[0].at);
    }
    read_end(&reading);
}

Test(sheet, days_and_numbers_are_days_and_numbers)
{
    struct sheet *sheet = begin(&PAGE);
    struct reading reading;
    struct sheet_cell cells[] = {sheet_text(SPAN("甲公司")), sheet_count(12), sheet_decimal(SPAN("12.500000")),
                                 sheet_day(day_from_civil(2026, 12, 20))};

    cr_assert(sheet_row(sheet, cells, COUNT_OF(cells), &err), "%s", err.text);
    cells[2] = sheet_decimal(SPAN("123456789012345678.5")); /* no double holds it: as text, digit by digit */
    cells[3] = sheet_day(DAY_NONE);
    cr_assert(sheet_row(sheet, cells, COUNT_OF(cells), &err), "%s", err.text);
    cr_assert_eq(sheet_rows(sheet), 2);
    save(sheet);
    read_start(&reading);
    read_next(&reading);
    cr_assert_eq(reading.record.line, 1);
    cr_assert(span_is(reading.record.field[0], "企业名称"));
    read_next(&reading);
    cr_assert_eq(reading.record.kind[1], CELL_NUMBER);
    cr_assert(span_is(reading.record.field[1], "12"));
    cr_assert(span_is(reading.record.field[2], "12.5"));
    cr_assert(span_is(reading.record.field[3], "2026-12-20"));
    read_next(&reading);
    cr_assert_eq(reading.record.kind[2], CELL_TEXT);
    cr_assert(span_is(reading.record.field[2], "123456789012345678.5"));
    cr_assert_eq(reading.record.filled, 3);
    read_next(&reading);
    cr_assert(reading.is_end);
    read_end(&reading);
}

Test(sheet, none_of_none_is_no_rate)
{
    struct sheet *sheet = begin(&PAGE);
    struct reading reading;
    struct sheet_cell cells[] = {sheet_text(SPAN("甲")), sheet_rate(0, 0), sheet_rate(1, 4), sheet_rate(0, 4)};

    cr_assert(sheet_row(sheet, cells, COUNT_OF(cells), &err), "%s", err.text);
    save(sheet);
    read_start(&reading);
    read_next(&reading);
    read_next(&reading);
    cr_assert(span_is(reading.record.field[1], "—"));
    cr_assert(span_is(reading.record.field[2], "0.25"));
    cr_assert(span_is(reading.record.field[3], "0"));
    read_end(&reading);
}

Test(sheet, what_is_not_all_is_never_shown_as_all)
{
    struct sheet *sheet = begin(&PAGE);
    struct reading reading;
    struct sheet_cell cells[] = {sheet_rate(99999, 100000), sheet_rate(3, 3)};

    cr_assert(sheet_row(sheet, cells, COUNT_OF(cells), &err), "%s", err.text);
    save(sheet);
    read_start(&reading);
    read_next(&reading);
    read_next(&reading);
    cr_assert(span_is(reading.record.field[0], "0.9999"));
    cr_assert(span_is(reading.record.field[1], "1"));
    read_end(&reading);
}

Test(sheet, a_text_too_long_for_a_cell_is_cut_and_says_so)
{
    AUTO(buf_done) struct buf longer = BUF_INIT;
    struct sheet *sheet = begin(&PAGE);
    AUTO(buf_done) struct buf xml = BUF_INIT;

    for (int i = 0; i < SHEET_TEXT_MAX; i++)
        buf_add_text(&longer, "甲");
    cr_assert(sheet_row(sheet, (struct sheet_cell[]){sheet_text(buf_span(&longer))}, 1, &err), "%s", err.text);
    buf_add_text(&longer, "乙丙");
    cr_assert(sheet_row(sheet, (struct sheet_cell[]){sheet_text(buf_span(&longer))}, 1, &err), "%s", err.text);
    save(sheet);
    entry("xl/worksheets/sheet1.xml", &xml);
    cr_assert(strstr(buf_text(&xml), "甲…</t>"));
    cr_assert_null(strstr(buf_text(&xml), "乙"));
}

Test(sheet, what_is_not_utf8_is_refused)
{
    struct sheet *sheet = begin(&PAGE);

    cr_assert_not(sheet_row(sheet, (struct sheet_cell[]){sheet_text(SPAN("\xff"))}, 1, &err));
    cr_assert_eq(err.code, ERR_INTERNAL);
    sheet_free(sheet);
}

Test(sheet, more_cells_than_columns_are_refused)
{
    struct sheet *sheet = begin(&PAGE);
    struct sheet_cell cells[5] = {{0}};

    cr_assert_not(sheet_row(sheet, cells, COUNT_OF(cells), &err));
    sheet_free(sheet);
}

Test(sheet, two_worksheets_may_not_have_one_name)
{
    struct sheet *sheet = begin(&PAGE);

    cr_assert_not(sheet_page(sheet, &PAGE, &err));
    sheet_free(sheet);
}

Test(sheet, one_row_too_many_is_refused)
{
    static const struct sheet_column ONE[] = {{"甲", 0, SHEET_TEXT}};
    struct sheet_page page = {.name = "a", .columns = ONE, .column_count = 1};
    struct sheet *sheet = begin(&page);
    struct sheet_cell cell = sheet_count(1);

    for (int i = 1; i < SHEET_ROWS_MAX; i++)
        cr_assert(sheet_row(sheet, &cell, 1, &err), "%s", err.text);
    cr_assert_not(sheet_row(sheet, &cell, 1, &err));
    cr_assert_eq(err.code, ERR_LIMIT);
    cr_assert_str_eq(err.rule, "file.rows");
    sheet_free(sheet);
}

Test(sheet, lines_stand_above_the_head_and_the_head_is_frozen)
{
    static const char *const LINES[] = {"二〇二六年汇总表", "填报单位：某局"};
    struct sheet_page page = PAGE;
    struct sheet *sheet;
    AUTO(buf_done) struct buf xml = BUF_INIT;

    page.lines = LINES;
    page.line_count = COUNT_OF(LINES);
    page.has_filter = true;
    sheet = begin(&page);
    cr_assert(sheet_row(sheet, (struct sheet_cell[]){sheet_text(SPAN("甲"))}, 1, &err), "%s", err.text);
    save(sheet);
    entry("xl/worksheets/sheet1.xml", &xml);
    cr_assert(strstr(buf_text(&xml), "ySplit=\"3\""));
    cr_assert(strstr(buf_text(&xml), "<autoFilter ref=\"A3:D4\"/>"), "%s", buf_text(&xml));
    cr_assert(strstr(buf_text(&xml), "paperSize=\"9\""));
}

Test(sheet, a_workbook_that_lacks_a_row_is_found_out)
{
    struct sheet *sheet = begin(&PAGE);
    AUTO(buf_done) struct buf bytes = BUF_INIT;

    cr_assert(sheet_row(sheet, (struct sheet_cell[]){sheet_text(SPAN("甲"))}, 1, &err), "%s", err.text);
    cr_assert(sheet_finish(sheet, &bytes, &err), "%s", err.text);
    sheet_free(sheet);
    cr_assert(sheet_is_whole(buf_span(&bytes), 2, 5, &err), "%s", err.text);
    cr_assert_not(sheet_is_whole(buf_span(&bytes), 3, 5, &err));
    cr_assert_not(sheet_is_whole(buf_span(&bytes), 2, 6, &err));
    cr_assert_not(sheet_is_whole((struct span){bytes.data, bytes.bytes / 2}, 2, 5, &err));
}
