/* clocks_apply.c - events into the clocks. The rooms below have applied them before, so what is asked of them here is
 * how things stand after the event. */
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "base/walk.h"
#include "gateway/clocks/table.h"
#include "gateway/registry/registry.h"

struct turning {
    struct store_txn *txn;
    const struct event *event;
};

static void count_add(struct store_txn *txn, enum clock_kind kind, int32_t day, int64_t change)
{
    struct clock_key key = clock_key_count(kind, day);
    uint64_t count = clock_count(txn, &key) + (uint64_t)change;
    uint8_t value[8];

    store_key_u64(value, count);
    if (count == 0)
        store_delete(txn, STORE_CLOCKS, clock_span(&key));
    else
        store_put(txn, STORE_CLOCKS, clock_span(&key), (struct span){(const char *)value, sizeof value});
}

static bool is_there(struct store_txn *txn, const struct clock_key *key)
{
    struct span value;

    return store_get(txn, STORE_CLOCKS, clock_span(key), &value);
}

/* An entry of a kind that is counted. */
static void counted_put(struct store_txn *txn, enum clock_kind kind, const struct clock_key *key, struct span value)
{
    if (!is_there(txn, key))
        count_add(txn, kind, DAY_NONE, 1);
    store_put(txn, STORE_CLOCKS, clock_span(key), value);
}

static void counted_delete(struct store_txn *txn, enum clock_kind kind, const struct clock_key *key)
{
    if (!is_there(txn, key))
        return;
    store_delete(txn, STORE_CLOCKS, clock_span(key));
    count_add(txn, kind, DAY_NONE, -1);
}

/* --- ends of publication --- */

static void live_delete(struct store_txn *txn, const char *record)
{
    struct clock_key key = clock_key_of(CLOCK_LIVE, record);
    struct clock_key end, decided;
    struct live_entry entry;

    if (!clock_get(txn, &key, &entry, sizeof entry))
        return;
    end = clock_key_dated(CLOCK_END, entry.end, record);
    decided = clock_key_decided(entry.severity, entry.decided_on, record);
    store_delete(txn, STORE_CLOCKS, clock_span(&end));
    store_delete(txn, STORE_CLOCKS, clock_span(&decided));
    counted_delete(txn, CLOCK_LIVE, &key);
}

static void live_put(struct store_txn *txn, const struct record *record)
{
    struct live_entry entry = {record->publication_end, record->decided_on, record->severity};
    struct clock_key key = clock_key_of(CLOCK_LIVE, record->id);
    struct clock_key end = clock_key_dated(CLOCK_END, entry.end, record->id);
    struct clock_key decided = clock_key_decided(entry.severity, entry.decided_on, record->id);

    live_delete(txn, record->id);
    store_put(txn, STORE_CLOCKS, clock_span(&end), SPAN_NONE);
    store_put(txn, STORE_CLOCKS, clock_span(&decided), SPAN_NONE);
    counted_put(txn, CLOCK_LIVE, &key, (struct span){(const char *)&entry, sizeof entry});
}

/* --- reports --- */

static bool report_find(struct store_txn *txn, const char *record, int32_t *decided_on)
{
    struct clock_key key = clock_key_of(CLOCK_REPORT_OF, record);
    uint8_t value[4];

    if (!clock_get(txn, &key, value, sizeof value))
        return false;
    *decided_on = clock_day_read(value);
    return true;
}

static void report_close(struct store_txn *txn, const char *record)
{
    struct clock_key of = clock_key_of(CLOCK_REPORT_OF, record);
    struct clock_key dated;
    int32_t decided_on;

    if (!report_find(txn, record, &decided_on))
        return;
    dated = clock_key_dated(CLOCK_REPORT, decided_on, record);
    store_delete(txn, STORE_CLOCKS, clock_span(&of));
    store_delete(txn, STORE_CLOCKS, clock_span(&dated));
    count_add(txn, CLOCK_REPORT, decided_on, -1);
}

static void report_open(struct store_txn *txn, const char *record, int32_t decided_on)
{
    struct clock_key of = clock_key_of(CLOCK_REPORT_OF, record);
    struct clock_key dated = clock_key_dated(CLOCK_REPORT, decided_on, record);

    report_close(txn, record);
    store_put(txn, STORE_CLOCKS, clock_span(&of), (struct span){(const char *)dated.at + 1, 4});
    store_put(txn, STORE_CLOCKS, clock_span(&dated), SPAN_NONE);
    count_add(txn, CLOCK_REPORT, decided_on, 1);
}

/* --- what is over --- */

/* Whoever may hold the record must be told of its end, and say so. */
static bool over_look_again(struct store_txn *txn, const char *record, struct error *err)
{
    struct clock_key key = clock_key_of(CLOCK_OVER, record);
    struct clock_key unconfirmed = clock_key_of(CLOCK_UNCONFIRMED, record);
    bool is_missing[STAGE_COUNT];
    struct over_entry entry;
    bool has_some;

    if (!clock_get(txn, &key, &entry, sizeof entry))
        return store_txn_is_good(txn, err);
    if (!clock_missing(txn, record, entry.version, is_missing, &has_some, err))
        return false;
    if (has_some)
        counted_put(txn, CLOCK_UNCONFIRMED, &unconfirmed, SPAN_NONE);
    else
        counted_delete(txn, CLOCK_UNCONFIRMED, &unconfirmed);
    return true;
}

static bool over_put(struct turning *turning, const struct record *record, struct error *err)
{
    struct over_entry entry = {turning->event->at_ms, record->version, record->op};
    struct clock_key key = clock_key_of(CLOCK_OVER, record->id);

    live_delete(turning->txn, record->id);
    report_close(turning->txn, record->id);
    store_put(turning->txn, STORE_CLOCKS, clock_span(&key), (struct span){(const char *)&entry, sizeof entry});
    return over_look_again(turning->txn, record->id, err);
}

/* --- the events of records --- */

static void id_of(struct span id, char record[RECORD_ID_BYTES])
{
    memset(record, 0, RECORD_ID_BYTES);
    if (record_id_is_valid(id))
        memcpy(record, id.at, RECORD_ID_LENGTH);
}

/* The clock of the report runs from the decision, whether the second person has come or not. */
static bool apply_proposed(struct turning *turning, struct error *err)
{
    struct span data = turning->event->data;
    char record[RECORD_ID_BYTES];
    int32_t decided_on;

    if (walk_integer_of(data, "op", 0) != OP_NEW)
        return true;
    if (!day_parse(walk_plain_of(data, "decided_on"), &decided_on))
        return fail(err, ERR_CORRUPT, "record.proposed without its decision");
    id_of(walk_plain_of(data, "record"), record);
    report_open(turning->txn, record, decided_on);
    return true;
}

static bool apply_returned(struct turning *turning, struct error *err)
{
    char record[RECORD_ID_BYTES];

    (void)err;
    id_of(walk_plain_of(turning->event->data, "record"), record);
    if (walk_integer_of(turning->event->data, "version", 0) == 1)
        report_close(turning->txn, record);
    return true;
}

static bool apply_version(struct turning *turning, const struct record *record, struct error *err)
{
    int32_t decided_on;

    if (record_op_ends(record->op))
        return over_put(turning, record, err);
    live_put(turning->txn, record);
    if (report_find(turning->txn, record->id, &decided_on) && decided_on != record->decided_on)
        report_open(turning->txn, record->id, record->decided_on);
    return true;
}

static bool apply_approved(struct turning *turning, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct span data = turning->event->data;
    struct record_version version;

    return records_load(turning->txn, walk_plain_of(data, "record"), (uint32_t)walk_integer_of(data, "version", 0),
                        &version, &hold, err) &&
           apply_version(turning, &version.record, err);
}

static bool apply_expired(struct turning *turning, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record record;
    struct clock_key key;
    uint8_t version[4];

    if (!record_from_json(walk_member(turning->event->data, "record"), &record, &hold, err))
        return false;
    store_key_u32(version, record.version);
    key = clock_key_of(CLOCK_STATUTORY, record.id);
    counted_put(turning->txn, CLOCK_STATUTORY, &key, (struct span){(const char *)version, sizeof version});
    return over_put(turning, &record, err);
}

/* --- the events of deliveries --- */

/* Queued or found needless: the first channel has heard of it, or never will. */
static bool apply_queued(struct turning *turning, struct error *err)
{
    struct span data = turning->event->data;
    char record[RECORD_ID_BYTES];
    struct clock_key key;
    uint8_t version[4];

    id_of(walk_plain_of(data, "record"), record);
    key = clock_key_of(CLOCK_STATUTORY, record);
    if (span_is(walk_plain_of(data, "channel"), REGISTRY_FIRST_CHANNEL) &&
        clock_get(turning->txn, &key, version, sizeof version) &&
        store_read_u32(version) == (uint32_t)walk_integer_of(data, "version", 0))
        counted_delete(turning->txn, CLOCK_STATUTORY, &key);
    return over_look_again(turning->txn, record, err);
}

static bool look_at(struct turning *turning, int64_t number, struct error *err)
{
    struct delivery delivery;

    if (!outbox_find(turning->txn, (uint64_t)number, &delivery, err))
        return false;
    if (delivery.channel == CHANNEL_CREDIT_GUANGDONG && delivery.state == DELIVERY_ACKNOWLEDGED)
        report_close(turning->txn, delivery.record);
    return over_look_again(turning->txn, delivery.record, err);
}

/* Superseded, or told again since it was not there. */
static bool apply_delivery(struct turning *turning, struct error *err)
{
    return look_at(turning, walk_integer_of(turning->event->data, "delivery", -1), err);
}

static bool call_of(struct turning *turning, uint8_t call[16], struct error *err)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;

    if (!hex_decode(walk_plain_of(turning->event->data, "call"), &bytes) || bytes.bytes != 16)
        return fail(err, ERR_INVALID, "\"call\" is no id of a call");
    memcpy(call, bytes.data, 16);
    return true;
}

/* Nothing more is expected of it. */
static bool close_receipt(struct turning *turning, struct error *err)
{
    struct clock_key key;
    struct call found;
    uint8_t call[16];

    if (!call_of(turning, call, err))
        return false;
    key = clock_key_call(call);
    if (!is_there(turning->txn, &key))
        return store_txn_is_good(turning->txn, err);
    if (!outbox_call(turning->txn, call, &found, err))
        return false;
    if (found.state == CALL_SETTLED)
        counted_delete(turning->txn, CLOCK_OVERDUE, &key);
    return true;
}

static bool apply_settled(struct turning *turning, struct error *err)
{
    struct walk walk;
    struct span name, raw;

    if (!walk_begin(&walk, walk_member(turning->event->data, "outcomes")))
        return fail(err, ERR_INVALID, "\"outcomes\" is no list");
    while (walk_next(&walk, &name, &raw)) {
        if (!look_at(turning, walk_integer_of(raw, "delivery", -1), err))
            return false;
    }
    return close_receipt(turning, err);
}

static bool apply_overdue(struct turning *turning, struct error *err)
{
    struct span data = turning->event->data;
    struct overdue_entry entry = {.since_ms = walk_integer_of(data, "since_ms", -1),
                                  .raised_ms = turning->event->at_ms};
    enum channel channel;
    struct clock_key key;
    struct call found;
    uint8_t call[16];

    if (!call_of(turning, call, err))
        return false;
    if (!outbox_call(turning->txn, call, &found, NULL))
        return store_txn_is_good(turning->txn, err) && fail(err, ERR_CONFLICT, "there is no such call");
    if (!channel_parse(walk_plain_of(data, "channel"), &channel) || channel != found.channel || entry.since_ms < 0)
        return fail(err, ERR_INVALID, "receipt.overdue: \"channel\" or \"since_ms\" is not that of the call");
    key = clock_key_call(call);
    if (found.state == CALL_SETTLED || is_there(turning->txn, &key))
        return fail(err, ERR_CONFLICT, "no receipt is missing for this call, or it was raised before");
    entry.channel = channel;
    counted_put(turning->txn, CLOCK_OVERDUE, &key, (struct span){(const char *)&entry, sizeof entry});
    return true;
}

static const struct {
    const char *type;
    bool (*apply)(struct turning *turning, struct error *err);
} EVENTS[] = {
    {"record.proposed", apply_proposed}, {"record.returned", apply_returned},     {"record.approved", apply_approved},
    {"record.expired", apply_expired},   {"delivery.queued", apply_queued},       {"delivery.skipped", apply_queued},
    {"delivery.settled", apply_settled}, {"delivery.superseded", apply_delivery}, {"delivery.repeated", apply_delivery},
    {"call.dissolved", close_receipt},   {"receipt.overdue", apply_overdue},
};

bool clocks_applies(struct span type)
{
    for (size_t i = 0; i < COUNT_OF(EVENTS); i++) {
        if (span_is(type, EVENTS[i].type))
            return true;
    }
    return false;
}

bool clocks_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    struct turning turning = {txn, event};

    (void)sequence;
    for (size_t i = 0; i < COUNT_OF(EVENTS); i++) {
        if (span_is(event->type, EVENTS[i].type))
            return (EVENTS[i].apply(&turning, err) && store_txn_is_good(txn, err)) || fail_in(err, "clocks");
    }
    return fail(err, ERR_INVALID, "the clocks know no event \"%.*s\"", (int)event->type.bytes, event->type.at);
}
