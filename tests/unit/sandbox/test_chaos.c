/* Faults of chance: the same seed makes the same, as often as ordered, and nothing that only a person can repair. */
#include "sandbox/chaos.h"

#include <criterion/criterion.h>
#include <string.h>

enum { MANY = 4000 };

static const struct chaos_setup USUAL = {.is_on = true, .seed = 7, .rate = 20, .has_line = true, .has_expired = true};

/* All that was decided, as text. */
static void describe(const struct chaos_decision *decision, struct buf *out)
{
    const struct fault *fault = &decision->fault;
    const struct line_limit *limit = &decision->line.limit;

    buf_addf(out, "%s %ld %ld %ld %ld %ld %d \"%s\" \"%s\" ", fault_name(fault->kind), (long)fault->status,
             (long)fault->ms, (long)fault->bytes, (long)fault->polls, (long)fault->times, fault->is_after,
             fault->retry_after, fault->text ? fault->text : "");
    buf_addf(out, "%d %ld %d %ld %d ", decision->line.has_limit, (long)limit->connections, limit->waits,
             (long)limit->for_ms, decision->line.resets_open);
    line_rule_describe(&decision->line.rule, out);
}

static bool decides_the_same(const struct chaos_setup *a, enum fault_at at_a, const struct chaos_setup *b,
                             enum fault_at at_b, uint64_t number)
{
    AUTO(buf_done) struct buf left_text = BUF_INIT;
    AUTO(buf_done) struct buf right_text = BUF_INIT;
    struct chaos_decision left;
    struct chaos_decision right;

    chaos_decide(a, at_a, number, &left);
    chaos_decide(b, at_b, number, &right);
    describe(&left, &left_text);
    describe(&right, &right_text);
    fault_done(&left.fault);
    fault_done(&right.fault);
    return strcmp(buf_text(&left_text), buf_text(&right_text)) == 0;
}

static bool is_for_people(const struct chaos_decision *decision)
{
    const struct fault *fault = &decision->fault;

    return (fault->kind == FAULT_STATUS && (fault->status == 401 || fault->status == 403)) ||
           fault_phase(fault->kind) == FAULT_BY_OUTCOMES || decision->line.rule.certificate != LINE_USUAL;
}

static bool is_something(const struct chaos_decision *decision)
{
    return decision->fault.kind != FAULT_NONE || decision->has_line;
}

Test(chaos, switched_off_or_with_no_rate_it_does_nothing)
{
    const struct chaos_setup off = {.seed = 7, .rate = 100};
    const struct chaos_setup none = {.is_on = true, .seed = 7, .rate = 0};

    for (uint64_t i = 0; i < MANY; i++) {
        struct chaos_decision decision;

        chaos_decide(&off, FAULT_AT_GUANGDONG, i, &decision);
        cr_assert_not(is_something(&decision));
        chaos_decide(&none, FAULT_AT_GUANGDONG, i, &decision);
        cr_assert_not(is_something(&decision));
    }
}

Test(chaos, the_same_seed_decides_the_same_and_another_does_not)
{
    struct chaos_setup other = USUAL;
    int equal = 0;
    int equal_elsewhere = 0;

    other.seed = 8;
    for (uint64_t i = 0; i < MANY; i++) {
        cr_assert(decides_the_same(&USUAL, FAULT_AT_CHINA, &USUAL, FAULT_AT_CHINA, i));
        equal += decides_the_same(&USUAL, FAULT_AT_CHINA, &other, FAULT_AT_CHINA, i);
        equal_elsewhere += decides_the_same(&USUAL, FAULT_AT_CHINA, &USUAL, FAULT_AT_NATIONAL, i);
    }
    cr_assert_lt(equal, MANY * 8 / 10);
    cr_assert_lt(equal_elsewhere, MANY * 8 / 10);
}

Test(chaos, as_many_requests_meet_a_fault_as_the_rate_says)
{
    int something = 0;

    for (uint64_t i = 0; i < MANY; i++) {
        struct chaos_decision decision;

        chaos_decide(&USUAL, FAULT_AT_GUANGDONG, i, &decision);
        something += is_something(&decision);
        fault_done(&decision.fault);
    }
    cr_assert(something > MANY * 17 / 100 && something < MANY * 23 / 100, "%d", something);
}

Test(chaos, nothing_for_people_unless_it_is_asked_for)
{
    struct chaos_setup people = USUAL;
    int for_people = 0;

    people.people = true;
    people.rate = 100;
    for (uint64_t i = 0; i < MANY; i++) {
        struct chaos_decision decision;

        chaos_decide(&USUAL, FAULT_AT_GUANGDONG, i, &decision);
        cr_assert_not(is_for_people(&decision));
        fault_done(&decision.fault);
        chaos_decide(&people, FAULT_AT_GUANGDONG, i, &decision);
        for_people += is_for_people(&decision);
        fault_done(&decision.fault);
    }
    cr_assert_gt(for_people, MANY / 50);
}

Test(chaos, without_a_relay_nothing_of_the_line)
{
    struct chaos_setup setup = USUAL;

    setup.has_line = false;
    setup.rate = 100;
    for (uint64_t i = 0; i < MANY; i++) {
        struct chaos_decision decision;

        chaos_decide(&setup, FAULT_AT_GUANGDONG, i, &decision);
        cr_assert_not(decision.has_line);
        cr_assert_not(fault_is_of_line(decision.fault.kind), "%s", fault_name(decision.fault.kind));
        fault_done(&decision.fault);
    }
}

Test(chaos, a_question_whether_the_next_is_of_a_kind_counts_only_when_it_is)
{
    AUTO(chaos_free) struct chaos *chaos = chaos_new(&USUAL);
    AUTO(chaos_free) struct chaos *other = chaos_new(&USUAL);
    int found = 0;

    for (int i = 0; i < MANY; i++) {
        struct chaos_decision decision;
        struct chaos_decision same;

        chaos_next(other, FAULT_AT_GUANGDONG, &same);
        if (chaos_next_is(chaos, FAULT_AT_GUANGDONG, FAULT_RESET_BODY)) {
            cr_assert_eq(same.fault.kind, FAULT_RESET_BODY);
            found++;
        } else {
            chaos_next(chaos, FAULT_AT_GUANGDONG, &decision);
            cr_assert_eq(decision.fault.kind, same.fault.kind);
            fault_done(&decision.fault);
        }
        fault_done(&same.fault);
    }
    cr_assert_gt(found, 0);
}

Test(chaos, wrong_orders_change_nothing)
{
    static const char *const WRONG[] = {
        "[]", "{\"rate\":101}", "{\"rate\":\"5\"}", "{\"seed\":-1}", "{\"people\":1}", "{\"on\":true}"};
    AUTO(chaos_free) struct chaos *chaos = chaos_new(&USUAL);
    AUTO(buf_done) struct buf before = BUF_INIT;
    AUTO(buf_done) struct buf after = BUF_INIT;
    struct error err;

    chaos_describe(chaos, &before);
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        json_t *order = json_loads(WRONG[i], 0, NULL);

        cr_assert_not(chaos_order(chaos, order, &err), "%s", WRONG[i]);
        cr_assert_eq(err.code, ERR_INVALID);
        json_decref(order);
    }
    chaos_describe(chaos, &after);
    cr_assert_str_eq(buf_text(&before), buf_text(&after));
}

Test(chaos, an_order_begins_to_count_anew)
{
    AUTO(chaos_free) struct chaos *chaos = chaos_new(&(struct chaos_setup){.has_line = true});
    AUTO(buf_done) struct buf text = BUF_INIT;
    json_t *order = json_loads("{\"seed\":3,\"rate\":100,\"people\":true}", 0, NULL);
    struct chaos_decision decision;
    struct error err;

    chaos_next(chaos, FAULT_AT_CHINA, &decision);
    cr_assert_not(is_something(&decision));
    cr_assert(chaos_order(chaos, order, &err), "%s", err.text);
    json_decref(order);
    for (int i = 0; i < 3; i++) {
        chaos_next(chaos, FAULT_AT_CHINA, &decision);
        fault_done(&decision.fault);
    }
    chaos_skip(chaos, FAULT_AT_CHINA);
    chaos_stop(chaos);
    chaos_describe(chaos, &text);
    cr_assert(strstr(buf_text(&text), "\"on\":false,\"seed\":3,\"rate\":100,\"people\":true"), "%s", buf_text(&text));
    cr_assert(strstr(buf_text(&text), "\"credit-china\":4"), "%s", buf_text(&text));
}
