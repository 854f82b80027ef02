/* What the platform has done and we have not written down yet: our commit waits (the writer is held here), and the
 * courier is killed before it. */
#include "tests/unit/all/post.h"

enum { COUNT = 3 };

TestSuite(courier_commit, .init = post_open, .fini = post_close, .timeout = 120);

static void await_count(const char *name, int64_t wanted)
{
    int64_t until_ms = time_monotonic_ms() + PATIENCE_MS;

    while (platform_count(name) < wanted && time_monotonic_ms() < until_ms)
        usleep(5000);
    cr_assert_eq(platform_count(name), wanted, "%s", name);
}

static void list_and_push(void)
{
    post_list(COUNT);
    cr_assert_eq(post_push(), COUNT);
}

/* Nobody else writes from now on. */
static struct store_txn *hold_writer(void)
{
    struct store_txn *txn;

    cr_assert(store_begin(T.store, STORE_WRITE, &txn, &T.err), "%s", T.err.text);
    return txn;
}

Test(courier_commit, a_transport_receipt_that_we_could_not_write_down_is_asked_for_again)
{
    struct store_txn *txn;

    platform_order("{\"fault\":\"delay\",\"on\":\"upload\",\"ms\":400}");
    list_and_push();
    post_start();
    post_await_events("call.prepared", 1);
    txn = hold_writer();
    await_count("tasks", 1);
    usleep(600000); /* the answer is there, and cannot be written */
    post_kill();
    store_abort(txn);
    cr_assert_eq(post_events("call.received", NULL), 0);
    post_start();
    post_await_acknowledged(COUNT);
    post_expect_applied(COUNT, 1);
    cr_assert_eq(post_events("call.prepared", NULL), 1);
}

Test(courier_commit, outcomes_that_we_could_not_write_down_are_fetched_again)
{
    struct store_txn *txn;

    platform_order("{\"fault\":\"delay\",\"on\":\"task\",\"ms\":400}");
    list_and_push();
    post_start();
    post_await_events("call.received", 1);
    txn = hold_writer();
    usleep(800000);
    post_kill();
    store_abort(txn);
    cr_assert_eq(post_events("delivery.settled", NULL), 0);
    post_start();
    post_await_acknowledged(COUNT);
    post_expect_applied(COUNT, 1);
}

Test(courier_commit, nothing_is_sent_that_is_not_written_down)
{
    struct store_txn *txn;

    O.config.channels[CHANNEL_CREDIT_GUANGDONG].rows_max = 1;
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].concurrency = 1;
    platform_order("{\"fault\":\"delay\",\"on\":\"upload\",\"ms\":300}");
    list_and_push();
    post_start();
    post_await_events("call.prepared", 1);
    txn = hold_writer();
    usleep(900000); /* the first is answered, and the second would be next */
    cr_assert_eq(platform_count("uploads"), 1);
    store_abort(txn);
    post_await_acknowledged(COUNT);
    post_expect_applied(COUNT, 1);
}

Test(courier_commit, outcomes_that_are_there_before_the_transport_receipt_count_once)
{
    platform_order("{\"fault\":\"lost-reply\",\"on\":\"upload\"}");
    list_and_push();
    post_start();
    post_await_acknowledged(COUNT);
    post_expect_applied(COUNT, 1);
    cr_assert_eq(post_events("call.prepared", NULL), 1);
    cr_assert_eq(post_events("delivery.settled", NULL), 1);
}

Test(courier_commit, the_refusal_of_a_first_copy_says_nothing_about_the_second)
{
    platform_order(
        "{\"fault\":\"status\",\"status\":200,\"body\":\"{\\\"errorCode\\\":\\\"500\\\",\\\"errorMsg\\\":\\\"\\\"}\","
        "\"on\":\"upload\"},{\"fault\":\"previous\",\"on\":\"task\"}");
    list_and_push();
    post_start();
    post_await_acknowledged(COUNT);
    post_expect_applied(COUNT, 1);
    cr_assert_eq(post_events("call.prepared", NULL), 1);
}
