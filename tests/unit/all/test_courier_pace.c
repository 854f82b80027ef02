/* How many at once, how long, and who else may say so: a destination of few connections, one that is away for days, and
 * people who order again what is on its way. */
#include "tests/unit/all/post.h"

enum { MANY = 120, TAKES = 5, TRIES = 24, RETRY_MAX_MS = 10 * 60 * 1000 };

TestSuite(courier_pace, .init = post_open, .fini = post_close, .timeout = 120);

static void configure(unsigned rows, unsigned concurrency)
{
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].rows_max = rows;
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].concurrency = concurrency;
}

Test(courier_pace, a_destination_of_five_connections_defers_a_sixth_of_the_deliveries_at_most)
{
    configure(1, 20);
    post_list(MANY);
    json_release(
        platform_control("POST", "/control/line", "{\"limit\":5,\"over\":\"refuse\",\"answer_latency_ms\":100}"));
    cr_assert_eq(post_push(), MANY);
    post_start();
    post_await_acknowledged(MANY);
    post_expect_applied(MANY, 1);
    cr_assert_geq(post_events("call.failed", NULL), 1, "the limit was never met");
    cr_assert_leq(post_events("call.failed", NULL) * (TAKES + 1), post_events("call.prepared", NULL),
                  "%zu failed of %zu", post_events("call.failed", NULL), post_events("call.prepared", NULL));
    cr_assert_not(post_status().is_paused);
}

Test(courier_pace, after_days_of_trying_the_next_try_still_comes_and_is_the_one_that_arrives)
{
    configure(500, 1);
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].retry_first_ms = 1000;
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].retry_max_ms = RETRY_MAX_MS;
    post_list(1);
    cr_assert_eq(post_push(), 1);
    platform_stop();
    post_start();
    for (size_t i = 1; i <= TRIES; i++) {
        post_await_events("call.failed", i);
        *O.offset_ms += 4 * 3600 * 1000;
        post_wake();
    }
    cr_assert_not(post_status().is_paused);
    platform_start();
    *O.offset_ms += 2 * RETRY_MAX_MS;
    post_wake();
    post_await_acknowledged(1);
    post_expect_applied(1, 1);
}

/* Order the delivery again as a person would; its refusal, or "" when it was taken. */
static const char *requeue(uint64_t number)
{
    struct tally tally = {0};

    T.refusal.rule[0] = '\0';
    cr_assert(command_requeue(&T.desk, &number, 1, "对方已更正", keep, NULL, &tally, &T.err), "%s", T.err.text);
    post_wake();
    return tally.done ? "" : T.refusal.rule;
}

Test(courier_pace, ordering_again_what_is_on_its_way_is_refused_and_it_goes_once)
{
    post_list(1);
    platform_order("{\"fault\":\"delay\",\"on\":\"upload\",\"ms\":600}");
    cr_assert_eq(post_push(), 1);
    post_start();
    post_await_upload();
    cr_assert_str_eq(requeue(post_delivery(0, 1).number), "delivery.not-refused");
    post_await_acknowledged(1);
    cr_assert_str_eq(requeue(post_delivery(0, 1).number), "delivery.not-refused");
    usleep(100000);
    post_expect_applied(1, 1);
    cr_assert_eq(post_events("call.prepared", NULL), 1);
}

Test(courier_pace, ordering_again_while_a_retry_waits_is_refused_and_it_goes_once)
{
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].retry_first_ms = 800;
    post_list(1);
    platform_order("{\"fault\":\"status\",\"status\":503,\"on\":\"upload\"}");
    cr_assert_eq(post_push(), 1);
    post_start();
    post_await_events("call.failed", 1);
    cr_assert_str_eq(requeue(post_delivery(0, 1).number), "delivery.not-refused");
    post_await_acknowledged(1);
    post_expect_applied(1, 1);
    cr_assert_eq(post_events("call.prepared", NULL), 1);
}

Test(courier_pace, what_two_people_order_again_goes_once_more)
{
    AUTO(buf_done) struct buf order = BUF_INIT;
    uint64_t number;

    post_list(1);
    buf_addf(&order, "{\"fault\":\"refuse-row\",\"rowid\":\"%s\",\"code\":\"40001\"}", O.records[0]);
    platform_order(buf_text(&order));
    cr_assert_eq(post_push(), 1);
    post_start();
    post_await(post_has_refused, 1);
    number = post_delivery(0, 1).number;
    cr_assert_str_eq(requeue(number), "");
    cr_assert_str_eq(requeue(number), "delivery.not-refused");
    post_await_acknowledged(1);
    post_expect_applied(1, 1);
    cr_assert_eq(post_events("call.prepared", NULL), 2);
}

Test(courier_pace, while_the_platform_is_away_nobody_else_is_given_its_port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(P.port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    platform_stop();
    cr_assert_neq(connect(other, (const struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(errno, ECONNREFUSED);
    cr_assert_neq(bind(other, (const struct sockaddr *)&address, sizeof address), 0, "somebody else has the port");
    close(other);
    platform_start();
    json_release(platform_control("GET", "/control/state", NULL));
}
