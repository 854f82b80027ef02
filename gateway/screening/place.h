/* place.h - how far a screening has come, so that it goes on there when its process died. Only this room needs it.
 *
 * <folder>/place: a line of JSON {"at_ms","counts":[…],"first","line":…,"pending","result_bytes","rows","sequence",
 * "started_ms"} and, for each row of the piece that was being made, 8 bytes: where its result ends, and what it was.
 *
 * Order in which a piece becomes durable: its results (not counted yet), then this file, which counts all pieces before
 * and says which receipts this one was given, then the trace. After a death the trace tells how many of these receipts
 * came to be: so many rows of the piece were answered, and are not answered again; the rest was promised nowhere. */
#ifndef GATEWAY_SCREENING_PLACE_H
#define GATEWAY_SCREENING_PLACE_H

#include "base/error.h"
#include "gateway/lookup/lookup.h"
#include "gateway/trace/trace.h"

enum { SCREENING_PIECE_ROWS = 8192 };

/* What a row was: a verdict, or no answer. */
enum { OUTCOME_REFUSED = VERDICT_COUNT, OUTCOME_COUNT };

struct screening_place {
    int64_t started_ms;
    int64_t at_ms;     /* the instant that all rows are answered for */
    uint64_t sequence; /* how many events the register rests on; 0: none yet */
    uint64_t rows;     /* done */
    uint64_t result_bytes;
    uint64_t counts[OUTCOME_COUNT];
    /* The piece at hand. */
    char first[TRACE_RECEIPT_BYTES]; /* receipt of its first row */
    uint32_t pending;                /* rows */
    uint64_t ends[SCREENING_PIECE_ROWS];
    uint8_t outcomes[SCREENING_PIECE_ROWS];
};

/* `*is_there` false: it has not begun. */
MUST_CHECK bool place_load(const char *folder, struct screening_place *place, bool *is_there, struct error *err);
MUST_CHECK bool place_store(const char *folder, const struct screening_place *place, struct error *err);
/* The first `count` rows of the piece count as done, the others never were. */
void place_take(struct screening_place *place, uint32_t count);
/* How many rows of the piece at hand are in the trace at `folder`, once nobody may find further ones: waits for the
 * keeper. ERR_UNAVAILABLE when it does not come. */
MUST_CHECK bool place_traced(const char *folder, const struct screening_place *place, uint32_t *count,
                             struct error *err);
/* Is this receipt in the trace? Waits likewise. */
MUST_CHECK bool place_receipt_traced(const char *folder, const char *receipt, bool *is_there, struct error *err);

#endif
