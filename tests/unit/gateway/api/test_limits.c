#include "gateway/api/limits.h"

#include <criterion/criterion.h>
#include <sys/wait.h>
#include <unistd.h>

static const int64_t NOW_NS = INT64_C(5000000000000);
static const int64_t SECOND_NS = 1000000000;

static int64_t take_all(struct limits *limits, size_t index, int64_t per_minute, int64_t now_ns)
{
    int64_t wait_ms;
    int64_t count = 0;

    while (limits_take(limits, index, per_minute, now_ns, &wait_ms))
        count++;
    return count;
}

Test(limits, a_bucket_holds_a_minute_and_no_more)
{
    AUTO(limits_free) struct limits *limits = limits_new(5);

    cr_assert_eq(take_all(limits, 0, 1, NOW_NS), 1);
    cr_assert_eq(take_all(limits, 1, 7, NOW_NS), 7);
    cr_assert_eq(take_all(limits, 2, 60000, NOW_NS), 60000);
    /* However long nobody asked. */
    cr_assert_eq(take_all(limits, 2, 60000, NOW_NS + 3600 * SECOND_NS), 60000);
}

Test(limits, who_must_wait_is_told_how_long_and_waiting_so_long_is_enough)
{
    AUTO(limits_free) struct limits *limits = limits_new(1);
    int64_t wait_ms = 0;

    cr_assert_eq(take_all(limits, 0, 20, NOW_NS), 20);
    cr_assert_not(limits_take(limits, 0, 20, NOW_NS, &wait_ms));
    cr_assert_eq(wait_ms, 3000);
    cr_assert_not(limits_take(limits, 0, 20, NOW_NS + 2999 * (SECOND_NS / 1000), &wait_ms));
    cr_assert_eq(wait_ms, 1);
    cr_assert(limits_take(limits, 0, 20, NOW_NS + 3000 * (SECOND_NS / 1000), &wait_ms));
    cr_assert_not(limits_take(limits, 0, 20, NOW_NS + 3000 * (SECOND_NS / 1000), &wait_ms));
}

Test(limits, who_is_refused_loses_nothing)
{
    AUTO(limits_free) struct limits *limits = limits_new(1);
    int64_t wait_ms = 0;

    cr_assert_eq(take_all(limits, 0, 60, NOW_NS), 60);
    for (int i = 0; i < 1000; i++)
        cr_assert_not(limits_take(limits, 0, 60, NOW_NS, &wait_ms));
    cr_assert_eq(take_all(limits, 0, 60, NOW_NS + 10 * SECOND_NS), 10);
}

Test(limits, one_client_does_not_use_up_what_is_anothers)
{
    AUTO(limits_free) struct limits *limits = limits_new(2);

    cr_assert_eq(take_all(limits, 0, 10, NOW_NS), 10);
    cr_assert_eq(take_all(limits, 1, 10, NOW_NS), 10);
}

/* What each child took is its exit status. */
Test(limits, processes_forked_later_share_the_buckets)
{
    AUTO(limits_free) struct limits *limits = limits_new(1);
    pid_t children[4];
    int total = 0;
    int status;

    for (size_t i = 0; i < COUNT_OF(children); i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit((int)take_all(limits, 0, 200, NOW_NS));
    }
    for (size_t i = 0; i < COUNT_OF(children); i++) {
        cr_assert_eq(waitpid(children[i], &status, 0), children[i]);
        cr_assert(WIFEXITED(status));
        total += WEXITSTATUS(status);
    }
    cr_assert_eq(total, 200);
}
