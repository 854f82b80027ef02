/* Row 18: 信用广东, then the national platform, then 信用中国, each only after the one before has acknowledged. */
#include "tests/unit/all/post.h"

static void three_open(void)
{
    P.is_three = true;
    post_open();
}

TestSuite(stages, .init = three_open, .fini = post_close, .timeout = 120);

static const char *const NAMES[STAGE_COUNT] = {"credit-guangdong", "national-platform", "credit-china"};

/* What a platform has applied of a record, as "1.1 2.5" (version.op). */
static void applied_at(enum channel channel, size_t i, char text[64])
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    AUTO(json_release) json_t *state = NULL;
    const json_t *applied;
    size_t k;
    const json_t *version;

    buf_addf(&path, "/control/state?platform=%s&rowid=%s", NAMES[channel], O.records[i]);
    state = platform_control("GET", buf_text(&path), NULL);
    applied = json_object_get(json_object_get(json_object_get(state, "records"), O.records[i]), "applied");
    text[0] = '\0';
    json_array_foreach(applied, k, version)
    {
        size_t at = strlen(text);

        cr_assert_leq(json_integer_of(version, "received", -1), 1);
        snprintf(text + at, 64 - at, "%s%lld.%lld", k > 0 ? " " : "",
                 (long long)json_integer_of(version, "VERSION", -1), (long long)json_integer_of(version, "OP", -1));
    }
}

static void expect_everywhere(size_t i, const char *applied)
{
    for (int channel = 0; channel < STAGE_COUNT; channel++) {
        char text[64];

        applied_at((enum channel)channel, i, text);
        cr_assert_str_eq(text, applied, "%s: %s", NAMES[channel], text);
    }
}

static void await_everywhere(uint64_t acknowledged)
{
    for (int channel = 0; channel < STAGE_COUNT; channel++)
        post_await_of((enum channel)channel, post_has_acknowledged, acknowledged);
}

static void pause_channel(enum channel channel)
{
    cr_assert(command_pause(&T.desk, channel, "检修", &T.err), "%s", T.err.text);
}

static void resume_channel(enum channel channel)
{
    cr_assert(command_resume(&T.desk, channel, &T.err), "%s", T.err.text);
    post_wake();
}

Test(stages, each_channel_waits_for_the_acknowledgement_of_the_one_before)
{
    enum { COUNT = 30 };

    post_list(COUNT);
    pause_channel(CHANNEL_NATIONAL_PLATFORM);
    cr_assert_eq(post_push(), COUNT);
    cr_assert_eq(post_status_of(CHANNEL_NATIONAL_PLATFORM).count[DELIVERY_QUEUED], 0, "nothing before it was told");
    post_start();
    post_await_acknowledged(COUNT);
    cr_assert_eq(post_status_of(CHANNEL_NATIONAL_PLATFORM).count[DELIVERY_QUEUED], COUNT);
    cr_assert_eq(post_status_of(CHANNEL_CREDIT_CHINA).count[DELIVERY_QUEUED], 0);
    resume_channel(CHANNEL_NATIONAL_PLATFORM);
    await_everywhere(COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        struct delivery first = post_delivery_of(CHANNEL_CREDIT_GUANGDONG, i, 1);
        struct delivery second = post_delivery_of(CHANNEL_NATIONAL_PLATFORM, i, 1);
        struct delivery third = post_delivery_of(CHANNEL_CREDIT_CHINA, i, 1);

        cr_assert_leq(first.changed_ms, second.queued_ms);
        cr_assert_leq(second.changed_ms, third.queued_ms);
        expect_everywhere(i, "1.1");
    }
}

Test(stages, every_kind_of_change_travels_the_same_way)
{
    static const enum record_op OPS[] = {OP_CHANGED, OP_DISPUTED, OP_DISPUTE_OVER, OP_WITHDRAWN};

    post_list(1);
    cr_assert_eq(post_push(), 1);
    post_start();
    await_everywhere(1);
    for (size_t i = 0; i < COUNT_OF(OPS); i++) {
        post_change(0, OPS[i]);
        cr_assert_eq(post_push(), 1);
        await_everywhere(2 + i);
    }
    expect_everywhere(0, "1.1 2.2 3.5 4.6 5.3");
}

Test(stages, what_was_withdrawn_before_a_channel_saw_it_is_never_sent_there)
{
    char text[64];

    post_list(2);
    pause_channel(CHANNEL_NATIONAL_PLATFORM);
    cr_assert_eq(post_push(), 2);
    post_start();
    post_await_acknowledged(2);
    post_change(0, OP_WITHDRAWN);
    cr_assert_eq(post_delivery_of(CHANNEL_NATIONAL_PLATFORM, 0, 1).state, DELIVERY_SUPERSEDED);
    cr_assert_eq(post_push(), 1);
    post_await_acknowledged(3);
    resume_channel(CHANNEL_NATIONAL_PLATFORM);
    post_await_of(CHANNEL_CREDIT_CHINA, post_has_acknowledged, 1);
    applied_at(CHANNEL_CREDIT_GUANGDONG, 0, text);
    cr_assert_str_eq(text, "1.1 2.3");
    for (enum channel channel = CHANNEL_NATIONAL_PLATFORM; channel < STAGE_COUNT; channel++) {
        applied_at(channel, 0, text);
        cr_assert_str_eq(text, "", "%s", text);
    }
    cr_assert_eq(post_events("delivery.superseded", O.records[0]), 1);
    cr_assert_eq(post_events("delivery.skipped", "\"reason\":\"never-taken\""), 1);
}

Test(stages, a_channel_that_was_down_gets_the_newest_of_what_it_missed)
{
    char text[64];

    post_list(1);
    pause_channel(CHANNEL_NATIONAL_PLATFORM);
    cr_assert_eq(post_push(), 1);
    post_start();
    post_await_acknowledged(1);
    post_change(0, OP_CHANGED);
    cr_assert_eq(post_push(), 1);
    post_await_acknowledged(2);
    resume_channel(CHANNEL_NATIONAL_PLATFORM);
    post_await_of(CHANNEL_CREDIT_CHINA, post_has_acknowledged, 1);
    applied_at(CHANNEL_CREDIT_GUANGDONG, 0, text);
    cr_assert_str_eq(text, "1.1 2.2");
    applied_at(CHANNEL_NATIONAL_PLATFORM, 0, text);
    cr_assert_str_eq(text, "2.2");
    applied_at(CHANNEL_CREDIT_CHINA, 0, text);
    cr_assert_str_eq(text, "2.2");
}

Test(stages, a_row_that_the_second_channel_refuses_goes_no_further_and_holds_nobody_up)
{
    AUTO(buf_done) struct buf order = BUF_INIT;
    char text[64];

    post_list(3);
    buf_addf(&order,
             "{\"fault\":\"refuse-row\",\"platform\":\"national-platform\",\"rowid\":\"%s\",\"code\":\"40001\","
             "\"message\":\"主体名称不符\"}",
             O.records[1]);
    platform_order(buf_text(&order));
    cr_assert_eq(post_push(), 3);
    post_start();
    post_await_of(CHANNEL_CREDIT_CHINA, post_has_acknowledged, 2);
    cr_assert_eq(post_delivery_of(CHANNEL_NATIONAL_PLATFORM, 1, 1).state, DELIVERY_REFUSED);
    applied_at(CHANNEL_CREDIT_CHINA, 1, text);
    cr_assert_str_eq(text, "");
    post_change(1, OP_CHANGED);
    cr_assert_eq(post_push(), 1);
    post_await_of(CHANNEL_CREDIT_CHINA, post_has_acknowledged, 3);
    cr_assert_eq(post_delivery_of(CHANNEL_NATIONAL_PLATFORM, 1, 1).state, DELIVERY_SUPERSEDED);
    applied_at(CHANNEL_CREDIT_CHINA, 1, text);
    cr_assert_str_eq(text, "2.2");
}

Test(stages, a_secret_that_has_expired_is_renewed_and_nobody_notices)
{
    post_list(2);
    cr_assert_eq(post_push(), 2);
    post_start();
    await_everywhere(2);
    json_release(platform_control("POST", "/control/expire", "{\"platform\":\"national-platform\"}"));
    post_change(0, OP_DISPUTED);
    cr_assert_eq(post_push(), 1);
    await_everywhere(3);
    cr_assert_not(post_status_of(CHANNEL_NATIONAL_PLATFORM).is_paused);
}
