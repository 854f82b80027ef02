/* Lists as people and programs write them: what is wrong with a row is the row's, what is wrong with the list is told
 * before anything is answered. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/screening/result.h"
#include "gateway/screening/rows.h"

#define CODE "91440224MAYUCHK485"

static struct error err;

static int list_of(struct span text)
{
    int fd = memfd_create("list", MFD_CLOEXEC);

    cr_assert(file_write_all(fd, text, &err), "%s", err.text);
    return fd;
}

static const char *refused(enum screening_format format, struct span text)
{
    AUTO(file_close) int fd = list_of(text);
    AUTO(screening_rows_free) struct screening_rows *rows = NULL;
    struct screening_row row;
    bool is_end = false;

    memset(&err, 0, sizeof err);
    if (!screening_rows_open(fd, format, &rows, &err))
        return err.rule;
    while (!is_end) {
        if (!screening_rows_next(rows, &row, &is_end, &err))
            return err.rule;
    }
    return "(good)";
}

/* "line:reference:uscc:rule" of each row, with blanks between them, and how many were empty. */
static const char *told(enum screening_format format, struct span text)
{
    static struct buf out;
    AUTO(file_close) int fd = list_of(text);
    AUTO(screening_rows_free) struct screening_rows *rows = NULL;
    bool is_end = false;

    buf_clear(&out);
    cr_assert(screening_rows_open(fd, format, &rows, &err), "%s", err.text);
    for (;;) {
        struct screening_row row;

        cr_assert(screening_rows_next(rows, &row, &is_end, &err), "%s", err.text);
        if (is_end)
            break;
        buf_addf(&out, "%llu:%.*s:%.*s:%s ", (unsigned long long)row.line, (int)row.reference.bytes, row.reference.at,
                 (int)row.uscc.bytes, row.uscc.at, row.is_bad ? row.why.rule : "");
        cr_assert(!row.is_bad || row.why.zh[0], "both languages");
    }
    buf_addf(&out, "empty %llu", (unsigned long long)screening_rows_empty(rows));
    return buf_text(&out);
}

#define CSV(text) SCREENING_CSV, SPAN(text)
#define NDJSON(text) SCREENING_NDJSON, SPAN(text)

Test(rows, a_list_that_is_wrong_as_a_whole_is_refused_as_a_whole)
{
    cr_assert_str_eq(refused(CSV("")), "file.empty");
    cr_assert_str_eq(refused(CSV("name\nx\n")), "screening.column");
    cr_assert_str_eq(refused(CSV("uscc,colour\nx,y\n")), "screening.column");
    cr_assert_str_eq(refused(CSV("uscc,uscc\nx,y\n")), "screening.column");
    cr_assert_str_eq(refused(CSV("uscc,统一社会信用代码\nx,y\n")), "screening.column");
    cr_assert_str_eq(refused(CSV(CODE "\n" CODE "\n")), "screening.column");
    cr_assert_str_eq(refused(CSV("uscc,name,reference,authorisation,\n")), "screening.column");
    cr_assert_str_eq(refused(CSV("uscc\n\"" CODE "\n")), "file.quote-open");
    cr_assert_str_eq(refused(CSV("uscc\n\xFF\xFE\xFF\n")), "file.encoding");
}

Test(rows, each_row_has_its_own_fault)
{
    cr_assert_str_eq(told(CSV("uscc,name,reference\n" CODE ",,A\n,x,B\n\n,,C\n" CODE ",,\"D\nE\"\n" CODE ",,F,extra\n"
                              "\"" CODE "\"z,,G\n" CODE)),
                     "2:A:" CODE ": 3:B::lookup.name 5:C::screening.uscc 6:D\nE:" CODE ":query.characters "
                     "7:F:" CODE ":screening.columns 8:G:" CODE "z:screening.quote 9::" CODE ": empty 1");
}

Test(rows, columns_come_in_any_order_in_chinese_with_a_mark_or_as_gb18030)
{
    AUTO(file_close) int fd = list_of(SPAN("\xD2\xB5\xCE\xF1\xB1\xE0\xBA\xC5,uscc\n\xD5\xC5\xC8\xFD," CODE "\n"));
    AUTO(screening_rows_free) struct screening_rows *rows = NULL;
    struct screening_row row;
    bool is_end;

    cr_assert_str_eq(told(CSV("\xEF\xBB\xBF业务编号, 统一社会信用代码 ,企业名称\r\nA," CODE ",x\r\n")),
                     "2:A:" CODE ": empty 0");
    cr_assert(screening_rows_open(fd, SCREENING_CSV, &rows, &err), "%s", err.text);
    cr_assert(screening_rows_next(rows, &row, &is_end, &err) && !is_end && span_is(row.reference, "张三"));
    cr_assert_str_eq(screening_rows_encoding(rows), "gb18030");
    cr_assert(screening_rows_wants_mark(rows));
}

Test(rows, lines_of_ndjson_are_objects_with_texts)
{
    cr_assert_str_eq(told(NDJSON("\xEF\xBB\xBF{\"uscc\":\"" CODE "\",\"reference\":\"A\"}\r\n\n[]\n{\n{\"uscc\":7}\n"
                                 "{\"uscc\":\"" CODE "\",\"colour\":\"red\"}\n{\"uscc\":null,\"name\":\"x\"}\n"
                                 "{\"uscc\":\"\xFF\"}\n{\"uscc\":\"" CODE "\"}")),
                     "1:A:" CODE ": 3:::screening.json 4:::screening.json 5:::screening.json 6::" CODE
                     ":query.unknown 7:::lookup.name 8:::screening.json 9::" CODE ": empty 1");
}

/* `bytes` of x in the reference, and a good row behind. */
static const char *with_long_row(enum screening_format format, size_t bytes)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    buf_add_text(&text,
                 format == SCREENING_CSV ? "uscc,reference\n" CODE "," : "{\"uscc\":\"" CODE "\",\"reference\":\"");
    for (size_t i = 0; i < bytes; i++)
        buf_add_byte(&text, 'x');
    buf_add_text(&text,
                 format == SCREENING_CSV ? "\n" CODE ",B\n" : "\"}\n{\"uscc\":\"" CODE "\",\"reference\":\"B\"}\n");
    return told(format, buf_span(&text));
}

Test(rows, a_row_of_a_million_bytes_is_refused_alone)
{
    cr_assert(strstr(with_long_row(SCREENING_CSV, 1000000), ":screening.row-long 3:B:" CODE ": "));
    cr_assert(strstr(with_long_row(SCREENING_NDJSON, 1000000), "1:::screening.row-long 2:B:" CODE ": "));
    cr_assert(strstr(with_long_row(SCREENING_NDJSON, 300), ":query.length 2:B:" CODE ": "));
    cr_assert(strstr(with_long_row(SCREENING_CSV, 200), ": 3:B:" CODE ": "));
}

/* A row as it comes back. */
static const char *back(enum screening_format format, const char *reference)
{
    static struct buf out;
    const struct lookup_facts facts = {.verdict = VERDICT_LISTED, .records = 2};
    const struct screening_row row = {.line = 7, .reference = span_of(reference), .uscc = SPAN(CODE)};
    const struct screening_result result = {&row, "r-1", SPAN("{\"measures\":[\"a.1\",\"a.2\"],\"name\":\"x\"}"),
                                            &facts};

    buf_clear(&out);
    screening_result_add(format, &result, &out);
    return buf_text(&out);
}

#define REST                                                                                                           \
    "," CODE ",,7,listed,2,a.1 a.2,r-1,,,,\"{\"\"measures\"\":[\"\"a.1\"\",\"\"a.2\"\"],\"\"name\"\":\"\"x\"\"}\"\r\n"

Test(rows, what_a_spreadsheet_would_run_is_made_a_text)
{
    static const char *const FORMULAS[] = {"=1+1", "+1", "-1", "@x", "＝1", "＋1", "－1", "＠x"};

    for (size_t i = 0; i < COUNT_OF(FORMULAS); i++) {
        AUTO(buf_done) struct buf wanted = BUF_INIT;

        buf_addf(&wanted, "\"'%s\"" REST, FORMULAS[i]);
        cr_assert_str_eq(back(SCREENING_CSV, FORMULAS[i]), wanted.data);
    }
    cr_assert_str_eq(back(SCREENING_CSV, "=\"a\",b"), "\"'=\"\"a\"\",b\"" REST);
    cr_assert_str_eq(back(SCREENING_CSV, "a,\"b\"\nc"), "\"a,\"\"b\"\"\nc\"" REST);
    cr_assert_str_eq(back(SCREENING_CSV, "A-1"), "A-1" REST);
    cr_assert_str_eq(back(SCREENING_CSV, ""), REST);
    cr_assert_str_eq(back(SCREENING_NDJSON, "=1"),
                     "{\"reference\":\"=1\",\"result\":{\"measures\":[\"a.1\",\"a.2\"],\"name\":\"x\"},\"row\":7}\n");
}
