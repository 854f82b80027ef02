/* Files as they really come: under wrong names, in other encodings, with titles above and totals below. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/intake/intake.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static char path[2 * TEST_PATH_BYTES];
static struct rules *rules;
static struct error err;

static void setup(void)
{
    test_folder_new(folder);
    snprintf(path, sizeof path, "%s/register.csv", folder);
    cr_assert(rules_load(TEST_SOURCE "/schemas", &rules, &err), "%s", err.text);
}

static void teardown(void)
{
    rules_free(rules);
    test_folder_remove(folder);
}

TestSuite(files, .init = setup, .fini = teardown);

static bool opens(struct span content, struct intake **intake)
{
    const struct intake_options options = {.rules = rules, .today = day_from_civil(2026, 7, 31), .scratch = folder};

    cr_assert(file_write(path, content, 0600, &err), "%s", err.text);
    return intake_open(path, &options, intake, &err);
}

static void is_refused(struct span content, const char *rule, const char *word)
{
    struct intake *intake = NULL;

    cr_assert_not(opens(content, &intake), "%s", word);
    cr_expect_str_eq(err.rule, rule, "%s: %s", err.rule, err.text);
    cr_expect(strstr(err.text, word) || strstr(err.zh, word), "%s not in: %s / %s", word, err.text, err.zh);
}

/* The header of the register with one name replaced, and what follows it. */
static void header(struct buf *out, const char *from, const char *to)
{
    for (int column = 0; column < COLUMN_COUNT; column++) {
        const char *name = COLUMN_HEADERS[column];

        buf_addf(out, "%s%s", column > 0 ? "," : "", from && strcmp(name, from) == 0 ? to : name);
    }
    buf_add_text(out, "\r\n");
}

static const char ROW[] =
    "韶关市璞廪钢铁有限公司,91440224MAYUCHK485,440224,韶关市仁化县,钢铁,能耗,限期整改,韶关市经济和信息化局,"
    "经济和信息化主管部门,韶经信节能〔2017〕10号,2017-08-31,2018-02-28,,,,25吨转炉,1,31.47,万吨/年,"
    "逾期未退出,,\r\n";

static bool has_note(const struct intake *intake, const char *rule, const char *expected)
{
    const struct problems *notes = intake_notes(intake);

    for (size_t i = 0; i < notes->count; i++)
        if (strcmp(rule_id(notes->at[i].rule), rule) == 0)
            return strcmp(notes->at[i].expected, expected) == 0;
    return false;
}

Test(files, files_of_other_kinds_are_named_for_what_they_are)
{
    is_refused(SPAN("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), "file.kind", ".xls");
    is_refused(SPAN("%PDF-1.7\n"), "file.kind", "PDF");
    is_refused(SPAN("\x89PNG\r\n"), "file.kind", "图片");
    is_refused(SPAN("Rar!\x1A\x07"), "file.kind", ".rar");
    is_refused(SPAN("  <html><table>"), "file.kind", "web page");
    is_refused(SPAN("\xEF\xBB\xBF<?xml version=\"1.0\"?>"), "file.kind", "XML");
    is_refused(SPAN(""), "file.empty", "empty");
    is_refused(SPAN("\xEF\xBB\xBF\r\n\r\n"), "file.empty", "nothing");
}

/* The text in UTF-16, without its mark. */
static void to_utf_16(struct span text, bool is_big, struct buf *out)
{
    for (size_t i = 0; i < text.bytes; i += 3) {
        const unsigned char *at = (const unsigned char *)text.at + i;
        unsigned character = at[0];

        if (at[0] < 0x80)
            i -= 2;
        else
            character = (at[0] & 0x0FU) << 12 | (at[1] & 0x3FU) << 6 | (at[2] & 0x3FU);
        buf_add_byte(out, (char)(is_big ? character >> 8 : character));
        buf_add_byte(out, (char)(is_big ? character : character >> 8));
    }
}

Test(files, utf_16_is_told_with_and_without_its_mark)
{
    for (int is_big = 0; is_big < 2; is_big++) {
        AUTO(buf_done) struct buf text = BUF_INIT;
        AUTO(buf_done) struct buf wide = BUF_INIT;

        header(&text, NULL, NULL);
        buf_add_text(&text, ROW);
        to_utf_16(buf_span(&text), is_big, &wide);
        is_refused(buf_span(&wide), "file.encoding", "UTF-16");
    }
    is_refused(SPAN("\xFF\xFE"
                    "a\0"),
               "file.encoding", "UTF-16");
}

/* The sample register in GB18030, with a name in UTF-8 whose bytes happen to be good GB18030. */
Test(files, utf_8_inside_gb18030_is_found)
{
    static const char NAME[] = "珠海市验号甲乙丙厂股";
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(buf_done) struct buf mixed = BUF_INIT;
    const char *line;

    cr_assert(file_read(TEST_SOURCE "/tests/cases/register/register-dev.gb18030.csv", 1 << 20, &text, &err));
    line = strchr(text.data, '\n') + 1;
    buf_add(&mixed, text.data, (size_t)(line - text.data));
    buf_add_text(&mixed, NAME);
    buf_add_text(&mixed, strchr(line, ','));
    is_refused(buf_span(&mixed), "file.encoding", "mixes two encodings");
    buf_clear(&mixed);
    buf_add_span(&mixed, buf_span(&text));
    mixed.bytes -= 2; /* the last line's end */
    buf_add_text(&mixed, NAME);
    is_refused(buf_span(&mixed), "file.encoding", "mixes two encodings");
}

Test(files, header_that_is_none_is_told_why)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    is_refused(span_of(ROW), "file.header", "begins with data");
    is_refused(SPAN("a,b,c\n1,2,3\n"), "file.header", "(\"a\")");
    buf_add_text(&text, "广东省台账,,\r\n填报单位\r\n");
    header(&text, NULL, NULL);
    is_refused(buf_span(&text), "file.header", "line 3");
}

Test(files, other_separators_are_named)
{
    static const char *const SIGNS[] = {";", "\t", "|", "，", "、"};

    for (size_t i = 0; i < COUNT_OF(SIGNS); i++) {
        AUTO(buf_done) struct buf text = BUF_INIT;

        for (int column = 0; column < COLUMN_COUNT; column++)
            buf_addf(&text, "%s%s", column > 0 ? SIGNS[i] : "", COLUMN_HEADERS[column]);
        is_refused(buf_span(&text), "file.separator", SIGNS[i][0] == '\t' ? "Tab" : SIGNS[i]);
    }
}

Test(files, columns_that_are_missing_or_twice_refuse_the_file)
{
    AUTO(buf_done) struct buf typo = BUF_INIT;
    AUTO(buf_done) struct buf twice = BUF_INIT;

    header(&typo, "企业名称", "企业名秤");
    is_refused(buf_span(&typo), "file.columns", "企业名称 (not known: 企业名秤)");
    header(&twice, "备注", "备注,产能");
    is_refused(buf_span(&twice), "file.columns", "twice: 产能");
}

/* Whether the file's one row is good. */
static bool reads_row(const struct buf *text, struct intake **intake)
{
    struct intake_row *row;

    cr_assert(opens(buf_span(text), intake), "%s", err.text);
    cr_assert(intake_next(*intake, &row, &err) && row, "%s", err.text);
    return row->is_good;
}

Test(files, header_is_recognised_with_blanks_stars_and_half_width_signs)
{
    static const char *const FORMS[][2] = {{"企业名称", " 企业 名称　"},
                                           {"统一社会信用代码", "\"统一社会\n信用代码\""},
                                           {"主体设备（生产线）", "主体设备(生产线)"},
                                           {"决定文书号", "*决定文书号"},
                                           {"产能", "capacity"},
                                           {"企业名称", "\xEF\xBB\xBF\xEF\xBB\xBF企业名称"}};

    for (size_t i = 0; i < COUNT_OF(FORMS); i++) {
        AUTO(intake_free) struct intake *intake = NULL;
        AUTO(buf_done) struct buf text = BUF_INIT;

        header(&text, FORMS[i][0], FORMS[i][1]);
        buf_add_text(&text, ROW);
        cr_assert(reads_row(&text, &intake), "%s", FORMS[i][1]);
        cr_assert_eq(intake_notes(intake)->count, 0, "%s", FORMS[i][1]);
    }
}

Test(files, other_columns_are_not_read_and_the_report_says_so)
{
    AUTO(intake_free) struct intake *intake = NULL;
    AUTO(buf_done) struct buf text = BUF_INIT;

    header(&text, "企业名称", "序号,,企业名称");
    buf_addf(&text, "1,x,%s", ROW);
    cr_assert(reads_row(&text, &intake));
    cr_assert(has_note(intake, "file.columns-unread", "序号, #2"));
}

Test(files, header_without_rows_is_a_warning)
{
    AUTO(intake_free) struct intake *intake = NULL;
    AUTO(buf_done) struct buf text = BUF_INIT;

    header(&text, NULL, NULL);
    cr_assert(opens(buf_span(&text), &intake), "%s", err.text);
    cr_assert(has_note(intake, "file.no-rows", ""));
}

Test(files, totals_and_repeated_headers_are_one_problem_each)
{
    AUTO(intake_free) struct intake *intake = NULL;
    AUTO(buf_done) struct buf text = BUF_INIT;
    static const char *const EXPECTED[] = {NULL, "file.header-again", "file.row-sparse"};
    struct intake_row *row;

    header(&text, NULL, NULL);
    buf_add_text(&text, ROW);
    header(&text, NULL, NULL);
    buf_add_text(&text, "合计,,,,,,,,,,,,,,,,1,31.47,,,,\r\n");
    cr_assert(opens(buf_span(&text), &intake), "%s", err.text);
    for (size_t i = 0; i < COUNT_OF(EXPECTED); i++) {
        cr_assert(intake_next(intake, &row, &err) && row, "%s", err.text);
        cr_assert_eq(row->problems.count, EXPECTED[i] ? 1 : 0);
        if (EXPECTED[i])
            cr_assert_str_eq(rule_id(row->problems.at[0].rule), EXPECTED[i]);
    }
    cr_assert_eq(row->problems.at[0].column, COLUMN_NAME);
    cr_assert_str_eq(row->problems.at[0].expected, "3");
}

Test(files, lines_may_end_in_cr_alone)
{
    AUTO(intake_free) struct intake *intake = NULL;
    AUTO(buf_done) struct buf text = BUF_INIT;

    header(&text, NULL, NULL);
    buf_add_text(&text, ROW);
    for (size_t i = 0; i < text.bytes; i++)
        text.data[i] = (char)(text.data[i] == '\n' ? ' ' : text.data[i]);
    cr_assert(reads_row(&text, &intake));
}
