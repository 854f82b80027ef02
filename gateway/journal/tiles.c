#include "gateway/journal/tiles.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The tile that is being filled on one level. */
struct open_tile {
    unsigned width;
    bool has_changed;
    uint8_t hashes[TILE_BYTES];
};

struct tile_writer {
    struct tile_shelf shelf;
    struct merkle_hasher *hasher;
    uint64_t size;
    bool has_failed;
    struct error first;
    struct open_tile *levels[TILE_LEVELS]; /* made when first needed */
};

static struct open_tile *open_level(struct tile_writer *writer, unsigned level)
{
    if (!writer->levels[level])
        writer->levels[level] = memory_new(sizeof *writer->levels[level]);
    return writer->levels[level];
}

static bool fail_missing(struct error *err, struct tile_place place)
{
    return fail(err, ERR_CORRUPT, "tile %" PRIu64 " of level %u is missing or too short: rebuild", place.index,
                place.level);
}

static bool load_level(struct tile_writer *writer, unsigned level, struct error *err)
{
    uint64_t count = writer->size >> (8 * level);
    struct tile_place place = {level, count / TILE_WIDTH};
    unsigned width = (unsigned)(count % TILE_WIDTH);
    struct open_tile *tile;
    struct span hashes;

    if (width == 0)
        return true;
    if (!writer->shelf.read(writer->shelf.context, place, &hashes) || hashes.bytes < (size_t)width * MERKLE_HASH_BYTES)
        return fail_missing(err, place);
    tile = open_level(writer, level);
    tile->width = width;
    memcpy(tile->hashes, hashes.at, (size_t)width * MERKLE_HASH_BYTES);
    return true;
}

bool tile_writer_new(const struct tile_shelf *shelf, uint64_t size, struct tile_writer **out, struct error *err)
{
    AUTO(tile_writer_free) struct tile_writer *writer = memory_new(sizeof *writer);

    writer->shelf = *shelf;
    writer->hasher = merkle_hasher_new();
    writer->size = size;
    for (unsigned level = 0; level < TILE_LEVELS; level++)
        if (!load_level(writer, level, err))
            return false;
    *out = TAKE(writer);
    return true;
}

void tile_writer_free(struct tile_writer *writer)
{
    if (!writer)
        return;
    for (unsigned level = 0; level < TILE_LEVELS; level++)
        free(writer->levels[level]);
    merkle_hasher_free(writer->hasher);
    free(writer);
}

uint64_t tile_writer_size(const struct tile_writer *writer)
{
    return writer->size;
}

static void write_tile(struct tile_writer *writer, struct tile_place place, struct open_tile *tile)
{
    struct span hashes = {(const char *)tile->hashes, (size_t)tile->width * MERKLE_HASH_BYTES};

    tile->has_changed = false;
    if (!writer->has_failed && !writer->shelf.write(writer->shelf.context, place, hashes, &writer->first))
        writer->has_failed = true;
}

/* The root over `count` hashes, a power of two. `hashes` is used up. */
static void fold(struct merkle_hasher *hasher, uint8_t *hashes, size_t count, uint8_t root[MERKLE_HASH_BYTES])
{
    for (; count > 1; count /= 2)
        for (size_t i = 0; i < count; i += 2)
            merkle_node(hasher, hashes + i * MERKLE_HASH_BYTES, hashes + (i + 1) * MERKLE_HASH_BYTES,
                        hashes + i / 2 * MERKLE_HASH_BYTES);
    memcpy(root, hashes, MERKLE_HASH_BYTES);
}

/* Put a hash on its level; a full tile goes to the shelf and its root one level up. */
static void add_hash(struct tile_writer *writer, uint8_t hash[MERKLE_HASH_BYTES])
{
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        struct open_tile *tile = open_level(writer, level);
        uint64_t index = (writer->size - 1) >> (8 * level) >> 8;

        memcpy(tile->hashes + (size_t)tile->width * MERKLE_HASH_BYTES, hash, MERKLE_HASH_BYTES);
        tile->width++;
        tile->has_changed = true;
        if (tile->width < TILE_WIDTH)
            return;
        write_tile(writer, (struct tile_place){level, index}, tile);
        fold(writer->hasher, tile->hashes, TILE_WIDTH, hash);
        tile->width = 0;
    }
}

void tile_writer_add(struct tile_writer *writer, struct span entry)
{
    uint8_t hash[MERKLE_HASH_BYTES];

    merkle_leaf(writer->hasher, entry, hash);
    writer->size++;
    add_hash(writer, hash);
}

bool tile_writer_finish(struct tile_writer *writer, struct error *err)
{
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        struct open_tile *tile = writer->levels[level];

        if (tile && tile->has_changed)
            write_tile(writer, (struct tile_place){level, writer->size >> (8 * level) >> 8}, tile);
    }
    if (writer->has_failed && err)
        *err = writer->first;
    return !writer->has_failed;
}

/* Reading: the hash of any subtree from the fewest tile hashes. */
struct reader {
    const struct tile_shelf *shelf;
    struct merkle_hasher *hasher;
};

static bool read_perfect(const struct reader *reader, uint64_t start, unsigned height, uint8_t hash[MERKLE_HASH_BYTES],
                         struct error *err)
{
    unsigned level = height / 8;
    size_t count = (size_t)1 << (height % 8);
    uint64_t first = start >> (8 * level);
    struct tile_place place = {level, first / TILE_WIDTH};
    size_t offset = first % TILE_WIDTH * MERKLE_HASH_BYTES;
    uint8_t hashes[TILE_BYTES / 2];
    struct span tile;

    if (!reader->shelf->read(reader->shelf->context, place, &tile) || tile.bytes < offset + count * MERKLE_HASH_BYTES)
        return fail_missing(err, place);
    memcpy(hashes, tile.at + offset, count * MERKLE_HASH_BYTES);
    fold(reader->hasher, hashes, count, hash);
    return true;
}

/* The subtree's right edge is taken apart into perfect trees, from the right, and put together again. */
static bool read_range(const struct reader *reader, uint64_t start, uint64_t end, uint8_t hash[MERKLE_HASH_BYTES],
                       struct error *err)
{
    uint8_t left[MERKLE_HASH_BYTES];
    uint64_t size = end - start;
    bool is_first = true;

    while (size > 0) {
        unsigned height = (unsigned)__builtin_ctzll(size);

        size &= size - 1;
        if (!read_perfect(reader, start + size, height, is_first ? hash : left, err))
            return false;
        if (!is_first)
            merkle_node(reader->hasher, left, hash, hash);
        is_first = false;
    }
    return true;
}

bool tiles_root(const struct tile_shelf *shelf, uint64_t start, uint64_t end, uint8_t root[MERKLE_HASH_BYTES],
                struct error *err)
{
    AUTO(merkle_hasher_free) struct merkle_hasher *hasher = NULL;
    uint8_t hash[MERKLE_HASH_BYTES];

    if (!merkle_subtree_is_valid(start, end))
        return fail(err, ERR_INVALID, "%" PRIu64 " to %" PRIu64 " is no subtree", start, end);
    if (start == end) {
        merkle_empty(root);
        return true;
    }
    hasher = merkle_hasher_new();
    if (!read_range(&(struct reader){shelf, hasher}, start, end, hash, err))
        return false;
    memcpy(root, hash, sizeof hash);
    return true;
}

/* Paths are found from the root down and told from the leaf up. */
struct path {
    size_t count;
    uint8_t hashes[66][MERKLE_HASH_BYTES];
};

static bool path_push(struct path *path, const struct reader *reader, uint64_t start, uint64_t end, struct error *err)
{
    return read_range(reader, start, end, path->hashes[path->count++], err);
}

static void path_tell(const struct path *path, struct buf *out)
{
    for (size_t i = path->count; i > 0; i--)
        buf_add(out, path->hashes[i - 1], MERKLE_HASH_BYTES);
}

bool tiles_inclusion(const struct tile_shelf *shelf, uint64_t index, uint64_t size, struct buf *path, struct error *err)
{
    AUTO(merkle_hasher_free) struct merkle_hasher *hasher = merkle_hasher_new();
    struct reader reader = {shelf, hasher};
    struct path found = {.count = 0};
    uint64_t start = 0, end = size;

    if (index >= size)
        return fail(err, ERR_INVALID, "entry %" PRIu64 " is not in a tree of %" PRIu64, index, size);
    while (end - start > 1) {
        uint64_t middle = start + merkle_split(end - start);
        bool is_left = index < middle;

        if (!path_push(&found, &reader, is_left ? middle : start, is_left ? end : middle, err))
            return false;
        *(is_left ? &end : &start) = middle;
    }
    path_tell(&found, path);
    return true;
}

bool tiles_consistency(const struct tile_shelf *shelf, struct tile_range old, uint64_t size, struct buf *path,
                       struct error *err)
{
    AUTO(merkle_hasher_free) struct merkle_hasher *hasher = merkle_hasher_new();
    struct reader reader = {shelf, hasher};
    struct path found = {.count = 0};
    uint64_t start = 0, end = size;
    bool is_whole = true; /* the verifier knows the hash of [old.start, old.end) */

    if (old.start >= old.end || old.end > size || !merkle_subtree_is_valid(old.start, old.end))
        return fail(err, ERR_INVALID, "%" PRIu64 " to %" PRIu64 " is no subtree of a tree of %" PRIu64, old.start,
                    old.end, size);
    while (start != old.start || end != old.end) {
        uint64_t middle = start + merkle_split(end - start);
        bool is_left = old.end <= middle;

        if (!path_push(&found, &reader, is_left ? middle : start, is_left ? end : middle, err))
            return false;
        if (old.start < middle && middle < old.end) {
            old.start = middle;
            is_whole = false;
        }
        *(is_left ? &end : &start) = middle;
    }
    if (!is_whole && !path_push(&found, &reader, start, end, err))
        return false;
    path_tell(&found, path);
    return true;
}

void tile_path_add(struct buf *out, struct tile_place place, unsigned width)
{
    unsigned parts[7];
    size_t count = 0;

    do {
        parts[count++] = (unsigned)(place.index % 1000);
        place.index /= 1000;
    } while (place.index > 0);
    buf_addf(out, "tile/%u", place.level);
    while (count > 1)
        buf_addf(out, "/x%03u", parts[--count]);
    buf_addf(out, "/%03u", parts[0]);
    if (width < TILE_WIDTH)
        buf_addf(out, ".p/%u", width);
}
