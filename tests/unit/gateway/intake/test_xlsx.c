#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/intake/intake.h"
#include "tests/support/support.h"

/* Workbooks made here, one thing wrong in each. */
struct workbook {
    const char *properties; /* of workbook.xml */
    const char *sheets;
    const char *targets; /* more relations of the workbook */
    const char *styles;
    const char *strings;
    const char *rows; /* after the header */
    const char *prolog;
    const char *more_name; /* one more entry */
    const char *more;
};

static char folder[TEST_PATH_BYTES];
static char path[2 * TEST_PATH_BYTES];
static struct rules *rules;
static struct error err;

static void setup(void)
{
    test_folder_new(folder);
    snprintf(path, sizeof path, "%s/book.xlsx", folder);
    cr_assert(rules_load(TEST_SOURCE "/schemas", &rules, &err), "%s", err.text);
}

static void teardown(void)
{
    rules_free(rules);
    test_folder_remove(folder);
}

TestSuite(xlsx, .init = setup, .fini = teardown);

static void add_entry(zip_t *zip, const char *name, struct span text)
{
    char *copy = memory_copy_span(text);
    zip_source_t *source = zip_source_buffer(zip, copy, text.bytes, 1);

    cr_assert_geq(zip_file_add(zip, name, source, ZIP_FL_OVERWRITE), 0);
}

static void add_cell(struct buf *sheet, int column, int row, const char *text)
{
    buf_addf(sheet, "<c r=\"%c%d\" t=\"inlineStr\"><is><t>%s</t></is></c>", 'A' + column, row, text);
}

static void header_row(struct buf *sheet)
{
    buf_add_text(sheet, "<row r=\"1\">");
    for (int column = 0; column < COLUMN_COUNT; column++)
        add_cell(sheet, column, 1, COLUMN_HEADERS[column]);
    buf_add_text(sheet, "</row>");
}

static const char *or_default(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

static void write_book(const struct workbook *book)
{
    AUTO(buf_done) struct buf sheet = BUF_INIT;
    AUTO(buf_done) struct buf text = BUF_INIT;
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);

    cr_assert(zip);
    add_entry(zip, "_rels/.rels",
              SPAN("<Relationships><Relationship Id=\"r\" Type=\"x/officeDocument\" Target=\"/xl/workbook.xml\"/>"
                   "</Relationships>"));
    buf_addf(&text, "<workbook xmlns:r=\"r\">%s<sheets>%s</sheets></workbook>", or_default(book->properties, ""),
             or_default(book->sheets, "<sheet name=\"a\" sheetId=\"1\" r:id=\"r1\"/>"));
    add_entry(zip, "xl/workbook.xml", buf_span(&text));
    buf_clear(&text);
    buf_addf(&text,
             "<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.xml\"/>"
             "<Relationship Id=\"r8\" Type=\"x/styles\" Target=\"styles.xml\"/>"
             "<Relationship Id=\"r9\" Type=\"x/sharedStrings\" Target=\"./sharedStrings.xml\"/>%s</Relationships>",
             or_default(book->targets, ""));
    add_entry(zip, "xl/_rels/workbook.xml.rels", buf_span(&text));
    if (book->styles)
        add_entry(zip, "xl/styles.xml", span_of(book->styles));
    if (book->strings)
        add_entry(zip, "xl/sharedStrings.xml", span_of(book->strings));
    if (book->more_name)
        add_entry(zip, book->more_name, span_of(book->more));
    buf_add_text(&sheet, or_default(book->prolog, ""));
    buf_add_text(&sheet, "<worksheet><sheetData>");
    header_row(&sheet);
    buf_add_text(&sheet, or_default(book->rows, ""));
    buf_add_text(&sheet, "</sheetData></worksheet>");
    add_entry(zip, "xl/worksheets/sheet1.xml", buf_span(&sheet));
    cr_assert_eq(zip_close(zip), 0);
}

static bool open_file(struct intake **intake)
{
    const struct intake_options options = {.rules = rules, .today = day_from_civil(2026, 7, 31), .scratch = folder};

    return intake_open(path, &options, intake, &err);
}

static void is_refused(const struct workbook *book, const char *word)
{
    struct intake *intake = NULL;

    write_book(book);
    cr_assert_not(open_file(&intake), "%s", word);
    cr_assert(strncmp(err.rule, "file.", 5) == 0 && err.zh[0], "%s: %s", word, err.text);
    cr_assert(strstr(err.text, word), "%s: %s", word, err.text);
}

/* The text of a column of the n-th row. */
static void cell_is(const struct workbook *book, enum column column, size_t line, const char *expected)
{
    AUTO(intake_free) struct intake *intake = NULL;
    struct intake_row *row = NULL;

    write_book(book);
    cr_assert(open_file(&intake), "%s", err.text);
    cr_assert(intake_next(intake, &row, &err), "%s", err.text);
    cr_assert(row);
    cr_assert_eq(row->line, line, "line %zu", row->line);
    cr_assert(span_is(row->obligation.field[column], expected), "%.*s, not %s",
              (int)row->obligation.field[column].bytes, row->obligation.field[column].at, expected);
}

Test(xlsx, document_types_and_entities_are_refused)
{
    is_refused(&(struct workbook){.prolog = "<!DOCTYPE worksheet [<!ENTITY a \"b\">]>"}, "entities");
    is_refused(&(struct workbook){.prolog = "<!DOCTYPE worksheet SYSTEM \"file:///etc/passwd\">"}, "entities");
    is_refused(&(struct workbook){.rows = "<row><c t=\"str\"><v>&a;</v></c></row>"}, "sheet1.xml");
}

Test(xlsx, malformed_sheets_are_refused)
{
    is_refused(&(struct workbook){.rows = "<row r=\"2\">"}, "well-formed");
    is_refused(&(struct workbook){.rows = "<row r=\"1\"/>"}, "malformed");
    is_refused(&(struct workbook){.rows = "<row r=\"x\"/>"}, "malformed");
    is_refused(&(struct workbook){.rows = "<row r=\"2\"><row r=\"3\"/></row>"}, "malformed");
    is_refused(&(struct workbook){.rows = "<c r=\"A2\"/>"}, "malformed");
    is_refused(&(struct workbook){.rows = "<row r=\"2\"><c r=\"B2\"/><c r=\"A2\"/></row>"}, "malformed");
    is_refused(&(struct workbook){.rows = "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>7</v></c></row>"}, "malformed");
    is_refused(&(struct workbook){.rows = "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>x</v></c></row>"}, "malformed");
}

Test(xlsx, xml_deeper_than_any_sheet_is_refused)
{
    AUTO(buf_done) struct buf deep = BUF_INIT;

    for (int i = 0; i < 100000; i++)
        buf_add_text(&deep, "<x>");
    is_refused(&(struct workbook){.rows = buf_text(&deep)}, "well-formed");
}

Test(xlsx, workbooks_without_their_parts_are_refused)
{
    is_refused(&(struct workbook){.sheets = "<sheet name=\"a\" r:id=\"r7\"/>"}, "missing");
    is_refused(&(struct workbook){.sheets = "<sheet name=\"a\" state=\"hidden\" r:id=\"r1\"/>"}, "visible");
    is_refused(
        &(struct workbook){.sheets = "<sheet name=\"a\" r:id=\"r2\"/>",
                           .targets = "<Relationship Id=\"r2\" Type=\"x/worksheet\" Target=\"../../etc/passwd\"/>"},
        "missing");
    is_refused(
        &(struct workbook){
            .sheets = "<sheet name=\"a\" r:id=\"r2\"/>",
            .targets = "<Relationship Id=\"r2\" Type=\"x/worksheet\" TargetMode=\"External\" Target=\"http://x/\"/>"},
        "missing");
}

Test(xlsx, entries_that_lead_out_are_refused)
{
    is_refused(&(struct workbook){.more_name = "../evil.xml", .more = "x"}, "leads out");
    is_refused(&(struct workbook){.more_name = "a\\..\\evil.xml", .more = "x"}, "leads out");
}

Test(xlsx, archives_cut_short_or_of_other_kinds_are_refused)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    struct intake *intake = NULL;
    zip_t *zip;

    write_book(&(struct workbook){0});
    cr_assert(file_read(path, 1 << 20, &bytes, &err));
    cr_assert(file_write(path, (struct span){bytes.data, bytes.bytes / 2}, 0600, &err));
    cr_assert_not(open_file(&intake));
    cr_assert_str_eq(err.rule, "file.xlsx");
    cr_assert(file_write(path, SPAN("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and more"), 0600, &err));
    cr_assert_not(open_file(&intake));
    cr_assert(strstr(err.text, ".xls"), "%s", err.text);
    zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    add_entry(zip, "mimetype", SPAN("application/vnd.oasis.opendocument.spreadsheet"));
    cr_assert_eq(zip_close(zip), 0);
    cr_assert_not(open_file(&intake));
    cr_assert(strstr(err.text, "no .xlsx"), "%s", err.text);
}

/* Overwrite the size of the sheet in the central directory: the last entry there. */
Test(xlsx, sizes_that_lie_are_found_out)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    struct intake *intake = NULL;
    size_t at = 0;

    write_book(&(struct workbook){0});
    cr_assert(file_read(path, 1 << 20, &bytes, &err));
    for (size_t i = 0; i + 4 < bytes.bytes; i++)
        if (memcmp(bytes.data + i, "PK\x01\x02", 4) == 0)
            at = i;
    cr_assert_gt(at, 0);
    memcpy(bytes.data + at + 24, "\x10\0\0\0", 4);
    cr_assert(file_write(path, buf_span(&bytes), 0600, &err));
    cr_assert_not(open_file(&intake));
    cr_assert_str_eq(err.rule, "file.xlsx");
}

Test(xlsx, texts_that_grow_out_of_hand_are_refused)
{
    AUTO(buf_done) struct buf strings = BUF_INIT;

    buf_add_text(&strings, "<sst><si><t>");
    for (int i = 0; i < 12 * 1024 * 1024; i++)
        buf_add_byte(&strings, 'x');
    buf_add_text(&strings, "</t></si></sst>");
    is_refused(&(struct workbook){.strings = buf_text(&strings)}, "grows far beyond");
}

Test(xlsx, error_and_truth_cells_refuse_their_row)
{
    AUTO(intake_free) struct intake *intake = NULL;
    struct intake_row *row;

    write_book(&(struct workbook){.rows = "<row r=\"2\"><c r=\"A2\" t=\"e\"><v>#N/A</v></c>"
                                          "<c r=\"B2\" t=\"b\"><v>1</v></c></row>"});
    cr_assert(open_file(&intake), "%s", err.text);
    cr_assert(intake_next(intake, &row, &err));
    cr_assert_not(row->is_good);
    cr_assert_eq(row->problems.count, 2);
    cr_assert_str_eq(rule_id(row->problems.at[0].rule), "file.cell-error");
    cr_assert(span_is(row->problems.at[1].value, "TRUE"));
}

Test(xlsx, columns_beyond_the_header_refuse_their_row)
{
    AUTO(intake_free) struct intake *intake = NULL;
    struct intake_row *row;

    write_book(&(struct workbook){.rows = "<row r=\"2\"><c r=\"A2\" t=\"str\"><v>a</v></c>"
                                          "<c r=\"ZZ2\" t=\"str\"><v>b</v></c></row>"});
    cr_assert(open_file(&intake), "%s", err.text);
    cr_assert(intake_next(intake, &row, &err));
    cr_assert_str_eq(rule_id(row->problems.at[0].rule), "file.fields-surplus");
}

#define SECOND_SHEET                                                                                                   \
    .targets = "<Relationship Id=\"r2\" Type=\"x/worksheet\" Target=\"/xl/worksheets/sheet2.xml\"/>"                   \
               "<Relationship Id=\"r3\" Type=\"x/chartsheet\" Target=\"/xl/worksheets/sheet2.xml\"/>",                 \
    .more_name = "xl/worksheets/sheet2.xml"

Test(xlsx, another_sheet_with_cells_is_a_warning)
{
    AUTO(intake_free) struct intake *intake = NULL;

    write_book(&(struct workbook){
        .sheets = "<sheet name=\"h\" state=\"veryHidden\" r:id=\"r7\"/><sheet name=\"a\" r:id=\"r1\"/>"
                  "<sheet name=\"乙\" r:id=\"r2\"/><sheet name=\"丙\" r:id=\"r2\"/>",
        SECOND_SHEET,
        .more = "<worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>"});
    cr_assert(open_file(&intake), "%s", err.text);
    cr_assert_eq(intake_notes(intake)->count, 2);
    cr_assert_str_eq(rule_id(intake_notes(intake)->at[0].rule), "file.sheets");
    cr_assert_str_eq(intake_notes(intake)->at[0].expected, "乙, 丙");
    cr_assert_str_eq(rule_id(intake_notes(intake)->at[1].rule), "file.no-rows");
    cr_assert_eq(intake_rows(intake), 0);
}

Test(xlsx, empty_sheets_and_charts_are_passed_over)
{
    AUTO(intake_free) struct intake *intake = NULL;

    write_book(&(struct workbook){.sheets = "<sheet name=\"图\" r:id=\"r3\"/><sheet name=\"空\" r:id=\"r2\"/>"
                                            "<sheet name=\"a\" r:id=\"r1\"/>",
                                  SECOND_SHEET,
                                  .more = "<worksheet><sheetData><row><c s=\"1\"/></row></sheetData></worksheet>",
                                  .rows = "<row><c t=\"str\"><v>甲</v></c></row>"});
    cr_assert(open_file(&intake), "%s", err.text);
    cr_assert_eq(intake_notes(intake)->count, 0);
    cr_assert_eq(intake_rows(intake), 1);
}

static bool has_note(const struct intake *intake, const char *rule, const char *expected)
{
    const struct problems *notes = intake_notes(intake);

    for (size_t i = 0; i < notes->count; i++)
        if (strcmp(rule_id(notes->at[i].rule), rule) == 0)
            return strcmp(notes->at[i].expected, expected) == 0;
    return false;
}

Test(xlsx, merged_cells_and_hidden_rows_are_warnings)
{
    AUTO(intake_free) struct intake *intake = NULL;

    write_book(&(struct workbook){.rows = "<row r=\"2\" hidden=\"1\"><c t=\"str\"><v>甲</v></c></row>"
                                          "<row r=\"3\" hidden=\"1\"/><row r=\"4\"><c t=\"str\"><v>乙</v></c></row>"
                                          "</sheetData><mergeCells><mergeCell ref=\"A2:A3\"/><mergeCell ref=\"B2:B3\"/>"
                                          "</mergeCells><sheetData>"});
    cr_assert(open_file(&intake), "%s", err.text);
    cr_assert(has_note(intake, "file.merged", "A2:A3 …"));
    cr_assert(has_note(intake, "file.hidden-rows", "1"));
    cr_assert_eq(intake_rows(intake), 2);
}

Test(xlsx, numbers_that_are_none_refuse_their_row_only)
{
    static const char *const BROKEN[] = {"abc", "0x1F", "nan", "inf", "1e999", "1,5", "12 3"};

    for (size_t i = 0; i < COUNT_OF(BROKEN); i++) {
        AUTO(intake_free) struct intake *intake = NULL;
        struct intake_row *row;
        char rows[128];

        snprintf(rows, sizeof rows, "<row><c r=\"R2\"><v>%s</v></c></row>", BROKEN[i]);
        write_book(&(struct workbook){.rows = rows});
        cr_assert(open_file(&intake), "%s: %s", BROKEN[i], err.text);
        cr_assert(intake_next(intake, &row, &err));
        cr_assert_not(row->is_good);
        cr_assert_str_eq(rule_id(row->problems.at[0].rule), "file.cell-error", "%s", BROKEN[i]);
        cr_assert(span_is(row->problems.at[0].value, BROKEN[i]), "%s", BROKEN[i]);
    }
}

/* More shared texts than stay in memory, asked for in and out of order. */
Test(xlsx, shared_texts_beyond_memory_are_found_again)
{
    enum { COUNT = 300000 };
    AUTO(buf_done) struct buf strings = BUF_INIT;
    AUTO(buf_done) struct buf rows = BUF_INIT;
    static const int ASKED[] = {0, COUNT - 1, COUNT / 2, COUNT / 2 + 1, 1, COUNT - 2};
    AUTO(intake_free) struct intake *intake = NULL;
    struct intake_row *row;

    buf_add_text(&strings, "<sst>");
    for (int i = 0; i < COUNT; i++)
        buf_addf(&strings, "<si><t>第%d号生产线</t></si>", i);
    buf_add_text(&strings, "</sst>");
    for (size_t i = 0; i < COUNT_OF(ASKED); i++)
        buf_addf(&rows, "<row><c t=\"s\"><v>%d</v></c></row>", ASKED[i]);
    write_book(&(struct workbook){.strings = buf_text(&strings), .rows = buf_text(&rows)});
    cr_assert(open_file(&intake), "%s", err.text);
    for (size_t i = 0; i < COUNT_OF(ASKED); i++) {
        char expected[64];

        snprintf(expected, sizeof expected, "第%d号生产线", ASKED[i]);
        cr_assert(intake_next(intake, &row, &err) && row, "%s", err.text);
        cr_assert(span_is(row->obligation.field[COLUMN_NAME], expected), "%s", expected);
    }
}

static const char STYLES[] =
    "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"yyyy&quot;年&quot;m\"/>"
    "<numFmt numFmtId=\"165\" formatCode=\"[Red]0.00E+00\"/>"
    "<numFmt numFmtId=\"166\" formatCode=\"[Red]General&quot;d&quot;\"/>"
    "<numFmt numFmtId=\"167\" formatCode=\"##0.0E+0_d\\y\"/>"
    "<numFmt numFmtId=\"168\" formatCode=\"[$-804]e.m.d;@\"/></numFmts>"
    "<cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs><cellXfs><xf numFmtId=\"0\"/>"
    "<xf numFmtId=\"14\"/><xf numFmtId=\"164\"/><xf numFmtId=\"165\"/>"
    "<xf numFmtId=\"166\"/><xf numFmtId=\"167\"/><xf numFmtId=\"168\"/></cellXfs></styleSheet>";

Test(xlsx, numbers_are_dates_only_by_their_style)
{
    cell_is(&(struct workbook){.styles = STYLES, .rows = "<row><c r=\"K2\" s=\"1\"><v>45932</v></c></row>"},
            COLUMN_ORDER_DATE, 2, "2025-10-02");
    cell_is(&(struct workbook){.styles = STYLES, .rows = "<row><c r=\"K2\" s=\"2\"><v>45932</v></c></row>"},
            COLUMN_ORDER_DATE, 2, "2025-10-02");
    cell_is(&(struct workbook){.styles = STYLES, .rows = "<row><c r=\"K2\" s=\"3\"><v>45932</v></c></row>"},
            COLUMN_ORDER_DATE, 2, "45932");
    cell_is(&(struct workbook){.styles = STYLES, .rows = "<row><c r=\"K2\" s=\"4\"><v>45932</v></c></row>"},
            COLUMN_ORDER_DATE, 2, "45932");
    cell_is(&(struct workbook){.styles = STYLES, .rows = "<row><c r=\"K2\" s=\"5\"><v>45932</v></c></row>"},
            COLUMN_ORDER_DATE, 2, "45932");
    cell_is(&(struct workbook){.styles = STYLES, .rows = "<row><c r=\"K2\" s=\"6\"><v>45932</v></c></row>"},
            COLUMN_ORDER_DATE, 2, "2025-10-02");
    cell_is(&(struct workbook){.styles = STYLES, .rows = "<row><c r=\"K2\" s=\"1\"><v>45932.5</v></c></row>"},
            COLUMN_ORDER_DATE, 2, "2025-10-02 12:00");
    cell_is(&(struct workbook){.styles = STYLES, .rows = "<row><c r=\"K2\" s=\"1\"><v>45931.999999</v></c></row>"},
            COLUMN_ORDER_DATE, 2, "2025-10-02");
    cell_is(&(struct workbook){.styles = STYLES, .rows = "<row><c r=\"K2\" s=\"1\"><v>45932.000001</v></c></row>"},
            COLUMN_ORDER_DATE, 2, "2025-10-02");
    cell_is(&(struct workbook){.styles = STYLES, .rows = "<row><c r=\"K2\" s=\"1\"><v>45931.9999</v></c></row>"},
            COLUMN_ORDER_DATE, 2, "2025-10-01 23:59");
    cell_is(&(struct workbook){.styles = STYLES, .rows = "<row><c r=\"K2\" s=\"1\"><v>59</v></c></row>"},
            COLUMN_ORDER_DATE, 2, "1900-02-28");
    cell_is(&(struct workbook){.styles = STYLES, .rows = "<row><c r=\"K2\" s=\"1\"><v>60</v></c></row>"},
            COLUMN_ORDER_DATE, 2, "60");
    cell_is(&(struct workbook){.styles = STYLES, .rows = "<row><c r=\"K2\" s=\"1\"><v>61</v></c></row>"},
            COLUMN_ORDER_DATE, 2, "1900-03-01");
    cell_is(&(struct workbook){.styles = STYLES,
                               .properties = "<workbookPr date1904=\"1\"/>",
                               .rows = "<row><c r=\"K2\" s=\"1\"><v>44470</v></c></row>"},
            COLUMN_ORDER_DATE, 2, "2025-10-02");
    cell_is(&(struct workbook){.rows = "<row><c r=\"K2\" t=\"d\"><v>2025-10-02T00:00:00</v></c></row>"},
            COLUMN_ORDER_DATE, 2, "2025-10-02");
}

Test(xlsx, numbers_read_as_people_see_them)
{
    cell_is(&(struct workbook){.rows = "<row><c r=\"R2\"><v>31.469999999999999</v></c></row>"}, COLUMN_CAPACITY, 2,
            "31.47");
    cell_is(&(struct workbook){.rows = "<row><c r=\"C2\"><v>440224</v></c></row>"}, COLUMN_DIVISION, 2, "440224");
    cell_is(&(struct workbook){.rows = "<row><c r=\"C2\"><v> 4.40224E+05\n</v></c></row>"}, COLUMN_DIVISION, 2,
            "440224");
}

Test(xlsx, shared_rich_and_escaped_texts_are_read)
{
    static const char STRINGS[] = "<sst><si><t>甲</t></si><si><r><t>乙</t></r><r><t xml:space=\"preserve\"> 丙</t></r>"
                                  "<rPh><t>yi</t></rPh></si><si><t>丁_x000D_戊_x005F_</t></si><si/></sst>";

    cell_is(&(struct workbook){.strings = STRINGS, .rows = "<row><c r=\"A2\" t=\"s\"><v>1</v></c></row>"}, COLUMN_NAME,
            2, "乙 丙");
    cell_is(&(struct workbook){.strings = STRINGS, .rows = "<row><c r=\"A2\" t=\"s\"><v>2</v></c></row>"}, COLUMN_NAME,
            2, "丁\r戊_");
    cell_is(&(struct workbook){.rows = "<row><c r=\"A2\" t=\"str\"><f>SUM(A1)</f><v>己</v></c></row>"}, COLUMN_NAME, 2,
            "己");
    cell_is(&(struct workbook){.strings = STRINGS,
                               .rows = "<row><c r=\"A2\" t=\"s\"><v>3</v></c><c t=\"s\"><v>0</v></c></row>"},
            COLUMN_USCC, 2, "甲");
}

Test(xlsx, lines_are_the_sheets_own_rows_and_empty_ones_are_skipped)
{
    cell_is(&(struct workbook){.rows = "<row r=\"2\"/><row r=\"3\"><c r=\"A3\"/></row>"
                                       "<row r=\"9\"><c r=\"A9\" t=\"str\"><v>甲</v></c></row><row r=\"10\"/>"},
            COLUMN_NAME, 9, "甲");
}
