/* model.c - the model check: `fault_model GATE [--seeds FROM COUNT] [--steps N] [--keep] [--talk]`.
 *
 * For each seed a gateway, its platforms and two persons are set up; orders, kills and faults come at random, then
 * everything is left in peace, and then it must be true that nothing was lost, doubled, reordered or made up. Status 0:
 * so it is, for all seeds; 1: not so; 77: cannot be tried here. The first failing seed ends the run and is named. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "tests/fault/model/walk.h"

enum { STEPS = 140, SKIPPED = 77, PROGRESS_SEEDS = 20 };

struct order {
    const char *gate;
    uint64_t from;
    uint64_t count;
    unsigned steps;
    bool keeps;
    bool is_talking;
};

static bool number(const char *text, uint64_t *out)
{
    int64_t value;

    if (!text || !integer_parse(span_of(text), &value))
        return false;
    *out = (uint64_t)value;
    return true;
}

static bool read_order(char **arguments, struct order *order)
{
    uint64_t steps = STEPS;

    *order = (struct order){.from = 1, .count = 1};
    for (char **at = arguments + 1; *at; at++) {
        if (strcmp(*at, "--keep") == 0)
            order->keeps = true;
        else if (strcmp(*at, "--talk") == 0)
            order->is_talking = true;
        else if (strcmp(*at, "--steps") == 0 && number(at[1], &steps))
            at++;
        else if (strcmp(*at, "--seeds") == 0 && number(at[1], &order->from) && number(at[2], &order->count))
            at += 2;
        else if (**at != '-' && !order->gate)
            order->gate = *at;
        else
            return false;
    }
    order->steps = (unsigned)steps;
    return order->gate != NULL;
}

/* Hours are long. */
static void tell_progress(const struct order *order, uint64_t done, int64_t start_ms)
{
    if (done % PROGRESS_SEEDS == 0 && done < order->count)
        fprintf(stderr, "%llu of %llu seeds, %.0f s\n", (unsigned long long)done, (unsigned long long)order->count,
                (double)(time_monotonic_ms() - start_ms) / 1000);
}

static int run_seeds(const struct order *order, const struct stage_common *common)
{
    struct walk_options options = {.common = common,
                                   .register_path = TEST_SOURCE "/tests/cases/register/register-dev.csv",
                                   .steps = order->steps,
                                   .keeps = order->keeps,
                                   .is_talking = order->is_talking};
    struct walk_count count = {0};
    int64_t start_ms = time_monotonic_ms();

    for (uint64_t seed = order->from; seed < order->from + order->count; seed++) {
        struct error err;

        if (walk_run(&options, seed, &count, &err)) {
            tell_progress(order, seed + 1 - order->from, start_ms);
            continue;
        }
        fprintf(stderr, "seed %llu FAILED: %s\nrepeat it: fault_model %s --seeds %llu 1 --steps %u --keep --talk\n",
                (unsigned long long)seed, err.text, order->gate, (unsigned long long)seed, order->steps);
        return 1;
    }
    printf(
        "%llu seeds from %llu, none failed, %.1f s: %llu versions, %llu deliveries, %llu refusals (%llu in the end), "
        "%llu doubts, %llu sent anew, %llu pauses; %llu orders, %llu kills and stops, %llu faults\n",
        (unsigned long long)order->count, (unsigned long long)order->from,
        (double)(time_monotonic_ms() - start_ms) / 1000, (unsigned long long)count.versions,
        (unsigned long long)count.deliveries, (unsigned long long)count.refusals, (unsigned long long)count.refused,
        (unsigned long long)count.doubts, (unsigned long long)count.again, (unsigned long long)count.pauses,
        (unsigned long long)count.orders, (unsigned long long)count.kills, (unsigned long long)count.faults);
    return 0;
}

int main(int count, char **arguments)
{
    struct stage_common common;
    struct order order;
    struct error err;
    int status;

    (void)count;
    if (!read_order(arguments, &order)) {
        fprintf(stderr, "fault_model GATE [--seeds FROM COUNT] [--steps N] [--keep] [--talk]\n");
        return 2;
    }
    if (geteuid() != 0) {
        fprintf(stderr, "skipped: to be two persons this program must be root\n");
        return SKIPPED;
    }
    if (!stage_common_make(&common, order.gate, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    status = run_seeds(&order, &common);
    if (status == 0 || !order.keeps)
        stage_common_done(&common);
    return status;
}
