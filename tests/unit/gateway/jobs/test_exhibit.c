/* A list for auditors as files: nothing in it is a formula, and one that is cut says so. */
#include <criterion/criterion.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/jobs/exhibit.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static struct error err;
static struct job_environment environment;
static struct work work;

static const struct exhibit_column COLUMNS[] = {{"甲", "a", 10}, {"乙", "b", 10}};
static const struct exhibit_form FORM = {"表", "list", COLUMNS, COUNT_OF(COLUMNS)};

static void open_work(void)
{
    test_folder_new(folder);
    work = (struct work){.environment = &environment, .id = "x", .folder = folder, .lang = "zh"};
}

static void close_work(void)
{
    test_folder_remove(folder);
}

TestSuite(exhibit, .init = open_work, .fini = close_work, .timeout = 120);

static void read_csv(struct buf *out)
{
    AUTO(text_free) char *path = path_join(folder, JOB_CSV_FILE);

    cr_assert(file_read(path, 64 * 1024 * 1024, out, &err), "%s", err.text);
}

static bool fill_bad(struct exhibit *exhibit, void *context, struct error *why)
{
    const struct span row[] = {SPAN("=HYPERLINK(\"x\")"), SPAN("说\"话\",\n第二行")};
    bool is_full;

    (void)context;
    return exhibit_row(exhibit, row, &is_full, why);
}

static bool fill_too_many(struct exhibit *exhibit, void *context, struct error *why)
{
    const struct span row[] = {SPAN("x"), SPAN("y")};
    bool *is_full = context;

    for (int i = 0; i <= EXHIBIT_ROWS_MAX; i++) {
        cr_assert_not(*is_full);
        if (!exhibit_row(exhibit, row, is_full, why))
            return false;
    }
    return true;
}

static bool fill_fails(struct exhibit *exhibit, void *context, struct error *why)
{
    (void)exhibit, (void)context;
    return fail(why, ERR_CORRUPT, "damaged");
}

Test(exhibit, what_fails_leaves_no_file)
{
    AUTO(text_free) char *csv = path_join(folder, JOB_CSV_FILE);
    AUTO(text_free) char *workbook = path_join(folder, JOB_WORKBOOK_FILE);
    uint8_t sha256[32];

    cr_assert_not(exhibit_write(&work, &FORM, fill_fails, NULL, sha256, &err));
    cr_assert_eq(err.code, ERR_CORRUPT);
    cr_assert_not(file_exists(csv));
    cr_assert_not(file_exists(workbook));
    cr_assert(exhibit_write(&work, &FORM, fill_bad, NULL, sha256, &err), "%s", err.text);
    cr_assert(file_exists(csv) && file_exists(workbook));
    exhibit_remove(&work);
    cr_assert_not(file_exists(csv));
    cr_assert_not(file_exists(workbook));
}

Test(exhibit, a_formula_is_text_and_quotes_and_lines_are_kept)
{
    AUTO(buf_done) struct buf csv = BUF_INIT;
    uint8_t sha256[32];

    cr_assert(exhibit_write(&work, &FORM, fill_bad, NULL, sha256, &err), "%s", err.text);
    read_csv(&csv);
    cr_assert_str_eq(buf_text(&csv), "\xef\xbb\xbf甲,乙\r\n\"'=HYPERLINK(\"\"x\"\")\",\"说\"\"话\"\",\n第二行\"\r\n");
}

Test(exhibit, what_has_no_room_is_told_in_the_last_row)
{
    AUTO(buf_done) struct buf csv = BUF_INIT;
    bool is_full = false;
    uint8_t sha256[32];
    size_t lines = 0;

    cr_assert(exhibit_write(&work, &FORM, fill_too_many, &is_full, sha256, &err), "%s", err.text);
    cr_assert(is_full);
    read_csv(&csv);
    for (size_t i = 0; i < csv.bytes; i++)
        lines += csv.data[i] == '\n';
    cr_assert_eq(lines, (size_t)EXHIBIT_ROWS_MAX + 2);
    cr_assert(strstr(csv.data + csv.bytes - 100, "请缩小查询范围"));
}
