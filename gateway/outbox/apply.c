#include "gateway/outbox/apply.h"

#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "keys/digest.h"

enum { NO = -1 };

static const signed char DELIVERY_NEXT[DELIVERY_STATE_COUNT][DELIVERY_STEP_COUNT] = {
    [DELIVERY_QUEUED] = {DELIVERY_SENDING, NO, NO, NO, NO, DELIVERY_SUPERSEDED, NO},
    [DELIVERY_SENDING] = {NO, DELIVERY_QUEUED, DELIVERY_ACKNOWLEDGED, DELIVERY_REFUSED, NO, NO, NO},
    [DELIVERY_IN_DOUBT] = {NO, NO, NO, NO, NO, NO, NO}, /* stored as sending */
    [DELIVERY_RECEIVED] = {NO, NO, NO, NO, NO, NO, NO}, /* stored as sending */
    [DELIVERY_ACKNOWLEDGED] = {NO, NO, NO, NO, NO, NO, DELIVERY_QUEUED},
    [DELIVERY_REFUSED] = {NO, NO, NO, NO, DELIVERY_QUEUED, DELIVERY_SUPERSEDED, NO},
    [DELIVERY_SUPERSEDED] = {NO, NO, NO, NO, NO, NO, NO},
};

static const char *const STEP_NAMES[DELIVERY_STEP_COUNT] = {
    "prepared", "dissolved", "acknowledged", "refused", "requeued", "superseded", "repeated",
};

bool delivery_step(uint64_t number, enum delivery_state state, enum delivery_step step, enum delivery_state *next,
                   struct error *err)
{
    signed char to = DELIVERY_NEXT[state][step];

    if (to == NO)
        return fail(err, ERR_CONFLICT, "delivery %llu is %s and cannot be %s", (unsigned long long)number,
                    DELIVERY_STATE_NAMES[state], STEP_NAMES[step]);
    *next = (enum delivery_state)to;
    return true;
}

void ready_put(struct store_txn *txn, uint64_t number, struct delivery_entry *entry, int64_t due_ms)
{
    struct table_key key = key_ready((enum channel)entry->channel, due_ms, number);

    entry->due_ms = due_ms;
    store_put(txn, STORE_READY, table_span(&key), SPAN_NONE);
}

void ready_delete(struct store_txn *txn, uint64_t number, const struct delivery_entry *entry)
{
    struct table_key key = key_ready((enum channel)entry->channel, entry->due_ms, number);

    store_delete(txn, STORE_READY, table_span(&key));
}

void lane_leave(struct store_txn *txn, uint64_t number, const struct delivery_entry *entry, int64_t at_ms)
{
    enum channel channel = (enum channel)entry->channel;
    struct table_key key = key_lane(channel, entry->subject, number);
    struct delivery_entry next;
    struct span message;
    uint64_t head;

    store_delete(txn, STORE_LANES, table_span(&key));
    /* Leaving from the middle changes nothing for the head, which may be ready already. */
    if (!lane_head(txn, channel, entry->subject, &head) || head < number ||
        !delivery_load(txn, head, &next, &message) || next.state != DELIVERY_QUEUED)
        return;
    ready_put(txn, head, &next, at_ms);
    delivery_save(txn, head, &next, SPAN_NONE);
}

void call_leave(struct store_txn *txn, uint64_t number, struct delivery_entry *entry)
{
    struct table_key key = key_past_call(number, entry->attempts);

    store_put(txn, STORE_DELIVERIES, table_span(&key), (struct span){(const char *)entry->call, sizeof entry->call});
    memset(entry->call, 0, sizeof entry->call);
}

void open_put(struct store_txn *txn, uint64_t number, const struct delivery_entry *entry)
{
    struct table_key key = key_open((enum channel)entry->channel, number);
    uint8_t queued[8];

    store_key_u64(queued, (uint64_t)entry->queued_ms);
    store_put(txn, STORE_CHANNELS, table_span(&key), (struct span){(const char *)queued, sizeof queued});
}

void open_delete(struct store_txn *txn, uint64_t number, const struct delivery_entry *entry)
{
    struct table_key key = key_open((enum channel)entry->channel, number);

    store_delete(txn, STORE_CHANNELS, table_span(&key));
}

void count_move(struct store_txn *txn, enum channel channel, int from, int to)
{
    struct channel_entry entry;

    channel_load(txn, channel, &entry);
    if (from != NO)
        entry.count[from]--;
    if (to != NO)
        entry.count[to]++;
    channel_save(txn, channel, &entry);
}

struct queued {
    struct span channel;
    struct span record;
    struct span row;
    struct span sha256;
    struct span subject;
    int64_t version;
};

static bool queued_read(struct applying *applying, struct queued *out, struct error *err)
{
    const struct field fields[] = {
        {"channel", FIELD_TEXT, false, &out->channel}, {"record", FIELD_TEXT, false, &out->record},
        {"row", FIELD_RAW, false, &out->row},          {"row_sha256", FIELD_TEXT, false, &out->sha256},
        {"subject", FIELD_TEXT, false, &out->subject}, {"version", FIELD_NUMBER, false, &out->version},
    };
    AUTO(buf_done) struct buf hex = BUF_INIT;
    uint8_t digest[32];

    if (!fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err))
        return false;
    if (out->record.bytes == 0 || out->record.bytes >= RECORD_BYTES || out->subject.bytes != SUBJECT_BYTES ||
        out->version < 1 || out->version > UINT32_MAX || out->row.bytes < 2 || out->row.at[0] != '{')
        return fail(err, ERR_INVALID, "record, version, subject or row has the wrong form");
    digest_sha256(out->row, digest);
    hex_add(&hex, digest, sizeof digest);
    if (!span_equal(buf_span(&hex), out->sha256))
        return fail(err, ERR_INVALID, "row_sha256 is not the digest of the row");
    return true;
}

static bool apply_queued(struct applying *applying, struct error *err)
{
    struct store_txn *txn = applying->txn;
    uint64_t number = applying->sequence;
    struct queued queued = {0};
    struct delivery_entry entry = {.state = DELIVERY_QUEUED};
    struct table_key row_key = key_delivery('r', number);
    struct table_key version_key;
    struct table_key lane_key;
    struct span found;
    uint8_t place[8];
    uint64_t head;
    enum channel channel;

    if (!queued_read(applying, &queued, err))
        return false;
    if (!channel_find(txn, queued.channel, &channel))
        return fail(err, ERR_INVALID, "there is no channel \"%.*s\"", (int)queued.channel.bytes, queued.channel.at);
    memcpy(entry.record, queued.record.at, queued.record.bytes);
    memcpy(entry.subject, queued.subject.at, SUBJECT_BYTES);
    entry.version = (uint32_t)queued.version;
    entry.channel = (uint8_t)channel;
    entry.queued_ms = entry.changed_ms = applying->event->at_ms;
    version_key = key_version(entry.record, entry.version, channel);
    if (store_get(txn, STORE_DELIVERIES, table_span(&version_key), &found))
        return fail(err, ERR_CONFLICT, "record %s version %u was queued for %.*s before", entry.record, entry.version,
                    (int)queued.channel.bytes, queued.channel.at);
    store_key_u64(place, number);
    store_put(txn, STORE_DELIVERIES, table_span(&version_key), (struct span){(const char *)place, sizeof place});
    store_put(txn, STORE_DELIVERIES, table_span(&row_key), queued.row);
    if (!lane_head(txn, channel, entry.subject, &head))
        ready_put(txn, number, &entry, entry.queued_ms);
    lane_key = key_lane(channel, entry.subject, number);
    store_put(txn, STORE_LANES, table_span(&lane_key), SPAN_NONE);
    delivery_save(txn, number, &entry, SPAN_NONE);
    open_put(txn, number, &entry);
    stage_leave(txn, channel, entry.record, entry.version);
    count_move(txn, channel, NO, DELIVERY_QUEUED);
    return true;
}

bool delivery_named(struct applying *applying, int64_t number, struct delivery_entry *entry, struct error *err)
{
    if (delivery_load(applying->txn, (uint64_t)number, entry, NULL))
        return true;
    return fail(err, ERR_CONFLICT, "there is no delivery %lld", (long long)number);
}

static bool apply_requeued(struct applying *applying, struct error *err)
{
    struct span record; /* for the registry, like the version */
    struct span reason;
    int64_t version;
    int64_t number;
    const struct field fields[] = {
        {"delivery", FIELD_NUMBER, false, &number},
        {"reason", FIELD_TEXT, false, &reason},
        {"record", FIELD_TEXT, true, &record},
        {"version", FIELD_NUMBER, true, &version},
    };
    struct delivery_entry entry;
    enum delivery_state next;
    uint64_t head;

    if (!fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err) ||
        !delivery_named(applying, number, &entry, err) ||
        !delivery_step((uint64_t)number, (enum delivery_state)entry.state, STEP_REQUEUED, &next, err))
        return false;
    entry.state = (uint8_t)next;
    entry.changed_ms = applying->event->at_ms;
    entry.splits = 0;
    call_leave(applying->txn, (uint64_t)number, &entry);
    memset(entry.code, 0, sizeof entry.code);
    /* It was refused as the head of its lane; only what is told again since (delivery.repeated) goes before it. */
    if (lane_head(applying->txn, (enum channel)entry.channel, entry.subject, &head) && head == (uint64_t)number)
        ready_put(applying->txn, (uint64_t)number, &entry, applying->event->at_ms);
    delivery_save(applying->txn, (uint64_t)number, &entry, SPAN_NONE);
    open_put(applying->txn, (uint64_t)number, &entry);
    count_move(applying->txn, (enum channel)entry.channel, DELIVERY_REFUSED, next);
    return true;
}

static bool apply_superseded(struct applying *applying, struct error *err)
{
    struct span record; /* for the registry, like the version */
    struct span reason = SPAN_NONE;
    int64_t by_version;
    int64_t version;
    int64_t number;
    const struct field fields[] = {
        {"by_version", FIELD_NUMBER, false, &by_version},
        {"delivery", FIELD_NUMBER, false, &number},
        {"reason", FIELD_TEXT, true, &reason},
        {"record", FIELD_TEXT, true, &record},
        {"version", FIELD_NUMBER, true, &version},
    };
    struct delivery_entry entry;
    enum delivery_state before;
    enum delivery_state next;
    uint64_t head;

    if (!fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err) ||
        !delivery_named(applying, number, &entry, err))
        return false;
    before = (enum delivery_state)entry.state;
    if (!delivery_step((uint64_t)number, before, STEP_SUPERSEDED, &next, err))
        return false;
    if (by_version < entry.version)
        return fail(err, ERR_CONFLICT, "version %u cannot be superseded by version %lld", entry.version,
                    (long long)by_version);
    if (before == DELIVERY_QUEUED && lane_head(applying->txn, (enum channel)entry.channel, entry.subject, &head) &&
        head == (uint64_t)number)
        ready_delete(applying->txn, (uint64_t)number, &entry);
    entry.state = (uint8_t)next;
    entry.changed_ms = applying->event->at_ms;
    delivery_save(applying->txn, (uint64_t)number, &entry, utf8_cut(reason, MESSAGE_BYTES_MAX));
    open_delete(applying->txn, (uint64_t)number, &entry);
    lane_leave(applying->txn, (uint64_t)number, &entry, applying->event->at_ms);
    count_move(applying->txn, (enum channel)entry.channel, (int)before, next);
    return true;
}

/* A channel that is in that state already is told so; one that drains may be paused, and the other way round. */
static bool pause_set(struct applying *applying, struct span name, enum channel_pause pause, struct span reason,
                      struct error *err)
{
    struct channel_entry entry;
    char shown[CHANNEL_NAME_BYTES];
    enum channel channel;

    if (!channel_find(applying->txn, name, &channel))
        return fail(err, ERR_INVALID, "there is no channel \"%.*s\"", (int)name.bytes, name.at);
    channel_load(applying->txn, channel, &entry);
    if (entry.pause == (uint8_t)pause)
        return refuse(err, ERR_CONFLICT, pause == PAUSE_NONE ? "channel.not-paused" : "channel.paused",
                      pause == PAUSE_NONE    ? "channel %s is not paused"
                      : pause == PAUSE_WHOLE ? "channel %s is paused already"
                                             : "channel %s is being drained already",
                      pause == PAUSE_NONE    ? "通道 %s 未暂停"
                      : pause == PAUSE_WHOLE ? "通道 %s 已处于暂停状态"
                                             : "通道 %s 已在排空",
                      channel_name(applying->txn, channel, shown));
    entry.pause = (uint8_t)pause;
    memset(entry.reason, 0, sizeof entry.reason);
    reason = utf8_cut(reason, sizeof entry.reason);
    if (reason.bytes > 0)
        memcpy(entry.reason, reason.at, reason.bytes);
    channel_save(applying->txn, channel, &entry);
    return true;
}

static bool apply_paused(struct applying *applying, struct error *err)
{
    struct span channel;
    struct span reason;
    bool drains = false;
    const struct field fields[] = {
        {"channel", FIELD_TEXT, false, &channel},
        {"drains", FIELD_BOOL, true, &drains},
        {"reason", FIELD_TEXT, false, &reason},
    };

    return fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err) &&
           pause_set(applying, channel, drains ? PAUSE_DRAINING : PAUSE_WHOLE, reason, err);
}

static bool apply_resumed(struct applying *applying, struct error *err)
{
    struct span channel;
    const struct field fields[] = {{"channel", FIELD_TEXT, false, &channel}};

    return fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err) &&
           pause_set(applying, channel, PAUSE_NONE, SPAN_NONE, err);
}

static const struct {
    const char *type;
    bool (*apply)(struct applying *applying, struct error *err);
} EVENTS[] = {
    {"delivery.queued", apply_queued},      {"delivery.settled", apply_settled},
    {"call.prepared", apply_call_prepared}, {"call.received", apply_call_received},
    {"receipt.stored", apply_receipt},      {"call.waiting", apply_call_waiting},
    {"call.failed", apply_call_failed},     {"call.dissolved", apply_call_dissolved},
    {"delivery.requeued", apply_requeued},  {"delivery.superseded", apply_superseded},
    {"delivery.repeated", apply_repeated},  {"delivery.skipped", apply_skipped},
    {"delivery.held", apply_held},          {"channel.paused", apply_paused},
    {"channel.resumed", apply_resumed},     {"channel.opened", apply_opened},
};

bool outbox_applies(struct span type)
{
    for (size_t i = 0; i < COUNT_OF(EVENTS); i++) {
        if (span_is(type, EVENTS[i].type))
            return true;
    }
    return false;
}

bool outbox_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    struct applying applying = {.txn = txn, .sequence = sequence, .event = event, .hold = BUF_INIT};
    bool is_good = false;

    for (size_t i = 0; i < COUNT_OF(EVENTS); i++) {
        if (!span_is(event->type, EVENTS[i].type))
            continue;
        is_good = EVENTS[i].apply(&applying, err) && store_txn_is_good(txn, err);
        buf_done(&applying.hold);
        return is_good || fail_in(err, "%s", EVENTS[i].type);
    }
    return fail(err, ERR_INVALID, "the outbox knows no event \"%.*s\"", (int)event->type.bytes, event->type.at);
}

void outbox_queued_add(const struct outbox_queued *queued, struct buf *out)
{
    uint8_t digest[32];

    digest_sha256(queued->row, digest);
    buf_add_text(out, "{\"channel\":");
    json_string_add(out, span_of(queued->channel));
    buf_add_text(out, ",\"record\":");
    json_string_add(out, span_of(queued->record));
    buf_add_text(out, ",\"row\":");
    buf_add_span(out, queued->row);
    buf_add_text(out, ",\"row_sha256\":\"");
    hex_add(out, digest, sizeof digest);
    buf_add_text(out, "\",\"subject\":");
    json_string_add(out, queued->subject);
    buf_addf(out, ",\"version\":%u}", queued->version);
}

void outbox_queued_data(enum channel channel, const char *record, uint32_t version, struct span subject,
                        struct span row, struct buf *out)
{
    const struct outbox_queued queued = {CHANNEL_NAMES[channel], record, version, subject, row};

    outbox_queued_add(&queued, out);
}
