/* A layout of one's own decides about rows a call and about codes, with nothing else changed. */
#include "tests/unit/all/post.h"

TestSuite(courier_layout, .init = post_open, .fini = post_close, .timeout = 120);

/* The layout of credit-guangdong with other rows a call, and with "20002" in it as `means` says. */
static void use_layout(int rows, const char *means)
{
    static char path[TEST_PATH_BYTES + 16];
    AUTO(json_release) json_t *layout = NULL;

    cr_assert(json_read_file(TEST_SOURCE "/adapters/layouts/credit-guangdong.json", &layout, &T.err), "%s", T.err.text);
    cr_assert_eq(json_object_set_new(layout, "rows", json_integer(rows)), 0);
    cr_assert_eq(
        json_object_set_new(json_object_get(json_object_get(layout, "results"), "20002"), "means", json_string(means)),
        0);
    snprintf(path, sizeof path, "%s/mine.json", T.folder);
    cr_assert_eq(json_dump_file(layout, path, 0), 0);
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].layout = path;
}

static void answer_with(const char *record, const char *code)
{
    AUTO(buf_done) struct buf order = BUF_INIT;

    buf_addf(&order, "{\"fault\":\"refuse-row\",\"rowid\":\"%s\",\"code\":\"%s\",\"message\":\"说明\"}", record, code);
    platform_order(buf_text(&order));
}

Test(courier_layout, a_code_that_the_layout_does_not_know_is_as_the_protocol_has_it)
{
    use_layout(500, "taken");
    post_list(2);
    answer_with(O.records[0], "77777");
    cr_assert_eq(post_push(), 2);
    post_start();
    post_await(post_has_refused, 1);
    post_await_acknowledged(1);
    cr_assert_str_eq(post_delivery(0, 1).code, "77777");
}

Test(courier_layout, a_code_that_the_layout_takes_is_taken)
{
    use_layout(500, "taken");
    post_list(2);
    answer_with(O.records[0], "20002");
    cr_assert_eq(post_push(), 2);
    post_start();
    post_await_acknowledged(2);
    cr_assert_str_eq(post_delivery(0, 1).code, "20002", "what they said is kept");
    cr_assert_eq(post_delivery(0, 1).state, DELIVERY_ACKNOWLEDGED);
}

Test(courier_layout, a_call_has_no_more_rows_than_the_layout_says)
{
    use_layout(3, "refused");
    post_list(10);
    cr_assert_eq(post_push(), 10);
    post_start();
    post_await_acknowledged(10);
    post_expect_applied(10, 1);
    cr_assert_geq(platform_count("uploads"), 4);
}
