/* Chance alone (sandbox/chaos.h) on all three channels: whatever it does, every version of every record arrives once
 * and in order, and nobody has to help. A failure names its seed. */
#include "tests/unit/all/post.h"

#include <criterion/parameterized.h>

enum { RECORDS = 40, CHANGED = 10, RATE = 40 };

static void three_open(void)
{
    P.is_three = true;
    post_open();
}

TestSuite(courier_chaos, .init = three_open, .fini = post_close, .timeout = 240);

static void begin_chaos(int seed)
{
    AUTO(buf_done) struct buf order = BUF_INIT;

    buf_addf(&order, "{\"seed\":%d,\"rate\":%d}", seed, RATE);
    json_release(platform_control("POST", "/control/chaos", buf_text(&order)));
}

/* Versions that came more often than once are no fault of delivery: what was lost on the way is sent again. Only what
 * was applied counts. */
static void expect_in_order(enum channel channel, int seed)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    AUTO(json_release) json_t *state = NULL;
    const char *rowid;
    const json_t *record;

    buf_addf(&path, "/control/state?platform=%s", CHANNEL_NAMES[channel]);
    state = platform_control("GET", buf_text(&path), NULL);
    cr_assert_eq(json_integer_of(state, "held", -1), RECORDS, "seed %d", seed);
    cr_assert_eq(json_integer_of(state, "applied", -1), RECORDS + CHANGED, "seed %d", seed);
    cr_assert_eq(json_integer_of(state, "repeated_other", -1), 0, "seed %d: a call with other bytes", seed);
    json_object_foreach(json_object_get(state, "records"), rowid, record)
    {
        const json_t *applied = json_object_get(record, "applied");

        cr_assert_eq(json_integer_of(record, "different", -1) + json_integer_of(record, "older", -1), 0, "seed %d: %s",
                     seed, rowid);
        for (size_t i = 0; i < json_array_size(applied); i++)
            cr_assert_eq(json_integer_of(json_array_get(applied, i), "VERSION", -1), (int64_t)i + 1, "seed %d: %s",
                         seed, rowid);
    }
}

static void await_all(uint64_t wanted, int seed)
{
    for (enum channel channel = 0; channel < STAGE_COUNT; channel++) {
        struct channel_status status;

        post_await_of(channel, post_has_acknowledged, wanted);
        status = post_status_of(channel);
        cr_assert_not(status.is_paused, "seed %d: %s", seed, status.reason);
    }
}

ParameterizedTestParameters(courier_chaos, chance_loses_doubles_and_reorders_nothing)
{
    static int seeds[] = {1, 2, 3, 4};

    return cr_make_param_array(int, seeds, COUNT_OF(seeds));
}

ParameterizedTest(int *seed, courier_chaos, chance_loses_doubles_and_reorders_nothing)
{
    for (enum channel channel = 0; channel < STAGE_COUNT; channel++) {
        O.config.channels[channel].rows_max = 5;
        O.config.channels[channel].connect_timeout_ms = 1000;
        O.config.channels[channel].total_timeout_ms = 2000;
    }
    begin_chaos(*seed);
    post_list(RECORDS);
    cr_assert_eq(post_push(), RECORDS);
    post_start();
    await_all(RECORDS, *seed);
    for (size_t i = 0; i < CHANGED; i++)
        post_change(i, OP_CHANGED);
    cr_assert_eq(post_push(), CHANGED);
    await_all(RECORDS + CHANGED, *seed);
    for (enum channel channel = 0; channel < STAGE_COUNT; channel++)
        expect_in_order(channel, *seed);
    {
        AUTO(json_release) json_t *seen = platform_control("GET", "/control/faults", NULL);

        cr_assert_gt(json_object_size(json_object_get(json_object_get(seen, "chaos"), "made")), 3, "seed %d", *seed);
    }
}
