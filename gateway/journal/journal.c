/* The journal in the store: events by sequence, and the tiles of their tree beside them. */
#include "gateway/journal/journal.h"

#include <inttypes.h>
#include <stdlib.h>

#include "gateway/journal/tiles.h"

enum { SEQUENCE_BYTES = 8, TILE_KEY_BYTES = 9 };

struct journal_writer {
    struct store_txn *txn;
    struct tile_writer *tiles;
    bool has_finished;
    bool has_failed;
    struct error first;
};

static struct span tile_key(struct tile_place place, uint8_t key[TILE_KEY_BYTES])
{
    key[0] = (uint8_t)place.level;
    store_key_u64(key + 1, place.index);
    return (struct span){(const char *)key, TILE_KEY_BYTES};
}

static bool read_tile(void *context, struct tile_place place, struct span *hashes)
{
    uint8_t key[TILE_KEY_BYTES];

    return store_get(context, STORE_TILES, tile_key(place, key), hashes);
}

static bool write_tile(void *context, struct tile_place place, struct span hashes, struct error *err)
{
    uint8_t key[TILE_KEY_BYTES];

    store_put(context, STORE_TILES, tile_key(place, key), hashes);
    return store_txn_is_good(context, err);
}

static struct tile_shelf shelf_of(struct store_txn *txn)
{
    return (struct tile_shelf){read_tile, write_tile, txn};
}

uint64_t journal_size(struct store_txn *txn)
{
    struct span key, value;

    if (!store_last(txn, STORE_JOURNAL, &key, &value) || key.bytes != SEQUENCE_BYTES)
        return 0;
    return store_read_u64(key.at) + 1;
}

bool journal_read(struct store_txn *txn, uint64_t sequence, struct span *event)
{
    uint8_t key[SEQUENCE_BYTES];

    store_key_u64(key, sequence);
    return store_get(txn, STORE_JOURNAL, (struct span){(const char *)key, sizeof key}, event);
}

bool journal_writer_new(struct store_txn *txn, struct journal_writer **out, struct error *err)
{
    AUTO(journal_writer_free) struct journal_writer *writer = memory_new(sizeof *writer);
    struct tile_shelf shelf = shelf_of(txn);
    uint64_t size = journal_size(txn);

    if (!store_txn_is_good(txn, err))
        return false;
    writer->txn = txn;
    if (!tile_writer_new(&shelf, size, &writer->tiles, err))
        return fail_in(err, "journal");
    *out = TAKE(writer);
    return true;
}

static void keep_first(struct journal_writer *writer, const char *why)
{
    if (!writer->has_failed)
        error_set(&writer->first, ERR_LIMIT, "journal: %s", why);
    writer->has_failed = true;
}

void journal_append(struct journal_writer *writer, struct span event, uint64_t *sequence)
{
    uint8_t key[SEQUENCE_BYTES];
    uint64_t place = tile_writer_size(writer->tiles);

    if (event.bytes == 0 || event.bytes > STORE_VALUE_MAX) {
        keep_first(writer, "an event is empty or too long");
        return;
    }
    if (writer->has_finished) {
        keep_first(writer, "an event came after the end");
        return;
    }
    store_key_u64(key, place);
    store_append(writer->txn, STORE_JOURNAL, (struct span){(const char *)key, sizeof key}, event);
    tile_writer_add(writer->tiles, event);
    if (sequence)
        *sequence = place;
}

bool journal_writer_finish(struct journal_writer *writer, struct error *err)
{
    writer->has_finished = true;
    if (!store_txn_is_good(writer->txn, err))
        return false;
    if (writer->has_failed && err)
        *err = writer->first;
    if (writer->has_failed)
        return false;
    return tile_writer_finish(writer->tiles, err) && store_txn_is_good(writer->txn, err);
}

void journal_writer_free(struct journal_writer *writer)
{
    if (!writer)
        return;
    tile_writer_free(writer->tiles);
    free(writer);
}

static bool check_size(struct store_txn *txn, uint64_t size, struct error *err)
{
    uint64_t whole = journal_size(txn);

    if (!store_txn_is_good(txn, err))
        return false;
    if (size > whole)
        return fail(err, ERR_NOT_FOUND, "the journal has %" PRIu64 " events, not %" PRIu64, whole, size);
    return true;
}

bool journal_root(struct store_txn *txn, uint64_t size, uint8_t root[32], struct error *err)
{
    struct tile_shelf shelf = shelf_of(txn);

    return check_size(txn, size, err) && tiles_root(&shelf, 0, size, root, err);
}

bool journal_inclusion(struct store_txn *txn, uint64_t sequence, uint64_t size, struct buf *path, struct error *err)
{
    struct tile_shelf shelf = shelf_of(txn);

    return check_size(txn, size, err) && tiles_inclusion(&shelf, sequence, size, path, err);
}

bool journal_consistency(struct store_txn *txn, uint64_t from, uint64_t to, struct buf *path, struct error *err)
{
    struct tile_shelf shelf = shelf_of(txn);

    if (!check_size(txn, to, err))
        return false;
    if (from == 0 && to == 0)
        return true;
    return tiles_consistency(&shelf, (struct tile_range){0, from}, to, path, err);
}

bool journal_tile(struct store_txn *txn, struct tile_place place, struct span *hashes)
{
    return read_tile(txn, place, hashes);
}
