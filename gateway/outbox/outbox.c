#include "gateway/outbox/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "base/text.h"
#include "base/walk.h"
#include "gateway/outbox/table.h"

const char *const CHANNEL_NAMES[CHANNEL_COUNT] = {
    [CHANNEL_CREDIT_GUANGDONG] = "credit-guangdong",
    [CHANNEL_NATIONAL_PLATFORM] = "national-platform",
    [CHANNEL_CREDIT_CHINA] = "credit-china",
    [CHANNEL_FEEDBACK] = "feedback",
};

_Static_assert(CHANNEL_COUNT == CHANNEL_FEEDBACK + 1, "a name for each channel");

const char *const DELIVERY_STATE_NAMES[DELIVERY_STATE_COUNT] = {
    [DELIVERY_QUEUED] = "queued",         [DELIVERY_SENDING] = "sending",           [DELIVERY_IN_DOUBT] = "in-doubt",
    [DELIVERY_RECEIVED] = "received",     [DELIVERY_ACKNOWLEDGED] = "acknowledged", [DELIVERY_REFUSED] = "refused",
    [DELIVERY_SUPERSEDED] = "superseded",
};

bool channel_parse(struct span name, enum channel *channel)
{
    for (size_t i = 0; i < CHANNEL_COUNT; i++) {
        if (span_is(name, CHANNEL_NAMES[i])) {
            *channel = (enum channel)i;
            return true;
        }
    }
    return false;
}

static enum delivery_state state_seen(struct store_txn *txn, const struct delivery_entry *entry)
{
    struct call_entry call;

    if (entry->state != DELIVERY_SENDING || !call_load(txn, entry->call, &call))
        return (enum delivery_state)entry->state;
    return state_of_call((enum call_state)call.state);
}

static bool delivery_view(struct store_txn *txn, uint64_t number, struct delivery *out)
{
    struct table_key row_key = key_delivery('r', number);
    struct delivery_entry entry;
    struct delivery view = {.number = number};

    if (!delivery_load(txn, number, &entry, &view.message) ||
        !store_get(txn, STORE_DELIVERIES, table_span(&row_key), &view.row))
        return false;
    view.channel = (enum channel)entry.channel;
    view.state = state_seen(txn, &entry);
    memcpy(view.record, entry.record, sizeof view.record);
    view.version = entry.version;
    memcpy(view.subject, entry.subject, SUBJECT_BYTES);
    view.attempts = entry.attempts;
    view.splits = entry.splits;
    view.queued_ms = entry.queued_ms;
    view.changed_ms = entry.changed_ms;
    memcpy(view.call, entry.call, sizeof view.call);
    memcpy(view.code, entry.code, sizeof view.code);
    view.code[sizeof view.code - 1] = '\0';
    *out = view;
    return true;
}

bool outbox_find(struct store_txn *txn, uint64_t number, struct delivery *out, struct error *err)
{
    if (delivery_view(txn, number, out))
        return true;
    if (!store_txn_is_good(txn, err))
        return false;
    return fail(err, ERR_NOT_FOUND, "there is no delivery %llu", (unsigned long long)number);
}

bool outbox_of_record(struct store_txn *txn, const char *record, outbox_visit *visit, void *context, struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct table_key prefix = key_version(record, 0, CHANNEL_NONE);
    struct span key;
    struct span value;
    bool is_there;

    if (!store_cursor_open(txn, STORE_DELIVERIES, &cursor, err))
        return false;
    is_there = store_cursor_seek(cursor, table_span(&prefix), &key, &value);
    while (is_there && key.bytes > prefix.count && memcmp(key.at, prefix.bytes, prefix.count) == 0) {
        struct delivery delivery;

        if (value.bytes != 8 || !delivery_view(txn, store_read_u64(value.at), &delivery))
            return fail(err, ERR_CORRUPT, "the deliveries of record %s contradict their index", record);
        if (!visit(&delivery, context))
            break;
        is_there = store_cursor_next(cursor, &key, &value);
    }
    return store_txn_is_good(txn, err);
}

bool outbox_of_version(struct store_txn *txn, enum channel channel, const char *record, uint32_t version,
                       struct delivery *out)
{
    struct table_key key = key_version(record, version, channel);
    struct span value;

    return version > 0 && store_get(txn, STORE_DELIVERIES, table_span(&key), &value) && value.bytes == 8 &&
           delivery_view(txn, store_read_u64(value.at), out);
}

bool outbox_refused(struct store_txn *txn, enum channel channel, outbox_visit *visit, void *context, struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct table_key from = key_channel(channel);
    struct delivery delivery;
    struct span key, value;

    if (!store_cursor_open(txn, STORE_LANES, &cursor, err))
        return false;
    while (store_cursor_seek(cursor, table_span(&from), &key, &value) && (uint8_t)key.at[0] == channel) {
        if (key.bytes != 1 + SUBJECT_BYTES + 8 ||
            !delivery_view(txn, store_read_u64(key.at + 1 + SUBJECT_BYTES), &delivery))
            return store_txn_is_good(txn, err) && fail(err, ERR_CORRUPT, "a lane names an unknown delivery");
        if (delivery.state == DELIVERY_REFUSED && !visit(&delivery, context))
            break;
        /* Only heads are refused, and only what was sent before (delivery.repeated) can stand before them: on to the
         * next lane. */
        from = key_lane(channel, delivery.subject,
                        delivery.state != DELIVERY_REFUSED && delivery.attempts > 0 ? delivery.number + 1 : UINT64_MAX);
    }
    return store_txn_is_good(txn, err);
}

bool outbox_open(struct store_txn *txn, enum channel channel, outbox_visit *visit, void *context, struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct table_key from = key_open(channel, 0);
    struct delivery delivery;
    struct span key;
    struct span value;
    bool is_there;

    if (!store_cursor_open(txn, STORE_CHANNELS, &cursor, err))
        return false;
    is_there = store_cursor_seek(cursor, table_span(&from), &key, &value);
    while (is_there && key.bytes == from.count && memcmp(key.at, from.bytes, 2) == 0) {
        if (!delivery_view(txn, store_read_u64(key.at + 2), &delivery))
            return store_txn_is_good(txn, err) && fail(err, ERR_CORRUPT, "an open delivery is unknown");
        if (!visit(&delivery, context))
            break;
        is_there = store_cursor_next(cursor, &key, &value);
    }
    return store_txn_is_good(txn, err);
}

/* Walk the due entries of a channel, the oldest first; each ends in `tail` bytes. */
struct due_walk {
    struct store_cursor *cursor;
    struct span key;
    size_t tail;
    bool is_there;
};

static void due_walk_done(struct due_walk *walk)
{
    store_cursor_close(walk->cursor);
}
DEFINE_AUTO_IN_PLACE(struct due_walk, due_walk_done)

/* From the first entry of the channel that is not before `from`. */
static bool due_walk_begin(struct due_walk *walk, struct store_txn *txn, enum store_table table,
                           const struct table_key *from)
{
    struct span value;
    struct error ignored;

    if (!store_cursor_open(txn, table, &walk->cursor, &ignored))
        return false;
    walk->is_there = store_cursor_seek(walk->cursor, table_span(from), &walk->key, &value) &&
                     (uint8_t)walk->key.at[0] == from->bytes[0] && walk->key.bytes == 9 + walk->tail;
    return walk->is_there;
}

static int64_t due_walk_ms(const struct due_walk *walk)
{
    return (int64_t)store_read_u64(walk->key.at + 1);
}

static bool due_walk_next(struct due_walk *walk)
{
    char channel = walk->key.at[0];
    struct span value;

    walk->is_there = store_cursor_next(walk->cursor, &walk->key, &value) && walk->key.at[0] == channel &&
                     walk->key.bytes == 9 + walk->tail;
    return walk->is_there;
}

size_t outbox_due(struct store_txn *txn, enum channel channel, int64_t now_ms, uint64_t *numbers, size_t max)
{
    AUTO(due_walk_done) struct due_walk walk = {.tail = 8};
    struct table_key from = key_channel(channel);
    size_t count = 0;

    if (!due_walk_begin(&walk, txn, STORE_READY, &from))
        return 0;
    while (count < max && due_walk_ms(&walk) <= now_ms) {
        numbers[count++] = store_read_u64(walk.key.at + 9);
        if (!due_walk_next(&walk))
            break;
    }
    return count;
}

size_t outbox_calls_due(struct store_txn *txn, enum channel channel, int64_t now_ms, uint8_t (*ids)[16], size_t max)
{
    AUTO(due_walk_done) struct due_walk walk = {.tail = 16};
    struct table_key from = key_channel(channel);
    size_t count = 0;

    if (!due_walk_begin(&walk, txn, STORE_CALLS_DUE, &from))
        return 0;
    while (count < max && due_walk_ms(&walk) <= now_ms) {
        memcpy(ids[count++], walk.key.at + 9, 16);
        if (!due_walk_next(&walk))
            break;
    }
    return count;
}

static int64_t first_due_ms(struct store_txn *txn, enum store_table table, const struct table_key *from, size_t tail)
{
    AUTO(due_walk_done) struct due_walk walk = {.tail = tail};

    return due_walk_begin(&walk, txn, table, from) ? due_walk_ms(&walk) : INT64_MAX;
}

static int64_t first_due_from_ms(struct store_txn *txn, enum channel channel, int64_t from_ms)
{
    struct table_key from = key_ready(channel, from_ms, 0);
    struct channel_entry entry;
    int64_t row_ms;
    int64_t call_ms;

    channel_load(txn, channel, &entry);
    if (entry.pause == PAUSE_WHOLE)
        return INT64_MAX;
    /* Both tables begin with channel and instant. */
    row_ms = entry.pause == PAUSE_DRAINING ? INT64_MAX : first_due_ms(txn, STORE_READY, &from, 8);
    call_ms = first_due_ms(txn, STORE_CALLS_DUE, &from, 16);
    return row_ms < call_ms ? row_ms : call_ms;
}

int64_t outbox_next_due_ms(struct store_txn *txn, enum channel channel)
{
    return first_due_from_ms(txn, channel, 0);
}

int64_t outbox_next_due_after_ms(struct store_txn *txn, enum channel channel, int64_t after_ms)
{
    return first_due_from_ms(txn, channel, after_ms < 0 ? 0 : after_ms == INT64_MAX ? after_ms : after_ms + 1);
}

unsigned outbox_rows_max(uint32_t splits)
{
    unsigned most = splits < 32 ? (unsigned)ADAPTER_ROWS_MAX >> splits : 0;

    return most > 0 ? most : 1;
}

bool outbox_call(struct store_txn *txn, const uint8_t id[16], struct call *out, struct error *err)
{
    struct table_key data_key = key_call(id, 1);
    struct call_entry entry;
    struct call view = {0};

    if (!call_load(txn, id, &entry) || !store_get(txn, STORE_CALLS, table_span(&data_key), &view.prepared)) {
        if (!store_txn_is_good(txn, err))
            return false;
        return fail(err, ERR_NOT_FOUND, "there is no such call");
    }
    memcpy(view.id, id, sizeof view.id);
    view.channel = (enum channel)entry.channel;
    view.state = (enum call_state)entry.state;
    view.attempts = entry.attempts;
    view.asks = entry.asks;
    view.due_ms = entry.due_ms;
    view.prepared_ms = entry.prepared_ms;
    view.changed_ms = entry.changed_ms;
    view.rows = entry.rows;
    view.open_rows = entry.open_rows;
    *out = view;
    return true;
}

bool outbox_calls_open(struct store_txn *txn, enum channel channel, outbox_visit_call *visit, void *context,
                       struct error *err)
{
    AUTO(due_walk_done) struct due_walk walk = {.tail = 16};
    struct table_key from = key_channel(channel);
    bool goes_on = due_walk_begin(&walk, txn, STORE_CALLS_DUE, &from);

    while (goes_on) {
        uint8_t id[16];
        struct call call;

        memcpy(id, walk.key.at + 9, sizeof id);
        if (!outbox_call(txn, id, &call, err))
            return false;
        goes_on = visit(&call, context) && due_walk_next(&walk);
    }
    return store_txn_is_good(txn, err);
}

bool outbox_of_call(struct store_txn *txn, const uint8_t id[16], outbox_visit *visit, void *context, struct error *err)
{
    struct call call;
    uint64_t *numbers = NULL;
    size_t count = 0;
    bool is_good = true;

    if (!outbox_call(txn, id, &call, err) ||
        !numbers_read(walk_member(call.prepared, "deliveries"), &numbers, &count, err))
        return false;
    for (size_t i = 0; i < count && is_good; i++) {
        struct delivery delivery;

        is_good = outbox_find(txn, numbers[i], &delivery, err);
        if (is_good && !visit(&delivery, context))
            break;
    }
    free(numbers);
    return is_good;
}

bool outbox_status(struct store_txn *txn, enum channel channel, struct channel_status *out, struct error *err)
{
    struct table_key oldest = key_open(channel, 0);
    struct channel_entry entry;
    struct channel_status status = {0};
    struct span key;
    struct span value;

    channel_load(txn, channel, &entry);
    memcpy(status.count, entry.count, sizeof status.count);
    status.last_receipt_ms = entry.last_receipt_ms;
    status.is_paused = entry.pause != PAUSE_NONE;
    status.is_draining = entry.pause == PAUSE_DRAINING;
    memcpy(status.reason, entry.reason, sizeof entry.reason);
    oldest.count = 2;
    if (table_first(txn, STORE_CHANNELS, &oldest, &key, &value) && value.bytes == 8)
        status.oldest_ms = (int64_t)store_read_u64(value.at);
    if (!store_txn_is_good(txn, err))
        return false;
    *out = status;
    return true;
}

bool outbox_can_prepare(struct store_txn *txn, enum channel channel, const uint64_t *numbers, size_t count)
{
    struct channel_entry entry;

    channel_load(txn, channel, &entry);
    if (entry.pause != PAUSE_NONE)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct delivery_entry delivery;
        uint64_t head;

        if (!delivery_load(txn, numbers[i], &delivery, NULL) || delivery.channel != channel ||
            delivery.state != DELIVERY_QUEUED || !lane_head(txn, channel, delivery.subject, &head) ||
            head != numbers[i])
            return false;
    }
    return true;
}

bool outbox_past_calls(struct store_txn *txn, uint64_t number, outbox_visit_past *visit, void *context,
                       struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct table_key from = key_past_call(number, 0);
    struct span key;
    struct span value;
    bool is_there;

    if (!store_cursor_open(txn, STORE_DELIVERIES, &cursor, err))
        return false;
    is_there = store_cursor_seek(cursor, table_span(&from), &key, &value);
    while (is_there && key.bytes == from.count && memcmp(key.at, from.bytes, from.count - 4) == 0) {
        uint8_t call[16];

        if (value.bytes != sizeof call)
            return fail(err, ERR_CORRUPT, "a call of delivery %llu is no call", (unsigned long long)number);
        memcpy(call, value.at, sizeof call);
        if (!visit(call, context))
            break;
        is_there = store_cursor_next(cursor, &key, &value);
    }
    return store_txn_is_good(txn, err);
}

bool outbox_receipts(struct store_txn *txn, const uint8_t call[16], outbox_visit_receipt *visit, void *context,
                     struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct table_key from = key_receipt(call, 0);
    struct span key;
    struct span value;
    bool is_there;

    if (!store_cursor_open(txn, STORE_RECEIPTS, &cursor, err))
        return false;
    is_there = store_cursor_seek(cursor, table_span(&from), &key, &value);
    while (is_there && key.bytes == from.count && memcmp(key.at, call, 16) == 0) {
        struct receipt_entry entry;
        struct receipt receipt;

        if (value.bytes < sizeof entry)
            return fail(err, ERR_CORRUPT, "a receipt is cut off");
        memcpy(&entry, value.at, sizeof entry);
        value = (struct span){value.at + sizeof entry, value.bytes - sizeof entry};
        if (entry.kind_bytes > value.bytes)
            return fail(err, ERR_CORRUPT, "a receipt is cut off");
        receipt = (struct receipt){.kind = {value.at, entry.kind_bytes},
                                   .sequence = entry.sequence,
                                   .at_ms = entry.at_ms,
                                   .part = entry.part,
                                   .parts = entry.parts,
                                   .status = entry.status,
                                   .body = {value.at + entry.kind_bytes, value.bytes - entry.kind_bytes}};
        if (!visit(&receipt, context))
            break;
        is_there = store_cursor_next(cursor, &key, &value);
    }
    return store_txn_is_good(txn, err);
}
