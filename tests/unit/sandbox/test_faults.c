#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sandbox/faults.h"

static struct faults *faults;
static struct error err;

static void begin(void)
{
    faults = faults_new();
}

static void end(void)
{
    faults_free(faults);
}

static bool add(const char *text)
{
    json_t *order = json_loads(text, 0, NULL);
    bool ok;

    cr_assert_not_null(order, "%s", text);
    ok = faults_add(faults, order, &err);
    json_decref(order);
    return ok;
}

static enum fault_kind take(enum fault_place place)
{
    AUTO(fault_done) struct fault fault = {.kind = FAULT_NONE};

    faults_take(faults, FAULT_AT_GUANGDONG, place, &fault);
    return fault.kind;
}

TestSuite(faults, .init = begin, .fini = end);

Test(faults, what_is_not_a_fault_is_refused)
{
    static const char *const WRONG[] = {
        "{}",
        "{\"next\":{}}",
        "{\"next\":[],\"more\":1}",
        "{\"next\":[1]}",
        "{\"next\":[{}]}",
        "{\"next\":[{\"fault\":\"unknown\"}]}",
        "{\"next\":[{\"fault\":\"close\",\"ms\":1}]}",
        "{\"next\":[{\"fault\":\"close\",\"on\":\"elsewhere\"}]}",
        "{\"next\":[{\"fault\":\"close\",\"platform\":\"elsewhere\"}]}",
        "{\"next\":[{\"fault\":\"close\",\"times\":0}]}",
        "{\"next\":[{\"fault\":\"delay\"}]}",
        "{\"next\":[{\"fault\":\"delay\",\"ms\":-1}]}",
        "{\"next\":[{\"fault\":\"delay\",\"ms\":600001}]}",
        "{\"next\":[{\"fault\":\"status\",\"status\":99}]}",
        "{\"next\":[{\"fault\":\"status\",\"status\":503,\"retry_after\":\"1\\r\\nX: y\"}]}",
        "{\"next\":[{\"fault\":\"status\",\"status\":503,\"after\":1}]}",
        "{\"next\":[{\"fault\":\"malformed\",\"body\":1}]}",
        "{\"next\":[{\"fault\":\"malformed\",\"content_type\":\"text/x\"}]}",
        "{\"next\":[{\"fault\":\"cut\"}]}",
        "{\"next\":[{\"fault\":\"drip\",\"bytes\":5}]}",
        "{\"next\":[{\"fault\":\"huge\",\"bytes\":67108865}]}",
        "{\"next\":[{\"fault\":\"refuse-call\"}]}",
        "{\"next\":[{\"fault\":\"rows-missing\",\"rows\":0}]}",
        "{\"next\":[{\"fault\":\"rows-twice\",\"on\":\"task\"}]}",
        "{\"next\":[{\"fault\":\"reset\",\"after\":\"yes\"}]}",
        "{\"next\":[{\"fault\":\"refuse-row\",\"rowid\":\"R\"}]}",
        "{\"next\":[{\"fault\":\"refuse-row\",\"rowid\":\"R\",\"code\":\"1\",\"on\":\"any\"}]}",
    };

    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        cr_assert_not(add(WRONG[i]), "%s", WRONG[i]);
        cr_assert_eq(err.code, ERR_INVALID);
    }
}

Test(faults, one_wrong_fault_refuses_the_whole_order)
{
    cr_assert_not(add("{\"next\":[{\"fault\":\"malformed\",\"body\":\"x\"},{\"fault\":\"unknown\"}]}"));
    cr_assert(strstr(err.text, "next[1]") != NULL, "%s", err.text);
    cr_assert_eq(take(FAULT_ON_UPLOAD), FAULT_NONE);
}

Test(faults, each_request_takes_the_first_fault_meant_for_it)
{
    cr_assert(add("{\"next\":[{\"fault\":\"close\",\"on\":\"task\"},{\"fault\":\"lost-reply\",\"on\":\"upload\"},"
                  "{\"fault\":\"delay\",\"ms\":1}]}"),
              "%s", err.text);
    cr_assert_eq(take(FAULT_ON_UPLOAD), FAULT_LOST_REPLY);
    cr_assert_eq(take(FAULT_ON_UPLOAD), FAULT_DELAY);
    cr_assert_eq(take(FAULT_ON_UPLOAD), FAULT_NONE);
    cr_assert_eq(take(FAULT_ON_TASK), FAULT_CLOSE);
    cr_assert_eq(take(FAULT_ON_TASK), FAULT_NONE);
}

Test(faults, a_fault_of_one_platform_is_no_fault_of_another)
{
    AUTO(fault_done) struct fault fault = {.kind = FAULT_NONE};
    char code[FAULT_CODE_BYTES];

    cr_assert(add("{\"next\":[{\"fault\":\"close\",\"platform\":\"credit-china\"},"
                  "{\"fault\":\"refuse-body\",\"rowid\":\"R1\",\"code\":\"1\",\"platform\":\"national-platform\"},"
                  "{\"fault\":\"result-delay\",\"polls\":3,\"platform\":\"national-platform\"}]}"),
              "%s", err.text);
    cr_assert_eq(take(FAULT_ON_UPLOAD), FAULT_NONE);
    cr_assert_not(faults_refuse_body(faults, FAULT_AT_GUANGDONG, "R1", code));
    cr_assert(faults_refuse_body(faults, FAULT_AT_NATIONAL, "R1", code));
    cr_assert_eq(faults_result_delay(faults, FAULT_AT_CHINA, 7), 7);
    cr_assert_eq(faults_result_delay(faults, FAULT_AT_NATIONAL, 7), 3);
    faults_take(faults, FAULT_AT_CHINA, FAULT_ON_SECOND, &fault);
    cr_assert_eq(fault.kind, FAULT_CLOSE);
}

Test(faults, a_fault_lasts_as_many_times_as_ordered)
{
    cr_assert(add("{\"next\":[{\"fault\":\"close\",\"times\":2}]}"));
    cr_assert_eq(take(FAULT_ON_UPLOAD), FAULT_CLOSE);
    cr_assert_eq(take(FAULT_ON_HOLDINGS), FAULT_CLOSE);
    cr_assert_eq(take(FAULT_ON_HOLDINGS), FAULT_NONE);
}

Test(faults, a_status_keeps_all_it_was_told)
{
    AUTO(fault_done) struct fault fault = {.kind = FAULT_NONE};

    cr_assert(add("{\"next\":[{\"fault\":\"status\",\"status\":503,\"retry_after\":\"30\",\"body\":\"busy\","
                  "\"after\":true}]}"));
    faults_take(faults, FAULT_AT_GUANGDONG, FAULT_ON_UPLOAD, &fault);
    cr_assert_eq(fault.status, 503);
    cr_assert(fault.is_after);
    cr_assert_str_eq(fault.retry_after, "30");
    cr_assert_str_eq(fault.text, "busy");
}

Test(faults, faults_of_rows_and_results_are_not_taken_by_requests)
{
    char code[FAULT_CODE_BYTES];
    struct row_verdict verdict;

    cr_assert(add("{\"next\":[{\"fault\":\"refuse-row\",\"rowid\":\"R1\",\"code\":\"40001\"},"
                  "{\"fault\":\"result-delay\",\"polls\":3}]}"));
    cr_assert_eq(take(FAULT_ON_UPLOAD), FAULT_NONE);
    cr_assert_not(faults_refuse_row(faults, FAULT_AT_GUANGDONG, "R2", code, &verdict));
    cr_assert(faults_refuse_row(faults, FAULT_AT_GUANGDONG, "R1", code, &verdict));
    cr_assert_str_eq(verdict.code, "40001");
    cr_assert_not(faults_refuse_row(faults, FAULT_AT_GUANGDONG, "R1", code, &verdict));
    cr_assert_eq(faults_result_delay(faults, FAULT_AT_GUANGDONG, 7), 3);
    cr_assert_eq(faults_result_delay(faults, FAULT_AT_GUANGDONG, 7), 7);
}

Test(faults, what_waits_can_be_shown_and_cleared)
{
    AUTO(buf_done) struct buf out = BUF_INIT;

    cr_assert(add("{\"next\":[{\"fault\":\"close\",\"on\":\"task\",\"times\":2}]}"));
    faults_describe(faults, &out);
    cr_assert_str_eq(buf_text(&out),
                     "\"next\":[{\"fault\":\"close\",\"platform\":\"any\",\"on\":\"task\",\"times\":2}]");
    faults_clear(faults);
    cr_assert_eq(take(FAULT_ON_TASK), FAULT_NONE);
}

Test(faults, a_body_is_refused_for_its_row_only)
{
    char code[FAULT_CODE_BYTES];

    cr_assert(add("{\"next\":[{\"fault\":\"refuse-body\",\"rowid\":\"R1\",\"code\":\"6002\",\"times\":2}]}"), "%s",
              err.text);
    cr_assert_not(faults_refuse_body(faults, FAULT_AT_GUANGDONG, "R2", code));
    cr_assert(faults_refuse_body(faults, FAULT_AT_GUANGDONG, "R1", code));
    cr_assert_str_eq(code, "6002");
    cr_assert(faults_refuse_body(faults, FAULT_AT_GUANGDONG, "R1", code));
    cr_assert_not(faults_refuse_body(faults, FAULT_AT_GUANGDONG, "R1", code));
}

Test(faults, one_is_taken_only_if_it_is_the_next_and_of_the_kind)
{
    cr_assert(add("{\"next\":[{\"fault\":\"close\",\"on\":\"upload\"},{\"fault\":\"reset-body\",\"on\":\"upload\"}]}"));
    cr_assert_not(faults_take_kind(faults, FAULT_AT_GUANGDONG, FAULT_ON_UPLOAD, FAULT_RESET_BODY));
    cr_assert_not(faults_take_kind(faults, FAULT_AT_GUANGDONG, FAULT_ON_TASK, FAULT_CLOSE));
    cr_assert_eq(take(FAULT_ON_UPLOAD), FAULT_CLOSE);
    cr_assert(faults_take_kind(faults, FAULT_AT_GUANGDONG, FAULT_ON_UPLOAD, FAULT_RESET_BODY));
    cr_assert_eq(take(FAULT_ON_UPLOAD), FAULT_NONE);
}

Test(faults, faults_of_outcomes_wait_for_outcomes)
{
    AUTO(fault_done) struct fault fault = {.kind = FAULT_NONE};

    cr_assert_not(faults_wait_for_outcomes(faults, FAULT_AT_GUANGDONG));
    cr_assert(add("{\"next\":[{\"fault\":\"rows-missing\",\"rows\":2,\"platform\":\"credit-guangdong\"}]}"));
    cr_assert_eq(take(FAULT_ON_TASK), FAULT_NONE);
    cr_assert_not(faults_wait_for_outcomes(faults, FAULT_AT_CHINA));
    cr_assert(faults_wait_for_outcomes(faults, FAULT_AT_GUANGDONG));
    faults_take_outcomes(faults, FAULT_AT_GUANGDONG, &fault);
    cr_assert_eq(fault.kind, FAULT_ROWS_MISSING);
    cr_assert_eq(fault.rows, 2);
    cr_assert_not(faults_wait_for_outcomes(faults, FAULT_AT_GUANGDONG));
}
