/* batching.h - what answering many codes in one question costs, without the network: the request's JSON is read, every
 * code is looked up, its result written and traced, and the trace is synced once a batch. */
#ifndef TESTS_BENCH_BATCHING_H
#define TESTS_BENCH_BATCHING_H

#include "gateway/lookup/domain.h"
#include "gateway/store/store.h"

enum { BATCHING_CODES = 1000 };

/* As of now or of all events so far: the same answer by the path of the past. */
enum batching_as_of { BATCHING_PRESENT, BATCHING_DAY, BATCHING_SEQUENCE };

/* Everything is borrowed. */
struct batching {
    const char *bench;
    struct store *store;
    const struct domain *domain;
    const char *purpose;
    const char *trace_folder;
    void (*next_code)(void *context, char code[19]);
    void *context;
    const char *verdict; /* of every code */
    enum batching_as_of as_of;
    double present; /* what was measured of the present state */
};

/* Measure and tell: codes a second of processor time, against the 500,000 that are promised, or the present state. */
MUST_CHECK bool batching_measure(struct batching *batching, struct error *err);

#endif
