/* corrections.h - what a person puts in the place of single cells of a register file, when it is read: the file stays
 * as it is, and whoever takes a row is told what stood there. A list of {"line": as reports count, "column": a key of
 * schemas/obligation.h, "value": the text of the cell}, each cell at most once. */
#ifndef GATEWAY_INTAKE_CORRECTIONS_H
#define GATEWAY_INTAKE_CORRECTIONS_H

#include <jansson.h>

#include "base/error.h"
#include "schemas/obligation.h"

enum { CORRECTIONS_MAX = 10000, CORRECTION_BYTES_MAX = 4000 };

struct correction {
    size_t line;
    enum column column;
    struct span value; /* trimmed */
};

struct corrections;

/* ERR_INVALID "correction.form", "correction.twice"; ERR_LIMIT "correction.limit". The list is kept with a reference of
 * its own. */
MUST_CHECK bool corrections_read(json_t *list, struct corrections **out, struct error *err);
void corrections_free(struct corrections *corrections);
/* NULL has none. */
size_t corrections_count(const struct corrections *corrections);
/* Those of a line, by column; NULL when there are none. Borrowed. */
const struct correction *corrections_of(const struct corrections *corrections, size_t line, size_t *count);
/* In order of line. */
const struct correction *corrections_at(const struct corrections *corrections, size_t index);

DEFINE_AUTO(struct corrections *, corrections_free)

#endif
