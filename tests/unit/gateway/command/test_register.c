/* The sample register, from the file to the store: what is kept of each row is the expected reading, whatever the file
 * was. */
#include "base/json.h"
#include "gateway/intake/intake.h"
#include "gateway/registry/obligations.h"
#include "tests/unit/gateway/command/desk.h"

#define REGISTER TEST_SOURCE "/tests/cases/register/"

TestSuite(register_file, .init = desk_open, .fini = desk_close);

static struct import_counts import_file(const char *path)
{
    const struct intake_options options = {.rules = T.rules, .today = on("2026-07-31"), .scratch = T.folder};
    AUTO(intake_free) struct intake *intake = NULL;
    AUTO(command_import_free) struct command_import *import = NULL;
    struct import_file file = {.name = "register", .sha256 = "00"};
    struct import_counts counts;
    struct intake_row *row;

    cr_assert(intake_open(path, &options, &intake, &T.err), "%s", T.err.text);
    cr_assert(command_import_begin(&T.desk, "import1", NULL, NULL, &import, &T.err), "%s", T.err.text);
    for (;;) {
        cr_assert(intake_next(intake, &row, &T.err), "%s", T.err.text);
        if (!row)
            break;
        cr_assert(row->is_good, "line %zu", row->line);
        cr_assert(command_import_row(import, &row->obligation, (uint32_t)row->line, &T.err), "%s", T.err.text);
        file.rows++;
    }
    file.encoding = intake_encoding(intake);
    cr_assert(command_import_finish(import, &file, &counts, &T.err), "%s", T.err.text);
    return counts;
}

/* The stored row of the obligation that an expected line describes, and where it stood. */
static void expect_stored(struct store_txn *txn, struct span line, uint32_t number)
{
    AUTO(json_release) json_t *value = NULL;
    AUTO(buf_done) struct buf want = BUF_INIT;
    AUTO(buf_done) struct buf hold = BUF_INIT;
    uint8_t id[OBLIGATION_ID_BYTES];
    struct obligation_version version;
    struct obligation row;
    struct span json;

    cr_assert(json_read(line, JSON_BYTES_MAX, &value, &T.err), "%s", T.err.text);
    cr_assert(json_canonical_add(value, &want, &T.err), "%s", T.err.text);
    cr_assert(obligation_from_json(buf_span(&want), &row, &hold, &T.err), "%s", T.err.text);
    obligation_id(&row, id);
    cr_assert(obligations_find(txn, id, 0, &version), "line %u is not in the store", number);
    cr_assert(obligations_json(txn, &version, &json, &T.err), "%s", T.err.text);
    cr_assert(span_equal(json, buf_span(&want)), "line %u: %.*s", number, (int)json.bytes, json.at);
    cr_assert_eq(version.line, number);
    cr_assert_eq(version.version, 1);
}

static void expect_register(const char *name)
{
    AUTO(text_free) char *path = path_join(REGISTER, name);
    AUTO(buf_done) struct buf expected = BUF_INIT;
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct import_counts counts = import_file(path);
    const char *line;
    uint32_t number = 2;

    cr_assert_eq(counts.count[ROW_NEW], 515);
    cr_assert(file_read(REGISTER "register-dev.expected.jsonl", JSON_BYTES_MAX, &expected, &T.err), "%s", T.err.text);
    txn = reader();
    for (line = buf_text(&expected); *line; line = strchr(line, '\n') + 1, number++)
        expect_stored(txn, (struct span){line, strcspn(line, "\n")}, number);
    cr_assert_eq(number, 517);
}

Test(register_file, in_utf_8_is_stored_as_expected)
{
    expect_register("register-dev.csv");
}

Test(register_file, in_gb18030_is_stored_as_expected)
{
    expect_register("register-dev.gb18030.csv");
}

Test(register_file, as_workbook_is_stored_as_expected)
{
    expect_register("register-dev.xlsx");
}

Test(register_file, in_another_form_changes_nothing)
{
    struct import_counts counts = import_file(REGISTER "register-dev.csv");

    cr_assert_eq(counts.count[ROW_NEW], 515);
    counts = import_file(REGISTER "register-dev.xlsx");
    cr_assert_eq(counts.count[ROW_UNCHANGED], 515);
    counts = import_file(REGISTER "register-dev.gb18030.csv");
    cr_assert_eq(counts.count[ROW_UNCHANGED], 515);
}
