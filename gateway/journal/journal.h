/* journal.h - the append-only journal: every change of state is one event, and every event a leaf of one Merkle tree.
 *
 * Sequences count from 0 without gaps. Leaf hash = SHA-256(0x00 || event bytes), inner = SHA-256(0x01 || left || right)
 * (RFC 9162 section 2.1). Hashes are kept in tiles of C2SP tlog-tiles (height 8), so that a node can serve them as they
 * are. */
#ifndef GATEWAY_JOURNAL_JOURNAL_H
#define GATEWAY_JOURNAL_JOURNAL_H

#include "base/buf.h"
#include "gateway/journal/tiles.h"
#include "gateway/store/store.h"

/* Appends of one write transaction. Leaves gather in memory and tiles are written once, by journal_writer_finish. */
struct journal_writer;
MUST_CHECK bool journal_writer_new(struct store_txn *txn, struct journal_writer **out, struct error *err);
/* `event`: 1 to STORE_VALUE_MAX bytes. `*sequence` (may be NULL) gets its place. */
void journal_append(struct journal_writer *writer, struct span event, uint64_t *sequence);
/* Write the tiles. Must be called before the commit; nothing may be appended afterwards. */
MUST_CHECK bool journal_writer_finish(struct journal_writer *writer, struct error *err);
void journal_writer_free(struct journal_writer *writer);

uint64_t journal_size(struct store_txn *txn);
/* Borrowed from the transaction. False when there is no such event. */
bool journal_read(struct store_txn *txn, uint64_t sequence, struct span *event);

/* The root over the first `size` events (size ≤ journal_size). */
MUST_CHECK bool journal_root(struct store_txn *txn, uint64_t size, uint8_t root[32], struct error *err);
/* Inclusion path of leaf `sequence` in the tree of `size` (RFC 9162 2.1.3.1); hashes of 32 bytes one after another. */
MUST_CHECK bool journal_inclusion(struct store_txn *txn, uint64_t sequence, uint64_t size, struct buf *path,
                                  struct error *err);
/* Consistency proof between two sizes (RFC 9162 2.1.4.1). */
MUST_CHECK bool journal_consistency(struct store_txn *txn, uint64_t from, uint64_t to, struct buf *path,
                                    struct error *err);

/* The hashes of a tile as they stand there (perhaps more than a smaller tree needs), borrowed from the transaction.
 * False when there is none. */
bool journal_tile(struct store_txn *txn, struct tile_place place, struct span *hashes);

DEFINE_AUTO(struct journal_writer *, journal_writer_free)

#endif
