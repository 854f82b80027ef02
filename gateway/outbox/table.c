#include "gateway/outbox/table.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "base/text.h"
#include "base/walk.h"

struct span table_span(const struct table_key *key)
{
    return (struct span){(const char *)key->bytes, key->count};
}

static void key_add(struct table_key *key, const void *data, size_t bytes)
{
    memcpy(key->bytes + key->count, data, bytes);
    key->count += bytes;
}

static void key_add_byte(struct table_key *key, unsigned byte)
{
    key->bytes[key->count++] = (uint8_t)byte;
}

static void key_add_u32(struct table_key *key, uint32_t value)
{
    store_key_u32(key->bytes + key->count, value);
    key->count += 4;
}

static void key_add_u64(struct table_key *key, uint64_t value)
{
    store_key_u64(key->bytes + key->count, value);
    key->count += 8;
}

struct table_key key_delivery(char kind, uint64_t number)
{
    struct table_key key = {.count = 0};

    key_add_byte(&key, (unsigned char)kind);
    key_add_u64(&key, number);
    return key;
}

struct table_key key_version(const char *record, uint32_t version, enum channel channel)
{
    struct table_key key = {.count = 0};
    char padded[RECORD_BYTES] = {0};

    memcpy(padded, record, strnlen(record, RECORD_BYTES - 1));
    key_add_byte(&key, 'v');
    key_add(&key, padded, sizeof padded);
    if (version == 0)
        return key;
    key_add_u32(&key, version);
    if (channel != CHANNEL_NONE)
        key_add_byte(&key, channel);
    return key;
}

struct table_key key_lane(enum channel channel, const char subject[SUBJECT_BYTES], uint64_t number)
{
    struct table_key key = {.count = 0};

    key_add_byte(&key, channel);
    key_add(&key, subject, SUBJECT_BYTES);
    key_add_u64(&key, number);
    return key;
}

struct table_key key_ready(enum channel channel, int64_t due_ms, uint64_t number)
{
    struct table_key key = {.count = 0};

    key_add_byte(&key, channel);
    key_add_u64(&key, (uint64_t)due_ms);
    key_add_u64(&key, number);
    return key;
}

struct table_key key_call(const uint8_t id[16], uint8_t part)
{
    struct table_key key = {.count = 0};

    key_add(&key, id, 16);
    key_add_byte(&key, part);
    return key;
}

struct table_key key_call_due(enum channel channel, int64_t due_ms, const uint8_t id[16])
{
    struct table_key key = {.count = 0};

    key_add_byte(&key, channel);
    key_add_u64(&key, (uint64_t)due_ms);
    key_add(&key, id, 16);
    return key;
}

struct table_key key_receipt(const uint8_t id[16], uint32_t n)
{
    struct table_key key = {.count = 0};

    key_add(&key, id, 16);
    key_add_u32(&key, n);
    return key;
}

struct table_key key_channel(enum channel channel)
{
    struct table_key key = {.count = 0};

    key_add_byte(&key, channel);
    return key;
}

struct table_key key_past_call(uint64_t number, uint32_t attempt)
{
    struct table_key key = key_delivery('c', number);

    key_add_u32(&key, attempt);
    return key;
}

/* What a channel has beside its entry: a kind and the number of a delivery. */
static struct table_key key_of_kind(enum channel channel, uint8_t kind, uint64_t number)
{
    struct table_key key = {.count = 0};

    key_add_byte(&key, channel);
    key_add_byte(&key, kind);
    key_add_u64(&key, number);
    return key;
}

struct table_key key_open(enum channel channel, uint64_t number)
{
    return key_of_kind(channel, 1, number);
}

struct table_key key_stage(enum channel channel, uint64_t number)
{
    return key_of_kind(channel, 3, number);
}

struct table_key key_held(enum channel channel, uint64_t number)
{
    return key_of_kind(channel, 4, number);
}

struct table_key key_stage_counts(enum channel channel)
{
    return key_of_kind(channel, 5, 0);
}

struct table_key key_named(struct span name)
{
    struct table_key key = {.count = 0};

    key_add_byte(&key, CHANNEL_NONE);
    key_add_byte(&key, 1);
    key_add(&key, name.at, name.bytes < CHANNEL_NAME_BYTES ? name.bytes : CHANNEL_NAME_BYTES);
    return key;
}

struct table_key key_name_of(enum channel channel)
{
    struct table_key key = {.count = 0};

    key_add_byte(&key, CHANNEL_NONE);
    key_add_byte(&key, 0);
    key_add_byte(&key, channel);
    return key;
}

struct table_key key_number(enum channel channel)
{
    struct table_key key = {.count = 0};

    key_add_byte(&key, channel);
    key_add_byte(&key, 2);
    return key;
}

/* A value with at least its fixed part. */
static bool entry_find(struct store_txn *txn, enum store_table table, const struct table_key *key, size_t bytes,
                       struct span *value)
{
    return store_get(txn, table, table_span(key), value) && value->bytes >= bytes;
}

bool delivery_load(struct store_txn *txn, uint64_t number, struct delivery_entry *out, struct span *message)
{
    struct table_key key = key_delivery('d', number);

    struct span value;

    if (!entry_find(txn, STORE_DELIVERIES, &key, sizeof *out, &value))
        return false;
    memcpy(out, value.at, sizeof *out);
    if (message)
        *message = (struct span){value.at + sizeof *out, value.bytes - sizeof *out};
    return true;
}

void delivery_save(struct store_txn *txn, uint64_t number, const struct delivery_entry *entry, struct span message)
{
    struct table_key key = key_delivery('d', number);
    char value[sizeof *entry + MESSAGE_BYTES_MAX];

    memcpy(value, entry, sizeof *entry);
    if (message.bytes > MESSAGE_BYTES_MAX)
        message = utf8_cut(message, MESSAGE_BYTES_MAX);
    if (message.bytes > 0)
        memcpy(value + sizeof *entry, message.at, message.bytes);
    store_put(txn, STORE_DELIVERIES, table_span(&key), (struct span){value, sizeof *entry + message.bytes});
}

bool call_load(struct store_txn *txn, const uint8_t id[16], struct call_entry *out)
{
    struct table_key key = key_call(id, 0);

    struct span value;

    if (!entry_find(txn, STORE_CALLS, &key, sizeof *out, &value))
        return false;
    memcpy(out, value.at, sizeof *out);
    return true;
}

void call_save(struct store_txn *txn, const uint8_t id[16], const struct call_entry *entry)
{
    struct table_key key = key_call(id, 0);

    store_put(txn, STORE_CALLS, table_span(&key), (struct span){(const char *)entry, sizeof *entry});
}

void channel_load(struct store_txn *txn, enum channel channel, struct channel_entry *out)
{
    struct table_key key = key_channel(channel);
    struct span value;

    memset(out, 0, sizeof *out);
    if (entry_find(txn, STORE_CHANNELS, &key, sizeof *out, &value))
        memcpy(out, value.at, sizeof *out);
}

void channel_save(struct store_txn *txn, enum channel channel, const struct channel_entry *entry)
{
    struct table_key key = key_channel(channel);

    store_put(txn, STORE_CHANNELS, table_span(&key), (struct span){(const char *)entry, sizeof *entry});
}

bool table_first(struct store_txn *txn, enum store_table table, const struct table_key *prefix, struct span *key,
                 struct span *value)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct error ignored;

    /* A cursor that cannot be opened is kept by the transaction as its first error. */
    if (!store_cursor_open(txn, table, &cursor, &ignored) ||
        !store_cursor_seek(cursor, table_span(prefix), key, value) || key->bytes < prefix->count)
        return false;
    return memcmp(key->at, prefix->bytes, prefix->count) == 0;
}

bool lane_head(struct store_txn *txn, enum channel channel, const char subject[SUBJECT_BYTES], uint64_t *number)
{
    struct table_key prefix = key_lane(channel, subject, 0);
    struct span key;
    struct span value;

    prefix.count -= 8;
    if (!table_first(txn, STORE_LANES, &prefix, &key, &value) || key.bytes != prefix.count + 8)
        return false;
    *number = store_read_u64(key.at + prefix.count);
    return true;
}

bool numbers_read(struct span list, uint64_t **numbers, size_t *count, struct error *err)
{
    uint64_t *out;
    size_t found = 0;
    struct walk walk;
    struct span name;
    struct span raw;

    if (!walk_begin(&walk, list) || !walk.is_array)
        return fail(err, ERR_INVALID, "deliveries: not a list");
    out = memory_new(ADAPTER_ROWS_MAX * sizeof *out);
    while (walk_next(&walk, &name, &raw)) {
        int64_t number;

        if (found == ADAPTER_ROWS_MAX || !walk_integer(raw, &number) || number < 0 ||
            (found > 0 && (uint64_t)number <= out[found - 1])) {
            free(out);
            return fail(err, ERR_INVALID, "deliveries: 1 to %d ascending numbers are wanted", ADAPTER_ROWS_MAX);
        }
        out[found++] = (uint64_t)number;
    }
    if (found == 0) {
        free(out);
        return fail(err, ERR_INVALID, "deliveries: the list is empty");
    }
    *numbers = out;
    *count = found;
    return true;
}

enum delivery_state state_of_call(enum call_state state)
{
    static const enum delivery_state SEEN[CALL_STATE_COUNT] = {
        [CALL_PREPARED] = DELIVERY_SENDING,
        [CALL_IN_DOUBT] = DELIVERY_IN_DOUBT,
        [CALL_RECEIVED] = DELIVERY_RECEIVED,
        [CALL_SETTLED] = DELIVERY_RECEIVED,
    };

    return SEEN[state];
}
