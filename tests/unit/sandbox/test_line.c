/* Orders for the line: what is refused, and that each member means what line.h says. */
#include "sandbox/line.h"

#include <criterion/criterion.h>

static struct error err;

static bool read_order(const char *text, struct line_order *order)
{
    json_t *json = json_loads(text, 0, NULL);
    bool ok;

    cr_assert_not_null(json, "%s", text);
    ok = line_order_read(json, order, &err);
    json_decref(json);
    return ok;
}

Test(line, orders_that_say_nothing_or_nonsense_are_refused)
{
    static const char *const WRONG[] = {
        "{}",
        "[]",
        "{\"latency\":5}",
        "{\"latency_ms\":\"5\"}",
        "{\"latency_ms\":-1}",
        "{\"latency_ms\":600001}",
        "{\"drip_bytes\":5}",
        "{\"drip_ms\":5}",
        "{\"drip_bytes\":0,\"drip_ms\":5}",
        "{\"connections\":3}",
        "{\"latency_ms\":5,\"connections\":0}",
        "{\"certificate\":\"old\"}",
        "{\"certificate\":true}",
        "{\"over\":\"wait\"}",
        "{\"limit\":2,\"over\":\"queue\"}",
        "{\"latency_ms\":1,\"for_ms\":5}",
        "{\"reset_open\":1}",
        "{\"reset_open\":false}",
        "{\"reset_after_answer_bytes\":5,\"stall_after_answer_bytes\":9}",
    };

    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        struct line_order order;

        cr_assert_not(read_order(WRONG[i], &order), "%s", WRONG[i]);
        cr_assert_eq(err.code, ERR_INVALID);
    }
}

Test(line, one_way_has_its_say_after_both_ways)
{
    struct line_order order;

    cr_assert(read_order("{\"answer_latency_ms\":7,\"latency_ms\":3,\"connections\":2}", &order), "%s", err.text);
    cr_assert_eq(order.rule.request.latency_ms, 3);
    cr_assert_eq(order.rule.answer.latency_ms, 7);
    cr_assert_eq(order.rule.connections, 2);
    cr_assert_eq(order.rule.answer.end_after, -1);
    cr_assert(order.has_rule && !order.has_limit && !order.resets_open);
}

Test(line, ends_of_both_ways_may_differ)
{
    struct line_order order;

    cr_assert(read_order("{\"close_after_request_bytes\":9,\"stall_after_answer_bytes\":0}", &order), "%s", err.text);
    cr_assert_eq(order.rule.request.end_after, 9);
    cr_assert_eq(order.rule.request.end, LINE_CLOSE);
    cr_assert_eq(order.rule.answer.end_after, 0);
    cr_assert_eq(order.rule.answer.end, LINE_STALL);
}

Test(line, a_limit_is_no_rule)
{
    struct line_order order;

    cr_assert(read_order("{\"limit\":0,\"over\":\"wait\",\"for_ms\":50,\"reset_open\":true}", &order), "%s", err.text);
    cr_assert(order.has_limit && !order.has_rule && order.resets_open && order.limit.waits);
    cr_assert_eq(order.limit.connections, 0);
    cr_assert_eq(order.limit.for_ms, 50);
}

Test(line, a_rule_is_described_as_it_would_be_ordered)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(buf_done) struct buf same = BUF_INIT;
    struct line_order order;
    struct line_order again;

    cr_assert(read_order("{\"latency_ms\":3,\"drip_bytes\":4,\"drip_ms\":5,\"reset_after_request_bytes\":6,"
                         "\"close_after_answer_bytes\":7,\"connections\":8,\"certificate\":\"expired\"}",
                         &order),
              "%s", err.text);
    line_rule_describe(&order.rule, &text);
    cr_assert(read_order(buf_text(&text), &again), "%s: %s", buf_text(&text), err.text);
    line_rule_describe(&again.rule, &same);
    cr_assert_str_eq(buf_text(&text), buf_text(&same));
    cr_assert(again.rule.request.drip_bytes == 4 && again.rule.answer.drip_ms == 5 && again.rule.connections == 8);
    cr_assert(again.rule.request.end_after == 6 && again.rule.answer.end_after == 7);
    cr_assert(again.rule.answer.end == LINE_CLOSE && again.rule.certificate == LINE_EXPIRED);
}
