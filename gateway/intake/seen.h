/* seen.h - which obligations a file has named already: a scratch store on disk, so that memory stays flat however long
 * the file is. It is gone when it is freed. */
#ifndef GATEWAY_INTAKE_SEEN_H
#define GATEWAY_INTAKE_SEEN_H

#include "schemas/obligation.h"

enum seen_verdict {
    SEEN_NEW,
    SEEN_REPEAT,       /* the same row, column for column */
    SEEN_CONTRADICTION /* the same obligation, but another content */
};

struct seen;

MUST_CHECK bool seen_new(const char *folder, struct seen **out, struct error *err);
void seen_free(struct seen *seen);
/* Judge a valid row and remember it when it is new. `*earlier` is the line that named the obligation first. */
MUST_CHECK bool seen_check(struct seen *seen, const struct obligation *row, size_t line, enum seen_verdict *verdict,
                           size_t *earlier, struct error *err);

DEFINE_AUTO(struct seen *, seen_free)

#endif
