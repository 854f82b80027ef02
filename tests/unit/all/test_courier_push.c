/* What is pushed arrives: once each, in order, with receipts. */
#include <sys/socket.h>

#include "tests/unit/all/post.h"

TestSuite(courier_push, .init = post_open, .fini = post_close, .timeout = 120);

Test(courier_push, more_rows_than_one_call_holds_are_acknowledged_once_each)
{
    enum { COUNT = 520 };

    post_list(COUNT);
    cr_assert_eq(post_push(), COUNT);
    post_start();
    post_await_acknowledged(COUNT);
    post_expect_applied(COUNT, 1);
    cr_assert_eq(platform_count("uploads"), 2);
    cr_assert_eq(platform_count("repeated"), 0);
    cr_assert_eq(post_events("call.prepared", NULL), 2);
    cr_assert_eq(post_events("call.failed", NULL), 0);
    cr_assert_eq(post_events("receipt.stored", "\"kind\":\"transport\""), 2);
    cr_assert_gt(post_events("receipt.stored", "\"kind\":\"business\""), 2);
}

Test(courier_push, versions_of_a_record_arrive_in_order)
{
    enum { COUNT = 5 };

    post_list(COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        post_change(i, OP_DISPUTED);
        post_change(i, OP_DISPUTE_OVER);
    }
    cr_assert_eq(post_push(), 3 * COUNT);
    post_start();
    post_await_acknowledged(3 * COUNT);
    post_expect_applied(3 * COUNT, 1);
    cr_assert_gt(post_delivery(0, 2).changed_ms, post_delivery(0, 1).changed_ms);
}

Test(courier_push, what_is_pushed_while_it_runs_goes_at_once)
{
    post_list(3);
    post_start();
    cr_assert_eq(post_push(), 3);
    post_await_acknowledged(3);
    post_change(1, OP_DISPUTED);
    cr_assert_eq(post_push(), 1);
    post_await_acknowledged(4);
    post_expect_applied(4, 1);
}

Test(courier_push, small_calls_run_side_by_side_and_each_row_goes_once)
{
    enum { COUNT = 100 };

    O.config.channels[CHANNEL_CREDIT_GUANGDONG].rows_max = 3;
    post_list(COUNT);
    cr_assert_eq(post_push(), COUNT);
    post_start();
    post_await_acknowledged(COUNT);
    post_expect_applied(COUNT, 1);
    cr_assert_geq(platform_count("uploads"), (COUNT + 2) / 3);
    cr_assert_eq(post_events("call.failed", NULL), 0);
}

static bool count_receipts(const struct receipt *receipt, void *context)
{
    size_t *count = context;

    *count += span_is(receipt->kind, "business");
    return true;
}

struct past {
    struct store_txn *txn;
    size_t calls;
    size_t receipts;
};

static bool see_call(const uint8_t call[16], void *context)
{
    struct past *past = context;

    past->calls++;
    cr_assert(outbox_receipts(past->txn, call, count_receipts, &past->receipts, &T.err), "%s", T.err.text);
    return true;
}

/* The calls that a delivery rode in before, each with a business receipt. */
static size_t past_calls(uint64_t number)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    struct past past = {.txn = txn};

    cr_assert(outbox_past_calls(txn, number, see_call, &past, &T.err), "%s", T.err.text);
    cr_assert_eq(past.receipts, past.calls);
    return past.calls;
}

Test(courier_push, a_refused_row_stops_its_lane_and_no_other)
{
    AUTO(buf_done) struct buf order = BUF_INIT;
    struct delivery refused;

    post_list(4);
    post_change(2, OP_DISPUTED);
    buf_addf(&order, "{\"fault\":\"refuse-row\",\"rowid\":\"%s\",\"code\":\"40001\",\"message\":\"主体名称不符\"}",
             O.records[2]);
    platform_order(buf_text(&order));
    cr_assert_eq(post_push(), 5);
    post_start();
    post_await(post_has_refused, 1);
    post_await_acknowledged(3);
    refused = post_delivery(2, 1);
    cr_assert_eq(refused.state, DELIVERY_REFUSED);
    cr_assert_str_eq(refused.code, "40001");
    cr_assert_eq(post_delivery(2, 2).state, DELIVERY_QUEUED);
    cr_assert(command_requeue(&T.desk, &refused.number, 1, "对方已更正", keep, NULL, &T.tally, &T.err), "%s",
              T.err.text);
    post_wake();
    post_await_acknowledged(5);
    post_expect_applied(5, 1);
    cr_assert_eq(past_calls(refused.number), 1, "what they said when they refused it stays tied to it");
}

Test(courier_push, outcomes_are_asked_for_until_they_are_known)
{
    platform_order("{\"fault\":\"result-delay\",\"polls\":5}");
    post_list(2);
    cr_assert_eq(post_push(), 2);
    post_start();
    post_await_acknowledged(2);
    cr_assert_eq(post_events("call.waiting", NULL), 5);
    post_expect_applied(2, 1);
}

Test(courier_push, a_channel_that_drains_ends_what_is_open_and_begins_nothing)
{
    platform_order("{\"fault\":\"result-delay\",\"polls\":7}");
    post_list(2);
    cr_assert_eq(post_push(), 2);
    post_start();
    post_await(post_has_received, 2);
    cr_assert(command_drain(&T.desk, CHANNEL_CREDIT_GUANGDONG, "对方升级", &T.err), "%s", T.err.text);
    cr_assert_not(command_drain(&T.desk, CHANNEL_CREDIT_GUANGDONG, "对方升级", &T.err));
    cr_assert_str_eq(T.err.rule, "channel.paused");
    post_change(0, OP_DISPUTED);
    cr_assert_eq(post_push(), 1);
    post_await_acknowledged(2);
    usleep(200000);
    cr_assert_eq(post_status().count[DELIVERY_QUEUED], 1);
    cr_assert(post_status().is_draining);
    cr_assert(command_resume(&T.desk, CHANNEL_CREDIT_GUANGDONG, &T.err), "%s", T.err.text);
    post_wake();
    post_await_acknowledged(3);
    post_expect_applied(3, 1);
}

Test(courier_push, a_paused_channel_sends_nothing_and_goes_on_when_resumed)
{
    post_list(3);
    cr_assert(command_pause(&T.desk, CHANNEL_CREDIT_GUANGDONG, "对方检修", &T.err), "%s", T.err.text);
    cr_assert_eq(post_push(), 3);
    post_start();
    usleep(300000);
    cr_assert_eq(post_status().count[DELIVERY_QUEUED], 3);
    cr_assert_eq(platform_count("uploads"), 0);
    cr_assert(command_resume(&T.desk, CHANNEL_CREDIT_GUANGDONG, &T.err), "%s", T.err.text);
    post_wake();
    post_await_acknowledged(3);
}

Test(courier_push, a_pause_in_the_middle_keeps_what_came_back)
{
    platform_order("{\"fault\":\"delay\",\"on\":\"upload\",\"ms\":800}");
    post_list(3);
    cr_assert_eq(post_push(), 3);
    post_start();
    post_await_upload();
    cr_assert(command_pause(&T.desk, CHANNEL_CREDIT_GUANGDONG, "立即停发", &T.err), "%s", T.err.text);
    post_await(post_has_received, 3);
    usleep(200000);
    cr_assert_eq(post_status().count[DELIVERY_RECEIVED], 3);
    cr_assert(command_resume(&T.desk, CHANNEL_CREDIT_GUANGDONG, &T.err), "%s", T.err.text);
    post_wake();
    post_await_acknowledged(3);
    post_expect_applied(3, 1);
}

Test(courier_push, without_anybody_to_wake_it_the_store_is_looked_at)
{
    int fd = O.wake_fd;

    post_list(2);
    O.wake_fd = -1;
    post_start();
    O.wake_fd = fd;
    usleep(100000);
    cr_assert_eq(post_push(), 2);
    post_await_acknowledged(2);
}

Test(courier_push, many_calls_wait_for_their_outcomes_at_once)
{
    enum { COUNT = 300 };
    AUTO(buf_done) struct buf order = BUF_INIT;

    O.config.channels[CHANNEL_CREDIT_GUANGDONG].rows_max = 1;
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].concurrency = 8;
    post_list(COUNT);
    buf_addf(&order, "{\"fault\":\"result-delay\",\"polls\":4,\"times\":%d}", COUNT);
    platform_order(buf_text(&order));
    cr_assert_eq(post_push(), COUNT);
    post_start();
    post_await_acknowledged(COUNT);
    post_expect_applied(COUNT, 1);
}

Test(courier_push, without_a_signer_everything_waits_and_goes_when_it_is_there)
{
    int fds[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
    post_list(3);
    cr_assert_eq(post_push(), 3);
    O.signer_fd = fds[0];
    post_start();
    usleep(2500000);
    cr_assert_eq(post_status().count[DELIVERY_QUEUED], 3);
    cr_assert_not(post_status().is_paused);
    cr_assert_eq(platform_count("uploads"), 0);
    post_stop();
    O.signer_fd = 0;
    post_start();
    post_await_acknowledged(3);
    close(fds[1]);
}

/* --- stopping --- */

Test(courier_push, an_idle_courier_stops_at_once)
{
    int64_t begin_ms;

    post_start();
    usleep(100000);
    begin_ms = time_monotonic_ms();
    post_stop();
    cr_assert_lt(time_monotonic_ms() - begin_ms, COURIER_STOP_MS / 2);
}

Test(courier_push, what_is_in_flight_at_a_stop_may_end)
{
    platform_order("{\"fault\":\"delay\",\"on\":\"upload\",\"ms\":1000}");
    post_list(2);
    cr_assert_eq(post_push(), 2);
    post_start();
    post_await_upload();
    post_stop();
    cr_assert_eq(post_status().count[DELIVERY_RECEIVED], 2);
    post_start();
    post_await_acknowledged(2);
    post_expect_applied(2, 1);
}

Test(courier_push, what_does_not_end_in_time_is_in_doubt_and_asked_after)
{
    int64_t begin_ms = time_monotonic_ms();

    platform_order("{\"fault\":\"delay\",\"on\":\"upload\",\"ms\":4500}");
    post_list(2);
    cr_assert_eq(post_push(), 2);
    post_start();
    post_await_upload();
    post_stop();
    cr_assert_geq(time_monotonic_ms() - begin_ms, COURIER_STOP_MS);
    cr_assert_eq(post_status().count[DELIVERY_IN_DOUBT], 2);
    post_start();
    post_await_acknowledged(2);
    post_expect_applied(2, 1);
    cr_assert_eq(platform_count("uploads"), 1);
}
