/* The whole sandbox as a process of its own, spoken to over TLS: killed, restarted and made to misbehave. */
#include "tests/unit/sandbox/running.h"

TestSuite(sandbox, .init = begin, .fini = end, .timeout = 60);

Test(sandbox, nobody_comes_in_without_a_client_certificate)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};

    ask_platform("/holdings", NULL, NULL, &answer);
    cr_assert_neq(answer.result, CURLE_OK);
}

Test(sandbox, control_is_not_reached_over_the_network)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};

    ask_platform("/control/state", NULL, "client", &answer);
    cr_assert_eq(answer.status, 404);
}

Test(sandbox, what_control_does_not_know_is_refused)
{
    static const struct {
        const char *method;
        const char *path;
        const char *body;
        long status;
    } WRONG[] = {{"GET", "/control/else", NULL, 404},
                 {"GET", "/upload", NULL, 404},
                 {"DELETE", "/control/state", NULL, 405},
                 {"GET", "/control/state?x=1", NULL, 400},
                 {"POST", "/control/faults", "{", 400},
                 {"POST", "/control/faults", "{\"next\":[{}]}", 400},
                 {"POST", "/control/clock", "{\"offset_ms\":\"1\"}", 400}};

    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        AUTO(answer_done) struct answer answer = {.json = NULL};

        control(WRONG[i].method, WRONG[i].path, WRONG[i].body, &answer);
        cr_assert_eq(answer.status, WRONG[i].status, "%s: %ld", WRONG[i].path, answer.status);
    }
}

Test(sandbox, a_lost_reply_is_work_done_and_no_answer)
{
    AUTO(answer_done) struct answer lost = {.json = NULL};
    AUTO(answer_done) struct answer again = {.json = NULL};

    order("{\"next\":[{\"fault\":\"lost-reply\"}]}");
    upload(REPORTER_TASK, ROW, 1, &lost);
    cr_assert_neq(lost.result, CURLE_OK);
    cr_assert_eq(applied(), 1);
    upload(REPORTER_TASK, ROW, 1, &again);
    expect_ok(&again);
    cr_assert_eq(applied(), 1);
}

Test(sandbox, a_closed_connection_is_no_work_done)
{
    AUTO(answer_done) struct answer closed = {.json = NULL};

    order("{\"next\":[{\"fault\":\"close\",\"on\":\"upload\"}]}");
    upload(REPORTER_TASK, ROW, 1, &closed);
    cr_assert_neq(closed.result, CURLE_OK);
    cr_assert_eq(applied(), 0);
}

Test(sandbox, a_status_comes_before_or_after_the_work)
{
    AUTO(answer_done) struct answer before = {.json = NULL};
    AUTO(answer_done) struct answer after = {.json = NULL};

    order("{\"next\":[{\"fault\":\"status\",\"status\":503,\"retry_after\":\"7\"},"
          "{\"fault\":\"status\",\"status\":502,\"after\":true}]}");
    upload(REPORTER_TASK, ROW, 1, &before);
    cr_assert_eq(before.status, 503);
    cr_assert_eq(applied(), 0);
    upload(REPORTER_TASK, ROW, 1, &after);
    cr_assert_eq(after.status, 502);
    cr_assert_eq(applied(), 1);
}

Test(sandbox, a_delayed_answer_comes_late)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};
    int64_t start_ms = time_monotonic_ms();

    order("{\"next\":[{\"fault\":\"delay\",\"ms\":300}]}");
    upload(REPORTER_TASK, ROW, 1, &answer);
    expect_ok(&answer);
    cr_assert_geq(time_monotonic_ms() - start_ms, 300);
}

Test(sandbox, a_malformed_answer_is_not_json)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};

    order("{\"next\":[{\"fault\":\"malformed\"}]}");
    upload(REPORTER_TASK, ROW, 1, &answer);
    cr_assert_eq(answer.status, 200);
    cr_assert_null(answer.json);
    cr_assert_eq(applied(), 1);
}

Test(sandbox, a_clock_that_is_moved_refuses_our_headers)
{
    AUTO(answer_done) struct answer moved = {.json = NULL};
    AUTO(answer_done) struct answer refused = {.json = NULL};

    control("POST", "/control/clock", "{\"offset_ms\":400000}", &moved);
    cr_assert_eq(moved.status, 200);
    upload(REPORTER_TASK, ROW, 1, &refused);
    cr_assert_eq(refused.status, 401);
}

Test(sandbox, killed_it_forgets_nothing_it_acknowledged)
{
    AUTO(answer_done) struct answer first = {.json = NULL};
    AUTO(answer_done) struct answer second = {.json = NULL};
    AUTO(answer_done) struct answer task = {.json = NULL};

    upload(REPORTER_TASK, ROW, 1, &first);
    expect_ok(&first);
    stop(SIGKILL);
    start();
    cr_assert_eq(applied(), 1);
    ask_platform("/tasks/" REPORTER_TASK, NULL, "client", &task);
    expect_ok(&task);
    cr_assert_eq(json_array_size(json_object_get(task.json, "rows")), 1);
    upload(TASK_2, ROW, 2, &second);
    expect_ok(&second);
    cr_assert_eq(applied(), 2);
}

Test(sandbox, the_history_of_one_record_can_be_asked_for)
{
    AUTO(answer_done) struct answer first = {.json = NULL};
    AUTO(answer_done) struct answer second = {.json = NULL};
    AUTO(answer_done) struct answer state = {.json = NULL};

    upload(REPORTER_TASK, ROW, 1, &first);
    upload(TASK_2, "R2", 1, &second);
    control("GET", "/control/state?rowid=" ROW, NULL, &state);
    cr_assert_eq(json_object_size(json_object_get(state.json, "records")), 1);
    cr_assert_not_null(json_object_get(json_object_get(state.json, "records"), ROW));
}
