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
    PENDING_MAX = 256 * 1024, /* stays in the processor's cache until it is written */
    RUN_BYTES = 16
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

/* Bytes of the first `count` entries in `bytes`, or 0 when they are not all there. */
static size_t measure(struct span bytes, uint64_t count)
{
    size_t at = 0;

    for (; count > 0; count--) {
        if (at + LENGTH_BYTES > bytes.bytes)
            return 0;
        at += LENGTH_BYTES + length_at(bytes.at + at);
    }
    return at <= bytes.bytes ? at : 0;
}

/* `*begin` gets where it begins in its file. */
static bool load_bundle(struct chunks *chunks, uint64_t first, uint64_t count, struct buf *out, uint64_t *begin,
                        struct error *err)
{
    char name[SHELF_NAME_BYTES];
    size_t bytes;

    entries_name(first, name);
    buf_clear(out);
    if (!find_bundle(chunks, first, begin, err))
        return false;
    do {
        size_t before = out->bytes;

        if (!chunks_read(chunks, name, *begin + before, out, PIECE_BYTES, err))
            return false;
        if (out->bytes == before)
            return fail_missing(err, first);
        bytes = measure(buf_span(out), count);
    } while (bytes == 0);
    out->bytes = bytes;
    return true;
}

bool bundle_load(struct chunks *chunks, uint64_t first, uint64_t count, struct buf *out, struct error *err)
{
    uint64_t begin;

    return load_bundle(chunks, first, count, out, &begin, err);
}

struct span bundle_entry(struct span bundle, uint64_t place, struct bundle_place *from)
{
    size_t at = from->place <= place ? from->at : 0;
    size_t bytes;

    for (uint64_t i = from->place <= place ? from->place : 0; i < place; i++)
        at += LENGTH_BYTES + length_at(bundle.at + at);
    bytes = length_at(bundle.at + at);
    *from = (struct bundle_place){place + 1, at + LENGTH_BYTES + bytes};
    return (struct span){bundle.at + at + LENGTH_BYTES, bytes};
}

/* Where the entries of the last file end. */
static bool find_end(struct chunks *chunks, uint64_t size, uint64_t *end, struct error *err)
{
    AUTO(buf_done) struct buf bundle = BUF_INIT;
    uint64_t first = (size - 1) / BUNDLE_ENTRIES * BUNDLE_ENTRIES;

    if (!load_bundle(chunks, first, size - first, &bundle, end, err))
        return false;
    *end += bundle.bytes;
    return true;
}

bool bundles_open(struct bundles *bundles, struct chunks *chunks, uint64_t size, struct error *err)
{
    uint64_t end = TABLE_BYTES;

    if (size % ENTRIES_A_FILE != 0 && !find_end(chunks, size, &end, err))
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

static bool load_runs(struct chunks *chunks, const char *segment, struct buf *runs, struct error *err)
{
    char name[SHELF_NAME_BYTES];
    size_t before;

    receipts_name(segment, name);
    do {
        before = runs->bytes;
        if (!chunks_read(chunks, name, before, runs, PIECE_BYTES, err))
            return false;
    } while (runs->bytes - before == PIECE_BYTES);
    return true;
}

bool receipt_run_find(struct chunks *chunks, const char *segment, uint32_t number, uint64_t *index, struct error *err)
{
    AUTO(buf_done) struct buf runs = BUF_INIT;

    if (!load_runs(chunks, segment, &runs, err))
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
