/* earlier.h - what an order did before its process was killed. For command*.c, run.c and the job that reconciles.
 *
 * Every event says which order it came from (event.h). An order that is run again from its beginning reads the events
 * since it first began and so knows, item by item, what was committed: those items are reported as done again and
 * nothing of them is decided anew. The journal is the memory; there is no second truth beside it that could differ. */
#ifndef GATEWAY_COMMAND_EARLIER_H
#define GATEWAY_COMMAND_EARLIER_H

#include "gateway/command/command.h"

enum earlier_kind {
    EARLIER_NEW,     /* a record was proposed; key: obligation */
    EARLIER_CHANGED, /* a change was proposed; key: record */
    EARLIER_APPROVED,
    EARLIER_RETURNED,
    EARLIER_QUEUED,   /* key: record and version */
    EARLIER_SKIPPED,  /* the same */
    EARLIER_REQUEUED, /* key: number of the delivery */
    EARLIER_REPEATED, /* key: record and version */
    EARLIER_PAUSED,
    EARLIER_RESUMED
};

struct earlier_item {
    enum earlier_kind kind;
    uint8_t key[RECORD_ID_BYTES]; /* a record's id as text, or an obligation's; the rest zeroes */
    uint64_t number;              /* version or delivery, where it is part of the key */
    uint8_t obligation[OBLIGATION_ID_BYTES];
    char record[RECORD_ID_BYTES];
    uint32_t version;
    uint32_t held; /* with EARLIER_REPEATED: the version that the channel had instead */
};

/* In the order in which they were done. */
struct earlier;
/* Nothing when the desk has no job. */
MUST_CHECK bool earlier_load(const struct desk *desk, struct earlier **out, struct error *err);
void earlier_free(struct earlier *earlier);
size_t earlier_count(const struct earlier *earlier);
const struct earlier_item *earlier_at(const struct earlier *earlier, size_t index);
/* `key`: `bytes` bytes of a record's or obligation's id. NULL when it was not done. */
const struct earlier_item *earlier_find(const struct earlier *earlier, enum earlier_kind kind, const void *key,
                                        size_t bytes, uint64_t number);

DEFINE_AUTO(struct earlier *, earlier_free)

#endif
