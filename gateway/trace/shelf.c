#include "gateway/trace/shelf.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    TILES_A_FILE = 4096,
    BUNDLES_A_FILE = 256,
    ENTRIES_A_FILE = BUNDLES_A_FILE * BUNDLE_ENTRIES,
    SLOT_BYTES = 4,
    TABLE_BYTES = BUNDLES_A_FILE * SLOT_BYTES,
    LENGTH_BYTES = 2,
    PIECE_BYTES = 64 * 1024,
    PENDING_MAX = 4 * 1024 * 1024,
    RUN_BYTES = 16,
    RUNS_BYTES_MAX = 16 * 1024 * 1024
};

/* --- tiles --- */

static void tile_name(struct tile_place place, char name[SHELF_NAME_BYTES])
{
    snprintf(name, SHELF_NAME_BYTES, "tile/%u/%" PRIu64, place.level, place.index / TILES_A_FILE);
}

static bool read_tile(void *context, struct tile_place place, struct span *hashes)
{
    struct tile_files *files = context;
    char name[SHELF_NAME_BYTES];

    tile_name(place, name);
    buf_clear(&files->tile);
    if (!chunks_read(files->chunks, name, place.index % TILES_A_FILE * TILE_BYTES, &files->tile, TILE_BYTES, NULL))
        return false;
    *hashes = buf_span(&files->tile);
    return hashes->bytes > 0;
}

static bool write_tile(void *context, struct tile_place place, struct span hashes, struct error *err)
{
    struct tile_files *files = context;
    char name[SHELF_NAME_BYTES];

    tile_name(place, name);
    return chunks_write(files->chunks, name, place.index % TILES_A_FILE * TILE_BYTES, hashes, err);
}

struct tile_shelf tile_files_shelf(struct tile_files *files)
{
    return (struct tile_shelf){read_tile, write_tile, files};
}

/* --- entries --- */

static void entries_name(uint64_t index, char name[SHELF_NAME_BYTES])
{
    snprintf(name, SHELF_NAME_BYTES, "entries/%" PRIu64, index / ENTRIES_A_FILE);
}

static uint64_t slot_offset(uint64_t index)
{
    return index % ENTRIES_A_FILE / BUNDLE_ENTRIES * SLOT_BYTES;
}

static bool fail_missing(struct error *err, uint64_t index)
{
    return fail(err, ERR_CORRUPT, "trace: entry %" PRIu64 " of the log is missing or damaged", index);
}

/* Where the bundle of `index` begins. */
static bool find_bundle(struct chunks *chunks, uint64_t index, uint64_t *offset, struct error *err)
{
    AUTO(buf_done) struct buf slot = BUF_INIT;
    char name[SHELF_NAME_BYTES];
    uint32_t begin;

    entries_name(index, name);
    if (!chunks_read(chunks, name, slot_offset(index), &slot, SLOT_BYTES, err))
        return false;
    if (slot.bytes != SLOT_BYTES)
        return fail_missing(err, index);
    memcpy(&begin, slot.data, sizeof begin);
    begin = le32toh(begin);
    if (begin < TABLE_BYTES)
        return fail_missing(err, index);
    *offset = begin;
    return true;
}

static size_t length_at(const char *at)
{
    return (size_t)(uint8_t)at[0] << 8 | (uint8_t)at[1];
}

/* Behind `count` entries from `*offset` on. */
static bool skip_entries(struct chunks *chunks, uint64_t index, uint64_t count, uint64_t *offset, struct error *err)
{
    AUTO(buf_done) struct buf piece = BUF_INIT;
    char name[SHELF_NAME_BYTES];

    entries_name(index, name);
    while (count > 0) {
        size_t at = 0;

        buf_clear(&piece);
        if (!chunks_read(chunks, name, *offset, &piece, PIECE_BYTES, err))
            return false;
        for (; count > 0 && at + LENGTH_BYTES <= piece.bytes; count--)
            at += LENGTH_BYTES + length_at(piece.data + at);
        if (at == 0)
            return fail_missing(err, index);
        *offset += at;
    }
    return true;
}

static bool find_entry(struct chunks *chunks, uint64_t index, uint64_t *offset, struct error *err)
{
    return find_bundle(chunks, index, offset, err) && skip_entries(chunks, index, index % BUNDLE_ENTRIES, offset, err);
}

bool bundles_read(struct chunks *chunks, uint64_t index, struct buf *entry, struct error *err)
{
    AUTO(buf_done) struct buf length = BUF_INIT;
    char name[SHELF_NAME_BYTES];
    size_t before = entry->bytes;
    uint64_t offset;

    entries_name(index, name);
    if (!find_entry(chunks, index, &offset, err) || !chunks_read(chunks, name, offset, &length, LENGTH_BYTES, err))
        return false;
    if (length.bytes != LENGTH_BYTES)
        return fail_missing(err, index);
    if (!chunks_read(chunks, name, offset + LENGTH_BYTES, entry, length_at(length.data), err))
        return false;
    if (entry->bytes - before == length_at(length.data))
        return true;
    entry->bytes = before;
    return fail_missing(err, index);
}

bool bundles_open(struct bundles *bundles, struct chunks *chunks, uint64_t size, struct error *err)
{
    uint64_t end = TABLE_BYTES;

    if (size % ENTRIES_A_FILE != 0 &&
        (!find_entry(chunks, size - 1, &end, err) || !skip_entries(chunks, size - 1, 1, &end, err)))
        return false;
    bundles_done(bundles);
    bundles->chunks = chunks;
    bundles->size = size;
    bundles->end = end;
    return true;
}

bool bundles_flush(struct bundles *bundles, struct error *err)
{
    char name[SHELF_NAME_BYTES];

    if (bundles->pending.bytes == 0)
        return true;
    entries_name(bundles->size - 1, name);
    if (!chunks_write(bundles->chunks, name, bundles->end, buf_span(&bundles->pending), err))
        return false;
    bundles->end += bundles->pending.bytes;
    buf_clear(&bundles->pending);
    return true;
}

static bool begin_bundle(struct bundles *bundles, struct error *err)
{
    char name[SHELF_NAME_BYTES];
    uint32_t begin = htole32((uint32_t)(bundles->end + bundles->pending.bytes));

    entries_name(bundles->size, name);
    return chunks_write(bundles->chunks, name, slot_offset(bundles->size),
                        (struct span){(const char *)&begin, sizeof begin}, err);
}

bool bundles_add(struct bundles *bundles, struct span entry, struct error *err)
{
    char length[LENGTH_BYTES] = {(char)(entry.bytes >> 8), (char)entry.bytes};

    if (entry.bytes > UINT16_MAX)
        return fail(err, ERR_LIMIT, "trace: an entry of %zu bytes is too long", entry.bytes);
    if (bundles->size % ENTRIES_A_FILE == 0 || bundles->pending.bytes >= PENDING_MAX) {
        if (!bundles_flush(bundles, err))
            return false;
    }
    if (bundles->size % ENTRIES_A_FILE == 0)
        bundles->end = TABLE_BYTES;
    if (bundles->size % BUNDLE_ENTRIES == 0 && !begin_bundle(bundles, err))
        return false;
    buf_add(&bundles->pending, length, sizeof length);
    buf_add_span(&bundles->pending, entry);
    bundles->size++;
    return true;
}

void bundles_done(struct bundles *bundles)
{
    buf_done(&bundles->pending);
    *bundles = BUNDLES_INIT;
}

/* --- receipts --- */

static void receipts_name(const char *segment, char name[SHELF_NAME_BYTES])
{
    snprintf(name, SHELF_NAME_BYTES, "receipts/%.4s/%s", segment, segment);
}

bool receipt_run_write(struct chunks *chunks, const char *segment, uint32_t slot, const struct receipt_run *run,
                       struct error *err)
{
    char name[SHELF_NAME_BYTES];
    char bytes[RUN_BYTES];
    uint32_t first = htole32(run->first), count = htole32(run->count);
    uint64_t index = htole64(run->index);

    memcpy(bytes, &first, 4);
    memcpy(bytes + 4, &count, 4);
    memcpy(bytes + 8, &index, 8);
    receipts_name(segment, name);
    return chunks_write(chunks, name, (uint64_t)slot * RUN_BYTES, (struct span){bytes, sizeof bytes}, err);
}

static void run_read(const char *at, struct receipt_run *run)
{
    memcpy(&run->first, at, 4);
    memcpy(&run->count, at + 4, 4);
    memcpy(&run->index, at + 8, 8);
    run->first = le32toh(run->first);
    run->count = le32toh(run->count);
    run->index = le64toh(run->index);
}

bool receipt_run_find(struct chunks *chunks, const char *segment, uint32_t number, uint64_t *index, struct error *err)
{
    AUTO(buf_done) struct buf runs = BUF_INIT;
    char name[SHELF_NAME_BYTES];

    receipts_name(segment, name);
    if (!chunks_read(chunks, name, 0, &runs, RUNS_BYTES_MAX, err))
        return false;
    for (size_t low = 0, high = runs.bytes / RUN_BYTES; low < high;) {
        size_t middle = low + (high - low) / 2;
        struct receipt_run run;

        run_read(runs.data + middle * RUN_BYTES, &run);
        if (number >= run.first && number - run.first < run.count) {
            *index = run.index + (number - run.first);
            return true;
        }
        if (number < run.first)
            high = middle;
        else
            low = middle + 1;
    }
    return fail(err, ERR_NOT_FOUND, "trace: no such receipt is in the log");
}
