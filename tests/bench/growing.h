/* growing.h - a register of names as large as one likes, grown from a smaller one, and questions about it.
 *
 * A new name has the region of one company, the trade name of another (every third with one character exchanged) and
 * the industry and form of a third: so regions, trade names and industries are as common as they were. Reproducible;
 * kept in memory only, since the names it grows from may not be published. */
#ifndef TESTS_BENCH_GROWING_H
#define TESTS_BENCH_GROWING_H

#include "tests/bench/naming.h"

struct growing {
    const struct name_tables *tables;
    const struct naming_rows *rows;
    uint64_t state; /* of the random numbers; any */
};

typedef bool growing_take(void *context, struct span code, struct span name, struct error *err);

/* Give the indexed rows, then grown names, until there were `wanted`. Names that are too long are left out. */
MUST_CHECK bool growing_fill(struct growing *growing, size_t wanted, growing_take *take, void *context,
                             struct error *err);
/* A name of the rows as somebody may write it: as it is, without its region, or with one slip. */
MUST_CHECK bool growing_question(struct growing *growing, struct buf *text, struct span *truth, struct error *err);

#endif
