/* Everything that can go wrong between us and a platform. Whatever it is: nothing is lost, nothing is doubled, and
 * staff see what only they can mend. */
#include "gateway/courier/policy.h"
#include "tests/unit/all/post.h"

TestSuite(courier_trouble, .init = post_open, .fini = post_close, .timeout = 120);

static void push_some(size_t count)
{
    post_list(count);
    cr_assert_eq(post_push(), count);
}

static void resume(void)
{
    cr_assert(command_resume(&T.desk, CHANNEL_CREDIT_GUANGDONG, &T.err), "%s", T.err.text);
    post_wake();
}

static void expect_pause(const char *words)
{
    struct channel_status status;

    post_await(post_is_paused, 1);
    status = post_status();
    cr_assert(strstr(status.reason, words), "%s", status.reason);
    cr_assert_not(strstr(status.reason, PLATFORM_TOKEN));
}

/* --- doubt --- */

Test(courier_trouble, a_lost_reply_is_asked_after_and_nothing_goes_twice)
{
    platform_order("{\"fault\":\"lost-reply\",\"on\":\"upload\"}");
    push_some(3);
    post_start();
    post_await_acknowledged(3);
    post_expect_applied(3, 1);
    cr_assert_eq(platform_count("uploads"), 1);
    cr_assert_eq(post_events("call.failed", "\"state\":\"in-doubt\""), 1);
}

Test(courier_trouble, an_upload_that_never_arrived_goes_again_under_the_same_id)
{
    platform_order("{\"fault\":\"close\",\"on\":\"upload\"}");
    push_some(3);
    post_start();
    post_await_acknowledged(3);
    post_expect_applied(3, 1);
    cr_assert_eq(post_events("call.prepared", NULL), 1);
    cr_assert_eq(post_events("receipt.stored", "\"kind\":\"refusal\""), 1); /* 7001 */
}

/* libcurl repeats a request on its own when a kept connection dies; the platform refuses a nonce it has seen. */
Test(courier_trouble, no_request_is_ever_repeated_with_the_same_nonce)
{
    platform_order("{\"fault\":\"result-delay\",\"polls\":8},"
                   "{\"fault\":\"lost-reply\",\"on\":\"task\",\"times\":3}");
    push_some(3);
    post_start();
    post_await_acknowledged(3);
    cr_assert_eq(platform_count("unauthorized"), 0);
    cr_assert_not(post_status().is_paused);
}

Test(courier_trouble, a_reply_lost_on_a_kept_connection_is_asked_after)
{
    push_some(3);
    post_start();
    post_await_acknowledged(3);
    platform_order("{\"fault\":\"lost-reply\",\"on\":\"upload\"}");
    post_change(0, OP_CHANGED);
    cr_assert_eq(post_push(), 1);
    post_await_acknowledged(4);
    post_expect_applied(4, 1);
    cr_assert_eq(platform_count("uploads"), 2);
    cr_assert_eq(platform_count("unauthorized"), 0);
}

Test(courier_trouble, a_gateway_error_after_the_work_is_doubt)
{
    platform_order("{\"fault\":\"status\",\"status\":502,\"after\":true,\"on\":\"upload\"}");
    push_some(3);
    post_start();
    post_await_acknowledged(3);
    post_expect_applied(3, 1);
    cr_assert_eq(platform_count("uploads"), 1);
}

Test(courier_trouble, an_answer_that_comes_too_late_is_doubt)
{
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].total_timeout_ms = 300;
    platform_order("{\"fault\":\"delay\",\"on\":\"upload\",\"ms\":600}");
    push_some(3);
    post_start();
    post_await_acknowledged(3);
    post_expect_applied(3, 1);
}

Test(courier_trouble, an_answer_that_is_no_answer_is_doubt)
{
    platform_order("{\"fault\":\"malformed\",\"on\":\"upload\"}");
    push_some(3);
    post_start();
    post_await_acknowledged(3);
    post_expect_applied(3, 1);
    cr_assert_eq(post_events("receipt.stored", "\"kind\":\"malformed\""), 1);
}

Test(courier_trouble, a_huge_answer_is_refused_and_asked_after)
{
    AUTO(buf_done) struct buf order = BUF_INIT;

    buf_add_text(&order, "{\"fault\":\"malformed\",\"on\":\"upload\",\"body\":\"");
    for (size_t i = 0; i < COURIER_ANSWER_MAX / 64 + 1; i++)
        buf_add_text(&order, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    buf_add_text(&order, "\"}");
    platform_order(buf_text(&order));
    push_some(3);
    post_start();
    post_await_acknowledged(3);
    post_expect_applied(3, 1);
    cr_assert_eq(post_events("call.failed", "too long"), 1);
    cr_assert_eq(post_events("receipt.stored", "\"kind\":\"malformed"), 0);
}

/* --- pauses: only a person can help --- */

Test(courier_trouble, a_wrong_token_pauses_and_keeps_everything)
{
    push_some(3);
    cr_assert(file_write(O.token, SPAN("other"), 0600, &T.err));
    post_start();
    expect_pause("HTTP 401");
    cr_assert_eq(post_status().count[DELIVERY_SENDING], 3);
    post_stop();
    cr_assert(file_write(O.token, SPAN(PLATFORM_TOKEN), 0600, &T.err));
    post_start();
    usleep(150000);
    cr_assert_eq(platform_count("applied"), 0);
    resume();
    post_await_acknowledged(3);
    post_expect_applied(3, 1);
    cr_assert_eq(post_events("call.prepared", NULL), 1);
    cr_assert_eq(post_events("channel.paused", NULL), 1);
}

Test(courier_trouble, a_resume_that_mends_nothing_pauses_again_without_a_storm)
{
    push_some(3);
    cr_assert(file_write(O.token, SPAN("other"), 0600, &T.err));
    post_start();
    for (int i = 0; i < 3; i++) {
        expect_pause("HTTP 401");
        resume();
    }
    expect_pause("HTTP 401");
    cr_assert_leq(platform_count("unauthorized"), 8);
}

Test(courier_trouble, a_server_that_nobody_vouches_for_pauses)
{
    push_some(3);
    snprintf(O.ca, sizeof O.ca, "%s/other-ca.pem", T.folder);
    post_start();
    expect_pause("证书");
    cr_assert_eq(platform_count("uploads"), 0);
    post_stop();
    snprintf(O.ca, sizeof O.ca, "%s/ca.pem", T.folder);
    post_start();
    resume();
    post_await_acknowledged(3);
}

Test(courier_trouble, a_server_of_another_name_pauses)
{
    push_some(3);
    O.host = "other.localhost"; /* libcurl takes every such name for this machine */
    post_start();
    expect_pause("证书");
    cr_assert_eq(platform_count("uploads"), 0);
}

Test(courier_trouble, a_client_certificate_the_platform_will_not_have_pauses)
{
    push_some(3);
    snprintf(O.certificate, sizeof O.certificate, "%s/stranger.pem", T.folder);
    snprintf(O.key, sizeof O.key, "%s/stranger.key", T.folder);
    post_start();
    expect_pause("证书");
    cr_assert_eq(platform_count("uploads"), 0);
    cr_assert_eq(post_status().count[DELIVERY_SENDING], 3);
}

Test(courier_trouble, a_missing_key_file_pauses)
{
    push_some(3);
    snprintf(O.key, sizeof O.key, "%s/nowhere.key", T.folder);
    post_start();
    expect_pause("证书");
}

Test(courier_trouble, a_wrong_address_pauses)
{
    platform_order("{\"fault\":\"status\",\"status\":404,\"on\":\"upload\"}");
    push_some(3);
    post_start();
    expect_pause("HTTP 404");
    resume();
    post_await_acknowledged(3);
}

Test(courier_trouble, a_redirect_is_not_followed)
{
    platform_order("{\"fault\":\"status\",\"status\":307,\"on\":\"upload\"}");
    push_some(3);
    post_start();
    expect_pause("HTTP 307");
    cr_assert_eq(platform_count("uploads"), 0);
}

Test(courier_trouble, codes_that_are_not_accepted_pause_and_the_rows_go_as_the_settings_then_are)
{
    push_some(3);
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].department_code = (char *)"0000";
    post_start();
    expect_pause("4002");
    cr_assert_eq(post_status().count[DELIVERY_QUEUED], 3);
    post_stop();
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].department_code = (char *)"4400GXT";
    post_start();
    resume();
    post_await_acknowledged(3);
    post_expect_applied(3, 1);
}

Test(courier_trouble, answers_that_are_never_believable_pause_in_the_end)
{
    platform_order("{\"fault\":\"malformed\",\"on\":\"task\",\"times\":30}");
    push_some(3);
    post_start();
    expect_pause("不可信");
    cr_assert_leq(post_events("receipt.stored", "\"kind\":\"malformed\""), 5);
    platform_forgive();
    resume();
    post_await_acknowledged(3);
    post_expect_applied(3, 1);
}

/* --- keys that change under a prepared call --- */

Test(courier_trouble, bytes_that_cannot_be_made_again_pause_and_go_anew_only_when_they_never_arrived)
{
    push_some(3);
    platform_order("{\"fault\":\"close\",\"on\":\"upload\",\"times\":1000},"
                   "{\"fault\":\"close\",\"on\":\"task\",\"times\":1000}");
    post_start();
    post_await(post_is_in_doubt, 3);
    post_stop();
    platform_stop();
    /* Both sides have a new key. */
    cr_assert(file_write(O.sm4, SPAN("0f0e0d0c0b0a09080706050403020100"), 0600, &T.err));
    platform_start();
    post_start();
    post_await_acknowledged(3);
    post_expect_applied(3, 1);
    cr_assert_eq(post_events("call.dissolved", NULL), 1);
    cr_assert_eq(post_events("call.prepared", NULL), 2);
}

Test(courier_trouble, a_prepared_call_whose_key_is_gone_pauses_first)
{
    platform_order("{\"fault\":\"status\",\"status\":503,\"on\":\"upload\",\"times\":1000}");
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].retry_first_ms = 60000;
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].retry_max_ms = 60000;
    push_some(3);
    post_start();
    post_await_events("call.failed", 1);
    cr_assert_eq(post_status().count[DELIVERY_SENDING], 3);
    post_kill();
    platform_forgive();
    cr_assert(file_write(O.sm4, SPAN("0f0e0d0c0b0a09080706050403020100"), 0600, &T.err));
    platform_stop();
    platform_start();
    /* Asked after first: it never arrived, and cannot be sent as it was. */
    post_start();
    post_await_acknowledged(3);
    cr_assert_eq(post_events("call.dissolved", NULL), 1);
    post_expect_applied(3, 1);
}

/* --- rows --- */

static void poison(size_t i, int times)
{
    AUTO(buf_done) struct buf order = BUF_INIT;

    buf_addf(&order, "{\"fault\":\"refuse-body\",\"rowid\":\"%s\",\"code\":\"6002\",\"times\":%d}", O.records[i],
             times);
    platform_order(buf_text(&order));
}

Test(courier_trouble, a_poisoned_row_is_found_and_the_others_arrive)
{
    enum { COUNT = 40 };
    struct delivery refused;

    post_list(COUNT);
    poison(17, 1000);
    cr_assert_eq(post_push(), COUNT);
    post_start();
    post_await(post_has_refused, 1);
    post_await_acknowledged(COUNT - 1);
    post_expect_applied(COUNT - 1, 1);
    refused = post_delivery(17, 1);
    cr_assert_eq(refused.state, DELIVERY_REFUSED);
    cr_assert_str_eq(refused.code, "6002");
    cr_assert_leq(post_events("call.prepared", NULL), 20);
    cr_assert_not(post_status().is_paused);
}

Test(courier_trouble, when_every_row_is_refused_alone_the_channel_pauses)
{
    enum { COUNT = 30 };

    post_list(COUNT);
    for (size_t i = 0; i < COUNT; i++)
        poison(i, 1000);
    cr_assert_eq(post_push(), COUNT);
    post_start();
    expect_pause("单行");
    cr_assert_leq(post_status().count[DELIVERY_REFUSED], POLICY_LONE_MAX + 4);
}

/* --- destinations that do not work --- */

Test(courier_trouble, retry_after_is_honoured)
{
    platform_order("{\"fault\":\"status\",\"status\":503,\"retry_after\":\"3600\",\"on\":\"upload\"}");
    push_some(3);
    post_start();
    post_await_events("call.failed", 1);
    usleep(300000); /* the usual pause would be over */
    cr_assert_eq(post_status().count[DELIVERY_SENDING], 3);
    cr_assert_eq(platform_count("uploads"), 0);
    /* An hour less a little: still nothing. Then the hour is over. */
    *O.offset_ms += (int64_t)3590 * 1000;
    post_wake();
    usleep(300000);
    cr_assert_eq(post_status().count[DELIVERY_SENDING], 3);
    *O.offset_ms += (int64_t)10 * 1000;
    post_wake();
    post_await_acknowledged(3);
    post_expect_applied(3, 1);
}

Test(courier_trouble, an_internal_error_of_the_platform_is_tried_again)
{
    platform_order("{\"fault\":\"status\",\"status\":200,\"body\":\"{\\\"errorCode\\\":\\\"500\\\",\\\"errorMsg\\\":"
                   "\\\"\\\"}\",\"on\":\"upload\",\"times\":3}");
    push_some(3);
    post_start();
    post_await_acknowledged(3);
    post_expect_applied(3, 1);
    cr_assert_eq(post_events("call.failed", NULL), 3);
}

Test(courier_trouble, a_dead_platform_gets_one_probe_at_a_time_and_all_goes_when_it_is_back)
{
    enum { COUNT = 40 };
    size_t tries;

    O.config.channels[CHANNEL_CREDIT_GUANGDONG].rows_max = 5;
    post_list(COUNT);
    cr_assert_eq(post_push(), COUNT);
    platform_stop();
    post_start();
    usleep(1500000);
    post_await_events("call.failed", 3);
    tries = post_events("call.failed", NULL);
    cr_assert_lt(tries, 40);
    cr_assert_not(post_status().is_paused);
    cr_assert_eq(post_status().count[DELIVERY_ACKNOWLEDGED], 0);
    platform_start();
    post_await_acknowledged(COUNT);
    post_expect_applied(COUNT, 1);
}

Test(courier_trouble, what_waited_for_a_dead_platform_does_not_wait_on_when_it_is_back)
{
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].rows_max = 1;
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].retry_first_ms = 50;
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].retry_max_ms = 3600000;
    push_some(3);
    platform_stop();
    post_start();
    usleep(2500000); /* the pauses are at a second or two by now */
    platform_start();
    post_await_acknowledged(3);
    post_expect_applied(3, 1);
}

Test(courier_trouble, a_new_start_does_not_wait_for_the_pauses_of_the_old_one)
{
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].retry_first_ms = 3600000;
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].retry_max_ms = 3600000;
    push_some(3);
    platform_stop();
    post_start();
    post_await_events("call.failed", 1);
    post_stop();
    platform_start();
    post_start();
    post_await_acknowledged(3);
    post_expect_applied(3, 1);
}

Test(courier_trouble, outcomes_that_cannot_be_asked_for_are_asked_for_later)
{
    platform_order("{\"fault\":\"status\",\"status\":500,\"on\":\"task\",\"times\":4}");
    push_some(3);
    post_start();
    post_await_acknowledged(3);
    cr_assert_eq(post_events("call.waiting", NULL), 4);
}

Test(courier_trouble, a_platform_that_forgot_what_it_took_gets_it_again)
{
    push_some(3);
    platform_order("{\"fault\":\"result-delay\",\"polls\":1000000}");
    post_start();
    post_await(post_has_received, 3);
    platform_stop();
    cr_assert(file_remove_tree(P.options.state, &T.err), "%s", T.err.text);
    platform_start();
    post_await_acknowledged(3);
    post_expect_applied(3, 1);
    cr_assert_eq(post_events("call.prepared", NULL), 1);
}
