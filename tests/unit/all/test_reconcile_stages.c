/* Each of the three platforms against its own list: a secret first where one is needed, digests of rows that travelled
 * as XML, and what one platform lost is told to that one alone. */
#include "tests/unit/all/reconcile.h"

static void three_open(void)
{
    P.is_three = true;
    reconcile_open();
}

TestSuite(reconcile_stages, .init = three_open, .fini = reconcile_close, .timeout = 120);

static void await_everywhere(uint64_t acknowledged)
{
    for (int channel = 0; channel < STAGE_COUNT; channel++)
        post_await_of((enum channel)channel, post_has_acknowledged, acknowledged);
}

static void deliver_everywhere(size_t count)
{
    post_list(count);
    cr_assert_eq(post_push(), count);
    post_start();
    await_everywhere(count);
}

Test(reconcile_stages, every_platform_holds_what_it_acknowledged)
{
    static const enum record_op OPS[] = {OP_CHANGED, OP_DISPUTED, OP_DISPUTE_OVER, OP_WITHDRAWN};

    deliver_everywhere(5);
    for (size_t i = 0; i < COUNT_OF(OPS); i++) {
        post_change(i, OPS[i] == OP_DISPUTE_OVER ? OP_DISPUTED : OPS[i]);
        (void)post_push();
        await_everywhere(6 + i);
    }
    for (int channel = 0; channel < STAGE_COUNT; channel++) {
        R.channel = (enum channel)channel;
        cr_assert_eq(look(), 0, "%s: %s", CHANNEL_NAMES[channel], counts());
        cr_assert_str_eq(counts(), "equal 5 ", "%s", CHANNEL_NAMES[channel]);
    }
}

Test(reconcile_stages, what_a_platform_lost_is_told_to_it_alone)
{
    deliver_everywhere(4);
    for (enum channel channel = STAGE_COUNT; channel-- > 0;) {
        size_t before = post_events("delivery.queued", NULL);

        R.channel = channel;
        post_stop(); /* a platform that starts anew has forgotten its secrets, too */
        forget_all();
        cr_assert_eq(repair(), 1, "%s %s", CHANNEL_NAMES[channel], R.rule);
        cr_assert_str_eq(counts(), "missing 4 queued 4 ", "%s", CHANNEL_NAMES[channel]);
        post_start();
        post_await_of(channel, post_has_acknowledged, 4);
        cr_assert_eq(look(), 0, "%s", CHANNEL_NAMES[channel]);
        cr_assert_eq(post_events("delivery.queued", NULL), before, "the stages after it know it already");
        for (int other = 0; other < STAGE_COUNT; other++)
            cr_assert_eq(post_status_of((enum channel)other).count[DELIVERY_ACKNOWLEDGED], 4);
    }
    cr_assert_eq(post_events("delivery.repeated", NULL), 12);
}

Test(reconcile_stages, a_version_that_a_later_stage_was_never_told_is_not_told_there_after_a_repair_either)
{
    post_list(2);
    cr_assert(command_pause(&T.desk, CHANNEL_NATIONAL_PLATFORM, "检修", &T.err), "%s", T.err.text);
    cr_assert_eq(post_push(), 2);
    post_start();
    post_await_acknowledged(2);
    post_change(0, OP_CHANGED);
    cr_assert_eq(post_push(), 1);
    post_await_acknowledged(3);
    cr_assert(command_resume(&T.desk, CHANNEL_NATIONAL_PLATFORM, &T.err), "%s", T.err.text);
    post_wake();
    post_await_of(CHANNEL_CREDIT_CHINA, post_has_acknowledged, 2);
    post_stop();
    R.channel = CHANNEL_CREDIT_GUANGDONG;
    forget_all();
    cr_assert_eq(repair(), 1);
    cr_assert_str_eq(counts(), "missing 2 queued 2 ");
    post_start();
    post_await_acknowledged(3);
    for (int channel = 0; channel < STAGE_COUNT; channel++) {
        R.channel = (enum channel)channel;
        cr_assert_eq(look(), 0, "%s: %s", CHANNEL_NAMES[channel], counts());
    }
    cr_assert_eq(post_status_of(CHANNEL_NATIONAL_PLATFORM).count[DELIVERY_ACKNOWLEDGED], 2);
}

Test(reconcile_stages, what_ends_while_it_is_to_be_told_again_still_ends_on_every_platform_behind)
{
    deliver_everywhere(2);
    for (enum channel channel = CHANNEL_CREDIT_GUANGDONG; channel < CHANNEL_CREDIT_CHINA; channel++) {
        R.channel = channel;
        cr_assert(command_pause(&T.desk, channel, "检修", &T.err), "%s", T.err.text);
        post_stop();
        forget_all();
        cr_assert_eq(repair(), 1);
        post_change(channel, OP_CHANGED);
        post_change(channel, OP_WITHDRAWN);
        (void)post_push();
        cr_assert(command_resume(&T.desk, channel, &T.err), "%s", T.err.text);
        post_start();
        post_await_of(CHANNEL_CREDIT_CHINA, post_has_acknowledged, 3 + channel);
        cr_assert_eq(post_delivery_of(channel, channel, 3).state, DELIVERY_ACKNOWLEDGED);
    }
    for (int channel = 0; channel < STAGE_COUNT; channel++) {
        R.channel = (enum channel)channel;
        cr_assert_eq(look(), 0, "%s: %s", CHANNEL_NAMES[channel], counts());
    }
}

Test(reconcile_stages, a_secret_that_is_not_taken_is_renewed_once_and_then_a_person_is_asked)
{
    deliver_everywhere(1);
    R.channel = CHANNEL_NATIONAL_PLATFORM;
    platform_order("{\"fault\":\"malformed\",\"on\":\"holdings\",\"body\":"
                   "\"{\\\"code\\\":\\\"E-102\\\",\\\"message\\\":\\\"\\\"}\"}");
    cr_assert_eq(look(), 0, "%s", R.rule);
    platform_order("{\"fault\":\"malformed\",\"on\":\"holdings\",\"times\":2,\"body\":"
                   "\"{\\\"code\\\":\\\"E-102\\\",\\\"message\\\":\\\"\\\"}\"}");
    cr_assert_eq(look(), 2);
    cr_assert_str_eq(R.rule, "reconcile.setup");
    platform_order("{\"fault\":\"status\",\"on\":\"key\",\"status\":403}");
    cr_assert_eq(look(), 2);
    cr_assert_str_eq(R.rule, "reconcile.setup");
}
