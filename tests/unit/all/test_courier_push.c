/* What is pushed arrives: once each, in order, with receipts. */
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
