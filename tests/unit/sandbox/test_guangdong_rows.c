/* What becomes of rows: their outcomes, the tasks they came in, what is held, and that nothing is forgotten. */
#include "tests/unit/sandbox/platform.h"

TestSuite(guangdong_rows, .init = begin, .fini = end);

/* --- rows --- */

Test(guangdong_rows, a_row_with_a_wrong_field_is_refused_and_the_others_are_taken)
{
    json_t *rows = reporter_rows(changed_row(1, "JGQC", ""));
    json_t *json;

    json_array_append_new(rows, reporter_row("R2", 1));
    json = upload(REPORTER_TASK, rows);
    cr_assert_str_eq(text(json, "errorCode"), "200");
    cr_assert_eq(number(json, "totalSize"), 2);
    cr_assert_eq(number(json, "successSize"), 1);
    cr_assert_eq(number(json, "failSize"), 1);
    json_decref(json);
    json = get("/gd/tasks/" REPORTER_TASK, NULL);
    cr_assert_str_eq(text(json_array_get(json_object_get(json, "rows"), 0), "result"), "10002");
    cr_assert_str_eq(text(json_array_get(json_object_get(json, "rows"), 1), "result"), "0");
    json_decref(json);
}

Test(guangdong_rows, the_same_version_with_other_content_is_40001)
{
    expect_row(REPORTER_TASK, reporter_row(ROW, 1), "0");
    expect_row(TASK_2, changed_row(1, "BZ", "改过"), "40001");
}

Test(guangdong_rows, a_lower_version_than_the_one_held_is_20002)
{
    expect_row(REPORTER_TASK, reporter_row(ROW, 3), "0");
    expect_row(TASK_2, reporter_row(ROW, 2), "20002");
}

Test(guangdong_rows, an_operation_on_what_is_not_held_is_40001)
{
    expect_row(REPORTER_TASK, changed_row(1, "OP", "3"), "40001");
    expect_row(TASK_2, changed_row(1, "OP", "5"), "40001");
}

Test(guangdong_rows, an_operation_on_what_was_withdrawn_is_40001)
{
    expect_row(REPORTER_TASK, reporter_row(ROW, 1), "0");
    expect_row(TASK_2, changed_row(2, "OP", "3"), "0");
    expect_row(TASK_3, changed_row(3, "OP", "2"), "40001");
}

Test(guangdong_rows, the_same_row_again_is_taken_once)
{
    json_t *json;
    const json_t *record;

    expect_row(REPORTER_TASK, reporter_row(ROW, 1), "0");
    expect_row(TASK_2, reporter_row(ROW, 2), "0");
    expect_row(TASK_3, reporter_row(ROW, 1), "0");
    json = state();
    record = json_object_get(json_object_get(json, "records"), ROW);
    cr_assert_eq(number(json, "applied"), 2);
    cr_assert_eq(number(json, "held"), 1);
    cr_assert_eq(number(json_array_get(json_object_get(record, "applied"), 0), "VERSION"), 1);
    cr_assert_eq(number(json_array_get(json_object_get(record, "applied"), 0), "received"), 2);
    cr_assert_eq(number(json_array_get(json_object_get(record, "applied"), 1), "VERSION"), 2);
    json_decref(json);
}

Test(guangdong_rows, rows_of_one_upload_are_judged_in_order)
{
    json_t *rows = reporter_rows(reporter_row(ROW, 2));
    json_t *json;

    json_array_append_new(rows, reporter_row(ROW, 2));
    json_array_append_new(rows, reporter_row(ROW, 1));
    json = upload(REPORTER_TASK, rows);
    cr_assert_eq(number(json, "successSize"), 2);
    json_decref(json);
    json = get("/gd/tasks/" REPORTER_TASK, NULL);
    cr_assert_str_eq(text(json_array_get(json_object_get(json, "rows"), 2), "result"), "20002");
    json_decref(json);
}

/* --- tasks --- */

Test(guangdong_rows, an_unknown_task_is_7001)
{
    json_t *json = get("/gd/tasks/" TASK_2, NULL);

    cr_assert_str_eq(text(json, "errorCode"), "7001");
    json_decref(json);
    json = get("/gd/tasks/x\"y", NULL);
    cr_assert_str_eq(text(json, "errorCode"), "7001");
    json_decref(json);
}

Test(guangdong_rows, a_refused_upload_leaves_no_task)
{
    json_t *json;

    expect_plain(SPAN("[]"), "6001");
    json = get("/gd/tasks/" REPORTER_TASK, NULL);
    cr_assert_str_eq(text(json, "errorCode"), "7001");
    json_decref(json);
}

Test(guangdong_rows, a_repeated_task_answers_as_the_first_time)
{
    json_t *json;

    expect_row(REPORTER_TASK, changed_row(1, "JGQC", ""), "10002");
    expect_row(REPORTER_TASK, reporter_row(ROW, 1), "10002");
    json = state();
    cr_assert_eq(number(json, "repeated"), 1);
    cr_assert_eq(number(json, "repeated_other"), 1);
    cr_assert_eq(number(json, "applied"), 0);
    json_decref(json);
}

static void expect_state(const char *expected, size_t rows)
{
    json_t *json = get("/gd/tasks/" REPORTER_TASK, NULL);

    cr_assert_str_eq(text(json, "state"), expected);
    cr_assert_eq(json_array_size(json_object_get(json, "rows")), rows);
    json_decref(json);
}

Test(guangdong_rows, outcomes_stay_unknown_for_the_polls_configured)
{
    options.result_delay_polls = 2;
    json_decref(upload(REPORTER_TASK, reporter_rows(reporter_row(ROW, 1))));
    expect_state("0", 0);
    expect_state("0", 0);
    expect_state("1", 1);
    expect_state("1", 1);
}

Test(guangdong_rows, outcomes_stay_unknown_for_the_time_configured)
{
    options.result_delay_ms = 5000;
    json_decref(upload(REPORTER_TASK, reporter_rows(reporter_row(ROW, 1))));
    clock_ms += 4999;
    expect_state("0", 0);
    clock_ms += 1;
    expect_state("1", 1);
}

static void order(const char *faults_json)
{
    struct error err;
    json_t *json = json_loads(faults_json, 0, NULL);

    cr_assert(faults_add(faults, json, &err), "%s", err.text);
    json_decref(json);
}

Test(guangdong_rows, a_fault_can_delay_the_outcomes_of_one_upload)
{
    order("{\"next\":[{\"fault\":\"result-delay\",\"polls\":1}]}");
    json_decref(upload(REPORTER_TASK, reporter_rows(reporter_row(ROW, 1))));
    expect_state("0", 0);
    expect_state("1", 1);
    expect_row(TASK_2, reporter_row("R2", 1), "0");
}

Test(guangdong_rows, a_fault_can_refuse_a_row)
{
    order("{\"next\":[{\"fault\":\"refuse-row\",\"rowid\":\"" ROW "\",\"code\":\"30001\",\"message\":\"m\"}]}");
    expect_row(REPORTER_TASK, reporter_row("R2", 1), "0");
    expect_row(TASK_2, reporter_row(ROW, 1), "30001");
    expect_row(TASK_3, reporter_row(ROW, 1), "0");
}

/* --- holdings --- */

Test(guangdong_rows, holdings_with_wrong_parameters_are_400)
{
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .query = "limit=0"}, 400);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .query = "limit=1001"}, 400);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .query = "limit=x"}, 400);
    expect_status(&(struct attempt){.method = "GET", .path = "/gd/holdings", .query = "x=1"}, 400);
}

Test(guangdong_rows, holdings_show_the_newest_version_with_the_digest_of_its_row)
{
    json_t *row = changed_row(2, "ZYSXSS", "\"引号\"\\反斜线/\n第二行\t😀");
    char sm3[65];
    json_t *json;
    const json_t *held;

    reporter_sm3(row, sm3);
    expect_row(REPORTER_TASK, reporter_row(ROW, 1), "0");
    expect_row(TASK_2, row, "0");
    json = get("/gd/holdings", NULL);
    cr_assert_eq(json_array_size(json_object_get(json, "rows")), 1);
    held = json_array_get(json_object_get(json, "rows"), 0);
    cr_assert_str_eq(text(held, "ROWID"), ROW);
    cr_assert_eq(number(held, "VERSION"), 2);
    cr_assert_str_eq(text(held, "OP"), "2");
    cr_assert_str_eq(text(held, "sm3"), sm3);
    json_decref(json);
}

/* --- memory --- */

Test(guangdong_rows, a_restart_forgets_nothing)
{
    json_t *before;
    json_t *after;

    expect_row(REPORTER_TASK, reporter_row(ROW, 1), "0");
    expect_row(TASK_2, changed_row(1, "BZ", "x"), "40001");
    before = state();
    stop();
    start();
    after = state();
    cr_assert(json_equal(json_object_get(before, "records"), json_object_get(after, "records")));
    cr_assert_eq(number(after, "tasks"), 2);
    json_decref(before);
    json_decref(after);
    expect_row(TASK_2, reporter_row("R9", 1), "40001");
    expect_row(TASK_3, reporter_row(ROW, 2), "0");
}

static void append_to_diary(const char *line)
{
    char path[TEST_PATH_BYTES + 32];
    FILE *file;

    snprintf(path, sizeof(path), "%s/state/taken.jsonl", folder);
    file = fopen(path, "a");
    cr_assert_not_null(file);
    fputs(line, file);
    fclose(file);
}

Test(guangdong_rows, half_a_line_at_the_end_is_cut)
{
    expect_row(REPORTER_TASK, reporter_row(ROW, 1), "0");
    stop();
    append_to_diary("{\"task\":\"00");
    start();
    expect_row(TASK_2, reporter_row(ROW, 2), "0");
    stop();
    start();
    expect_row(TASK_3, reporter_row(ROW, 1), "0");
}

Test(guangdong_rows, a_broken_whole_line_stops_the_start)
{
    struct platform *other = NULL;
    struct error err;

    stop();
    append_to_diary("{\"task\":1}\n");
    cr_assert_not(guangdong_new(&options, &CLOCK, &other, &err));
    cr_assert_eq(err.code, ERR_CORRUPT);
}

Test(guangdong_rows, a_second_sandbox_on_the_same_folder_is_refused)
{
    struct platform *other = NULL;
    struct error err;

    cr_assert_not(guangdong_new(&options, &CLOCK, &other, &err));
    cr_assert_eq(err.code, ERR_CONFLICT);
}
