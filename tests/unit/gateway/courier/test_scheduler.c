/* A destination that takes k connections and no more, for ten minutes of virtual time: how many requests are refused,
 * and how much of what it could take it gets. Where success adds as much as failure takes away, half are refused. */
#include <criterion/criterion.h>

#include "gateway/courier/policy.h"
#include "gateway/courier/throttle.h"

enum { LIMIT = 20, SLOTS = 2 * LIMIT, RUN_MS = 600000, WORK_MS = 80, WORK_SPREAD_MS = 40, RETRY_MS = 5000 };

struct request {
    bool is_there;
    bool is_taken;
    int64_t ends_ms;
};

static struct {
    struct throttle throttle;
    struct request requests[SLOTS];
    unsigned in_flight;
    unsigned taken; /* in flight and not refused */
    int64_t now_ms;
    uint32_t dice;
    /* Counted: */
    unsigned done;
    unsigned refused;
    unsigned deaths;
    int64_t busy_ms; /* of connections */
} S;

static uint32_t roll(uint32_t bound)
{
    S.dice = S.dice * 1664525U + 1013904223U;
    return (S.dice >> 8) % bound;
}

static void start_one(unsigned connections, int64_t refusal_ms)
{
    struct request *request = S.requests;

    while (request->is_there)
        request++;
    *request = (struct request){.is_there = true, .is_taken = S.taken < connections};
    request->ends_ms = S.now_ms + (request->is_taken ? WORK_MS + roll(WORK_SPREAD_MS) : refusal_ms);
    S.taken += request->is_taken;
    S.in_flight++;
}

static struct request *next_to_end(void)
{
    struct request *next = NULL;

    for (size_t i = 0; i < SLOTS; i++) {
        if (S.requests[i].is_there && (!next || S.requests[i].ends_ms < next->ends_ms))
            next = &S.requests[i];
    }
    return next;
}

static void end_one(struct request *request)
{
    bool was_alive = throttle_is_alive(&S.throttle);

    S.busy_ms += (request->ends_ms - S.now_ms) * S.taken;
    S.now_ms = request->ends_ms;
    request->is_there = false;
    S.in_flight--;
    S.taken -= request->is_taken;
    if (request->is_taken) {
        S.done++;
        (void)throttle_success(&S.throttle);
        return;
    }
    S.refused++;
    throttle_failure(&S.throttle, S.now_ms,
                     policy_delay_ms(RETRY_MS, POLICY_PROBE_MAX_MS, throttle_deaths(&S.throttle), roll(1000)));
    S.deaths += was_alive && !throttle_is_alive(&S.throttle);
}

/* There is always more to send. */
static void run(unsigned connections, int64_t refusal_ms, int64_t run_ms)
{
    int64_t until_ms = S.now_ms + run_ms;

    while (S.now_ms < until_ms) {
        struct request *next;

        for (unsigned room = throttle_room(&S.throttle, S.in_flight, S.now_ms); room > 0; room--)
            start_one(connections, refusal_ms);
        next = next_to_end();
        if (next)
            end_one(next);
        else
            S.now_ms = throttle_opens_ms(&S.throttle);
    }
}

static void begin(void)
{
    memset(&S, 0, sizeof S);
    S.now_ms = 1000;
    throttle_init(&S.throttle, LIMIT);
}

TestSuite(scheduler, .init = begin);

Test(scheduler, of_k_connections_at_most_one_request_in_k_and_one_is_refused)
{
    static const int64_t REFUSAL_MS[] = {1, 20, 100, 1000};

    for (unsigned k = 1; k <= 12; k++) {
        for (size_t i = 0; i < COUNT_OF(REFUSAL_MS); i++) {
            begin();
            run(k, REFUSAL_MS[i], RUN_MS);
            cr_assert_leq(S.refused * (k + 1), S.done + S.refused, "%u of %u refused at %u", S.refused, S.done, k);
        }
    }
}

Test(scheduler, of_five_connections_far_less_than_a_sixth_is_refused_in_the_long_run)
{
    run(5, 1, RUN_MS);
    cr_assert_leq(S.refused * 30, S.done + S.refused, "%u of %u", S.refused, S.done);
}

Test(scheduler, also_at_the_beginning_no_more_than_a_sixth_of_five_is_refused)
{
    run(5, 1, 2000);
    cr_assert_geq(S.done, 60);
    cr_assert_leq(S.refused * 6, S.done + S.refused, "%u of %u", S.refused, S.done);
}

Test(scheduler, a_destination_that_takes_some_is_never_held_for_dead_and_gets_all_it_takes)
{
    for (unsigned k = 1; k <= 12; k++) {
        begin();
        run(k, 1, RUN_MS);
        cr_assert_eq(S.deaths, 0, "at %u", k);
        cr_assert_geq(S.busy_ms * 100, (int64_t)RUN_MS * k * 95, "at %u: %lld ms", k, (long long)S.busy_ms);
    }
}

Test(scheduler, one_that_takes_more_than_before_soon_gets_more)
{
    run(3, 1, RUN_MS / 2);
    S.busy_ms = 0;
    run(12, 1, 60000);
    cr_assert_geq(S.throttle.size, 11);
    cr_assert_geq(S.busy_ms * 100, (int64_t)60000 * 12 * 60, "%lld ms", (long long)S.busy_ms);
}

Test(scheduler, one_that_takes_less_than_before_refuses_a_few_and_then_no_more_than_its_share)
{
    run(12, 1, RUN_MS / 2);
    S.refused = S.done = 0;
    run(3, 1, 60000);
    cr_assert_leq(S.throttle.size, 4);
    cr_assert_leq(S.refused * 4, S.done + S.refused, "%u of %u", S.refused, S.done);
}
