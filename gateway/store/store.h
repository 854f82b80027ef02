/* store.h - the store: ordered tables of bytes in one LMDB environment. The only room that calls LMDB.
 *
 * A transaction keeps its first error: after a failed put every later call fails with the same error and commit
 * refuses, so callers may check once, at the end. Values and keys that are read are borrowed: valid until the
 * transaction ends or writes. One process opens a store once (LMDB's locks are per process) and never across a fork.
 *
 * Limits: key 1 to 255 bytes, value 0 to STORE_VALUE_MAX bytes. Errors: ERR_FULL (disk or map), ERR_IO, ERR_CORRUPT,
 * ERR_LIMIT, ERR_UNAVAILABLE (another process grew the file while this one held transactions open: end them, try
 * again).
 * After a disk that failed at the wrong moment (the store's first pages could not be written) the next transaction
 * opens the file anew; where a transaction is held open that is ERR_INTERNAL: start the process again.
 *
 * LMDB 0.9.24 as architecture.md section 8 asks: no DUPSORT, no WRITEMAP, NOSYNC for scratch stores only. */
#ifndef GATEWAY_STORE_STORE_H
#define GATEWAY_STORE_STORE_H

#include "base/error.h"

enum { STORE_VALUE_MAX = 64 * 1024 - 256, STORE_KEY_MAX = 255, STORE_FORMAT = 1, STORE_IDENTITY_BYTES = 16 };

/* The tables. The first is not part of what `rebuild` compares (it holds the format marker and the store's identity).
 */
enum store_table {
    STORE_META,
    STORE_JOURNAL,      /* sequence (u64 BE) → event bytes */
    STORE_TILES,        /* level (u8) + tile index (u64 BE) → up to 256 hashes of 32 bytes (C2SP tlog-tiles) */
    STORE_OBLIGATIONS,  /* obligation id (16) + version (u32 BE) → obligation */
    STORE_SUBJECTS,     /* code (18) → what lookups answer from */
    STORE_RECORDS,      /* record id + version (u32 BE) → record version */
    STORE_RECORD_INDEX, /* kind byte + … → see gateway/registry */
    STORE_DELIVERIES,   /* see gateway/outbox for the rest */
    STORE_LANES,
    STORE_READY,
    STORE_CALLS,
    STORE_CALLS_DUE,
    STORE_RECEIPTS,
    STORE_CHANNELS,
    STORE_COUNTERS,
    STORE_CLOCKS,   /* see gateway/clocks */
    STORE_FEEDBACK, /* see gateway/feedback */
    STORE_WATCHES,  /* see gateway/watch */
    STORE_ACCESS,   /* see gateway/access */
    STORE_ROSTER,   /* see gateway/accounts/roster.h */
    STORE_TABLE_COUNT
};
const char *store_table_name(enum store_table table);

struct store;
struct store_txn;
struct store_cursor;

struct store_options {
    size_t map_bytes;     /* the largest the file may become before it grows; 0: the default of 16 GiB */
    unsigned max_readers; /* 0: 256 */
    bool is_read_only;
    bool creates;    /* make a new, empty store when there is none */
    bool is_scratch; /* never synced: for temporary stores that are thrown away */
    /* Entries are looked up all over the file: a page that is not in memory is read alone, without its 31 neighbours.
     * Of a store that is not in memory 40 times as many lookups a second; for what reads from end to end it is slower.
     */
    bool is_scattered;
};

/* Open the folder `path`. Clears reader slots of processes that died. Refuses a folder with another format (ERR_CORRUPT
 * says which and what to do). */
MUST_CHECK bool store_open(const char *path, const struct store_options *options, struct store **out,
                           struct error *err);
void store_close(struct store *store);
/* Read the file's pages in, so that the first lookups do not wait for the disk. Stops after STORE_WARM_MS. */
enum { STORE_WARM_MS = 300 };
void store_warm(struct store *store);
/* Enter the next few MiB of what the machine has in memory of the file into this process's page tables (some hundred
 * microseconds): a lookup that meets a page for the first time costs a page fault, and a large store has millions of
 * pages. False when the end is reached; for a process that lives long, between its requests. */
bool store_warm_step(struct store *store);
/* Clear the reader slots of processes that died, so that old pages can be used again. */
void store_clear_dead_readers(struct store *store);

/* To tell a store that was swapped, copied or rolled back: 16 random bytes made with the store (a copy has the same),
 * and the number of the last commit, which only grows. Whoever keeps both elsewhere sees an older store come back. */
void store_identity(const struct store *store, uint8_t identity[STORE_IDENTITY_BYTES]);
uint64_t store_generation(struct store *store);

enum store_mode { STORE_READ, STORE_WRITE };
/* A write waits for the one writer of all processes. */
MUST_CHECK bool store_begin(struct store *store, enum store_mode mode, struct store_txn **out, struct error *err);
/* Durable when true. The transaction is over either way. */
MUST_CHECK bool store_commit(struct store_txn *txn, struct error *err);
void store_abort(struct store_txn *txn); /* NULL does nothing */
/* End a read and begin it again later on newer data, cheaply. */
void store_reset(struct store_txn *txn);
MUST_CHECK bool store_renew(struct store_txn *txn, struct error *err);
/* The first error of this transaction: true when there is none. */
MUST_CHECK bool store_txn_is_good(const struct store_txn *txn, struct error *err);
/* Whoever reads a value that contradicts itself says so here: it becomes the transaction's error (ERR_CORRUPT), so that
 * nobody takes it for absent. */
void store_txn_spoil(struct store_txn *txn, enum store_table table, const char *why);

/* Run `work` in a write transaction and commit. When the map is full it is aborted, the map grown, and `work` run
 * again, so `work` must only change the store. When `work` returns false the transaction is aborted. The map can only
 * grow while this process has no other transaction open (one that was reset does not count). */
typedef bool store_work(struct store_txn *txn, void *context, struct error *err);
MUST_CHECK bool store_write(struct store *store, store_work *work, void *context, struct error *err);
/* The same to find out what would happen: the transaction is aborted in any case, nothing of it is ever kept. `work`
 * may run more than once. Others wait meanwhile as for any write. */
MUST_CHECK bool store_try(struct store *store, store_work *work, void *context, struct error *err);

/* True when there: `value` is borrowed. False when absent, or after an error (store_txn_is_good tells). */
bool store_get(struct store_txn *txn, enum store_table table, struct span key, struct span *value);
void store_put(struct store_txn *txn, enum store_table table, struct span key, struct span value);
/* Put unless the key is there. False when it is (nothing is changed), or after an error. */
bool store_insert(struct store_txn *txn, enum store_table table, struct span key, struct span value);
/* Faster put for a key above all others of the table. */
void store_append(struct store_txn *txn, enum store_table table, struct span key, struct span value);
void store_delete(struct store_txn *txn, enum store_table table, struct span key); /* absent is fine */

/* Before many keys are looked up: what the next up to STORE_AHEAD_MAX calls of store_get will read is asked of the
 * memory for all of them at once, which takes a fraction of waiting for each. Keys come in their order, or are missed.
 * A hint: it changes no answer. False: not possible (a write transaction, a table that has nothing). Valid until the
 * transaction ends or is reset. `store_ahead` tells how many of the keys it met: for curiosity, store_get decides. */
struct store_ahead {
    const char *map;
    size_t page_bytes;
    uint64_t last_page;
    uint64_t root;
};
enum { STORE_AHEAD_MAX = 32 };
bool store_ahead_begin(struct store_txn *txn, enum store_table table, struct store_ahead *out);
size_t store_ahead(const struct store_ahead *ahead, const struct span *keys, size_t count);
uint64_t store_count(struct store_txn *txn, enum store_table table);
/* The greatest key, or false when the table is empty. */
bool store_last(struct store_txn *txn, enum store_table table, struct span *key, struct span *value);
/* Which commit this transaction sees: as long as it is the same, so is everything that is read. */
uint64_t store_version(const struct store_txn *txn);

/* Walk keys in order. `seek` goes to the first key ≥ `key`; `seek_last_below` to the last key < `key`. False at the
 * end. */
/* Cursors end with their transaction (and at store_reset): then they find nothing, and only want closing. */
MUST_CHECK bool store_cursor_open(struct store_txn *txn, enum store_table table, struct store_cursor **out,
                                  struct error *err);
void store_cursor_close(struct store_cursor *cursor);
bool store_cursor_seek(struct store_cursor *cursor, struct span key, struct span *found, struct span *value);
bool store_cursor_seek_below(struct store_cursor *cursor, struct span key, struct span *found, struct span *value);
bool store_cursor_next(struct store_cursor *cursor, struct span *found, struct span *value);
bool store_cursor_previous(struct store_cursor *cursor, struct span *found, struct span *value);

/* SHA-256 over all keys and values of a table, lengths included: equal digests mean equal bytes. */
MUST_CHECK bool store_digest(struct store_txn *txn, enum store_table table, uint8_t digest[32], struct error *err);
/* A consistent copy of the store into an empty folder, while it is in use. */
MUST_CHECK bool store_copy(struct store *store, const char *path, struct error *err);

/* Big-endian numbers for keys, so that byte order is number order. */
void store_key_u32(uint8_t at[4], uint32_t value);
void store_key_u64(uint8_t at[8], uint64_t value);
uint32_t store_read_u32(const void *at);
uint64_t store_read_u64(const void *at);

DEFINE_AUTO(struct store *, store_close)
DEFINE_AUTO(struct store_txn *, store_abort)
DEFINE_AUTO(struct store_cursor *, store_cursor_close)

#endif
