/* sample.h - registers of any size for benchmarks: the rows of the sample register (all fictional), each repeated under
 * other codes, so that every row is another enterprise with another order.
 *
 * The codes are well-formed, both check characters right, and no enterprise has them: organisation codes that begin
 * with MAY were not given out. The n-th row of a register is always the same one. */
#ifndef TESTS_BENCH_SAMPLE_H
#define TESTS_BENCH_SAMPLE_H

#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"

enum { SAMPLE_ROWS_MAX = 5 * 1000 * 1000 };

struct sample;
/* Reads the sample register of the source tree. `only_overdue`: its rows in state 逾期未退出, else all. */
MUST_CHECK bool sample_load(bool only_overdue, struct sample **out, struct error *err);
void sample_free(struct sample *sample);

/* The code of row `number`, counted from 0. */
void sample_code(const struct sample *sample, uint32_t number, char code[19]);
/* A register as CSV: the header and `rows` rows, the first of them row `first`. */
MUST_CHECK bool sample_write(const struct sample *sample, uint32_t first, uint32_t rows, const char *path,
                             struct error *err);

DEFINE_AUTO(struct sample *, sample_free)

#endif
