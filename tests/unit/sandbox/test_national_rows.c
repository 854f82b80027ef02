/* 全国信用信息共享平台 with reports that are well formed: what becomes of their rows, repeats, restarts, holdings. */
#include <signal.h>
#include <sys/resource.h>

#include "tests/unit/sandbox/nation.h"

TestSuite(national_rows, .init = begin, .fini = end);

static void expect_reason(const char *batch, const char *part)
{
    json_t *row = outcome(batch);

    cr_assert(strstr(text(row, "reason"), part) != NULL, "%s", text(row, "reason"));
    json_decref(row);
}

Test(national_rows, a_row_that_breaks_a_rule_is_doubtful_with_its_reason)
{
    json_t *row = reporter_row(ROW, 1);

    json_object_set_new(row, "TYSHXYDM", json_string("914403001922038217"));
    expect_row(BATCH, row, "9");
    expect_reason(BATCH, "10005");
    cr_assert_eq(counted("held"), 0);
}

Test(national_rows, a_version_below_the_one_held_is_doubtful_with_20002)
{
    expect_row(BATCH, reporter_row(ROW, 2), "4");
    expect_row(BATCH_2, reporter_row(ROW, 1), "9");
    expect_reason(BATCH_2, "20002");
    expect_reason(BATCH_2, "版本倒序");
    cr_assert_eq(counted("applied"), 1);
}

Test(national_rows, the_same_version_with_other_content_is_doubtful)
{
    json_t *row = reporter_row(ROW, 1);

    expect_row(BATCH, reporter_row(ROW, 1), "1");
    json_object_set_new(row, "FDDBR", json_string("李四"));
    expect_row(BATCH_2, row, "9");
    expect_row(BATCH_3, reporter_row(ROW, 1), "1");
    cr_assert_eq(counted("applied"), 1);
}

Test(national_rows, what_is_not_held_cannot_be_withdrawn)
{
    expect_row(BATCH, row_with(1, "3"), "9");
}

Test(national_rows, a_bad_row_does_not_hold_back_the_others)
{
    json_t *rows = reporter_rows(reporter_row("R1", 1));
    json_t *bad = reporter_row("R2", 1);
    json_t *json;

    json_object_set_new(bad, "JGQC", json_string(""));
    json_array_append_new(rows, bad);
    json_array_append_new(rows, reporter_row("R3", 1));
    json = post("/np/report", caller_report(&caller, BATCH, rows), "0");
    cr_assert_eq(json_integer_value(json_object_get(json_object_get(json, "data"), "received")), 3);
    json_decref(json);
    json = post("/np/result", json_pack("{s:s}", "batchNo", BATCH), "0");
    rows = json_object_get(json_object_get(json, "data"), "rows");
    cr_assert_str_eq(text(json_array_get(rows, 0), "state"), "1");
    cr_assert_str_eq(text(json_array_get(rows, 1), "state"), "9");
    cr_assert_str_eq(text(json_array_get(rows, 1), "ROWID"), "R2");
    cr_assert_str_eq(text(json_array_get(rows, 2), "state"), "1");
    json_decref(json);
    cr_assert_eq(counted("applied"), 2);
}

Test(national_rows, every_operation_has_its_state)
{
    expect_row(BATCH, row_with(1, "1"), "1");
    expect_row(BATCH_2, row_with(2, "5"), "1");
    expect_row(BATCH_3, row_with(3, "6"), "1");
    expect_row(BATCH_4, row_with(4, "2"), "4");
    expect_row("00000000000000000000000000000005", row_with(5, "4"), "2");
    expect_row("00000000000000000000000000000006", row_with(6, "3"), "3");
}

Test(national_rows, rows_are_not_yet_integrated_for_as_many_polls_and_as_long_as_the_options_say)
{
    national.result_delay_polls = 2;
    national.result_delay_ms = 5000;
    expect_row(BATCH, reporter_row(ROW, 1), "0");
    expect_state(BATCH, "0");
    expect_state(BATCH, "0");
    clock_ms += 5000;
    expect_state(BATCH, "1");
    expect_state(BATCH, "1");
}

Test(national_rows, a_delay_that_was_ordered_comes_before_that_of_the_options)
{
    json_t *order =
        json_loads("{\"next\":[{\"fault\":\"result-delay\",\"polls\":1,\"platform\":\"national-platform\"}]}", 0, NULL);
    struct error err;

    cr_assert(faults_add(faults, order, &err), "%s", err.text);
    json_decref(order);
    expect_row(BATCH, reporter_row(ROW, 1), "0");
    expect_state(BATCH, "1");
}

Test(national_rows, a_row_and_a_body_are_refused_by_order)
{
    json_t *order = json_loads("{\"next\":[{\"fault\":\"refuse-row\",\"rowid\":\"R1\",\"code\":\"40001\"},"
                               "{\"fault\":\"refuse-body\",\"rowid\":\"R2\",\"code\":\"E-301\"}]}",
                               0, NULL);
    struct error err;

    cr_assert(faults_add(faults, order, &err), "%s", err.text);
    json_decref(order);
    expect_row(BATCH, reporter_row("R1", 1), "9");
    expect_reason(BATCH, "40001");
    expect_post("/np/report", caller_report(&caller, BATCH_2, reporter_rows(reporter_row("R2", 1))), "E-301");
    expect_post("/np/result", json_pack("{s:s}", "batchNo", BATCH_2), "E-201");
    expect_row(BATCH_2, reporter_row("R2", 1), "1");
}

Test(national_rows, a_repeated_batch_answers_as_the_first_time)
{
    json_t *rows = reporter_rows(reporter_row("R1", 1));

    expect_row(BATCH, reporter_row(ROW, 1), "1");
    expect_row(BATCH, reporter_row(ROW, 1), "1");
    cr_assert_eq(counted("repeated"), 1);
    cr_assert_eq(counted("repeated_other"), 0);
    json_array_append_new(rows, reporter_row("R2", 1));
    json_decref(post("/np/report", caller_report(&caller, BATCH, rows), "0"));
    cr_assert_eq(counted("repeated_other"), 1);
    cr_assert_eq(counted("applied"), 1);
    expect_state(BATCH, "1");
}

Test(national_rows, a_restart_forgets_no_batch)
{
    expect_row(BATCH, reporter_row(ROW, 1), "1");
    expect_row(BATCH_2, reporter_row(ROW, 2), "4");
    stop();
    start();
    expect_state(BATCH, "1");
    expect_state(BATCH_2, "4");
    cr_assert_eq(counted("applied"), 2);
    expect_row(BATCH, reporter_row(ROW, 1), "1");
    cr_assert_eq(counted("repeated"), 1);
    expect_row(BATCH_3, reporter_row(ROW, 1), "1");
    cr_assert_eq(counted("applied"), 2);
}

Test(national_rows, what_is_held_is_the_newest_version_with_the_digest_of_its_canonical_json)
{
    json_t *row = reporter_row(ROW, 2);
    json_t *json;
    const json_t *held;
    char sm3[65];

    reporter_sm3(row, sm3);
    expect_row(BATCH, reporter_row(ROW, 1), "1");
    expect_row(BATCH_2, row, "4");
    json = holdings(NULL);
    held = json_array_get(json_object_get(json, "rows"), 0);
    cr_assert_eq(json_array_size(json_object_get(json, "rows")), 1);
    cr_assert_str_eq(text(held, "ROWID"), ROW);
    cr_assert_eq(json_integer_value(json_object_get(held, "VERSION")), 2);
    cr_assert_str_eq(text(held, "OP"), "2");
    cr_assert_str_eq(text(held, "sm3"), sm3);
    json_decref(json);
}

Test(national_rows, when_the_disk_fails_nothing_is_answered_with_0_until_a_restart)
{
    const struct rlimit none = {0, RLIM_INFINITY};
    const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

    expect_row(BATCH, reporter_row(ROW, 1), "1");
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    expect_post("/np/report", caller_report(&caller, BATCH_2, reporter_rows(reporter_row(ROW, 2))), "-1");
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &all), 0);
    expect_post("/np/result", json_pack("{s:s}", "batchNo", BATCH), "-1");
    stop();
    start();
    expect_state(BATCH, "1");
    expect_post("/np/result", json_pack("{s:s}", "batchNo", BATCH_2), "E-201");
    expect_row(BATCH_2, reporter_row(ROW, 2), "4");
}
