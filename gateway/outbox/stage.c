#include "gateway/outbox/stage.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/outbox/apply.h"

/* The code that a version is held for, then the words. */
enum { HELD_CODE_BYTES = 64, HELD_FIXED_BYTES = 8 + HELD_CODE_BYTES };

static bool is_later(enum channel channel)
{
    return channel > 0 && channel < STAGE_COUNT;
}

/* --- entries, counted as they come and go: nobody who also answers walks over them --- */

enum stage_kind { STAGED, HELD, STAGE_KINDS };

static struct table_key entry_key(enum channel channel, enum stage_kind kind, uint64_t number)
{
    return kind == STAGED ? key_stage(channel, number) : key_held(channel, number);
}

static bool count_load(struct store_txn *txn, enum channel channel, uint64_t counts[STAGE_KINDS])
{
    struct table_key key = key_stage_counts(channel);
    struct span value;

    if (!store_get(txn, STORE_CHANNELS, table_span(&key), &value))
        return false;
    if (value.bytes != 8 * STAGE_KINDS) {
        store_txn_spoil(txn, STORE_CHANNELS, "what is staged is not counted: rebuild");
        return false;
    }
    for (int i = 0; i < STAGE_KINDS; i++)
        counts[i] = store_read_u64(value.at + 8 * i);
    return true;
}

static uint64_t walk_count(struct store_txn *txn, enum channel channel, enum stage_kind kind);

/* A channel of a store from before they were counted is walked over once. */
static void count_add(struct store_txn *txn, enum channel channel, enum stage_kind kind, int64_t change)
{
    struct table_key key = key_stage_counts(channel);
    uint64_t counts[STAGE_KINDS] = {0};
    uint8_t value[8 * STAGE_KINDS];

    if (!count_load(txn, channel, counts)) {
        for (int i = 0; i < STAGE_KINDS; i++)
            counts[i] = walk_count(txn, channel, (enum stage_kind)i);
        change = 0; /* what changed is among them */
    }
    counts[kind] += (uint64_t)change;
    for (int i = 0; i < STAGE_KINDS; i++)
        store_key_u64(value + 8 * i, counts[i]);
    store_put(txn, STORE_CHANNELS, table_span(&key), (struct span){(const char *)value, sizeof value});
}

static void entry_put(struct store_txn *txn, enum channel channel, enum stage_kind kind, uint64_t number,
                      struct span value)
{
    struct table_key key = entry_key(channel, kind, number);
    struct span before;
    bool was_there = store_get(txn, STORE_CHANNELS, table_span(&key), &before);

    store_put(txn, STORE_CHANNELS, table_span(&key), value);
    if (!was_there)
        count_add(txn, channel, kind, 1);
}

static void entry_delete(struct store_txn *txn, enum channel channel, enum stage_kind kind, uint64_t number)
{
    struct table_key key = entry_key(channel, kind, number);
    struct span before;

    if (!store_get(txn, STORE_CHANNELS, table_span(&key), &before))
        return;
    store_delete(txn, STORE_CHANNELS, table_span(&key));
    count_add(txn, channel, kind, -1);
}

void stage_put(struct store_txn *txn, uint64_t number, const struct delivery_entry *entry)
{
    enum channel next = (enum channel)(entry->channel + 1);
    struct delivery told;

    /* Acknowledged once more (reconciliation sent it again): the next channel was told long ago. */
    if (!is_later(next) || outbox_of_version(txn, next, entry->record, entry->version, &told))
        return;
    entry_put(txn, next, STAGED, number, SPAN_NONE);
}

/* The delivery of this version to the channel before. */
static bool before_of(struct store_txn *txn, enum channel channel, const char *record, uint32_t version,
                      uint64_t *number)
{
    struct delivery before;

    if (!outbox_of_version(txn, (enum channel)(channel - 1), record, version, &before))
        return false;
    *number = before.number;
    return true;
}

void stage_leave(struct store_txn *txn, enum channel channel, const char *record, uint32_t version)
{
    uint64_t number;

    if (!is_later(channel) || !before_of(txn, channel, record, version, &number))
        return;
    entry_delete(txn, channel, STAGED, number);
    entry_delete(txn, channel, HELD, number);
}

/* --- events --- */

struct named {
    struct span channel_name;
    struct span record_name;
    int64_t version;
    enum channel channel;
    char record[RECORD_BYTES];
};

static bool named_check(struct named *named, struct error *err)
{
    if (!channel_parse(named->channel_name, &named->channel))
        return fail(err, ERR_INVALID, "there is no such channel");
    if (named->record_name.bytes == 0 || named->record_name.bytes >= RECORD_BYTES || named->version < 1 ||
        named->version > UINT32_MAX)
        return fail(err, ERR_INVALID, "record or version has the wrong form");
    memset(named->record, 0, sizeof named->record);
    memcpy(named->record, named->record_name.at, named->record_name.bytes);
    return true;
}

bool apply_skipped(struct applying *applying, struct error *err)
{
    struct named named = {.version = 0};
    struct span reason;
    int64_t by_version = 0;
    const struct field fields[] = {
        {"by_version", FIELD_NUMBER, true, &by_version},  {"channel", FIELD_TEXT, false, &named.channel_name},
        {"reason", FIELD_TEXT, false, &reason},           {"record", FIELD_TEXT, false, &named.record_name},
        {"version", FIELD_NUMBER, false, &named.version},
    };

    if (!fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err) ||
        !named_check(&named, err))
        return false;
    stage_leave(applying->txn, named.channel, named.record, (uint32_t)named.version);
    return true;
}

bool apply_held(struct applying *applying, struct error *err)
{
    struct named named = {.version = 0};
    struct span code;
    struct span message;
    const struct field fields[] = {
        {"channel", FIELD_TEXT, false, &named.channel_name},
        {"code", FIELD_TEXT, false, &code},
        {"message", FIELD_TEXT, false, &message},
        {"record", FIELD_TEXT, false, &named.record_name},
        {"version", FIELD_NUMBER, false, &named.version},
    };
    AUTO(buf_done) struct buf value = BUF_INIT;
    char kept[HELD_CODE_BYTES] = "";
    struct table_key key;
    uint8_t since[8];
    struct span found;
    uint64_t number;

    if (!fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err) ||
        !named_check(&named, err))
        return false;
    if (!is_later(named.channel) || code.bytes >= sizeof kept ||
        !before_of(applying->txn, named.channel, named.record, (uint32_t)named.version, &number))
        return fail(err, ERR_INVALID, "such a version cannot be held");
    key = key_stage(named.channel, number);
    if (!store_get(applying->txn, STORE_CHANNELS, table_span(&key), &found))
        return fail(err, ERR_CONFLICT, "%s version %lld is not staged", named.record, (long long)named.version);
    entry_delete(applying->txn, named.channel, STAGED, number);
    store_key_u64(since, (uint64_t)applying->event->at_ms);
    if (code.bytes > 0)
        memcpy(kept, code.at, code.bytes);
    buf_add(&value, since, sizeof since);
    buf_add(&value, kept, sizeof kept);
    buf_add_span(&value, utf8_cut(message, MESSAGE_BYTES_MAX));
    entry_put(applying->txn, named.channel, HELD, number, buf_span(&value));
    return true;
}

/* --- reading --- */

bool stage_waits(struct store_txn *txn, enum channel channel)
{
    uint64_t number;

    return stage_list(txn, channel, &number, 1) > 0;
}

/* Keys of this channel and kind end in a number. */
static bool is_kind(struct span key, const struct table_key *prefix)
{
    return key.bytes == prefix->count && memcmp(key.at, prefix->bytes, prefix->count - 8) == 0;
}

static uint64_t walk_count(struct store_txn *txn, enum channel channel, enum stage_kind kind)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct table_key from = entry_key(channel, kind, 0);
    struct error ignored;
    struct span key;
    struct span value;
    uint64_t count = 0;
    bool is_there;

    if (!store_cursor_open(txn, STORE_CHANNELS, &cursor, &ignored))
        return 0;
    for (is_there = store_cursor_seek(cursor, table_span(&from), &key, &value); is_there && is_kind(key, &from);
         is_there = store_cursor_next(cursor, &key, &value))
        count++;
    return count;
}

void stage_counts(struct store_txn *txn, enum channel channel, uint64_t *staged, uint64_t *held)
{
    uint64_t counts[STAGE_KINDS] = {0};

    if (is_later(channel) && !count_load(txn, channel, counts)) {
        counts[STAGED] = walk_count(txn, channel, STAGED);
        counts[HELD] = walk_count(txn, channel, HELD);
    }
    *staged = counts[STAGED];
    *held = counts[HELD];
}

size_t stage_list(struct store_txn *txn, enum channel channel, uint64_t *numbers, size_t max)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct table_key from = key_stage(channel, 0);
    struct error ignored;
    struct span key;
    struct span value;
    size_t count = 0;
    bool is_there;

    if (!is_later(channel) || !store_cursor_open(txn, STORE_CHANNELS, &cursor, &ignored))
        return 0;
    is_there = store_cursor_seek(cursor, table_span(&from), &key, &value);
    while (is_there && is_kind(key, &from) && count < max) {
        if (numbers)
            numbers[count] = store_read_u64(key.at + key.bytes - 8);
        count++;
        is_there = store_cursor_next(cursor, &key, &value);
    }
    return count;
}

bool stage_is_held(struct store_txn *txn, enum channel channel, const char *record, uint32_t version)
{
    struct table_key key;
    struct span value;
    uint64_t number;

    if (!is_later(channel) || !before_of(txn, channel, record, version, &number))
        return false;
    key = key_held(channel, number);
    return store_get(txn, STORE_CHANNELS, table_span(&key), &value);
}

static bool held_read(struct store_txn *txn, struct span key, struct span value, struct stage_held *out,
                      struct error *err)
{
    struct delivery delivery;

    if (value.bytes < HELD_FIXED_BYTES)
        return fail(err, ERR_CORRUPT, "what is held is cut off");
    out->number = store_read_u64(key.at + key.bytes - 8);
    if (!outbox_find(txn, out->number, &delivery, err))
        return false;
    memcpy(out->record, delivery.record, sizeof out->record);
    out->version = delivery.version;
    out->since_ms = (int64_t)store_read_u64(value.at);
    out->code = (struct span){value.at + 8, strnlen(value.at + 8, HELD_CODE_BYTES)};
    out->message = (struct span){value.at + HELD_FIXED_BYTES, value.bytes - HELD_FIXED_BYTES};
    return true;
}

bool stage_held_find(struct store_txn *txn, enum channel channel, const char *record, uint32_t version,
                     struct stage_held *out)
{
    struct table_key key;
    struct span value;
    uint64_t number;

    if (!is_later(channel) || !before_of(txn, channel, record, version, &number))
        return false;
    key = key_held(channel, number);
    return store_get(txn, STORE_CHANNELS, table_span(&key), &value) &&
           held_read(txn, table_span(&key), value, out, NULL);
}

bool stage_held_list(struct store_txn *txn, enum channel channel, stage_held_visit *visit, void *context,
                     struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct table_key from = key_held(channel, 0);
    struct span key;
    struct span value;
    bool is_there;

    if (!is_later(channel))
        return true;
    if (!store_cursor_open(txn, STORE_CHANNELS, &cursor, err))
        return false;
    is_there = store_cursor_seek(cursor, table_span(&from), &key, &value);
    while (is_there && is_kind(key, &from)) {
        struct stage_held held;

        if (!held_read(txn, key, value, &held, err))
            return false;
        if (!visit(&held, context))
            break;
        is_there = store_cursor_next(cursor, &key, &value);
    }
    return store_txn_is_good(txn, err);
}
