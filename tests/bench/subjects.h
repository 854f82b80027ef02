/* subjects.h - a store with so many listed enterprises, made by the short way: their entries are put in, not proposed
 * and approved one by one; only the register and the journal begin by the real path. Lookups see no difference. */
#ifndef TESTS_BENCH_SUBJECTS_H
#define TESTS_BENCH_SUBJECTS_H

#include "gateway/store/store.h"
#include "tests/bench/sample.h"

/* Codes 0 to count - 1 of the sample are listed, rounded up to 20,000; the code `count` has an obligation alone. */
MUST_CHECK bool subjects_make(const struct sample *sample, uint32_t count, const char *path, struct store **out,
                              struct error *err);

#endif
