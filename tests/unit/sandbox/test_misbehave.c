/* Every fault against the running sandbox: a plain client sees what faults.h says, the platform did or did not work. */
#include "tests/unit/sandbox/running.h"

TestSuite(misbehave, .init = begin, .fini = end, .timeout = 60);

static void expect_lost(const char *fault, int works)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};
    AUTO(answer_done) struct answer after = {.json = NULL};
    AUTO(buf_done) struct buf next = BUF_INIT;

    buf_addf(&next, "{\"next\":[%s]}", fault);
    order(buf_text(&next));
    upload(REPORTER_TASK, ROW, 1, &answer);
    cr_assert_neq(answer.result, CURLE_OK, "%s", fault);
    cr_assert_neq(answer.result, CURLE_OPERATION_TIMEDOUT, "%s", fault);
    cr_assert_eq(applied(), works, "%s", fault);
    upload(REPORTER_TASK, ROW, 1, &after);
    expect_ok(&after);
    cr_assert_eq(applied(), 1);
}

/* The answer to an upload that meets this fault. */
static void meet(const char *fault, struct answer *answer)
{
    AUTO(buf_done) struct buf next = BUF_INIT;

    buf_addf(&next, "{\"next\":[%s]}", fault);
    order(buf_text(&next));
    upload(REPORTER_TASK, ROW, 1, answer);
    cr_assert_eq(answer->result, CURLE_OK, "%s: %s", fault, curl_easy_strerror(answer->result));
}

/* Holdings come without a code. */
static void expect_answered(const struct answer *answer)
{
    cr_assert_eq(answer->result, CURLE_OK, "%s", curl_easy_strerror(answer->result));
    cr_assert_eq(answer->status, 200);
}

static const char *code_of(const struct answer *answer)
{
    const char *code = json_string_value(json_object_get(answer->json, "errorCode"));

    return code ? code : "(none)";
}

static int64_t reset_count(void)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};

    control("GET", "/control/line", NULL, &answer);
    cr_assert_eq(answer.status, 200);
    return json_integer_value(json_object_get(answer.json, "reset"));
}

/* --- the connection breaks --- */

Test(misbehave, a_reset_before_the_work_is_no_work_done)
{
    expect_lost("{\"fault\":\"reset\"}", 0);
    cr_assert_eq(reset_count(), 1);
}

Test(misbehave, a_reset_after_the_work_is_work_done)
{
    expect_lost("{\"fault\":\"reset\",\"after\":true}", 1);
    cr_assert_eq(reset_count(), 1);
}

Test(misbehave, a_reset_while_the_body_comes_is_no_work_done)
{
    expect_lost("{\"fault\":\"reset-body\",\"on\":\"upload\"}", 0);
    cr_assert_eq(reset_count(), 1);
}

Test(misbehave, a_request_without_a_body_is_reset_before_it_is_looked_at)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};

    order("{\"next\":[{\"fault\":\"reset-body\"}]}");
    ask_platform("/holdings", NULL, "client", &answer);
    cr_assert_neq(answer.result, CURLE_OK);
    cr_assert_eq(reset_count(), 1);
}

Test(misbehave, an_answer_can_be_cut_at_a_byte)
{
    expect_lost("{\"fault\":\"cut\",\"bytes\":60}", 1);
    cr_assert_eq(reset_count(), 1);
}

Test(misbehave, an_answer_that_stalls_never_comes)
{
    AUTO(answer_done) struct answer stalled = {.json = NULL};
    AUTO(answer_done) struct answer other = {.json = NULL};
    AUTO(answer_done) struct answer line = {.json = NULL};

    patience_ms = 400;
    order("{\"next\":[{\"fault\":\"stall\"}]}");
    upload(REPORTER_TASK, ROW, 1, &stalled);
    cr_assert_eq(stalled.result, CURLE_OPERATION_TIMEDOUT);
    cr_assert_eq(applied(), 1);
    patience_ms = 5000;
    upload(TASK_2, ROW, 1, &other);
    expect_ok(&other);
    control("GET", "/control/line", NULL, &line);
    cr_assert_eq(json_integer_value(json_object_get(line.json, "stalled")), 1);
}

/* --- the answer comes otherwise --- */

Test(misbehave, a_delay_holds_up_nobody_else)
{
    pid_t other;
    int64_t began_ms = time_monotonic_ms();
    int status;

    order("{\"next\":[{\"fault\":\"delay\",\"ms\":1500,\"on\":\"upload\"}]}");
    other = fork();
    if (other == 0) {
        struct answer late = {.json = NULL};

        upload(REPORTER_TASK, ROW, 1, &late);
        _exit(late.status == 200 && time_monotonic_ms() - began_ms >= 1500 ? 0 : 1);
    }
    while (applied() == 0)
        usleep(2000);
    {
        AUTO(answer_done) struct answer quick = {.json = NULL};

        ask_platform("/holdings", NULL, "client", &quick);
        expect_answered(&quick);
    }
    cr_assert_lt(time_monotonic_ms() - began_ms, 1500);
    cr_assert_eq(waitpid(other, &status, 0), other);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

Test(misbehave, a_dripping_answer_arrives_whole_and_late)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};
    int64_t began_ms = time_monotonic_ms();

    meet("{\"fault\":\"drip\",\"bytes\":40,\"ms\":20}", &answer);
    expect_ok(&answer);
    cr_assert_geq(time_monotonic_ms() - began_ms, 100);
}

Test(misbehave, a_call_is_refused_in_the_platforms_own_words)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};

    meet("{\"fault\":\"refuse-call\",\"code\":\"5003\"}", &answer);
    cr_assert_eq(answer.status, 200);
    cr_assert_str_eq(code_of(&answer), "5003");
    cr_assert_eq(applied(), 0);
}

Test(misbehave, an_answer_may_be_huge_and_right)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};

    meet("{\"fault\":\"huge\",\"bytes\":5242880}", &answer);
    cr_assert_eq(answer.bytes, 5242880);
    expect_ok(&answer);
}

Test(misbehave, an_answer_may_be_empty)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};

    meet("{\"fault\":\"malformed\",\"body\":\"\"}", &answer);
    cr_assert_eq(answer.status, 200);
    cr_assert_eq(answer.bytes, 0);
    cr_assert_eq(applied(), 1);
}

Test(misbehave, an_answer_may_say_that_it_is_something_else)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};

    meet("{\"fault\":\"malformed\",\"body\":\"<p>hello</p>\",\"content_type\":\"text/html\"}", &answer);
    cr_assert_eq(answer.status, 200);
    cr_assert_str_eq(answer.type, "text/html");
    cr_assert_eq(applied(), 1);
}

Test(misbehave, an_answer_may_have_wrong_types)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};

    meet("{\"fault\":\"wrong-types\"}", &answer);
    cr_assert_eq(json_integer_value(json_object_get(answer.json, "errorCode")), 200);
    cr_assert(json_is_string(json_object_get(answer.json, "totalSize")));
}

Test(misbehave, an_answer_may_be_that_of_the_call_before)
{
    AUTO(answer_done) struct answer first = {.json = NULL};
    AUTO(answer_done) struct answer second = {.json = NULL};

    upload(TASK_2, ROW, 1, &first);
    expect_ok(&first);
    meet("{\"fault\":\"previous\"}", &second);
    cr_assert_str_eq(json_string_value(json_object_get(second.json, "taskId")), TASK_2);
}

Test(misbehave, outcomes_are_told_wrong_when_there_are_some)
{
    AUTO(answer_done) struct answer uploaded = {.json = NULL};
    AUTO(answer_done) struct answer early = {.json = NULL};
    AUTO(answer_done) struct answer wrong = {.json = NULL};
    AUTO(answer_done) struct answer right = {.json = NULL};

    order("{\"next\":[{\"fault\":\"result-delay\",\"polls\":1},{\"fault\":\"rows-twice\"}]}");
    upload(REPORTER_TASK, ROW, 1, &uploaded);
    expect_ok(&uploaded);
    ask_platform("/tasks/" REPORTER_TASK, NULL, "client", &early);
    cr_assert_eq(json_array_size(json_object_get(early.json, "rows")), 0);
    ask_platform("/tasks/" REPORTER_TASK, NULL, "client", &wrong);
    cr_assert_eq(json_array_size(json_object_get(wrong.json, "rows")), 2);
    ask_platform("/tasks/" REPORTER_TASK, NULL, "client", &right);
    cr_assert_eq(json_array_size(json_object_get(right.json, "rows")), 1);
}

/* --- the line --- */

static void order_line(const char *method, const char *body, long status)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};

    control(method, "/control/line", body, &answer);
    cr_assert_eq(answer.status, status, "%s: %ld", body, answer.status);
}

Test(misbehave, the_server_may_show_an_expired_certificate_or_one_of_nobody)
{
    static const char *const CERTIFICATES[] = {"{\"certificate\":\"expired\",\"connections\":1}",
                                               "{\"certificate\":\"wrong\",\"connections\":1}"};

    for (size_t i = 0; i < COUNT_OF(CERTIFICATES); i++) {
        AUTO(answer_done) struct answer refused = {.json = NULL};
        AUTO(answer_done) struct answer after = {.json = NULL};

        order_line("POST", CERTIFICATES[i], 200);
        ask_platform("/holdings", NULL, "client", &refused);
        cr_assert_eq(refused.result, CURLE_PEER_FAILED_VERIFICATION, "%s", curl_easy_strerror(refused.result));
        ask_platform("/holdings", NULL, "client", &after);
        expect_answered(&after);
    }
}

Test(misbehave, a_handshake_can_be_reset)
{
    AUTO(answer_done) struct answer reset = {.json = NULL};

    order_line("POST", "{\"reset_after_request_bytes\":100,\"connections\":1}", 200);
    ask_platform("/holdings", NULL, "client", &reset);
    cr_assert_eq(reset.result, CURLE_SSL_CONNECT_ERROR, "%s", curl_easy_strerror(reset.result));
}

Test(misbehave, a_closed_port_refuses_connections)
{
    AUTO(answer_done) struct answer refused = {.json = NULL};
    AUTO(answer_done) struct answer after = {.json = NULL};

    order_line("POST", "{\"limit\":0}", 200);
    ask_platform("/holdings", NULL, "client", &refused);
    cr_assert_eq(refused.result, CURLE_COULDNT_CONNECT, "%s", curl_easy_strerror(refused.result));
    order_line("DELETE", NULL, 200);
    ask_platform("/holdings", NULL, "client", &after);
    expect_answered(&after);
}

Test(misbehave, what_the_line_cannot_do_is_refused)
{
    order_line("POST", "{\"latency\":1}", 400);
    order_line("POST", "{", 400);
    order_line("PUT", "{}", 405);
}

Test(misbehave, without_a_relay_the_line_obeys_nobody)
{
    AUTO(answer_done) struct answer answer = {.json = NULL};
    AUTO(answer_done) struct answer usual = {.json = NULL};

    stop(0);
    options.relay = CHOICE_NO;
    start();
    order_line("POST", "{\"latency_ms\":1}", 404);
    order_line("GET", NULL, 404);
    control("POST", "/control/faults", "{\"next\":[{\"fault\":\"stall\"}]}", &answer);
    cr_assert_eq(answer.status, 400);
    meet("{\"fault\":\"delay\",\"ms\":50}", &usual);
    expect_ok(&usual);
}

/* --- chance --- */

static json_t *chaos_of(const struct answer *answer)
{
    return json_object_get(answer->json, "chaos");
}

/* A client that tries again until it is told that the upload was taken, as often as that takes. */
static void upload_patiently(int version)
{
    char task[33];

    snprintf(task, sizeof task, "%032d", version);
    for (int i = 0; i < 200; i++) {
        AUTO(answer_done) struct answer answer = {.json = NULL};

        upload(task, ROW, version, &answer);
        if (answer.result == CURLE_OK && answer.status == 200 && strcmp(code_of(&answer), "200") == 0)
            return;
    }
    cr_assert_fail("version %d is never taken", version);
}

Test(misbehave, under_chaos_every_upload_is_taken_once_in_the_end)
{
    AUTO(answer_done) struct answer ordered = {.json = NULL};
    AUTO(answer_done) struct answer seen = {.json = NULL};
    AUTO(answer_done) struct answer stopped = {.json = NULL};

    control("POST", "/control/chaos", "{\"seed\":5,\"rate\":60}", &ordered);
    cr_assert_eq(ordered.status, 200);
    for (int version = 1; version <= 15; version++)
        upload_patiently(version);
    cr_assert_eq(applied(), 15);
    control("GET", "/control/faults", NULL, &seen);
    cr_assert_gt(json_object_size(json_object_get(chaos_of(&seen), "made")), 3);
    cr_assert_geq(json_integer_value(json_object_get(json_object_get(chaos_of(&seen), "requests"), "credit-guangdong")),
                  15);
    control("DELETE", "/control/chaos", NULL, &stopped);
    cr_assert(json_is_false(json_object_get(chaos_of(&stopped), "on")));
}

Test(misbehave, chaos_can_be_there_from_the_beginning)
{
    AUTO(answer_done) struct answer seen = {.json = NULL};
    AUTO(answer_done) struct answer wrong = {.json = NULL};

    stop(0);
    options.chaos = memory_new(sizeof *options.chaos);
    *options.chaos = (struct chaos_options){.seed = 9, .rate = 30};
    start();
    control("GET", "/control/faults", NULL, &seen);
    cr_assert_eq(json_integer_value(json_object_get(chaos_of(&seen), "seed")), 9);
    cr_assert_eq(json_integer_value(json_object_get(chaos_of(&seen), "rate")), 30);
    control("POST", "/control/chaos", "{\"rate\":101}", &wrong);
    cr_assert_eq(wrong.status, 400);
}

Test(misbehave, a_killed_sandbox_takes_its_relay_along_and_begins_again_on_its_port)
{
    AUTO(answer_done) struct answer before = {.json = NULL};
    AUTO(answer_done) struct answer after = {.json = NULL};

    upload(REPORTER_TASK, ROW, 1, &before);
    expect_ok(&before);
    stop(SIGKILL);
    options.port = port;
    start();
    cr_assert_eq(port, options.port);
    upload(TASK_2, ROW, 2, &after);
    expect_ok(&after);
}
