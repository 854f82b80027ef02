/* importing.h - a register file into a store, by the rooms that an import job uses: intake, rules, command. */
#ifndef TESTS_BENCH_IMPORTING_H
#define TESTS_BENCH_IMPORTING_H

#include "gateway/command/command.h"

/* Import `path`; temporary files go to `folder`. Every row must be good and new: anything else is ERR_INTERNAL, since
 * then something else was measured. All rows are durable when true (in a store that is no scratch store). */
MUST_CHECK bool importing_run(const struct desk *desk, const char *path, const char *folder, uint64_t *rows,
                              struct error *err);

#endif
