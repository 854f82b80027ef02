/* screening.h - a large list of codes answered row by row, in a process of its own (gateway/jobs).
 *
 * Each row is answered as in a question of its own about that code (gateway/lookup/batch.h), has a receipt and an entry
 * in the trace of its own, so that whoever asks who asked about an enterprise finds it, each listed row owes its
 * feedback, and a single row can be proved; the entries are durable before anything of the result can be had. All rows
 * rest on one state of the register: the one when the work began, also when it is taken up again after a death, however
 * much later; then rows that were traced are not answered again. A list of a client under test is answered from the
 * test list (gateway/testlist), at its day; ERR_CONFLICT "screening.test-list" when that was made anew with less in it
 * than the rows before rested on.
 *
 * What is kept in `folder`: `input` as it came, `rows` (the result in the making and, when the summary is there, done),
 * `place` (place.h), `closing` (the summary before it is signed), `summary` (summary.h).
 * Sources: architecture 3 and 6, seed rows 10, 11, 18. */
#ifndef GATEWAY_SCREENING_SCREENING_H
#define GATEWAY_SCREENING_SCREENING_H

#include <jansson.h>

#include "base/time.h"
#include "gateway/config/config.h"
#include "gateway/screening/rows.h"
#include "gateway/store/store.h"
#include "gateway/testlist/testlist.h"
#include "keys/signer.h"

enum { SCREENING_ROWS_MAX = 1000000 };

struct screening_counts {
    uint64_t rows;
    uint64_t listed;
    uint64_t not_listed;
    uint64_t unknown;
    uint64_t refused; /* rows with a problem of their own */
    uint64_t empty;   /* passed over */
};

struct screening {
    const struct config *config;
    struct store *store;
    const struct testlist *tests; /* NULL: of the register. Else of a client under test: of this instead of the store */
    struct signer *signer;
    const struct clock *clock;
    const char *id;
    const char *folder;
    /* Texts: "client", "certificate" (hex), "domain", "purpose", "matter", "case", "authorisation", "operator",
     * "department", "as_of" (as asked), "as_of_ms", "as_of_sequence" (digits; empty: not asked so), "format", "order"
     * (receipt of the order), "test" (when its client was under test). */
    const json_t *order;
    /* Told now and then. False: stop, nobody wants it any more. */
    bool (*progress)(void *context, uint64_t done, uint64_t of);
    void *context;
};

/* Do it, or the rest of it. ERR_INVALID, ERR_LIMIT: the list cannot be screened, said in both languages.
 * ERR_CONFLICT "screening.cancelled": progress said so. ERR_FORBIDDEN: the client may not ask this any more. */
MUST_CHECK bool screening_run(const struct screening *screening, struct screening_counts *counts, struct error *err);
/* How many rows a running one has answered of which verdict; false while it has not begun. */
bool screening_counts_so_far(const char *folder, struct screening_counts *counts);

#endif
