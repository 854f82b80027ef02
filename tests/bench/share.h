/* share.h - how much of its core a server got, as the kernel counts it: a measurement is for a core of its own, and
 * machines are shared. */
#ifndef TESTS_BENCH_SHARE_H
#define TESTS_BENCH_SHARE_H

#include "base/error.h"

enum { SHARE_PIDS_MAX = 16 };

/* Whose share. */
struct share_of {
    long core;
    long pids[SHARE_PIDS_MAX]; /* the server first, then those that belong to it and run on the same core */
    size_t count;              /* 0: nobody's */
};
/* Counters since the beginning of time. */
struct share {
    uint64_t busy_ticks; /* of the core */
    uint64_t all_ticks;
    uint64_t waited_ns; /* the server was ready to run and did not */
    uint64_t beside_ns; /* those beside it ran */
};
/* Of one process: how long it ran, and how long it was ready to and did not. */
MUST_CHECK bool share_of_process(long pid, uint64_t *ran_ns, uint64_t *waited_ns, struct error *err);
MUST_CHECK bool share_take(const struct share_of *of, struct share *out, struct error *err);
/* "1,2,3" */
MUST_CHECK bool share_parse(const char *text, struct share_of *of);

/* Between two looks: the busy part of the core, and the seconds that others took from the server. What those beside it
 * ran is its own cost, so it is not taken out, even when the server did not wait for them. */
double share_busy(const struct share *before, const struct share *after);
double share_lost_s(const struct share *before, const struct share *after);

/* RssAnon of a process: what it took for itself, without the pages of mapped files. 0 when it is gone. */
double share_anonymous_mib(long pid);

#endif
