/* records.h - all records, every version of each, and the lists staff work from.
 *
 * A version is proposed by one person and then either returned or made effective by another. A returned version's
 * number is used again by the next proposal, so effective versions count from 1 without gaps (the journal keeps what
 * was returned: records_events). At most one version of a record, its newest, is not effective. */
#ifndef GATEWAY_REGISTRY_RECORDS_H
#define GATEWAY_REGISTRY_RECORDS_H

#include "gateway/journal/event.h"
#include "gateway/registry/record.h"
#include "gateway/store/store.h"

enum record_state { RECORD_PROPOSED = 1, RECORD_RETURNED = 2, RECORD_EFFECTIVE = 3 };
enum { RECORD_STATE_COUNT = 4 };
extern const char *const RECORD_STATE_SLUGS[RECORD_STATE_COUNT]; /* "", "proposed", "returned", "effective" */
extern const char *const RECORD_STATE_NAMES[RECORD_STATE_COUNT]; /* "", "待审核", "已退回", "已生效" */

struct record_version {
    enum record_state state;
    uint64_t proposal; /* sequence of its record.proposed */
    uint64_t decision; /* sequence of its record.approved or record.returned; 0: none yet */
    /* Both are that of its record.expired when the law made it. */
    struct span json; /* canonical JSON of `record`; in hold */
    struct record record;
};

/* `version` 0 means the newest, effective or not. `hold` is emptied first and owns the texts. ERR_NOT_FOUND. */
MUST_CHECK bool records_load(struct store_txn *txn, struct span id, uint32_t version, struct record_version *out,
                             struct buf *hold, struct error *err);
/* What is known of a version without reading the record itself. */
struct record_head {
    uint32_t version;
    enum record_state state;
    uint64_t proposal;
    uint64_t decision;
};
/* As records_load, at a fraction of its price. */
MUST_CHECK bool records_head(struct store_txn *txn, struct span id, uint32_t version, struct record_head *out,
                             struct error *err);
/* The newest effective version. ERR_NOT_FOUND when none is. */
MUST_CHECK bool records_load_effective(struct store_txn *txn, struct span id, struct record_version *out,
                                       struct buf *hold, struct error *err);
/* By the first characters of its id. ERR_NOT_FOUND; ERR_CONFLICT when several fit. `id` gets the whole. */
MUST_CHECK bool records_by_prefix(struct store_txn *txn, struct span prefix, char id[RECORD_ID_BYTES],
                                  struct error *err);
/* The newest record of an obligation, and its ordinal. False when there is none (or after a store error). */
bool records_of_obligation(struct store_txn *txn, const uint8_t obligation[OBLIGATION_ID_BYTES],
                           char id[RECORD_ID_BYTES], uint32_t *ordinal);
/* The seal (JWS object, raw JSON) of an effective version; borrowed. */
MUST_CHECK bool records_seal(struct store_txn *txn, const struct record_version *version, struct span *seal,
                             struct error *err);

enum record_list {
    RECORDS_WAITING,  /* a proposed version waits for the second person (visited: that version) */
    RECORDS_RETURNED, /* the newest version was returned (visited: that version) */
    RECORDS_LIVE,     /* effective, not withdrawn, not repaired (visited: the newest effective version) */
    RECORDS_OVER,     /* withdrawn or repaired */
    RECORDS_UNSENT,   /* every effective version not queued for the first channel yet, in order of approval */
    RECORD_LIST_COUNT
};
struct records_filter {
    enum record_list list;
    int ground;           /* enum ground, or -1 */
    const char *division; /* prefix, or NULL */
    const char *record;   /* one record, or NULL */
};
/* What else staff look for. */
struct records_search {
    const char *uscc; /* the beginning of the code; NULL or "": all */
    struct span name; /* a part of the folded text (obligations_fold), of these three; empty: all */
    struct span region;
    struct span industry;
    int32_t decided_from; /* DAY_NONE: no bound; both days included */
    int32_t decided_to;
};
/* Visit until `visit` returns false; texts are valid inside the visit only. `visit` may read but not write. */
typedef bool records_visit(const struct record_version *version, void *context);
MUST_CHECK bool records_scan(struct store_txn *txn, const struct records_filter *filter, records_visit *visit,
                             void *context, struct error *err);
/* The same page by page, for whoever must not work long: at most `looks_max` entries are looked at, whether they fit or
 * not. `mark`: where to begin; afterwards where the next page begins, which is the entry at which `visit` returned
 * false or looking ended; no bytes: the beginning, or the end. filter.record must be NULL. A mark that cannot be one is
 * ERR_INVALID "records.page". */
enum { RECORDS_MARK_BYTES = 24 };
struct records_page {
    struct records_filter filter;
    const struct records_search *search; /* NULL: all that the filter lets through */
    size_t looks_max;
    uint8_t mark[RECORDS_MARK_BYTES];
    size_t mark_bytes;
};
MUST_CHECK bool records_page(struct store_txn *txn, struct records_page *page, records_visit *visit, void *context,
                             struct error *err);
/* How many entries a list has; cheap. */
uint64_t records_count(struct store_txn *txn, enum record_list list);
/* Effective and not queued for the first channel yet, nor skipped there. */
bool records_is_unsent(struct store_txn *txn, const struct record_version *version);
/* Every journal event about a record, oldest first: `sequence` and the event's bytes (borrowed). */
typedef bool records_event_visit(uint64_t sequence, struct span event, void *context);
MUST_CHECK bool records_events(struct store_txn *txn, struct span id, records_event_visit *visit, void *context,
                               struct error *err);

/* Apply record.proposed, record.returned, record.approved, record.expired; delivery.queued and delivery.skipped (it
 * leaves the list of the unsent); delivery.held, .repeated, .requeued and .superseded only stand in its life. An event
 * that does not fit the state is ERR_CONFLICT. */
MUST_CHECK bool records_apply_proposed(struct store_txn *txn, uint64_t sequence, const struct event *event,
                                       struct error *err);
MUST_CHECK bool records_apply_returned(struct store_txn *txn, uint64_t sequence, const struct event *event,
                                       struct error *err);
MUST_CHECK bool records_apply_approved(struct store_txn *txn, uint64_t sequence, const struct event *event,
                                       struct error *err);
MUST_CHECK bool records_apply_expired(struct store_txn *txn, uint64_t sequence, const struct event *event,
                                      struct error *err);
MUST_CHECK bool records_apply_queued(struct store_txn *txn, uint64_t sequence, const struct event *event,
                                     struct error *err);
/* The same for events that did not always name their record: those of old are left out. */
MUST_CHECK bool records_apply_told(struct store_txn *txn, uint64_t sequence, const struct event *event,
                                   struct error *err);

#endif
