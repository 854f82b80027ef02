/* The whole table of the policy, ending by ending, and its pauses. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "gateway/courier/policy.h"

static const struct policy_pace PACE = {.retry_first_ms = 1000, .retry_max_ms = 60000, .poll_ms = 500};

/* A call of three rows, tried for the first time, at a destination that works. */
static struct policy_attempt attempt_of(enum adapter_step step, enum policy_net net)
{
    return (struct policy_attempt){
        .step = step, .net = net, .rows = 3, .streak = 1, .failures = 1, .is_alive = true, .retry_after_ms = -1};
}

static struct policy_verdict decide(const struct policy_attempt *attempt)
{
    struct policy_verdict verdict;

    policy_decide(attempt, &PACE, 0, &verdict);
    return verdict;
}

/* What is to happen, said once more and apart from the table of the code. */
struct expected {
    enum policy_ending ending;
    enum policy_action upload;
    enum policy_action ask;
    enum policy_blame upload_blame;
    enum policy_blame ask_blame;
};

static const struct expected BY_ANSWER[ADAPTER_ENDING_COUNT] = {
    [ADAPTER_ACCEPTED] = {ENDING_ACCEPTED, ACTION_RECEIVED, ACTION_ASK_AGAIN, BLAME_NOBODY, BLAME_DESTINATION},
    [ADAPTER_OUTCOMES] = {ENDING_OUTCOMES, ACTION_ASK, ACTION_SETTLE, BLAME_DESTINATION, BLAME_NOBODY},
    [ADAPTER_NOT_READY] = {ENDING_NOT_READY, ACTION_ASK, ACTION_WAIT, BLAME_DESTINATION, BLAME_NOBODY},
    [ADAPTER_UNKNOWN_TASK] = {ENDING_UNKNOWN_TASK, ACTION_ASK, ACTION_RESEND, BLAME_DESTINATION, BLAME_NOBODY},
    [ADAPTER_NEXT] = {ENDING_NEXT, ACTION_GO_ON, ACTION_GO_ON, BLAME_NOBODY, BLAME_NOBODY},
    [ADAPTER_EXISTS] = {ENDING_EXISTS, ACTION_ASK, ACTION_ASK_AGAIN, BLAME_NOBODY, BLAME_DESTINATION},
    [ADAPTER_OTHER_CONTENT] = {ENDING_OTHER_CONTENT, ACTION_ASK, ACTION_PAUSE_SPENT, BLAME_DESTINATION, BLAME_SETUP},
    [ADAPTER_EXPIRED] = {ENDING_EXPIRED, ACTION_RESEND, ACTION_ASK_AGAIN, BLAME_NOBODY, BLAME_NOBODY},
    [ADAPTER_KEY_GIVEN] = {ENDING_KEY_GIVEN, ACTION_ASK, ACTION_GO_ON, BLAME_DESTINATION, BLAME_NOBODY},
    [ADAPTER_LISTED] = {ENDING_MALFORMED, ACTION_ASK, ACTION_ASK_AGAIN, BLAME_DESTINATION, BLAME_DESTINATION},
    [ADAPTER_BUSY] = {ENDING_BUSY, ACTION_RESEND, ACTION_ASK_AGAIN, BLAME_DESTINATION, BLAME_DESTINATION},
    [ADAPTER_BODY_REFUSED] = {ENDING_BODY_REFUSED, ACTION_SPLIT, ACTION_ASK_AGAIN, BLAME_ROW, BLAME_DESTINATION},
    [ADAPTER_SETUP_REFUSED] = {ENDING_SETUP_REFUSED, ACTION_PAUSE_DISSOLVE, ACTION_PAUSE, BLAME_SETUP, BLAME_SETUP},
    [ADAPTER_MALFORMED] = {ENDING_MALFORMED, ACTION_ASK, ACTION_ASK_AGAIN, BLAME_DESTINATION, BLAME_DESTINATION},
};

static const struct expected BY_NET[NET_COUNT] = {
    [NET_NOT_REACHED] = {ENDING_NOT_REACHED, ACTION_RESEND, ACTION_ASK_AGAIN, BLAME_DESTINATION, BLAME_DESTINATION},
    [NET_HANDSHAKE] = {ENDING_HANDSHAKE, ACTION_RESEND, ACTION_ASK_AGAIN, BLAME_DESTINATION, BLAME_DESTINATION},
    [NET_UNTRUSTED] = {ENDING_UNTRUSTED, ACTION_PAUSE, ACTION_PAUSE, BLAME_SETUP, BLAME_SETUP},
    [NET_LOST] = {ENDING_LOST, ACTION_ASK, ACTION_ASK_AGAIN, BLAME_DESTINATION, BLAME_DESTINATION},
    [NET_OVERLONG] = {ENDING_OVERLONG, ACTION_ASK, ACTION_ASK_AGAIN, BLAME_DESTINATION, BLAME_DESTINATION},
    [NET_OWN_FAULT] = {ENDING_OWN_FAULT, ACTION_PAUSE, ACTION_PAUSE, BLAME_SETUP, BLAME_SETUP},
    [NET_UNMAKEABLE] = {ENDING_UNMAKEABLE, ACTION_PAUSE_DOUBT, ACTION_DISSOLVE, BLAME_SETUP, BLAME_NOBODY},
};

static struct expected of_status(int status)
{
    static const struct expected WRONG_ADDRESS = {ENDING_WRONG_ADDRESS, ACTION_PAUSE, ACTION_PAUSE, BLAME_SETUP,
                                                  BLAME_SETUP};
    static const struct expected SLOW = {ENDING_SLOW_DOWN, ACTION_RESEND, ACTION_ASK_AGAIN, BLAME_DESTINATION,
                                         BLAME_DESTINATION};

    switch (status) {
    case 401:
        return (struct expected){ENDING_UNAUTHORIZED, ACTION_PAUSE, ACTION_PAUSE, BLAME_SETUP, BLAME_SETUP};
    case 403:
        return (struct expected){ENDING_FORBIDDEN, ACTION_PAUSE, ACTION_PAUSE, BLAME_SETUP, BLAME_SETUP};
    case 404:
    case 405:
    case 410:
    case 421:
        return WRONG_ADDRESS;
    case 413:
        return (struct expected){ENDING_TOO_LARGE, ACTION_SPLIT, ACTION_ASK_AGAIN, BLAME_ROW, BLAME_DESTINATION};
    case 408:
    case 425:
    case 429:
    case 503:
        return SLOW;
    default:
        break;
    }
    if (status >= 300 && status < 400)
        return WRONG_ADDRESS;
    if (status >= 400 && status < 500)
        return (struct expected){ENDING_UNACCEPTABLE, ACTION_PAUSE, ACTION_PAUSE, BLAME_SETUP, BLAME_SETUP};
    if (status >= 500 && status < 600)
        return (struct expected){ENDING_SERVER_ERROR, ACTION_ASK, ACTION_ASK_AGAIN, BLAME_DESTINATION,
                                 BLAME_DESTINATION};
    return (struct expected){ENDING_ODD_STATUS, ACTION_ASK, ACTION_ASK_AGAIN, BLAME_DESTINATION, BLAME_DESTINATION};
}

/* The second part of a call never begins anything anew. */
static enum policy_action as_second(enum policy_action upload)
{
    if (upload == ACTION_RESEND)
        return ACTION_ASK;
    return upload == ACTION_SPLIT || upload == ACTION_PAUSE_DISSOLVE ? ACTION_PAUSE : upload;
}

static void expect_both(struct policy_attempt attempt, const struct expected *expected)
{
    for (int step = 0; step < ADAPTER_STEP_COUNT; step++) {
        struct policy_verdict verdict;
        bool is_sent = step == ADAPTER_UPLOAD || step == ADAPTER_SECOND;
        enum policy_action action = step == ADAPTER_UPLOAD   ? expected->upload
                                    : step == ADAPTER_SECOND ? as_second(expected->upload)
                                                             : expected->ask;
        enum policy_blame blame = is_sent ? expected->upload_blame : expected->ask_blame;

        attempt.step = (enum adapter_step)step;
        verdict = decide(&attempt);
        cr_assert_eq(verdict.ending, expected->ending, "net %d, answer %d, status %d: %s", attempt.net, attempt.answer,
                     attempt.status, policy_ending_name(verdict.ending));
        cr_assert_eq(verdict.action, action, "%s, step %d: %d", policy_ending_name(verdict.ending), step,
                     verdict.action);
        cr_assert_eq(verdict.blame, action == ACTION_PAUSE ? BLAME_SETUP : blame);
        cr_assert(verdict.zh && *verdict.zh && verdict.en && *verdict.en, "%s", policy_ending_name(verdict.ending));
    }
}

Test(policy, every_answer_of_the_platform_has_its_consequence)
{
    for (int i = 0; i < ADAPTER_ENDING_COUNT; i++) {
        struct policy_attempt attempt = attempt_of(ADAPTER_UPLOAD, NET_ANSWERED);

        if (i == ADAPTER_BY_STATUS)
            continue;
        attempt.status = 200;
        attempt.answer = (enum adapter_ending)i;
        expect_both(attempt, &BY_ANSWER[i]);
    }
}

Test(policy, every_http_status_has_its_consequence)
{
    for (int status = 100; status <= 999; status++) {
        struct policy_attempt attempt = attempt_of(ADAPTER_UPLOAD, NET_ANSWERED);
        struct expected expected = of_status(status);

        attempt.answer = ADAPTER_BY_STATUS;
        attempt.status = status;
        expect_both(attempt, &expected);
    }
}

Test(policy, every_failure_of_the_network_has_its_consequence)
{
    for (int i = NET_ANSWERED + 1; i < NET_COUNT; i++)
        expect_both(attempt_of(ADAPTER_UPLOAD, (enum policy_net)i), &BY_NET[i]);
}

Test(policy, whatever_may_have_arrived_is_never_sent_again_unasked)
{
    static const enum policy_ending SURELY_NOT[] = {ENDING_BUSY, ENDING_SLOW_DOWN, ENDING_NOT_REACHED, ENDING_HANDSHAKE,
                                                    ENDING_EXPIRED};

    for (int i = 0; i < NET_COUNT * 1000; i++) {
        struct policy_attempt attempt = attempt_of(ADAPTER_UPLOAD, (enum policy_net)(i / 1000));
        bool is_sure = false;
        struct policy_verdict verdict;

        attempt.answer = i % 1000 < ADAPTER_ENDING_COUNT ? (enum adapter_ending)(i % 1000) : ADAPTER_BY_STATUS;
        attempt.status = i % 1000;
        verdict = decide(&attempt);
        for (size_t k = 0; k < COUNT_OF(SURELY_NOT); k++)
            is_sure = is_sure || verdict.ending == SURELY_NOT[k];
        cr_assert(verdict.action != ACTION_RESEND || is_sure, "%s", policy_ending_name(verdict.ending));
    }
}

Test(policy, a_refusal_while_our_own_clock_was_moved_proves_nothing)
{
    static const int REFUSALS[] = {400, 401, 403, 422};

    for (size_t i = 0; i < COUNT_OF(REFUSALS); i++) {
        struct policy_attempt attempt = attempt_of(ADAPTER_UPLOAD, NET_ANSWERED);

        attempt.answer = ADAPTER_BY_STATUS;
        attempt.status = REFUSALS[i];
        cr_assert_eq(decide(&attempt).action, ACTION_PAUSE);
        attempt.is_clock_moved = true;
        expect_both(attempt, &(struct expected){ENDING_CLOCK_MOVED, ACTION_RESEND, ACTION_ASK_AGAIN, BLAME_NOBODY,
                                                BLAME_NOBODY});
        attempt.settles_at_once = true;
        cr_assert_eq(decide(&attempt).action, ACTION_RESEND);
    }
}

Test(policy, what_is_no_refusal_counts_whatever_the_clock_did)
{
    for (int i = 0; i < NET_COUNT * 1000; i++) {
        struct policy_attempt attempt = attempt_of(ADAPTER_UPLOAD, (enum policy_net)(i / 1000));
        enum policy_ending ending;

        attempt.answer = i % 1000 < ADAPTER_ENDING_COUNT ? (enum adapter_ending)(i % 1000) : ADAPTER_BY_STATUS;
        attempt.status = i % 1000;
        ending = decide(&attempt).ending;
        attempt.is_clock_moved = true;
        if (ending != ENDING_BODY_REFUSED && ending != ENDING_SETUP_REFUSED && ending != ENDING_UNAUTHORIZED &&
            ending != ENDING_FORBIDDEN && ending != ENDING_UNACCEPTABLE)
            cr_assert_eq(decide(&attempt).ending, ending, "%s", policy_ending_name(ending));
    }
}

Test(policy, a_row_alone_is_refused_where_many_are_split)
{
    struct policy_attempt attempt = attempt_of(ADAPTER_UPLOAD, NET_ANSWERED);

    attempt.answer = ADAPTER_BODY_REFUSED;
    attempt.rows = 2;
    cr_assert_eq(decide(&attempt).action, ACTION_SPLIT);
    attempt.rows = 1;
    cr_assert_eq(decide(&attempt).action, ACTION_REFUSE_ROW);
    cr_assert_eq(decide(&attempt).blame, BLAME_ROW);
}

Test(policy, when_every_single_row_is_refused_it_must_be_the_setup)
{
    struct policy_attempt attempt = attempt_of(ADAPTER_UPLOAD, NET_ANSWERED);

    attempt.answer = ADAPTER_BODY_REFUSED;
    attempt.rows = 1;
    attempt.lone_refusals = POLICY_LONE_MAX - 1;
    cr_assert_eq(decide(&attempt).action, ACTION_REFUSE_ROW);
    attempt.lone_refusals = POLICY_LONE_MAX;
    cr_assert_eq(decide(&attempt).action, ACTION_PAUSE);
    cr_assert_eq(decide(&attempt).blame, BLAME_SETUP);
    cr_assert(strstr(decide(&attempt).zh, "单行"));
}

static void expect_pause_at(struct policy_attempt attempt, uint32_t *count, uint32_t most)
{
    *count = most - 1;
    cr_assert_neq(decide(&attempt).action, ACTION_PAUSE);
    *count = most;
}

Test(policy, answers_that_cannot_be_believed_end_with_a_pause_not_in_silence)
{
    static const enum adapter_ending NONSENSE[] = {ADAPTER_MALFORMED, ADAPTER_ACCEPTED, ADAPTER_BODY_REFUSED};

    for (size_t i = 0; i < COUNT_OF(NONSENSE); i++) {
        struct policy_attempt attempt = attempt_of(ADAPTER_ASK, NET_ANSWERED);

        attempt.answer = NONSENSE[i];
        attempt.streak = POLICY_NONSENSE_MAX - 1;
        cr_assert_eq(decide(&attempt).action, ACTION_ASK_AGAIN);
        attempt.streak = POLICY_NONSENSE_MAX;
        cr_assert_eq(decide(&attempt).action, ACTION_PAUSE);
        cr_assert_eq(decide(&attempt).blame, BLAME_SETUP);
    }
}

Test(policy, handshakes_that_always_break_end_with_a_pause)
{
    for (int step = 0; step < ADAPTER_STEP_COUNT; step++) {
        struct policy_attempt attempt = attempt_of((enum adapter_step)step, NET_HANDSHAKE);

        expect_pause_at(attempt, &attempt.streak, POLICY_HANDSHAKE_MAX);
        attempt.streak = POLICY_HANDSHAKE_MAX;
        cr_assert_eq(decide(&attempt).action, ACTION_PAUSE);
    }
}

Test(policy, a_call_that_is_taken_and_forgotten_again_and_again_ends_with_a_pause)
{
    struct policy_attempt attempt = attempt_of(ADAPTER_ASK, NET_ANSWERED);

    attempt.answer = ADAPTER_UNKNOWN_TASK;
    attempt.was_received = true;
    attempt.attempts = 1;
    cr_assert_eq(decide(&attempt).ending, ENDING_FORGOTTEN);
    cr_assert_eq(decide(&attempt).action, ACTION_RESEND);
    cr_assert_eq(decide(&attempt).delay_ms, 1000);
    attempt.attempts = POLICY_FORGOTTEN_MAX - 1;
    cr_assert_eq(decide(&attempt).action, ACTION_PAUSE);
}

Test(policy, internal_errors_over_one_call_split_it_only_while_others_pass)
{
    struct policy_attempt attempt = attempt_of(ADAPTER_UPLOAD, NET_ANSWERED);

    attempt.answer = ADAPTER_BUSY;
    attempt.attempts = POLICY_BUSY_MAX - 2;
    cr_assert_eq(decide(&attempt).action, ACTION_RESEND);
    attempt.attempts = POLICY_BUSY_MAX - 1;
    cr_assert_eq(decide(&attempt).action, ACTION_SPLIT);
    attempt.is_alive = false;
    cr_assert_eq(decide(&attempt).action, ACTION_RESEND);
    attempt.is_alive = true;
    attempt.rows = 1;
    cr_assert_eq(decide(&attempt).action, ACTION_RESEND);
}

Test(policy, what_never_arrived_is_sent_again_at_once)
{
    struct policy_attempt attempt = attempt_of(ADAPTER_ASK, NET_ANSWERED);

    attempt.answer = ADAPTER_UNKNOWN_TASK;
    attempt.attempts = 4;
    cr_assert_eq(decide(&attempt).action, ACTION_RESEND);
    cr_assert_eq(decide(&attempt).delay_ms, 0);
}

Test(policy, the_answers_that_prove_something_are_kept)
{
    static const struct {
        enum adapter_step step;
        enum adapter_ending answer;
        const char *kind;
    } KEPT[] = {
        {ADAPTER_UPLOAD, ADAPTER_ACCEPTED, "transport"},   {ADAPTER_ASK, ADAPTER_OUTCOMES, "business"},
        {ADAPTER_UPLOAD, ADAPTER_BODY_REFUSED, "refusal"}, {ADAPTER_UPLOAD, ADAPTER_SETUP_REFUSED, "refusal"},
        {ADAPTER_UPLOAD, ADAPTER_MALFORMED, "malformed"},  {ADAPTER_ASK, ADAPTER_UNKNOWN_TASK, "refusal"},
    };

    for (size_t i = 0; i < COUNT_OF(KEPT); i++) {
        struct policy_attempt attempt = attempt_of(KEPT[i].step, NET_ANSWERED);

        attempt.answer = KEPT[i].answer;
        cr_assert_str_eq(decide(&attempt).receipt, KEPT[i].kind);
    }
}

/* --- pauses --- */

Test(policy, a_pause_doubles_up_to_its_limit_and_stays_within_its_jitter)
{
    for (uint32_t n = 1; n <= 70; n++) {
        int64_t middle = n > 6 ? 60000 : (int64_t)1000 << (n - 1);

        for (uint32_t dice = 0; dice < 200; dice++) {
            int64_t delay_ms = policy_delay_ms(1000, 60000, n, dice * 2654435761U);

            cr_assert_geq(delay_ms, middle - middle / 4 > 1000 ? middle - middle / 4 : 1000, "n %u", n);
            cr_assert_leq(delay_ms, middle + middle / 4 < 60000 ? middle + middle / 4 : 60000, "n %u", n);
        }
    }
}

Test(policy, two_calls_do_not_come_back_at_the_same_instant)
{
    cr_assert_neq(policy_delay_ms(1000, 60000, 4, 1), policy_delay_ms(1000, 60000, 4, 2000));
}

Test(policy, a_longest_pause_below_the_first_counts_as_the_first)
{
    cr_assert_eq(policy_delay_ms(1000, 10, 5, 77), 1000);
    cr_assert_eq(policy_delay_ms(1000, 1000, UINT32_MAX, 77), 1000);
    cr_assert_geq(policy_delay_ms(1, INT64_MAX, UINT32_MAX, 77), POLICY_DELAY_MAX_MS / 4 * 3);
    cr_assert_eq(policy_delay_ms(INT64_MAX, INT64_MAX, 3, 77), POLICY_DELAY_MAX_MS);
}

Test(policy, questions_for_outcomes_come_less_often_but_never_stop)
{
    struct policy_attempt attempt = attempt_of(ADAPTER_ASK, NET_ANSWERED);
    int64_t before_ms = 0;

    attempt.answer = ADAPTER_NOT_READY;
    attempt.was_received = true;
    for (attempt.asks = 0; attempt.asks < 40; attempt.asks++) {
        int64_t delay_ms = decide(&attempt).delay_ms;

        cr_assert_geq(delay_ms, before_ms);
        cr_assert_leq(delay_ms, POLICY_POLL_GROWTH * PACE.poll_ms);
        before_ms = delay_ms;
    }
    cr_assert_geq(before_ms, POLICY_POLL_GROWTH * PACE.poll_ms / 4 * 3);
}

Test(policy, a_destination_that_says_when_is_not_asked_before)
{
    static const int STATUSES[] = {429, 503, 500, 408};

    for (size_t i = 0; i < COUNT_OF(STATUSES); i++) {
        struct policy_attempt attempt = attempt_of(ADAPTER_UPLOAD, NET_ANSWERED);

        attempt.answer = ADAPTER_BY_STATUS;
        attempt.status = STATUSES[i];
        attempt.retry_after_ms = 7000;
        cr_assert_eq(decide(&attempt).delay_ms, 7000);
        attempt.retry_after_ms = 10;
        cr_assert_eq(decide(&attempt).delay_ms, 1000);
    }
}

static int64_t retry_after(const char *text)
{
    return policy_retry_after_ms(span_of(text), 784111777000 - 60000); /* a minute before the date of RFC 9110 */
}

Test(policy, retry_after_is_seconds_or_one_of_three_dates)
{
    cr_assert_eq(retry_after("0"), 0);
    cr_assert_eq(retry_after(" 120 "), 120000);
    cr_assert_eq(retry_after("Sun, 06 Nov 1994 08:49:37 GMT"), 60000);
    cr_assert_eq(retry_after("Sunday, 06-Nov-94 08:49:37 GMT"), 60000);
    cr_assert_eq(retry_after("Sun Nov  6 08:49:37 1994"), 60000);
}

Test(policy, retry_after_has_limits)
{
    cr_assert_eq(retry_after("999999999999999999"), POLICY_RETRY_AFTER_MAX_MS);
    cr_assert_eq(retry_after("86401"), POLICY_RETRY_AFTER_MAX_MS);
    cr_assert_eq(retry_after("Sun, 06 Nov 2094 08:49:37 GMT"), POLICY_RETRY_AFTER_MAX_MS);
    cr_assert_eq(retry_after("Sun, 06 Nov 1988 08:49:37 GMT"), 0);
}

Test(policy, what_is_no_retry_after_is_as_if_it_were_not_there)
{
    static const char *const WRONG[] = {
        "",
        "-1",
        "1.5",
        "soon",
        "Sun, 99 Foo 1994 08:49:37 GMT",
        "1e3",
        "20 Nov 2094",
        "Sun, 06 Nov 1994 08:49:37 GMT and very much more text than any date needs to have"};

    for (size_t i = 0; i < COUNT_OF(WRONG); i++)
        cr_assert_eq(retry_after(WRONG[i]), -1, "%s", WRONG[i]);
    cr_assert_eq(policy_retry_after_ms((struct span){"Sun\0", 4}, 0), -1);
}

Test(policy, a_refused_secret_is_renewed_once_and_then_the_channel_is_paused)
{
    struct policy_attempt attempt = attempt_of(ADAPTER_UPLOAD, NET_ANSWERED);
    struct policy_verdict verdict;

    attempt.status = 200;
    attempt.answer = ADAPTER_EXPIRED;
    attempt.renewals = 1;
    attempt.attempts = 7;
    verdict = decide(&attempt);
    cr_assert_eq(verdict.action, ACTION_RESEND);
    cr_assert_eq(verdict.delay_ms, 0);
    attempt.renewals = POLICY_RENEWALS_MAX;
    verdict = decide(&attempt);
    cr_assert_eq(verdict.action, ACTION_PAUSE);
    cr_assert_eq(verdict.blame, BLAME_SETUP);
    attempt.step = ADAPTER_ASK;
    cr_assert_eq(decide(&attempt).action, ACTION_PAUSE);
}

Test(policy, whose_file_that_is_is_asked_at_once_but_not_in_a_tight_loop)
{
    struct policy_attempt attempt = attempt_of(ADAPTER_UPLOAD, NET_ANSWERED);

    attempt.status = 412;
    attempt.answer = ADAPTER_EXISTS;
    cr_assert_eq(decide(&attempt).delay_ms, 0);
    attempt.attempts = 1;
    cr_assert_geq(decide(&attempt).delay_ms, PACE.retry_first_ms);
}

Test(policy, a_retry_never_waits_longer_than_its_call_is_old)
{
    struct policy_attempt attempt = attempt_of(ADAPTER_UPLOAD, NET_NOT_REACHED);

    attempt.attempts = 30;
    attempt.age_ms = 7000;
    cr_assert_leq(decide(&attempt).delay_ms, 7000);
    attempt.age_ms = 1;
    cr_assert_eq(decide(&attempt).delay_ms, PACE.retry_first_ms);
    attempt.age_ms = -5000; /* the clock went back */
    cr_assert_leq(decide(&attempt).delay_ms, PACE.retry_max_ms);
    attempt.age_ms = 86400000;
    cr_assert_geq(decide(&attempt).delay_ms, PACE.retry_max_ms / 2);
}

Test(policy, a_taken_name_is_for_a_person_and_further_ones_are_stepped_over)
{
    struct policy_attempt attempt = attempt_of(ADAPTER_DOUBT, NET_ANSWERED);

    attempt.status = 200;
    attempt.answer = ADAPTER_OTHER_CONTENT;
    attempt.taken_names = 1;
    cr_assert_eq(decide(&attempt).action, ACTION_PAUSE_SPENT);
    attempt.taken_names = POLICY_TAKEN_MAX;
    cr_assert_eq(decide(&attempt).action, ACTION_DISSOLVE_SPENT);
    cr_assert_eq(decide(&attempt).blame, BLAME_NOBODY);
}

/* --- what settles at once --- */

static struct policy_attempt delivery_of(enum policy_net net, enum adapter_ending answer, int status)
{
    struct policy_attempt attempt = attempt_of(ADAPTER_UPLOAD, net);

    attempt.rows = 1;
    attempt.settles_at_once = true;
    attempt.answer = answer;
    attempt.status = status;
    return attempt;
}

Test(policy, what_settles_at_once_is_never_in_doubt)
{
    for (int net = 0; net < NET_COUNT; net++) {
        for (int answer = 0; answer < ADAPTER_ENDING_COUNT; answer++) {
            for (int status = 200; status < 600; status++) {
                struct policy_attempt attempt = delivery_of((enum policy_net)net, (enum adapter_ending)answer, status);
                struct policy_verdict verdict = decide(&attempt);

                cr_assert(verdict.action == ACTION_SETTLE || verdict.action == ACTION_RESEND ||
                              verdict.action == ACTION_PAUSE || verdict.action == ACTION_REFUSE_ROW ||
                              verdict.action == ACTION_DISSOLVE,
                          "%d %d %d: %d", net, answer, status, verdict.action);
                cr_assert(verdict.zh && verdict.en);
                if (net != NET_ANSWERED)
                    break;
            }
        }
    }
}

Test(policy, a_message_is_acknowledged_refused_paused_for_or_sent_again)
{
    static const struct {
        enum policy_net net;
        enum adapter_ending answer;
        int status;
        enum policy_action action;
        enum policy_blame blame;
    } CASES[] = {
        {NET_ANSWERED, ADAPTER_OUTCOMES, 204, ACTION_SETTLE, BLAME_NOBODY},
        {NET_ANSWERED, ADAPTER_BODY_REFUSED, 422, ACTION_REFUSE_ROW, BLAME_ROW},
        {NET_ANSWERED, ADAPTER_SETUP_REFUSED, 410, ACTION_PAUSE, BLAME_SETUP},
        {NET_ANSWERED, ADAPTER_BY_STATUS, 302, ACTION_PAUSE, BLAME_SETUP},
        {NET_ANSWERED, ADAPTER_BY_STATUS, 429, ACTION_RESEND, BLAME_DESTINATION},
        {NET_ANSWERED, ADAPTER_BY_STATUS, 500, ACTION_RESEND, BLAME_DESTINATION},
        {NET_ANSWERED, ADAPTER_BY_STATUS, 503, ACTION_RESEND, BLAME_DESTINATION},
        {NET_LOST, ADAPTER_ACCEPTED, 0, ACTION_RESEND, BLAME_DESTINATION},
        {NET_OVERLONG, ADAPTER_ACCEPTED, 0, ACTION_RESEND, BLAME_DESTINATION},
        {NET_NOT_REACHED, ADAPTER_ACCEPTED, 0, ACTION_RESEND, BLAME_DESTINATION},
        {NET_UNTRUSTED, ADAPTER_ACCEPTED, 0, ACTION_PAUSE, BLAME_SETUP},
        {NET_UNMAKEABLE, ADAPTER_ACCEPTED, 0, ACTION_DISSOLVE, BLAME_NOBODY},
    };

    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct policy_attempt attempt = delivery_of(CASES[i].net, CASES[i].answer, CASES[i].status);
        struct policy_verdict verdict = decide(&attempt);

        cr_assert_eq(verdict.action, CASES[i].action, "case %zu: %d", i, verdict.action);
        cr_assert_eq(verdict.blame, CASES[i].blame, "case %zu", i);
    }
}

Test(policy, what_a_receiver_asks_for_is_waited_for)
{
    struct policy_attempt attempt = delivery_of(NET_ANSWERED, ADAPTER_BY_STATUS, 429);

    attempt.retry_after_ms = 30000;
    cr_assert_geq(decide(&attempt).delay_ms, 30000);
    attempt.retry_after_ms = -1;
    cr_assert_leq(decide(&attempt).delay_ms, PACE.retry_max_ms);
}

Test(policy, an_endpoint_that_refuses_everything_is_paused)
{
    struct policy_attempt attempt = delivery_of(NET_ANSWERED, ADAPTER_BODY_REFUSED, 404);

    attempt.lone_refusals = POLICY_LONE_MAX;
    cr_assert_eq(decide(&attempt).action, ACTION_PAUSE);
}
