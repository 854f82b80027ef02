/* announced.h - which obligations the public lists are made of, by day: an index, so that a list costs what it shows
 * and not a walk over the register. Seed rows 25 to 27.
 *
 *   exits   (row 25) exited, in time or late; its day: the exit
 *   yellow  (rows 26, 27) ordered to rectify and not yet over; its day: the last one in time, so that what has run out
 *           leaves the list by itself
 *   red     (row 26) ordered to close and closed; (row 27) on the ground of environment also what is ordered to close,
 *           since row 3 has that ordered where it is serious; its day: that of the order
 *
 * It says what may be on a list, not what may be told: that is for lookup/bulletin.h.
 *
 * STORE_RECORD_INDEX, 'b' list day (u32 BE, sign bit turned) obligation → ground (u8), division (6); 'B' → "": kept
 * since the first obligation. */
#ifndef GATEWAY_REGISTRY_ANNOUNCED_H
#define GATEWAY_REGISTRY_ANNOUNCED_H

#include "gateway/registry/obligations.h"

enum announced_list { ANNOUNCED_EXITS, ANNOUNCED_YELLOW, ANNOUNCED_RED, ANNOUNCED_LIST_COUNT };
enum { ANNOUNCED_MARK_BYTES = 4 + OBLIGATION_ID_BYTES };

struct announced_entry {
    int32_t day;
    uint8_t obligation[OBLIGATION_ID_BYTES];
    enum ground ground;
    char division[7];
};

/* A page: at most `looks_max` entries are looked at. `mark`: where to begin (no bytes: at from_day); afterwards where
 * the next page begins, which is the entry at which `visit` returned false or looking ended; no bytes: the end. */
struct announced_page {
    enum announced_list list;
    int32_t from_day; /* both included */
    int32_t until_day;
    size_t looks_max;
    uint8_t mark[ANNOUNCED_MARK_BYTES];
    size_t mark_bytes; /* 0 or ANNOUNCED_MARK_BYTES */
};
typedef bool announced_visit(const struct announced_entry *entry, void *context);
/* In order of day. `visit` may read but not write. ERR_UNAVAILABLE "lists.rebuild": the store is older than the index.
 */
MUST_CHECK bool announced_scan(struct store_txn *txn, struct announced_page *page, announced_visit *visit,
                               void *context, struct error *err);

/* Writing (registry only), before the version is put: `before` is the version so far; NULL: none. */
void announced_put(struct store_txn *txn, const struct obligation_version *before,
                   const struct obligation_version *version, const struct obligation *row);

#endif
