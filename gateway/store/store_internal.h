/* store_internal.h - what the files of this room share; nobody else includes it. */
#ifndef GATEWAY_STORE_STORE_INTERNAL_H
#define GATEWAY_STORE_STORE_INTERNAL_H

#include <lmdb.h>
#include <string.h>

#include "gateway/store/store.h"

struct store {
    MDB_env *env;
    char *path;
    MDB_dbi tables[STORE_TABLE_COUNT];
    MDB_dbi main_table; /* which holds where the others are */
    uint8_t identity[STORE_IDENTITY_BYTES];
    unsigned live;                /* transactions that point into the map: it must not move under them */
    unsigned held;                /* transactions that are not over, those that were reset included */
    struct store_options options; /* it was opened with */
    bool is_read_only;
    bool wants_growth; /* a transaction found the map full */
    bool lost_its_map; /* it could not be mapped again: nothing may be touched */
    char *map;         /* where LMDB has mapped the file, once store_warm_step has looked; NULL: not known (any more) */
    size_t map_bytes;
    size_t warm_bytes; /* how far store_warm_step has come */
};

struct store_txn {
    struct store *store;
    MDB_txn *mdb; /* NULL once it is over */
    struct store_cursor *cursors;
    enum store_mode mode;
    bool is_live; /* false between reset and renew */
    bool has_failed;
    struct error first;
};

/* LMDB frees the cursors of a write transaction with it but not those of a read, so a transaction closes all of its
 * own: afterwards a cursor is an empty shell that finds nothing. */
struct store_cursor {
    MDB_cursor *mdb;
    struct store_txn *txn;
    enum store_table table;
    struct store_cursor *next;
    struct store_cursor **link; /* what points at this one */
};

/* What an LMDB or errno code means, as our error; false. A macro so that analyzers see the false. */
void store_error_set(const struct store *store, int code, const char *doing, struct error *err);
#define store_fail(store, code, doing, err) (store_error_set((store), (code), (doing), (err)), false)
/* Keep the first error of the transaction; false. */
bool store_txn_fail(struct store_txn *txn, int code, enum store_table table, const char *doing);
/* May this call go on? False after a failure, after the end, or when the key is too long (which is then the failure).
 */
bool store_txn_takes(struct store_txn *txn, enum store_table table, struct span key);
void store_cursors_close(struct store_txn *txn);
/* After MDB_PANIC: LMDB does nothing any more with a file whose first pages it could not write, until it is opened
 * anew. Fails when a transaction is not over. */
bool store_reopen(struct store *store, struct error *err);
/* Take over the map size that another process gave the file, or (when `grows`) double our own. */
bool store_remap(struct store *store, bool grows, struct error *err);

static inline MDB_val store_val(struct span span)
{
    MDB_val val = {.mv_size = span.bytes};

    /* LMDB takes what it only reads without const. */
    memcpy(&val.mv_data, &span.at, sizeof val.mv_data);
    return val;
}

static inline struct span store_span(MDB_val val)
{
    return (struct span){val.mv_data, val.mv_size};
}

#endif
