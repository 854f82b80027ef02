/* shelf.h - the log's hashes and entries in chunks. Only this room needs it. */
#ifndef GATEWAY_TRACE_SHELF_H
#define GATEWAY_TRACE_SHELF_H

#include "gateway/journal/tiles.h"
#include "gateway/trace/chunks.h"

enum { BUNDLE_ENTRIES = 256, SHELF_NAME_BYTES = 64 };

/* A shelf for tiles.h: 4,096 tiles a file. */
struct tile_files {
    struct chunks *chunks; /* borrowed */
    struct buf tile;       /* the last one read */
};
struct tile_shelf tile_files_shelf(struct tile_files *files);

/* Where the next entry goes; entries are written by bundles_flush at the latest. */
struct bundles {
    struct chunks *chunks; /* borrowed */
    uint64_t size;         /* entries */
    uint64_t end;          /* offset in its file of the next entry that is written */
    struct buf pending;
};
#define BUNDLES_INIT ((struct bundles){NULL, 0, 0, BUF_INIT})

/* Go behind the `size` entries that are there. ERR_CORRUPT when they are not. */
MUST_CHECK bool bundles_open(struct bundles *bundles, struct chunks *chunks, uint64_t size, struct error *err);
MUST_CHECK bool bundles_add(struct bundles *bundles, struct span entry, struct error *err);
MUST_CHECK bool bundles_flush(struct bundles *bundles, struct error *err);
void bundles_done(struct bundles *bundles);
/* The first `count` (1 to 256) entries of the bundle that begins with the entry `first`, as they stand there. They must
 * have been committed, else ERR_CORRUPT. */
MUST_CHECK bool bundle_load(struct chunks *chunks, uint64_t first, uint64_t count, struct buf *out, struct error *err);
/* Where an entry of a loaded bundle stands; whoever reads one after the other keeps it from entry to entry. */
struct bundle_place {
    uint64_t place; /* from 0 */
    size_t at;
};
/* The entry at `place`, borrowed; `from` gets the place behind it. */
struct span bundle_entry(struct span bundle, uint64_t place, struct bundle_place *from);

/* Where a segment's entries stand: `count` entries from the number `first` on stand from `index` on. A file for each
 * segment, 16 bytes for each run, in order: u32 first, u32 count, u64 index, little-endian. */
struct receipt_run {
    uint32_t first;
    uint32_t count;
    uint64_t index;
};
MUST_CHECK bool receipt_run_write(struct chunks *chunks, const char *segment, uint32_t slot,
                                  const struct receipt_run *run, struct error *err);
/* ERR_NOT_FOUND when no run holds the number. What was never committed may be found as well: compare the entry. */
MUST_CHECK bool receipt_run_find(struct chunks *chunks, const char *segment, uint32_t number, uint64_t *index,
                                 struct error *err);

#endif
