/* show_obligation.h - one obligation as lists of the register show it: its row, and the newest record that rests on it.
 * For the console's lists and for the files that are made of them. */
#ifndef GATEWAY_JOBS_SHOW_OBLIGATION_H
#define GATEWAY_JOBS_SHOW_OBLIGATION_H

#include "gateway/registry/obligations.h"
#include "gateway/registry/records.h"

struct shown_obligation {
    char id[33];
    struct obligation_version version;
    struct obligation row;        /* texts in row_hold */
    char record[RECORD_ID_BYTES]; /* "": there never was one */
    struct record_version newest; /* of that record; texts in record_hold */
    struct buf row_hold;
    struct buf record_hold;
};
/* May be loaded again and again. */
void shown_obligation_done(struct shown_obligation *shown);

/* That version of it; the record as it is now. ERR_CORRUPT when there is no such version. */
MUST_CHECK bool shown_obligation_load(struct store_txn *txn, const uint8_t id[OBLIGATION_ID_BYTES], uint32_t version,
                                      struct shown_obligation *shown, struct error *err);
/* How many days it is late: on `today` while it is open, on the day of the exit when it exited; 0: not, or the order
 * was revoked. */
int32_t shown_obligation_days_late(const struct shown_obligation *shown, int32_t today);
/* The members of its object, without the braces: "obligation" to "record_proposal" (docs/console-api.md). */
void shown_obligation_add(const struct shown_obligation *shown, int32_t today, struct buf *out);

DEFINE_AUTO_IN_PLACE(struct shown_obligation, shown_obligation_done)

#endif
