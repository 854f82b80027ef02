#include "sandbox/chaos.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE_DEFAULT = 20, SEED_DEFAULT = 1 };

/* --- the generator: splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014) --- */

struct dice {
    uint64_t state;
};

static uint64_t throw(struct dice * dice)
{
    uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int64_t between(struct dice *dice, int64_t low, int64_t high)
{
    return low + (int64_t)(throw(dice) % (uint64_t)(high - low + 1));
}

static struct dice dice_of(int64_t seed, enum fault_at at, uint64_t number)
{
    struct dice dice = {(uint64_t)seed};

    dice.state = throw(&dice) ^ ((uint64_t)at << 56);
    dice.state = throw(&dice) ^ number;
    (void) throw(&dice);
    return dice;
}

/* --- single faults --- */

static void status_of_load(struct dice *dice, struct chaos_decision *out)
{
    static const int64_t STATUSES[] = {408, 429, 503};
    static const char *const AFTER[] = {"", "", "0", "1", "soon"};

    out->fault.kind = FAULT_STATUS;
    out->fault.status = STATUSES[between(dice, 0, COUNT_OF(STATUSES) - 1)];
    snprintf(out->fault.retry_after, sizeof out->fault.retry_after, "%s", AFTER[between(dice, 0, COUNT_OF(AFTER) - 1)]);
}

/* Whether the work was done before it failed nobody can tell from outside. */
static void status_of_failure(struct dice *dice, struct chaos_decision *out)
{
    static const int64_t STATUSES[] = {500, 502, 504};

    out->fault.kind = FAULT_STATUS;
    out->fault.status = STATUSES[between(dice, 0, COUNT_OF(STATUSES) - 1)];
    out->fault.is_after = between(dice, 0, 1) == 1;
    out->fault.content_type = "text/html";
    out->fault.text = memory_copy_text("<html><body>bad gateway</body></html>");
}

static void late(struct dice *dice, struct chaos_decision *out)
{
    out->fault.kind = FAULT_DELAY;
    out->fault.ms = between(dice, 10, 400);
}

static void dripping(struct dice *dice, struct chaos_decision *out)
{
    out->fault.kind = FAULT_DRIP;
    out->fault.bytes = between(dice, 50, 500);
    out->fault.ms = between(dice, 1, 10);
}

static void closed(struct dice *dice, struct chaos_decision *out)
{
    out->fault.kind = between(dice, 0, 1) ? FAULT_CLOSE : FAULT_LOST_REPLY;
}

static void reset(struct dice *dice, struct chaos_decision *out)
{
    out->fault.kind = between(dice, 0, 2) == 0 ? FAULT_RESET_BODY : FAULT_RESET;
    out->fault.is_after = between(dice, 0, 1) == 1;
}

static void cut(struct dice *dice, struct chaos_decision *out)
{
    out->fault.kind = FAULT_CUT;
    out->fault.bytes = between(dice, 1, 300);
}

static void nonsense(struct dice *dice, struct chaos_decision *out)
{
    static const char *const BODIES[] = {"", "{", "[]", "null", "{\"errorCode\":\"200\"", "<html></html>"};

    out->fault.kind = FAULT_MALFORMED;
    out->fault.text = memory_copy_text(BODIES[between(dice, 0, COUNT_OF(BODIES) - 1)]);
}

static void slow_results(struct dice *dice, struct chaos_decision *out)
{
    out->fault.kind = FAULT_RESULT_DELAY;
    out->fault.polls = between(dice, 1, 4);
}

static void few_connections(struct dice *dice, struct chaos_decision *out)
{
    out->has_line = true;
    out->line.has_limit = true;
    out->line.limit.connections = between(dice, 0, 2);
    out->line.limit.waits = between(dice, 0, 1) == 1;
    out->line.limit.for_ms = between(dice, 50, 400);
}

static void bad_line(struct dice *dice, struct chaos_decision *out)
{
    out->has_line = true;
    out->line.has_rule = true;
    out->line.rule.connections = between(dice, 1, 2);
    if (between(dice, 0, 1)) {
        out->line.rule.request.latency_ms = between(dice, 1, 60);
        out->line.rule.answer.latency_ms = between(dice, 1, 60);
        return;
    }
    out->line.rule.request.end_after = between(dice, 0, 6000);
    out->line.rule.request.end = LINE_RESET;
}

/* --- what only a person can repair --- */

static void credentials(struct dice *dice, struct chaos_decision *out)
{
    out->fault.kind = FAULT_STATUS;
    out->fault.status = between(dice, 0, 1) ? 401 : 403;
}

static void contradiction(struct dice *dice, struct chaos_decision *out)
{
    static const enum fault_kind KINDS[] = {FAULT_ROWS_MISSING, FAULT_ROWS_TWICE, FAULT_ROWS_CONTRADICT,
                                            FAULT_ROWS_OPPOSITE, FAULT_ROWS_FOREIGN};

    out->fault.kind = KINDS[between(dice, 0, COUNT_OF(KINDS) - 1)];
    out->fault.rows = 1;
}

static void expired(struct dice *dice, struct chaos_decision *out)
{
    out->has_line = true;
    out->line.has_rule = true;
    out->line.rule.certificate = LINE_EXPIRED;
    out->line.rule.connections = between(dice, 1, 2);
}

/* --- the mixture --- */

struct part {
    int weight;
    bool is_of_line;
    bool is_for_people;
    void (*make)(struct dice *dice, struct chaos_decision *out);
};

static const struct part PARTS[] = {
    {16, false, false, status_of_load},
    {12, false, false, status_of_failure},
    {14, false, false, late},
    {6, true, false, dripping},
    {12, false, false, closed},
    {12, true, false, reset},
    {8, true, false, cut},
    {8, false, false, nonsense},
    {6, false, false, slow_results},
    {3, true, false, few_connections},
    {3, true, false, bad_line},
    {4, false, true, credentials},
    {4, false, true, contradiction},
    {2, true, true, expired},
};

static bool may_be(const struct part *part, const struct chaos_setup *setup)
{
    if (part->make == expired && !setup->has_expired)
        return false;
    return (setup->has_line || !part->is_of_line) && (setup->people || !part->is_for_people);
}

static const struct part *choose(struct dice *dice, const struct chaos_setup *setup)
{
    int total = 0;
    int64_t at;

    for (size_t i = 0; i < COUNT_OF(PARTS); i++)
        total += may_be(&PARTS[i], setup) ? PARTS[i].weight : 0;
    at = between(dice, 0, total - 1);
    for (size_t i = 0; i < COUNT_OF(PARTS); i++) {
        at -= may_be(&PARTS[i], setup) ? PARTS[i].weight : 0;
        if (at < 0)
            return &PARTS[i];
    }
    return &PARTS[0];
}

void chaos_decide(const struct chaos_setup *setup, enum fault_at at, uint64_t number, struct chaos_decision *out)
{
    struct dice dice = dice_of(setup->seed, at, number);

    *out = (struct chaos_decision){
        .fault = {.kind = FAULT_NONE, .at = at, .times = 1},
        .line = {.rule = {.request = LINE_WAY_FREE, .answer = LINE_WAY_FREE}, .limit = {.connections = -1}}};
    if (setup->is_on && between(&dice, 0, 99) < setup->rate)
        choose(&dice, setup)->make(&dice, out);
}

/* --- counting --- */

struct chaos {
    struct chaos_setup setup;
    uint64_t requests[FAULT_AT_COUNT];
    uint64_t made[FAULT_KIND_COUNT];
    uint64_t lines;
};

struct chaos *chaos_new(const struct chaos_setup *setup)
{
    struct chaos *chaos = memory_new(sizeof *chaos);

    chaos->setup = *setup;
    return chaos;
}

void chaos_free(struct chaos *chaos)
{
    free(chaos);
}

static bool read_number(const json_t *order, const char *name, int64_t max, int64_t *out, struct error *err)
{
    const json_t *value = json_object_get(order, name);

    if (!value)
        return true;
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > max)
        return fail(err, ERR_INVALID, "%s: a number from 0 to %" PRId64, name, max);
    *out = json_integer_value(value);
    return true;
}

bool chaos_order(struct chaos *chaos, const json_t *order, struct error *err)
{
    const json_t *people = json_object_get(order, "people");
    struct chaos_setup setup = {.is_on = true,
                                .seed = SEED_DEFAULT,
                                .rate = RATE_DEFAULT,
                                .has_line = chaos->setup.has_line,
                                .has_expired = chaos->setup.has_expired};
    size_t known =
        (size_t)(people != NULL) + (json_object_get(order, "seed") != NULL) + (json_object_get(order, "rate") != NULL);

    if (!json_is_object(order) || known != json_object_size(order))
        return fail(err, ERR_INVALID, "an object of seed, rate and people");
    if (!read_number(order, "seed", INT64_MAX, &setup.seed, err) || !read_number(order, "rate", 100, &setup.rate, err))
        return false;
    if (people && !json_is_boolean(people))
        return fail(err, ERR_INVALID, "people: true or false");
    setup.people = json_is_true(people);
    *chaos = (struct chaos){.setup = setup};
    return true;
}

void chaos_stop(struct chaos *chaos)
{
    chaos->setup.is_on = false;
}

void chaos_next(struct chaos *chaos, enum fault_at at, struct chaos_decision *out)
{
    chaos_decide(&chaos->setup, at, chaos->setup.is_on ? ++chaos->requests[at] : 0, out);
    if (out->fault.kind != FAULT_NONE)
        chaos->made[out->fault.kind]++;
    chaos->lines += out->has_line;
}

void chaos_skip(struct chaos *chaos, enum fault_at at)
{
    chaos->requests[at] += chaos->setup.is_on;
}

bool chaos_next_is(struct chaos *chaos, enum fault_at at, enum fault_kind kind)
{
    struct chaos_decision decision;
    bool is_it;

    chaos_decide(&chaos->setup, at, chaos->requests[at] + 1, &decision);
    is_it = decision.fault.kind == kind;
    fault_done(&decision.fault);
    if (is_it)
        chaos_next(chaos, at, &decision);
    if (is_it)
        fault_done(&decision.fault);
    return is_it;
}

void chaos_describe(const struct chaos *chaos, struct buf *out)
{
    const char *comma = "";

    buf_addf(out, "{\"on\":%s,\"seed\":%" PRId64 ",\"rate\":%" PRId64 ",\"people\":%s,\"requests\":{",
             chaos->setup.is_on ? "true" : "false", chaos->setup.seed, chaos->setup.rate,
             chaos->setup.people ? "true" : "false");
    for (int at = FAULT_AT_GUANGDONG; at < FAULT_AT_COUNT; at++)
        buf_addf(out, "%s\"%s\":%" PRIu64, at > FAULT_AT_GUANGDONG ? "," : "", FAULT_AT_NAMES[at], chaos->requests[at]);
    buf_add_text(out, "},\"made\":{");
    for (int kind = FAULT_NONE + 1; kind < FAULT_KIND_COUNT; kind++) {
        if (chaos->made[kind] == 0)
            continue;
        buf_addf(out, "%s\"%s\":%" PRIu64, comma, fault_name((enum fault_kind)kind), chaos->made[kind]);
        comma = ",";
    }
    buf_addf(out, "},\"line\":%" PRIu64 "}", chaos->lines);
}
