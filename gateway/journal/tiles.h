/* tiles.h - the hashes of a Merkle log in tiles (C2SP tlog-tiles): level l, index n holds up to 256 hashes, each the
 * root of 256^l leaves. Where tiles are kept is the caller's: the journal keeps them in the store, others in files. */
#ifndef GATEWAY_JOURNAL_TILES_H
#define GATEWAY_JOURNAL_TILES_H

#include "base/buf.h"
#include "base/error.h"
#include "gateway/journal/merkle.h"

enum { TILE_WIDTH = 256, TILE_BYTES = TILE_WIDTH * MERKLE_HASH_BYTES, TILE_LEVELS = 8 };

struct tile_place {
    unsigned level;
    uint64_t index;
};

/* A tile may hold more hashes than a smaller tree needs: only the first ones count then. */
struct tile_shelf {
    /* `hashes` is borrowed until the next call. False when there is no such tile. */
    bool (*read)(void *context, struct tile_place place, struct span *hashes);
    /* A tile is written again, longer, while it is not full. Only the writer needs this. */
    bool (*write)(void *context, struct tile_place place, struct span hashes, struct error *err);
    void *context;
};

/* Adds leaves behind the `size` that are there. Full tiles are written as they fill, the others by finish. */
struct tile_writer;
MUST_CHECK bool tile_writer_new(const struct tile_shelf *shelf, uint64_t size, struct tile_writer **out,
                                struct error *err);
void tile_writer_add(struct tile_writer *writer, struct span entry);
/* False with the first error of all writes. May be called again after more entries. */
MUST_CHECK bool tile_writer_finish(struct tile_writer *writer, struct error *err);
uint64_t tile_writer_size(const struct tile_writer *writer);
void tile_writer_free(struct tile_writer *writer);

/* The root of the subtree [start, end), which must be valid and whose tiles must be there (else ERR_CORRUPT). */
MUST_CHECK bool tiles_root(const struct tile_shelf *shelf, uint64_t start, uint64_t end,
                           uint8_t root[MERKLE_HASH_BYTES], struct error *err);
/* The path of `index` in the tree of `size` (RFC 9162 2.1.3.1). ERR_INVALID unless index < size. */
MUST_CHECK bool tiles_inclusion(const struct tile_shelf *shelf, uint64_t index, uint64_t size, struct buf *path,
                                struct error *err);
struct tile_range {
    uint64_t start, end;
};
/* The path from the subtree `old` to the tree of `size`. ERR_INVALID unless `old` is a valid subtree of it that is not
 * empty. With start = 0 this is the consistency proof of RFC 9162 2.1.4.1. */
MUST_CHECK bool tiles_consistency(const struct tile_shelf *shelf, struct tile_range old, uint64_t size,
                                  struct buf *path, struct error *err);

/* "tile/0/x001/234", or "tile/0/x001/234.p/5" for the first `width` < 256 hashes of it. */
void tile_path_add(struct buf *out, struct tile_place place, unsigned width);

DEFINE_AUTO(struct tile_writer *, tile_writer_free)

#endif
