/* The end of publication on its day, from the keeper through the courier to all three platforms. */
#include "gateway/clocks/clocks.h"
#include "gateway/keeper/statute.h"
#include "tests/unit/all/post.h"

static struct statute *statute;
static struct keeper_options options;

static void setup(void)
{
    P.is_three = true;
    post_open();
    O.config.data = (char *)TEST_SOURCE;
    options = (struct keeper_options){&O.config, NULL, T.signer, &T.clock, -1};
    statute = statute_new(&options);
}

static void teardown(void)
{
    statute_free(statute);
    post_close();
}

TestSuite(expiry, .init = setup, .fini = teardown, .timeout = 120);

static void turn_to(const char *day, int64_t after_ms)
{
    *O.offset_ms += day_start_ms(on(day)) + after_ms - clock_now_ms(&T.clock);
}

static void keeper_turns(void)
{
    options.store = T.store; /* it is opened anew when a courier starts */
    cr_assert(statute_turn(statute, &T.err), "%s", T.err.text);
    post_wake();
}

/* What a platform has applied of a record, as "1.1 2.3" (version.op). */
static void expect_applied(enum channel channel, size_t i, const char *expected)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(json_release) json_t *state = NULL;
    const json_t *version;
    size_t k;

    buf_addf(&path, "/control/state?platform=%s&rowid=%s", CHANNEL_NAMES[channel], O.records[i]);
    state = platform_control("GET", buf_text(&path), NULL);
    json_array_foreach(json_object_get(json_object_get(json_object_get(state, "records"), O.records[i]), "applied"), k,
                       version)
    {
        cr_assert_leq(json_integer_of(version, "received", -1), 1);
        buf_addf(&text, "%s%lld.%lld", k > 0 ? " " : "", (long long)json_integer_of(version, "VERSION", -1),
                 (long long)json_integer_of(version, "OP", -1));
    }
    cr_assert_str_eq(buf_text(&text), expected, "%s", CHANNEL_NAMES[channel]);
}

static void await_everywhere(uint64_t acknowledged)
{
    for (int channel = 0; channel < STAGE_COUNT; channel++)
        post_await_of((enum channel)channel, post_has_acknowledged, acknowledged);
}

static uint64_t unconfirmed(void)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    struct clocks_counts counts;

    cr_assert(clocks_check(txn, &T.err) && clocks_counts(txn, &counts, &T.err), "%s", T.err.text);
    return counts.unconfirmed;
}

Test(expiry, every_platform_is_told_on_the_day_after_the_last_and_confirms)
{
    enum { COUNT = 5 };

    post_list(COUNT);
    post_change(1, OP_DISPUTED);
    (void)post_push();
    post_start();
    await_everywhere(COUNT + 1);
    turn_to("2027-08-03", 23 * 3600 * 1000);
    keeper_turns();
    cr_assert_eq(post_events("record.expired", NULL), 0);
    turn_to("2027-08-04", 1000);
    keeper_turns();
    cr_assert_eq(post_events("record.expired", NULL), COUNT);
    await_everywhere(2 * COUNT + 1);
    for (size_t i = 0; i < COUNT; i++) {
        for (int channel = 0; channel < STAGE_COUNT; channel++)
            expect_applied((enum channel)channel, i, i == 1 ? "1.1 2.5 3.3" : "1.1 2.3");
    }
    cr_assert_eq(unconfirmed(), 0);
    keeper_turns();
    cr_assert_eq(post_events("record.expired", NULL), COUNT, "once");
}

/* One platform is away for days: the others have it, and the reminder stands until the last one confirms. */
Test(expiry, a_platform_that_is_away_is_reminded_of_until_it_confirms)
{
    post_list(2);
    (void)post_push();
    post_start();
    await_everywhere(2);
    cr_assert(command_pause(&T.desk, CHANNEL_CREDIT_CHINA, "检修", &T.err), "%s", T.err.text);
    turn_to("2027-08-04", 1000);
    keeper_turns();
    post_await_of(CHANNEL_NATIONAL_PLATFORM, post_has_acknowledged, 4);
    cr_assert_eq(unconfirmed(), 2);
    expect_applied(CHANNEL_CREDIT_CHINA, 0, "1.1");
    cr_assert(command_resume(&T.desk, CHANNEL_CREDIT_CHINA, &T.err), "%s", T.err.text);
    post_wake();
    await_everywhere(4);
    expect_applied(CHANNEL_CREDIT_CHINA, 0, "1.1 2.3");
    cr_assert_eq(unconfirmed(), 0);
}
