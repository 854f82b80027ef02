/* seen.h - which obligations a file has named already: a hash table in a file without a name, read and written slot by
 * slot, so that memory stays flat however long the register is. (A scratch store does the same, but its mapped pages
 * count as the process's memory: 250 MB after a million rows.) */
#ifndef GATEWAY_INTAKE_SEEN_H
#define GATEWAY_INTAKE_SEEN_H

#include "schemas/obligation.h"

enum seen_verdict {
    SEEN_NEW,
    SEEN_REPEAT,       /* the same row, column for column */
    SEEN_CONTRADICTION /* the same obligation, but another content */
};

struct seen;

/* For at most `rows` rows. The file lies in `folder` and is gone with the process. */
MUST_CHECK bool seen_new(const char *folder, size_t rows, struct seen **out, struct error *err);
void seen_free(struct seen *seen);
/* Judge a valid row and remember it when it is new. `*earlier` is the line that named the obligation first. `line` is
 * at least 1. */
MUST_CHECK bool seen_check(struct seen *seen, const struct obligation *row, size_t line, enum seen_verdict *verdict,
                           size_t *earlier, struct error *err);

DEFINE_AUTO(struct seen *, seen_free)

#endif
