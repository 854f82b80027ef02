#include "gateway/outbox/belief.h"

#include <string.h>

#include "gateway/outbox/table.h"

enum { INDEX_KEY_BYTES = 1 + RECORD_BYTES + 4 + 1 };

struct belief_index {
    struct store_cursor *cursor;
    struct span key;
    struct span value;
    bool is_there;
};

static bool is_index(const struct belief_index *index)
{
    return index->is_there && index->key.bytes == INDEX_KEY_BYTES && index->key.at[0] == 'v';
}

static void index_seek(struct belief_index *index, const struct table_key *key)
{
    index->is_there = store_cursor_seek(index->cursor, table_span(key), &index->key, &index->value);
}

static bool is_under_way(enum delivery_state state)
{
    return state == DELIVERY_QUEUED || state == DELIVERY_SENDING;
}

/* One delivery of the record; they come in the order of versions. */
static bool take_delivery(struct store_txn *txn, uint64_t number, struct belief *belief)
{
    struct delivery_entry entry;

    if (!delivery_load(txn, number, &entry, NULL))
        return false;
    belief->newest = entry.version;
    belief->is_open = belief->is_open || is_under_way((enum delivery_state)entry.state);
    if (entry.changed_ms > belief->changed_ms)
        belief->changed_ms = entry.changed_ms;
    if (entry.state != DELIVERY_ACKNOWLEDGED)
        return true;
    belief->version = entry.version;
    belief->number = number;
    return true;
}

static bool take_row(struct store_txn *txn, struct belief *belief)
{
    struct table_key key = key_delivery('r', belief->number);

    return belief->version == 0 || store_get(txn, STORE_DELIVERIES, table_span(&key), &belief->row);
}

/* The record at which the index stands; moves on to the next one. True also when none of it is for the channel: then
 * `newest` is 0. */
static bool take_record(struct store_txn *txn, struct belief_index *index, enum channel channel, struct belief *belief)
{
    char record[RECORD_BYTES];

    *belief = (struct belief){.version = 0};
    memcpy(record, index->key.at + 1, sizeof record);
    memcpy(belief->record, record, sizeof belief->record - 1);
    while (is_index(index) && memcmp(index->key.at + 1, record, sizeof record) == 0) {
        if ((uint8_t)index->key.at[INDEX_KEY_BYTES - 1] == channel &&
            (index->value.bytes != 8 || !take_delivery(txn, store_read_u64(index->value.at), belief)))
            return false;
        index->is_there = store_cursor_next(index->cursor, &index->key, &index->value);
    }
    return take_row(txn, belief);
}

/* The first key of the index that belongs to a record after `after`. */
static struct table_key key_after(const char *after)
{
    struct table_key key = key_version(after, UINT32_MAX, CHANNEL_NONE);

    key.bytes[key.count++] = UINT8_MAX;
    return key;
}

bool belief_walk(struct store_txn *txn, enum channel channel, const char *after, belief_visit *visit, void *context,
                 struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct table_key from = key_after(after);
    struct belief_index index = {.cursor = NULL};

    if (!store_cursor_open(txn, STORE_DELIVERIES, &cursor, err))
        return false;
    index.cursor = cursor;
    index_seek(&index, &from);
    while (is_index(&index)) {
        struct belief belief;

        if (!take_record(txn, &index, channel, &belief))
            return store_txn_is_good(txn, err) &&
                   fail(err, ERR_CORRUPT, "the deliveries of record %s contradict their index", belief.record);
        if (belief.newest > 0 && !visit(&belief, context))
            break;
    }
    return store_txn_is_good(txn, err);
}

bool belief_of(struct store_txn *txn, enum channel channel, const char *record, struct belief *out)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct table_key from = key_version(record, 0, CHANNEL_NONE);
    struct belief_index index = {.cursor = NULL};
    struct belief belief;
    struct error ignored; /* the transaction keeps it */

    if (!store_cursor_open(txn, STORE_DELIVERIES, &cursor, &ignored))
        return false;
    index.cursor = cursor;
    index_seek(&index, &from);
    if (!is_index(&index) || memcmp(index.key.at, from.bytes, from.count) != 0)
        return false;
    if (!take_record(txn, &index, channel, &belief)) {
        store_txn_spoil(txn, STORE_DELIVERIES, "the deliveries of a record contradict their index");
        return false;
    }
    if (belief.newest == 0)
        return false;
    *out = belief;
    return true;
}
