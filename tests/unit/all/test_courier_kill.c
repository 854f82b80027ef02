/* The courier killed at any moment, many times over, while staff go on working: every version arrives once, in order,
 * and is acknowledged once. */
#include <sys/random.h>

#include "tests/unit/all/post.h"

enum { COUNT = 24, ROUNDS = 60, ROUND_MS_MAX = 90 };

TestSuite(courier_kill, .init = post_open, .fini = post_close, .timeout = 240);

static unsigned roll(unsigned bound)
{
    unsigned value = 0;

    cr_assert_eq(getrandom(&value, sizeof value, 0), (ssize_t)sizeof value);
    return value % bound;
}

/* What makes a kill interesting: answers that are lost, late or odd. */
static void misbehave(void)
{
    static const char *const FAULTS[] = {
        "{\"fault\":\"lost-reply\",\"on\":\"upload\"}",
        "{\"fault\":\"close\",\"on\":\"upload\"}",
        "{\"fault\":\"delay\",\"on\":\"upload\",\"ms\":30}",
        "{\"fault\":\"delay\",\"on\":\"task\",\"ms\":30}",
        "{\"fault\":\"lost-reply\",\"on\":\"task\"}",
        "{\"fault\":\"malformed\",\"on\":\"upload\"}",
        "{\"fault\":\"status\",\"status\":502,\"on\":\"upload\",\"after\":true}",
        "{\"fault\":\"status\",\"status\":503,\"on\":\"any\"}",
        "{\"fault\":\"result-delay\",\"polls\":3}",
    };

    platform_order(FAULTS[roll(COUNT_OF(FAULTS))]);
}

/* How often the journal says that a delivery was acknowledged. */
static size_t acknowledgements(void)
{
    static const char WORDS[] = "\"result\":\"acknowledged\"";
    AUTO(store_abort) struct store_txn *txn = reader();
    uint64_t size = store_count(txn, STORE_JOURNAL);
    size_t count = 0;

    for (uint64_t i = 0; i < size; i++) {
        uint8_t key[8];
        struct span event;
        const char *at;

        store_key_u64(key, i);
        cr_assert(store_get(txn, STORE_JOURNAL, (struct span){(const char *)key, 8}, &event));
        at = memmem(event.at, event.bytes, WORDS, sizeof WORDS - 1);
        for (; at; at = memmem(at + 1, event.bytes - (size_t)(at + 1 - event.at), WORDS, sizeof WORDS - 1))
            count++;
    }
    return count;
}

Test(courier_kill, killed_at_any_moment_it_loses_and_doubles_nothing)
{
    bool is_disputed[COUNT] = {false};
    size_t versions = COUNT;

    O.config.channels[CHANNEL_CREDIT_GUANGDONG].rows_max = 4;
    post_list(COUNT);
    cr_assert_eq(post_push(), COUNT);
    for (int round = 0; round < ROUNDS; round++) {
        misbehave();
        if (roll(2)) {
            unsigned i = roll(COUNT);

            post_change(i, is_disputed[i] ? OP_DISPUTE_OVER : OP_DISPUTED);
            is_disputed[i] = !is_disputed[i];
            versions++;
            cr_assert_eq(post_push(), 1);
        }
        post_start();
        usleep(1000 * roll(ROUND_MS_MAX));
        post_kill();
    }
    platform_forgive();
    post_start();
    post_await_acknowledged(versions);
    post_expect_applied(versions, 1);
    cr_assert_eq(acknowledgements(), versions);
}

Test(courier_kill, platform_and_courier_killed_in_turns_agree_in_the_end)
{
    size_t versions = COUNT;

    O.config.channels[CHANNEL_CREDIT_GUANGDONG].rows_max = 5;
    post_list(COUNT);
    cr_assert_eq(post_push(), COUNT);
    for (int round = 0; round < ROUNDS / 4; round++) {
        post_start();
        usleep(1000 * roll(ROUND_MS_MAX));
        kill(P.child, SIGKILL);
        waitpid(P.child, NULL, 0);
        close(P.stop_fd);
        usleep(1000 * roll(ROUND_MS_MAX));
        post_kill();
        post_close_store();
        platform_start();
        post_open_store();
    }
    post_start();
    post_await_acknowledged(versions);
    post_expect_applied(versions, 1);
    cr_assert_eq(acknowledgements(), versions);
}

/* --- staff and courier at the same time --- */

static void act(bool *is_disputed, size_t *versions)
{
    unsigned i = roll(COUNT);

    switch (roll(4)) {
    case 0:
        (void)!command_pause(&T.desk, CHANNEL_CREDIT_GUANGDONG, "检修", &T.err);
        break;
    case 1:
        (void)!command_resume(&T.desk, CHANNEL_CREDIT_GUANGDONG, &T.err);
        break;
    default:
        post_change(i, is_disputed[i] ? OP_DISPUTE_OVER : OP_DISPUTED);
        is_disputed[i] = !is_disputed[i];
        (*versions)++;
        cr_assert_eq(post_push(), 1);
    }
    post_wake();
}

Test(courier_kill, staff_may_pause_resume_and_push_at_any_moment)
{
    bool is_disputed[COUNT] = {false};
    size_t versions = COUNT;

    O.config.channels[CHANNEL_CREDIT_GUANGDONG].rows_max = 3;
    post_list(COUNT);
    cr_assert_eq(post_push(), COUNT);
    post_start();
    for (int i = 0; i < 4 * ROUNDS; i++) {
        act(is_disputed, &versions);
        usleep(1000 * roll(8));
    }
    (void)!command_resume(&T.desk, CHANNEL_CREDIT_GUANGDONG, &T.err);
    post_wake();
    post_await_acknowledged(versions);
    post_expect_applied(versions, 1);
    cr_assert_eq(acknowledgements(), versions);
    cr_assert_eq(kill(O.courier, 0), 0);
}
