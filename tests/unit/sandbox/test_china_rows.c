/* 信用中国 with files that are well formed: what becomes of their rows, receipts, restarts, holdings. */
#include <signal.h>
#include <sys/resource.h>

#include "tests/unit/sandbox/filehouse.h"

TestSuite(china_rows, .init = begin, .fini = end);

static json_t *row_with(int version, const char *field, const char *value)
{
    json_t *row = reporter_row(ROW, version);

    json_object_set_new(row, field, json_string(value));
    return row;
}

Test(china_rows, rows_are_taken_when_the_signature_is_there_and_not_before)
{
    json_t *rows = reporter_rows(reporter_row(ROW, 1));

    put_rows(FILE_1, rows, 201);
    cr_assert_eq(counted("applied"), 0);
    expect_no_receipt(FILE_1);
    put_signature(FILE_1, signature_of(FILE_1, rows), 201);
    cr_assert_eq(counted("applied"), 1);
    expect_in_receipt(FILE_1, "<ACKS file=\"" FILE_1 ".xml\">");
    expect_in_receipt(FILE_1, "<ACK ROWID=\"" ROW "\" VERSION=\"1\" result=\"accepted\" code=\"\" message=\"\"/>");
    json_decref(rows);
}

Test(china_rows, a_row_that_breaks_a_rule_is_rejected_with_its_code)
{
    hand_over(FILE_1, reporter_rows(row_with(1, "TYSHXYDM", "914403001922038217")));
    expect_in_receipt(FILE_1, "result=\"rejected\" code=\"10005\" message=\"TYSHXYDM ");
    cr_assert_eq(counted("applied"), 0);
}

Test(china_rows, a_version_below_the_one_held_is_rejected_with_20002)
{
    hand_over(FILE_1, reporter_rows(reporter_row(ROW, 2)));
    hand_over(FILE_2, reporter_rows(reporter_row(ROW, 1)));
    expect_in_receipt(FILE_2, "code=\"20002\" message=\"版本倒序");
    cr_assert_eq(counted("applied"), 1);
}

Test(china_rows, a_bad_row_does_not_hold_back_the_others)
{
    AUTO(buf_done) struct buf receipt = BUF_INIT;
    json_t *rows = many_rows(3);

    json_object_set_new(json_array_get(rows, 1), "JGQC", json_string(""));
    hand_over(FILE_1, rows);
    read_receipt(FILE_1, &receipt);
    cr_assert_eq(occurrences(buf_text(&receipt), "result=\"accepted\""), 2);
    cr_assert_eq(
        occurrences(buf_text(&receipt), "<ACK ROWID=\"R0001\" VERSION=\"1\" result=\"rejected\" code=\"10002\""), 1);
    cr_assert_eq(counted("applied"), 2);
}

Test(china_rows, words_that_xml_would_take_for_its_own_come_back_escaped)
{
    order("{\"next\":[{\"fault\":\"refuse-row\",\"rowid\":\"" ROW
          "\",\"code\":\"4<1\",\"message\":\"a & \\\"b\\\"\"}]}");
    hand_over(FILE_1, reporter_rows(reporter_row(ROW, 1)));
    expect_in_receipt(FILE_1, "code=\"4&lt;1\" message=\"a &amp; &quot;b&quot;\"");
}

Test(china_rows, a_receipt_is_not_there_for_as_many_polls_and_as_long_as_the_options_say)
{
    china.result_delay_polls = 2;
    china.result_delay_ms = 5000;
    hand_over(FILE_1, reporter_rows(reporter_row(ROW, 1)));
    expect_no_receipt(FILE_1);
    expect_no_receipt(FILE_1);
    expect_no_receipt(FILE_1);
    clock_ms += 5000;
    expect_in_receipt(FILE_1, "accepted");
}

static void expect_step(size_t acks, bool is_complete)
{
    AUTO(buf_done) struct buf receipt = BUF_INIT;

    read_receipt(FILE_1, &receipt);
    cr_assert_eq(occurrences(buf_text(&receipt), "<ACK "), acks, "%s", buf_text(&receipt));
    cr_assert_eq(occurrences(buf_text(&receipt), "complete=\"false\""), is_complete ? 0 : 1);
}

Test(china_rows, a_receipt_comes_in_as_many_steps_as_the_options_say)
{
    china.result_steps = 3;
    hand_over(FILE_1, many_rows(7));
    expect_step(2, false);
    expect_step(4, false);
    expect_step(7, true);
    expect_step(7, true);
}

Test(china_rows, steps_that_were_ordered_come_before_those_of_the_options)
{
    order("{\"next\":[{\"fault\":\"result-steps\",\"steps\":2,\"platform\":\"credit-china\"}]}");
    hand_over(FILE_1, many_rows(2));
    expect_step(1, false);
    expect_step(2, true);
}

Test(china_rows, a_row_and_a_file_are_refused_by_order)
{
    json_t *rows = reporter_rows(reporter_row("R2", 1));

    order("{\"next\":[{\"fault\":\"refuse-row\",\"rowid\":\"R1\",\"code\":\"40001\"},"
          "{\"fault\":\"refuse-body\",\"rowid\":\"R2\",\"code\":\"6002\"}]}");
    hand_over(FILE_1, reporter_rows(reporter_row("R1", 1)));
    expect_in_receipt(FILE_1, "code=\"40001\"");
    put_rows(FILE_2, rows, 422);
    put_rows(FILE_2, rows, 201);
    json_decref(rows);
}

Test(china_rows, a_restart_forgets_no_file_no_signature_and_no_number)
{
    json_t *rows = reporter_rows(reporter_row(ROW, 2));

    hand_over(FILE_1, reporter_rows(reporter_row(ROW, 1)));
    put_rows(FILE_2, rows, 201);
    stop();
    start();
    cr_assert_eq(counted("files"), 2);
    cr_assert_eq(counted("tasks"), 1);
    cr_assert_eq(counted("applied"), 1);
    expect_in_receipt(FILE_1, "accepted");
    put_rows(FILE_2, rows, 412);
    put_signature(FILE_2, signature_of(FILE_2, rows), 201);
    cr_assert_eq(counted("applied"), 2);
    put_rows(FILE_3, rows, 201);
    json_decref(rows);
}

Test(china_rows, what_is_held_has_the_digest_of_the_row_with_its_version_a_number_and_all_else_text)
{
    AUTO(buf_done) struct buf body = BUF_INIT;
    json_t *row = row_with(1, "BZ", "a < b & c > d\r\n\"e\"");
    const json_t *held;
    json_t *json;
    char sm3[65];

    reporter_sm3(row, sm3);
    hand_over(FILE_1, reporter_rows(row));
    cr_assert_eq(attempt(&(struct attempt){.path = "/holdings"}, &body), 200);
    json = json_loads(buf_text(&body), 0, NULL);
    held = json_array_get(json_object_get(json, "rows"), 0);
    cr_assert_str_eq(json_string_value(json_object_get(held, "ROWID")), ROW);
    cr_assert_eq(json_integer_value(json_object_get(held, "VERSION")), 1);
    cr_assert_str_eq(json_string_value(json_object_get(held, "OP")), "1");
    cr_assert_str_eq(json_string_value(json_object_get(held, "sm3")), sm3);
    json_decref(json);
}

Test(china_rows, a_thousand_rows_are_taken_and_one_more_is_422)
{
    json_t *rows = many_rows(1001);

    put_rows(FILE_1, rows, 422);
    json_decref(rows);
    hand_over(FILE_1, many_rows(1000));
    cr_assert_eq(counted("applied"), 1000);
}

Test(china_rows, when_the_disk_fails_nothing_is_stored_until_a_restart)
{
    const struct rlimit none = {0, RLIM_INFINITY};
    const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    json_t *rows = reporter_rows(reporter_row(ROW, 1));

    put_rows(FILE_1, rows, 201);
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    put_signature(FILE_1, signature_of(FILE_1, rows), 500);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &all), 0);
    expect(&(struct attempt){.path = "/outbox/" FILE_1 ".ack.xml"}, 500);
    stop();
    start();
    expect_no_receipt(FILE_1);
    cr_assert_eq(counted("applied"), 0);
    put_signature(FILE_1, signature_of(FILE_1, rows), 201);
    cr_assert_eq(counted("applied"), 1);
    json_decref(rows);
}
