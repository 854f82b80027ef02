/* comparison.h - what we believe a channel holds beside what it lists. Only for this room.
 *
 * Both are in the order of record ids, so they are merged page by page in memory that does not grow. What changed after
 * a page was asked for may or may not be on it: such a record is open, as is one of which something is queued or on its
 * way. Open ones are not judged: run it again later.
 *
 * A record that was ended (withdrawn or repaired) may be listed with its last version or not be listed any more: the
 * page of the interface leaves that open, the sandbox keeps listing it. Both are right, since either way nobody is told
 * of it. Source: upstreams.md, "Holdings". */
#ifndef GATEWAY_JOBS_COMPARISON_H
#define GATEWAY_JOBS_COMPARISON_H

#include "adapters/adapter.h"
#include "gateway/outbox/belief.h"

enum finding {
    FINDING_EQUAL,
    FINDING_ENDED,     /* over, and not listed any more: as good as equal */
    FINDING_OPEN,      /* not judged */
    FINDING_MISSING,   /* acknowledged, and not listed */
    FINDING_OLDER,     /* listed with a version below the acknowledged one */
    FINDING_DIFFERENT, /* the same version with other content or another operation */
    FINDING_NEWER,     /* listed with a version above the acknowledged one */
    FINDING_EXTRA,     /* listed, and nothing of it was ever acknowledged */
    FINDING_COUNT
};
extern const char *const FINDING_NAMES[FINDING_COUNT]; /* "equal", "ended", … */
bool finding_is_difference(enum finding finding);

/* One record on one side; version 0: not there. */
struct side {
    uint32_t version;
    unsigned op; /* enum adapter_op; 0: not known */
    uint8_t sm3[32];
};
struct pair {
    char record[ADAPTER_RECORD_BYTES];
    struct side ours; /* the newest acknowledged version; the digest only when theirs is of the same version */
    struct side theirs;
    bool is_open;
    enum finding finding;
};
/* Pure. A pair that is on neither side is FINDING_EQUAL. */
enum finding pair_judge(const struct pair *pair);

/* A moment of the store: nothing that is asked for later can be older. */
struct moment {
    uint64_t size; /* of the journal */
    int64_t at_ms; /* of its last event */
};
MUST_CHECK bool moment_take(struct store_txn *txn, struct moment *out, struct error *err);
/* Did a change of that instant come after the moment? In doubt (the same millisecond) it did. */
bool moment_is_before(const struct moment *moment, struct store_txn *txn, int64_t changed_ms);

/* Merge one page with our records behind `after` up to the page's end (its `next`, or the end of all), each judged, in
 * order. `asked`: taken before the page was asked for. Stops when `visit` returns false. */
struct page_view {
    enum channel channel;
    const char *after; /* "" on the first page */
    const struct adapter_page *page;
    const struct moment *asked;
};
typedef bool pair_visit(const struct pair *pair, void *context);
MUST_CHECK bool comparison_page(struct store_txn *txn, const struct page_view *view, pair_visit *visit, void *context,
                                struct error *err);

#endif
