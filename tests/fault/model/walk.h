/* walk.h - one seed: a storm of orders, kills and faults, then calm, then the checks.
 *
 * The dice decide everything that this program does and in which order; what the processes do in between is the
 * machine's affair, so a seed repeats a failure as far as processes allow. */
#ifndef TESTS_FAULT_MODEL_WALK_H
#define TESTS_FAULT_MODEL_WALK_H

#include "tests/fault/model/stage.h"

struct walk_options {
    const struct stage_common *common;
    const char *register_path; /* a register with overdue rows, CSV */
    unsigned steps;
    bool keeps;      /* keep the folder of a seed that failed, and say where */
    bool is_talking; /* tell every step on standard error */
};

struct walk_count {
    uint64_t versions;
    uint64_t deliveries;
    uint64_t refused; /* deliveries that are refused in the end */
    uint64_t refusals;
    uint64_t doubts;
    uint64_t pauses;
    uint64_t again;
    uint64_t orders;
    uint64_t kills;
    uint64_t faults;
};

/* True when everything is as it should be. `count` is added to. */
MUST_CHECK bool walk_run(const struct walk_options *options, uint64_t seed, struct walk_count *count,
                         struct error *err);

#endif
