/* The preview of an import: it says what the import then does, and changes nothing; what is corrected in it, and what
 * the journal says of that; the refused rows as a workbook that goes in again. */
#include "base/text.h"
#include "gateway/intake/corrections.h"
#include "gateway/intake/forecast.h"
#include "gateway/jobs/template.h"
#include "tests/unit/gateway/jobs/fixture.h"

TestSuite(import_check, .init = gate_open, .fini = gate_close);

static char made[TEST_PATH_BYTES + 32];

/* A change of a line of the sample register; the header is line 1. */
struct line_edit {
    size_t line;
    const char *from;
    const char *to;
};

static void add_edited(struct buf *out, const char *at, size_t bytes, const struct line_edit *edit)
{
    AUTO(text_free) char *text = memory_copy_span((struct span){at, bytes});
    char *found = edit ? strstr(text, edit->from) : NULL;

    cr_assert(!edit || found, "line %zu has no %s: %s", edit ? edit->line : 0, edit ? edit->from : "", text);
    if (!found) {
        buf_add_text(out, text);
        return;
    }
    buf_add(out, text, (size_t)(found - text));
    buf_add_text(out, edit->to);
    buf_add_text(out, found + strlen(edit->from));
}

/* A file of the first `lines` lines of the sample with these changes. */
static const char *make_file(size_t lines, const struct line_edit *edits, size_t count)
{
    AUTO(buf_done) struct buf all = BUF_INIT;
    AUTO(buf_done) struct buf out = BUF_INIT;
    const char *at;

    cr_assert(file_read(REGISTER, JSON_BYTES_MAX, &all, &J.err), "%s", J.err.text);
    at = buf_text(&all);
    for (size_t line = 1; line <= lines; line++) {
        const char *end = strchr(at, '\n');
        const struct line_edit *edit = NULL;

        cr_assert(end, "the sample has %zu lines", line);
        for (size_t i = 0; i < count; i++)
            edit = edits[i].line == line ? &edits[i] : edit;
        add_edited(&out, at, (size_t)(end + 1 - at), edit);
        at = end + 1;
    }
    snprintf(made, sizeof made, "%s/made.csv", J.folder);
    cr_assert(file_write(made, buf_span(&out), 0600, &J.err), "%s", J.err.text);
    return made;
}

static const json_t *line_of(const json_t *report, size_t line)
{
    const json_t *item;
    size_t i;

    json_array_foreach(json_object_get(report, "lines"), i, item)
    {
        if (json_integer_of(item, "line", 0) == (json_int_t)line)
            return item;
    }
    cr_assert_fail("no line %zu", line);
    return NULL;
}

static const char *state_of(const json_t *report, size_t line)
{
    return json_text_of(line_of(report, line), "state");
}

static const json_t *problem_of(const json_t *report, size_t line, const char *column)
{
    const json_t *item;
    size_t i;

    json_array_foreach(json_object_get(report, "problems"), i, item)
    {
        const char *named = json_text_of(item, "column");

        if (json_integer_of(item, "line", 0) == (json_int_t)line && named && strcmp(named, column) == 0)
            return item;
    }
    return NULL;
}

static const char *cell_of(const json_t *report, size_t line, enum column column)
{
    return json_string_value(json_array_get(json_object_get(line_of(report, line), "cells"), column));
}

static int64_t number(const json_t *report, const char *name)
{
    return json_integer_of(report, name, -1);
}

/* An order about the file of the check `from`; `corrections` with ' for ". */
static int checked(const char *kind, const char *person, const char *from, const char *corrections)
{
    AUTO(buf_done) struct buf arguments = BUF_INIT;

    buf_addf(&arguments, "{'from':'%s','corrections':[%s]}", from, corrections);
    return done(kind, person, buf_text(&arguments), NULL);
}

static const char *refused_checked(const char *kind, const char *person, const char *from, const char *corrections)
{
    AUTO(buf_done) struct buf arguments = BUF_INIT;

    buf_addf(&arguments, "{'from':'%s','corrections':[%s]}", from, corrections);
    return refused_order(kind, person, buf_text(&arguments), NULL);
}

/* {'from':…,'seen':…,'corrections':[…]} */
static char *seen_order(const char *from, const char *seen, const char *corrections)
{
    struct buf arguments = BUF_INIT;

    buf_addf(&arguments, "{'from':'%s','seen':'%s','corrections':[%s]}", from, seen, corrections);
    return arguments.data;
}

static int imported_as_seen(const char *from, const char *seen, const char *corrections)
{
    AUTO(text_free) char *arguments = seen_order(from, seen, corrections);

    return done("import-checked", "author", arguments, NULL);
}

static const char *refused_as_seen(const char *from, const char *seen, const char *corrections)
{
    AUTO(text_free) char *arguments = seen_order(from, seen, corrections);

    return refused_order("import-checked", "author", arguments, NULL);
}

static void keep_id(char id[JOB_ID_BYTES])
{
    memcpy(id, J.last, JOB_ID_BYTES);
}

/* The workbook of the last job, as a file. */
static const char *workbook(void)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    static char path[TEST_PATH_BYTES + 32];
    size_t before;

    do {
        before = bytes.bytes;
        cr_assert(jobs_report(&J.config, J.last, "xlsx", before, &bytes, &J.err), "%s", J.err.text);
    } while (bytes.bytes > before);
    snprintf(path, sizeof path, "%s/refused.xlsx", J.folder);
    cr_assert(file_write(path, buf_span(&bytes), 0600, &J.err), "%s", J.err.text);
    return path;
}

static const struct line_edit THREE_WRONG[] = {
    {3, "2019-09-18", "2019/9/18"},
    {5, ",9144", ",9l44"},
    {7, "按期退出", "如期退出"},
};

/* --- refused --- */

Test(import_check, only_who_checked_goes_on_and_only_with_what_is_there)
{
    char id[JOB_ID_BYTES];

    cr_assert_eq(done("import-check", "author", "{'file':'a.csv'}", make_file(6, NULL, 0)), 0);
    keep_id(id);
    cr_assert_str_eq(refused_checked("import-checked", "both", id, ""), "import.person");
    cr_assert_str_eq(refused_checked("import-checked", "auditor", id, ""), "job.role");
    cr_assert_str_eq(refused_checked("import-checked", "author", "20260803090000000-00000000000000", ""),
                     "import.gone");
    cr_assert_str_eq(refused_checked("import-checked", "author", "../../etc", ""), "import.gone");
    cr_assert_eq(done("import", "author", "{'file':'a.csv'}", made), 0);
    cr_assert_str_eq(refused_checked("import-checked", "author", J.last, ""), "import.gone");
    cr_assert_str_eq(refused_order("import-checked", "author", "{}", NULL), "job.argument");
}

Test(import_check, only_what_was_looked_at_goes_in)
{
    static const char TWO[] = "{'line':3,'column':'remark','value':'甲'},{'line':4,'column':'remark','value':'乙'}";
    static const char TURNED[] = "{'line':4,'column':'remark','value':'乙'},{'line':3,'column':'remark','value':'甲'}";
    static const char OTHER[] = "{'line':3,'column':'remark','value':'甲'},{'line':4,'column':'remark','value':'丙'}";
    static const char ONE[] = "{'line':3,'column':'remark','value':'甲'}";
    static const char NO_SUCH[] = "{'line':99,'column':'remark','value':'甲'}";
    char first[JOB_ID_BYTES];
    char seen[JOB_ID_BYTES];
    char other[JOB_ID_BYTES];

    cr_assert_eq(done("import-check", "author", "{}", make_file(8, NULL, 0)), 0);
    keep_id(other);
    cr_assert_eq(done("import-check", "author", "{}", make_file(6, NULL, 0)), 0);
    keep_id(first);
    cr_assert_str_eq(refused_as_seen(first, other, ""), "import.other-file");
    cr_assert_eq(J.err.code, ERR_CONFLICT);
    cr_assert_str_eq(refused_checked("import-checked", "author", first, ONE), "import.other-corrections");
    cr_assert_eq(J.err.code, ERR_CONFLICT);
    cr_assert_eq(checked("import-recheck", "author", other, TWO), 0);
    cr_assert_str_eq(refused_as_seen(first, J.last, TWO), "import.other-file");
    cr_assert_eq(checked("import-recheck", "author", first, NO_SUCH), 2);
    cr_assert_str_eq(refused_as_seen(first, J.last, NO_SUCH), "import.other-corrections");
    cr_assert_eq(checked("import-recheck", "author", first, TWO), 0);
    keep_id(seen);
    cr_assert_str_eq(refused_as_seen(first, seen, OTHER), "import.other-corrections");
    cr_assert_str_eq(refused_as_seen(first, seen, ONE), "import.other-corrections");
    cr_assert_str_eq(refused_as_seen(first, seen, ""), "import.other-corrections");
    cr_assert_str_eq(refused_as_seen(first, first, TWO), "import.other-corrections");
    cr_assert_eq(events(), 0);
    cr_assert_eq(imported_as_seen(first, seen, TURNED), 0);
    cr_assert_eq(counted("accepted"), 5);
}

Test(import_check, a_file_is_not_kept_for_ever)
{
    char first[JOB_ID_BYTES];

    make_file(3, NULL, 0);
    cr_assert_eq(done("import-check", "author", "{}", made), 0);
    keep_id(first);
    for (int i = 0; i < 20; i++)
        cr_assert_eq(done("import-check", "author", "{}", made), 0);
    cr_assert_str_eq(refused_checked("import-recheck", "author", first, ""), "import.gone");
    cr_assert_eq(checked("import-recheck", "author", J.last, ""), 0);
}

Test(import_check, a_file_that_is_unusable_is_told_as_one_and_not_kept)
{
    make_file(2, NULL, 0);
    write_file(made, "a,b\n1,2\n");
    cr_assert_eq(done("import-check", "author", "{}", made), 2);
    cr_assert_str_eq(J.err.rule, "file.header");
    cr_assert_str_eq(refused_checked("import-recheck", "author", J.last, ""), "import.gone");
}

Test(import_check, corrections_that_are_none_are_refused_before_anything_is_done)
{
    AUTO(buf_done) struct buf many = BUF_INIT;
    char id[JOB_ID_BYTES];
    uint64_t before;

    cr_assert_eq(done("import-check", "author", "{}", make_file(6, NULL, 0)), 0);
    keep_id(id);
    before = events();
    cr_assert_str_eq(refused_checked("import-checked", "author", id, "{'line':2,'column':'name'}"), "correction.form");
    cr_assert_str_eq(refused_checked("import-checked", "author", id, "{'line':2,'column':'nmae','value':''}"),
                     "correction.form");
    cr_assert_str_eq(refused_checked("import-checked", "author", id, "{'line':0,'column':'name','value':''}"),
                     "correction.form");
    cr_assert_str_eq(refused_checked("import-checked", "author", id, "{'line':2,'column':'name','value':7}"),
                     "correction.form");
    cr_assert_str_eq(refused_checked("import-checked", "author", id, "{'line':2,'column':'name','value':'a\\u0000b'}"),
                     "correction.form");
    cr_assert_str_eq(refused_checked("import-checked", "author", id,
                                     "{'line':2,'column':'name','value':'a'},{'line':2,'column':'name','value':'b'}"),
                     "correction.twice");
    buf_addf(&many, "{'line':2,'column':'name','value':'%05000d'}", 0);
    cr_assert_str_eq(refused_checked("import-checked", "author", id, buf_text(&many)), "correction.limit");
    buf_clear(&many);
    for (int i = 0; i <= CORRECTIONS_MAX; i++)
        buf_addf(&many, "%s{'line':%d,'column':'name','value':''}", i ? "," : "", i + 2);
    cr_assert_str_eq(refused_checked("import-checked", "author", id, buf_text(&many)), "correction.limit");
    /* What only the file can tell: */
    cr_assert_eq(checked("import-recheck", "author", id, "{'line':7,'column':'name','value':'甲厂'}"), 2);
    cr_assert_str_eq(J.err.rule, "correction.line");
    cr_assert_eq(checked("import-recheck", "author", id, "{'line':1,'column':'name','value':'甲厂'}"), 2);
    cr_assert_str_eq(J.err.rule, "correction.line");
    cr_assert_eq(events(), before);
}

Test(import_check, a_row_that_was_not_divided_is_not_corrected_here)
{
    static const struct line_edit SURPLUS[] = {{4, "逾期未退出,,", "逾期未退出,,备注,多出"}};
    AUTO(json_release) json_t *report = NULL;
    char id[JOB_ID_BYTES];

    cr_assert_eq(done("import-check", "author", "{}", make_file(6, SURPLUS, 1)), 1);
    keep_id(id);
    report = report_json(id);
    cr_assert_str_eq(state_of(report, 4), "refused");
    cr_assert_not(json_bool_of(line_of(report, 4), "editable", true));
    cr_assert(json_bool_of(line_of(report, 5), "editable", false));
    cr_assert_eq(checked("import-recheck", "author", id, "{'line':4,'column':'remark','value':''}"), 2);
    cr_assert_str_eq(J.err.rule, "correction.row");
    cr_assert_eq(events(), 0);
}

Test(import_check, what_somebody_imported_meanwhile_is_not_overwritten)
{
    static const char LATER[] =
        "{'line':3,'column':'remark','value':'后改'},{'line':4,'column':'remark','value':'可改'}";
    AUTO(json_release) json_t *report = NULL;
    char id[JOB_ID_BYTES];
    char again[JOB_ID_BYTES];
    const json_t *problem;

    cr_assert_eq(done("import", "author", "{}", make_file(6, NULL, 0)), 0);
    cr_assert_eq(done("import-check", "author", "{}", made), 0);
    keep_id(id);
    /* The page corrects line 3; meanwhile another one changes the same obligation, and line 4. */
    cr_assert_eq(checked("import-recheck", "author", id, LATER), 0);
    keep_id(again);
    cr_assert_eq(checked("import-recheck", "author", id, "{'line':3,'column':'remark','value':'他人先改'}"), 0);
    cr_assert_eq(imported_as_seen(id, J.last, "{'line':3,'column':'remark','value':'他人先改'}"), 0);
    cr_assert_eq(counted("accepted"), 1);
    cr_assert_eq(imported_as_seen(id, again, LATER), 1);
    cr_assert_eq(counted("accepted"), 1);
    cr_assert_eq(counted("refused"), 1);
    report = report_json(J.last);
    problem =
        json_array_get(json_object_get(report, "problems"), json_array_size(json_object_get(report, "problems")) - 1);
    cr_assert_str_eq(json_text_of(problem, "rule"), "file.stale");
    cr_assert_eq(number(problem, "line"), 3);
    /* Whoever looks again may: what was seen then is the newest. */
    cr_assert_eq(checked("import-recheck", "author", id, "{'line':3,'column':'remark','value':'后改'}"), 0);
    keep_id(again);
    cr_assert_eq(imported_as_seen(id, again, "{'line':3,'column':'remark','value':'后改'}"), 0);
    cr_assert_eq(counted("refused"), 0);
}

/* --- the preview --- */

Test(import_check, says_what_would_be_and_changes_nothing)
{
    AUTO(json_release) json_t *report = NULL;
    const json_t *problem;

    cr_assert_eq(done("import", "author", "{}", make_file(4, NULL, 0)), 0);
    {
        static const struct line_edit EDITS[] = {{3, "2020-10-18,", "2020-10-18,变更"}, {5, ",9144", ",9l44"}};
        uint64_t before = events();

        cr_assert_eq(done("import-check", "author", "{'file':'台账.csv'}", make_file(6, EDITS, 2)), 1);
        cr_assert_eq(events(), before);
    }
    report = report_json(J.last);
    cr_assert_str_eq(json_text_of(report, "file"), "台账.csv");
    cr_assert_str_eq(json_text_of(report, "listed"), "all");
    cr_assert_eq(strlen(json_text_of(report, "sha256")), 64);
    cr_assert_eq(json_array_size(json_object_get(report, "columns")), COLUMN_COUNT);
    cr_assert_str_eq(state_of(report, 2), "unchanged");
    cr_assert_str_eq(state_of(report, 3), "changed");
    cr_assert_str_eq(state_of(report, 5), "refused");
    cr_assert_str_eq(state_of(report, 6), "new");
    cr_assert_eq(number(report, "new"), 1);
    cr_assert_eq(number(report, "changed"), 1);
    cr_assert_eq(number(report, "refused"), 1);
    cr_assert_eq(counted("refused"), 1);
    problem = problem_of(report, 5, "uscc");
    cr_assert(problem && json_text_of(problem, "zh") && json_text_of(problem, "en"));
    cr_assert_str_eq(json_text_of(problem, "severity"), "error");
}

/* Every file of the samples, good and bad, in every state of the register: the states that the check tells are those
 * that the import brings about. */
static void assert_check_is_import(const char *file)
{
    AUTO(json_release) json_t *looked = NULL;
    AUTO(json_release) json_t *after = NULL;
    int status = done("import-check", "author", "{'on':'2026-07-31'}", file);
    char id[JOB_ID_BYTES];
    int64_t accepted;
    const json_t *item;
    size_t i;

    if (status == 2) {
        cr_assert_eq(done("import", "author", "{'on':'2026-07-31'}", file), 2, "%s", file);
        return;
    }
    keep_id(id);
    looked = report_json(id);
    accepted = number(looked, "new") + number(looked, "changed");
    cr_assert_eq(number(looked, "accepted"), accepted);
    cr_assert_eq(checked("import-checked", "author", id, ""), status, "%s", file);
    cr_assert_eq(counted("accepted"), accepted, "%s", file);
    cr_assert_eq(counted("unchanged"), number(looked, "unchanged"), "%s", file);
    cr_assert_eq(counted("refused"), number(looked, "refused"), "%s", file);
    cr_assert_eq(counted("rows"), number(looked, "rows"), "%s", file);
    /* And of every single row: good ones are now as they should be, refused ones are refused as before. */
    cr_assert_eq(done("import-check", "author", "{'on':'2026-07-31'}", file), status);
    after = report_json(J.last);
    json_array_foreach(json_object_get(looked, "lines"), i, item)
    {
        size_t line = (size_t)json_integer_of(item, "line", 0);
        bool was_refused = strcmp(json_text_of(item, "state"), "refused") == 0;

        cr_assert_str_eq(state_of(after, line), was_refused ? "refused" : "unchanged", "%s, line %zu", file, line);
    }
    cr_assert_eq(json_array_size(json_object_get(after, "problems")),
                 json_array_size(json_object_get(looked, "problems")));
}

Test(import_check, what_it_says_is_what_the_import_then_does, .timeout = 120)
{
    static const char *const FILES[] = {
        "001-uscc-check.csv",
        "002-deadline-before-order.csv",
        "003-extension-5-months.csv",
        "004-extension-safety.csv",
        "005-authority-power.csv",
        "006-date-2019-02-29.csv",
        "007-column-missing.csv",
        "008-duplicate.csv",
        "009-utf8-bom.csv",
        "010-utf8-broken.csv",
        "011-gb18030-broken.csv",
        "012-newlines-and-quotes.csv",
        "013-quote-open.csv",
        "014-formula-remark.csv",
        "015-formula-name.csv",
        "016-nul.csv",
        "017-huge-field.csv",
        "018-row-short.csv",
        "019-bomb.xlsx",
        "020-uscc-number.xlsx",
    };

    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        AUTO(buf_done) struct buf path = BUF_INIT;

        buf_addf(&path, BAD_REGISTER "%s", FILES[i]);
        assert_check_is_import(buf_text(&path));
    }
    assert_check_is_import(make_file(40, THREE_WRONG, COUNT_OF(THREE_WRONG)));
    assert_check_is_import(TEST_SOURCE "/tests/cases/register/register-dev.gb18030.csv");
    assert_check_is_import(TEST_SOURCE "/tests/cases/register/register-dev.xlsx");
}

/* --- corrected --- */

/* The data of the last event of a type that has `part` in it. */
static const char *find_event(const char *type, const char *part, struct buf *found)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    buf_clear(found);
    cr_assert(store_begin(J.store, STORE_READ, &txn, &J.err), "%s", J.err.text);
    for (uint64_t sequence = journal_size(txn); sequence-- > 0;) {
        struct span bytes;
        struct event event;

        cr_assert(journal_read(txn, sequence, &bytes) && event_parse(bytes, &event, &J.err));
        buf_clear(found);
        buf_add_span(found, event.data);
        if (span_is(event.type, type) && strstr(buf_text(found), part))
            return buf_text(found);
    }
    buf_clear(found);
    return "";
}

Test(import_check, what_was_proposed_and_taken_goes_in_and_the_journal_has_both)
{
    AUTO(json_release) json_t *report = NULL;
    AUTO(json_release) json_t *rechecked = NULL;
    AUTO(buf_done) struct buf corrections = BUF_INIT;
    AUTO(buf_done) struct buf event = BUF_INIT;
    char id[JOB_ID_BYTES];
    const json_t *item;
    size_t i;

    cr_assert_eq(done("import-check", "author", "{'file':'a.csv'}", make_file(12, THREE_WRONG, 3)), 1);
    keep_id(id);
    report = report_json(id);
    cr_assert_eq(number(report, "refused"), 3);
    json_array_foreach(json_object_get(report, "problems"), i, item)
    {
        const char *proposal = json_text_of(item, "proposal");

        if (!proposal)
            continue;
        buf_addf(&corrections, "%s{'line':%lld,'column':'%s','value':'%s'}", corrections.bytes ? "," : "",
                 (long long)number(item, "line"), json_text_of(item, "column"), proposal);
    }
    cr_assert_eq(checked("import-recheck", "author", id, buf_text(&corrections)), 1);
    rechecked = report_json(J.last);
    cr_assert_str_eq(state_of(rechecked, 3), "new");
    cr_assert_str_eq(state_of(rechecked, 7), "new");
    cr_assert_str_eq(json_text_of(json_object_get(line_of(rechecked, 7), "was"), "state"), "如期退出");
    cr_assert_eq(number(rechecked, "corrected"), 2);
    cr_assert_eq(events(), 0);
    cr_assert_eq(imported_as_seen(id, J.last, buf_text(&corrections)), 1);
    cr_assert_eq(counted("accepted"), 10);
    cr_assert(strstr(find_event("obligation.recorded", "\"line\":7,", &event), "\"was\":{\"state\":\"如期退出\"}"),
              "%s", buf_text(&event));
    cr_assert(strstr(buf_text(&event), "\"state\":\"按期退出\""));
    cr_assert_not(strstr(find_event("obligation.recorded", "\"line\":8,", &event), "\"was\""));
    /* The digest is that of the file as it came. */
    cr_assert(strstr(find_event("import.finished", json_text_of(report, "sha256"), &event), "\"corrected\":2"), "%s",
              buf_text(&event));
    cr_assert(strstr(buf_text(&event), "\"file\":\"a.csv\""));
    cr_assert_str_eq(cell_of(rechecked, 5, COLUMN_USCC), cell_of(report, 5, COLUMN_USCC));
}

/* --- the rest as a workbook --- */

Test(import_check, nothing_refused_has_no_workbook)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;

    cr_assert_eq(done("import-check", "author", "{}", make_file(6, NULL, 0)), 0);
    cr_assert_not(jobs_report(&J.config, J.last, "xlsx", 0, &bytes, &J.err));
    cr_assert_str_eq(J.err.rule, "job.report");
}

Test(import_check, the_refused_rows_come_back_as_a_workbook_that_is_refused_until_it_is_corrected)
{
    static const struct line_edit EDITS[] = {
        {3, "2019-09-18", "2019/9/18"}, {4, "逾期未退出,,", "逾期未退出,,备注,多出"}, {5, ",9144", ",9l44"}};
    AUTO(json_release) json_t *first = NULL;
    AUTO(json_release) json_t *second = NULL;
    char id[JOB_ID_BYTES];

    cr_assert_eq(done("import", "author", "{}", make_file(8, EDITS, 3)), 1);
    cr_assert_eq(counted("accepted"), 4);
    cr_assert_eq(done("import-check", "author", "{}", made), 1);
    first = report_json(J.last);
    cr_assert_eq(done("import-check", "author", "{'file':'rest.xlsx'}", workbook()), 1);
    keep_id(id);
    second = report_json(id);
    cr_assert_eq(number(second, "rows"), 3);
    cr_assert_eq(number(second, "refused"), 3, "as it stands nothing of it goes in");
    cr_assert_eq(number(second, "warnings"), 0, "the column of the reasons is not complained about");
    for (int column = 0; column < COLUMN_COUNT; column++) {
        cr_assert_str_eq(cell_of(second, 2, (enum column)column), cell_of(first, 3, (enum column)column));
        cr_assert_str_eq(cell_of(second, 3, (enum column)column), "", "what was not divided is not offered");
        cr_assert_str_eq(cell_of(second, 4, (enum column)column), cell_of(first, 5, (enum column)column));
    }
    {
        AUTO(buf_done) struct buf corrections = BUF_INIT;
        const json_t *problem = problem_of(second, 2, "order_date");

        cr_assert(problem && json_text_of(problem, "proposal"));
        buf_addf(&corrections, "{'line':2,'column':'order_date','value':'%s'}", json_text_of(problem, "proposal"));
        cr_assert_eq(checked("import-recheck", "author", id, buf_text(&corrections)), 1);
        cr_assert_eq(imported_as_seen(id, J.last, buf_text(&corrections)), 1);
        cr_assert_eq(counted("accepted"), 1);
        cr_assert_eq(counted("refused"), 2);
    }
}

Test(import_check, a_formula_in_a_refused_row_stays_text)
{
    static const struct line_edit EDITS[] = {{3, ",9144", ",=9144+1"}};
    AUTO(json_release) json_t *report = NULL;

    cr_assert_eq(done("import-check", "author", "{}", make_file(4, EDITS, 1)), 1);
    cr_assert_eq(done("import-check", "author", "{}", workbook()), 1);
    report = report_json(J.last);
    cr_assert(strncmp(cell_of(report, 2, COLUMN_USCC), "=9144+1", 7) == 0, "%s", cell_of(report, 2, COLUMN_USCC));
}

/* --- long files --- */

/* The first row of the sample so many times, with other numbers of the order; every `wrong`-th with an order of a day
 * to come. */
static const char *make_long(size_t rows, size_t wrong)
{
    AUTO(buf_done) struct buf all = BUF_INIT;
    AUTO(buf_done) struct buf out = BUF_INIT;
    const char *row, *end, *number;

    cr_assert(file_read(REGISTER, JSON_BYTES_MAX, &all, &J.err), "%s", J.err.text);
    row = strchr(buf_text(&all), '\n') + 1;
    end = strchr(row, '\n') + 1;
    number = strstr(row, "〕10号,");
    buf_add(&out, all.data, (size_t)(row - all.data));
    for (size_t i = 1; i <= rows; i++) {
        buf_add(&out, row, (size_t)(number - row));
        buf_addf(&out, "〕%zu号", i);
        buf_add(&out, number + strlen("〕10号"), (size_t)(end - number) - strlen("〕10号"));
        if (i % wrong == 0) {
            char *day = strstr(out.data + out.bytes - (end - row) - 8, "2017-08-31");

            cr_assert(day);
            memcpy(day, "2077-08-31", 10);
        }
    }
    snprintf(made, sizeof made, "%s/long.csv", J.folder);
    cr_assert(file_write(made, buf_span(&out), 0600, &J.err), "%s", J.err.text);
    return made;
}

Test(import_check, of_a_long_file_only_what_is_wrong_is_listed_and_all_of_it_is_judged, .timeout = 120)
{
    AUTO(json_release) json_t *report = NULL;

    cr_assert_eq(done("import-check", "author", "{}", make_long(FORECAST_ROWS_MAX + 1, 1000)), 1);
    report = report_json(J.last);
    cr_assert_str_eq(json_text_of(report, "listed"), "bad");
    cr_assert_eq(number(report, "rows"), FORECAST_ROWS_MAX + 1);
    cr_assert_eq(number(report, "refused"), 20);
    cr_assert_eq(number(report, "new"), FORECAST_ROWS_MAX + 1 - 20);
    cr_assert_eq(json_array_size(json_object_get(report, "lines")), 20);
    cr_assert_str_eq(state_of(report, 1001), "refused");
}

/* --- the template --- */

Test(import_check, the_template_is_a_register_without_rows)
{
    static const char *const LANGS[] = {"zh", "en"};

    for (size_t i = 0; i < COUNT_OF(LANGS); i++) {
        AUTO(json_release) json_t *report = NULL;
        AUTO(buf_done) struct buf bytes = BUF_INIT;

        cr_assert(template_write(&J.config, LANGS[i], &bytes, &J.err), "%s", J.err.text);
        snprintf(made, sizeof made, "%s/template.xlsx", J.folder);
        cr_assert(file_write(made, buf_span(&bytes), 0600, &J.err), "%s", J.err.text);
        cr_assert_eq(done("import-check", "author", "{}", made), 0);
        report = report_json(J.last);
        cr_assert_eq(number(report, "rows"), 0);
        cr_assert_eq(number(report, "warnings"), 1, "that there are no rows, and nothing else");
    }
}
