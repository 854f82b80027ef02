/* obligations_list.h - the register as staff look through it: what fits a filter, in the order they want, slice by
 * slice.
 *
 * One look over the whole register finds a page and how many fit. It is cut into slices, so that whoever must not work
 * long can go on later: every slice gives the best of what it looked at, and the best of all slices' best are the page.
 * All slices and all pages of a list show the register as it was when the journal had `as_of` events, whatever is
 * recorded meanwhile: nothing is there twice, nothing is left out. */
#ifndef GATEWAY_REGISTRY_OBLIGATIONS_LIST_H
#define GATEWAY_REGISTRY_OBLIGATIONS_LIST_H

#include "gateway/registry/obligations.h"

enum obligations_order {
    OBLIGATIONS_BY_CHANGE,     /* what was recorded last comes first */
    OBLIGATIONS_BY_CODE,       /* an enterprise's stand together */
    OBLIGATIONS_BY_DUE,        /* the earliest last day first */
    OBLIGATIONS_BY_DUE_LATEST, /* the latest first */
    OBLIGATIONS_ORDER_COUNT
};
extern const char *const OBLIGATIONS_ORDER_NAMES[OBLIGATIONS_ORDER_COUNT]; /* "changed", "code", "due", "-due" */

/* Where an obligation stands in an order: bytes that compare as the order goes; no two are equal. */
enum { OBLIGATIONS_PLACE_MAX = 18 + OBLIGATION_ID_BYTES };
struct obligations_place {
    uint8_t at[OBLIGATIONS_PLACE_MAX];
    size_t bytes;
};
/* So many in this order. */
size_t obligations_place_bytes(enum obligations_order order);
int obligations_place_compare(const struct obligations_place *a, const struct obligations_place *b);

/* As texts are compared: without spaces, capital letters and full-width forms of ASCII. Added to `out`. */
void obligations_fold(struct span text, struct buf *out);

struct obligations_search {
    struct obligations_filter filter; /* without an authority */
    const char *uscc;                 /* the beginning of the code; NULL or "": all */
    struct span name;                 /* a part of the folded text, of these three; empty: all */
    struct span region;
    struct span industry;
    int32_t due_from; /* DAY_NONE: no bound; both days included */
    int32_t due_to;
    bool is_unproposed; /* only those for which no record stands now (standing.h) */
    enum obligations_order order;
    uint64_t as_of;                 /* how many events the journal had */
    struct obligations_place after; /* only what stands behind this place is found; no bytes: from the first */
    size_t most;                    /* how many are found at most */
    size_t looks_max;               /* so many obligations a slice; where records must be read, fewer */
};
#define OBLIGATIONS_SEARCH_ALL                                                                                         \
    ((struct obligations_search){.filter = OBLIGATIONS_ALL,                                                            \
                                 .due_from = DAY_NONE,                                                                 \
                                 .due_to = DAY_NONE,                                                                   \
                                 .as_of = UINT64_MAX,                                                                  \
                                 .most = SIZE_MAX,                                                                     \
                                 .looks_max = SIZE_MAX})

struct obligations_found {
    struct obligations_place place;
    uint8_t id[OBLIGATION_ID_BYTES];
    uint32_t version; /* the one of then */
};
struct obligations_slice {
    struct obligations_found *found; /* in order; owned */
    size_t count;
    uint64_t matched; /* of those looked at, wherever they stand */
    uint64_t looked;  /* obligations that there were then */
    uint8_t next[OBLIGATION_ID_BYTES];
    bool has_next; /* the next slice begins at `next` */
};
void obligations_slice_done(struct obligations_slice *slice);

/* One slice; `from` NULL: the first. `search` may be const for all of them. ERR_UNAVAILABLE "register.rebuild": the
 * store is older than these lists. ERR_CORRUPT. */
MUST_CHECK bool obligations_slice(struct store_txn *txn, const struct obligations_search *search,
                                  const uint8_t from[OBLIGATION_ID_BYTES], struct obligations_slice *out,
                                  struct error *err);

DEFINE_AUTO_IN_PLACE(struct obligations_slice, obligations_slice_done)

#endif
