/* The events of calls and what they do to the rows that ride in them. A step of a call moves the counters of all its
 * open rows at once; the rows' own entries change only when they enter, leave or settle. */
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "base/walk.h"
#include "gateway/outbox/apply.h"

enum { RECEIPT_BYTES_MAX = 40 * 1024, RECEIPT_KIND_MAX = 32 };

/* One list of deliveries while an event is applied. */
struct rows {
    uint64_t *numbers;
    size_t count;
};

static void rows_done(struct rows *rows)
{
    free(rows->numbers);
}
DEFINE_AUTO_IN_PLACE(struct rows, rows_done)

static void count_rows(struct store_txn *txn, enum channel channel, enum delivery_state from, enum delivery_state to,
                       uint32_t rows)
{
    struct channel_entry entry;

    channel_load(txn, channel, &entry);
    entry.count[from] -= rows;
    entry.count[to] += rows;
    channel_save(txn, channel, &entry);
}

static void due_put(struct store_txn *txn, const uint8_t id[16], const struct call_entry *call)
{
    struct table_key key = key_call_due((enum channel)call->channel, call->due_ms, id);

    store_put(txn, STORE_CALLS_DUE, table_span(&key), SPAN_NONE);
}

static void due_delete(struct store_txn *txn, const uint8_t id[16], const struct call_entry *call)
{
    struct table_key key = key_call_due((enum channel)call->channel, call->due_ms, id);

    store_delete(txn, STORE_CALLS_DUE, table_span(&key));
}

/* The call in one of the states whose bits are set in `allowed`. */
static bool call_in(struct applying *applying, const uint8_t id[16], unsigned allowed, struct call_entry *call,
                    struct error *err)
{
    if (!call_load(applying->txn, id, call))
        return fail(err, ERR_CONFLICT, "there is no such call");
    if (allowed & 1U << call->state)
        return true;
    return fail(err, ERR_CONFLICT, "the call is in state %d, where this cannot happen", call->state);
}

/* Into another state (or the same), due again at `due_ms`. */
static void call_move(struct applying *applying, const uint8_t id[16], struct call_entry *call, enum call_state to,
                      int64_t due_ms)
{
    enum delivery_state before = state_of_call((enum call_state)call->state);
    enum delivery_state after = state_of_call(to);

    due_delete(applying->txn, id, call);
    if (call->state != to) {
        call->asks = 0;
        call->changed_ms = applying->event->at_ms;
    }
    if (before != after)
        count_rows(applying->txn, (enum channel)call->channel, before, after, call->open_rows);
    call->state = (uint8_t)to;
    call->due_ms = due_ms;
    if (to != CALL_SETTLED)
        due_put(applying->txn, id, call);
    call_save(applying->txn, id, call);
}

static bool rows_enter(struct applying *applying, const struct rows *rows, enum channel channel, const uint8_t id[16],
                       struct error *err)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct delivery_entry entry;
        enum delivery_state next;

        if (!delivery_load(applying->txn, rows->numbers[i], &entry, NULL))
            return fail(err, ERR_CONFLICT, "there is no delivery %llu", (unsigned long long)rows->numbers[i]);
        if (!delivery_step(rows->numbers[i], (enum delivery_state)entry.state, STEP_PREPARED, &next, err))
            return false;
        ready_delete(applying->txn, rows->numbers[i], &entry);
        entry.state = (uint8_t)next;
        entry.changed_ms = applying->event->at_ms;
        entry.attempts++;
        memcpy(entry.call, id, sizeof entry.call);
        delivery_save(applying->txn, rows->numbers[i], &entry, SPAN_NONE);
    }
    count_rows(applying->txn, channel, DELIVERY_QUEUED, DELIVERY_SENDING, (uint32_t)rows->count);
    return true;
}

bool apply_call_prepared(struct applying *applying, struct error *err)
{
    AUTO(rows_done) struct rows rows = {NULL, 0};
    struct span channel_name;
    struct span deliveries;
    struct span request;
    int64_t due_ms;
    uint8_t id[16];
    const struct field fields[] = {
        {"call", FIELD_CALL, false, id},
        {"channel", FIELD_TEXT, false, &channel_name},
        {"deliveries", FIELD_RAW, false, &deliveries},
        {"due_ms", FIELD_NUMBER, false, &due_ms},
        {"request", FIELD_RAW, false, &request},
    };
    struct call_entry call = {.state = CALL_PREPARED, .due_ms = 0};
    struct table_key data_key;
    enum channel channel;

    if (!fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err) ||
        !numbers_read(deliveries, &rows.numbers, &rows.count, err))
        return false;
    if (!channel_parse(channel_name, &channel) || call_load(applying->txn, id, &call))
        return fail(err, ERR_CONFLICT, "no such channel, or the call exists");
    if (!outbox_can_prepare(applying->txn, channel, rows.numbers, rows.count))
        return fail(err, ERR_CONFLICT, "a delivery is not the queued head of its lane, or the channel is paused");
    if (!rows_enter(applying, &rows, channel, id, err))
        return false;
    call = (struct call_entry){.due_ms = due_ms,
                               .prepared_ms = applying->event->at_ms,
                               .changed_ms = applying->event->at_ms,
                               .rows = (uint32_t)rows.count,
                               .open_rows = (uint32_t)rows.count,
                               .channel = (uint8_t)channel,
                               .state = CALL_PREPARED};
    data_key = key_call(id, 1);
    store_put(applying->txn, STORE_CALLS, table_span(&data_key), applying->event->data);
    call_save(applying->txn, id, &call);
    due_put(applying->txn, id, &call);
    return true;
}

bool apply_call_failed(struct applying *applying, struct error *err)
{
    struct span reason;
    struct span state;
    int64_t due_ms;
    int64_t status;
    uint8_t id[16];
    const struct field fields[] = {
        {"call", FIELD_CALL, false, id},          {"due_ms", FIELD_NUMBER, false, &due_ms},
        {"reason", FIELD_TEXT, false, &reason},   {"state", FIELD_TEXT, false, &state},
        {"status", FIELD_NUMBER, false, &status},
    };
    struct call_entry call;
    bool is_doubt;

    if (!fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err) ||
        !call_in(applying, id, 1U << CALL_PREPARED | 1U << CALL_IN_DOUBT | 1U << CALL_RECEIVED, &call, err))
        return false;
    is_doubt = span_is(state, "in-doubt");
    if (!is_doubt && !span_is(state, "prepared"))
        return fail(err, ERR_INVALID, "a failed call is prepared or in-doubt again");
    if (call.state == CALL_RECEIVED && is_doubt)
        return fail(err, ERR_CONFLICT, "a received call is in no doubt");
    if (call.state == CALL_PREPARED)
        call.attempts++;
    else
        call.asks++;
    call_move(applying, id, &call, is_doubt ? CALL_IN_DOUBT : CALL_PREPARED, due_ms);
    return true;
}

static bool read_due(struct applying *applying, uint8_t id[16], int64_t *due_ms, struct error *err)
{
    const struct field fields[] = {{"call", FIELD_CALL, false, id}, {"due_ms", FIELD_NUMBER, false, due_ms}};

    return fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err);
}

bool apply_call_received(struct applying *applying, struct error *err)
{
    struct channel_entry channel;
    struct call_entry call;
    int64_t due_ms;
    uint8_t id[16];

    if (!read_due(applying, id, &due_ms, err) ||
        !call_in(applying, id, 1U << CALL_PREPARED | 1U << CALL_IN_DOUBT, &call, err))
        return false;
    call.attempts += call.state == CALL_PREPARED;
    call_move(applying, id, &call, CALL_RECEIVED, due_ms);
    channel_load(applying->txn, (enum channel)call.channel, &channel);
    channel.last_receipt_ms = applying->event->at_ms;
    channel_save(applying->txn, (enum channel)call.channel, &channel);
    return true;
}

bool apply_call_waiting(struct applying *applying, struct error *err)
{
    struct call_entry call;
    int64_t due_ms;
    uint8_t id[16];

    if (!read_due(applying, id, &due_ms, err) ||
        !call_in(applying, id, 1U << CALL_IN_DOUBT | 1U << CALL_RECEIVED, &call, err))
        return false;
    call.asks++;
    call_move(applying, id, &call, (enum call_state)call.state, due_ms);
    return true;
}

/* The deliveries fixed in the call's preparation. */
static bool rows_of_call(struct applying *applying, const uint8_t id[16], struct rows *rows, struct error *err)
{
    struct table_key key = key_call(id, 1);
    struct span data;

    if (!store_get(applying->txn, STORE_CALLS, table_span(&key), &data))
        return fail(err, ERR_CORRUPT, "the call's preparation is gone");
    return numbers_read(walk_member(data, "deliveries"), &rows->numbers, &rows->count, err);
}

/* The row goes back to the queue; it still is the head of its lane. */
static bool row_dissolve(struct applying *applying, uint64_t number, const uint8_t id[16], int64_t due_ms,
                         bool is_split, struct error *err)
{
    struct delivery_entry entry;
    enum delivery_state next;

    if (!delivery_load(applying->txn, number, &entry, NULL))
        return fail(err, ERR_CORRUPT, "delivery %llu is gone", (unsigned long long)number);
    if (entry.state != DELIVERY_SENDING || memcmp(entry.call, id, sizeof entry.call) != 0)
        return true; /* settled before */
    if (!delivery_step(number, DELIVERY_SENDING, STEP_DISSOLVED, &next, err))
        return false;
    entry.state = (uint8_t)next;
    entry.changed_ms = applying->event->at_ms;
    entry.splits += is_split;
    memset(entry.call, 0, sizeof entry.call);
    ready_put(applying->txn, number, &entry, due_ms);
    delivery_save(applying->txn, number, &entry, SPAN_NONE);
    return true;
}

bool apply_call_dissolved(struct applying *applying, struct error *err)
{
    AUTO(rows_done) struct rows rows = {NULL, 0};
    struct span reason;
    bool is_split = false;
    int64_t due_ms;
    uint8_t id[16];
    const struct field fields[] = {
        {"call", FIELD_CALL, false, id},
        {"due_ms", FIELD_NUMBER, false, &due_ms},
        {"reason", FIELD_TEXT, false, &reason},
        {"split", FIELD_BOOL, true, &is_split},
    };
    struct call_entry call;

    if (!fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err) ||
        !call_in(applying, id, 1U << CALL_PREPARED | 1U << CALL_IN_DOUBT, &call, err) ||
        !rows_of_call(applying, id, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        if (!row_dissolve(applying, rows.numbers[i], id, due_ms, is_split, err))
            return false;
    }
    count_rows(applying->txn, (enum channel)call.channel, state_of_call((enum call_state)call.state), DELIVERY_QUEUED,
               call.open_rows);
    call.open_rows = 0;
    call_move(applying, id, &call, CALL_SETTLED, due_ms);
    return true;
}

static bool row_settle(struct applying *applying, const uint8_t id[16], struct span outcome, struct call_entry *call,
                       struct error *err)
{
    struct span code;
    struct span message;
    struct span result;
    int64_t number;
    const struct field fields[] = {
        {"code", FIELD_TEXT, false, &code},
        {"delivery", FIELD_NUMBER, false, &number},
        {"message", FIELD_TEXT, false, &message},
        {"result", FIELD_TEXT, false, &result},
    };
    struct delivery_entry entry;
    enum delivery_state next;
    bool is_taken;

    if (!fields_read(outcome, fields, COUNT_OF(fields), &applying->hold, err))
        return false;
    is_taken = span_is(result, "acknowledged");
    if ((!is_taken && !span_is(result, "refused")) || code.bytes >= sizeof entry.code)
        return fail(err, ERR_INVALID, "an outcome has the wrong form");
    if (!delivery_load(applying->txn, (uint64_t)number, &entry, NULL) || memcmp(entry.call, id, 16) != 0)
        return fail(err, ERR_CONFLICT, "delivery %lld does not ride in this call", (long long)number);
    if (!delivery_step((uint64_t)number, (enum delivery_state)entry.state, is_taken ? STEP_ACKNOWLEDGED : STEP_REFUSED,
                       &next, err))
        return false;
    entry.state = (uint8_t)next;
    entry.changed_ms = applying->event->at_ms;
    memset(entry.code, 0, sizeof entry.code);
    memcpy(entry.code, code.at, code.bytes);
    delivery_save(applying->txn, (uint64_t)number, &entry, message);
    open_delete(applying->txn, (uint64_t)number, &entry);
    if (is_taken)
        lane_leave(applying->txn, (uint64_t)number, &entry, applying->event->at_ms);
    count_rows(applying->txn, (enum channel)call->channel, DELIVERY_RECEIVED, next, 1);
    call->open_rows--;
    return true;
}

bool apply_settled(struct applying *applying, struct error *err)
{
    struct span outcomes;
    uint8_t id[16];
    const struct field fields[] = {
        {"call", FIELD_CALL, false, id},
        {"outcomes", FIELD_RAW, false, &outcomes},
    };
    struct call_entry call;
    struct walk walk;
    struct span name;
    struct span raw;

    if (!fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err) ||
        !call_in(applying, id, 1U << CALL_RECEIVED, &call, err))
        return false;
    if (!walk_begin(&walk, outcomes) || !walk.is_array)
        return fail(err, ERR_INVALID, "outcomes: not a list");
    while (walk_next(&walk, &name, &raw)) {
        if (!row_settle(applying, id, raw, &call, err))
            return false;
    }
    call_move(applying, id, &call, call.open_rows == 0 ? CALL_SETTLED : CALL_RECEIVED, call.due_ms);
    return true;
}

bool apply_receipt(struct applying *applying, struct error *err)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    AUTO(buf_done) struct buf value = BUF_INIT;
    struct span body;
    struct span kind;
    int64_t part;
    int64_t parts;
    int64_t status;
    uint8_t id[16];
    const struct field fields[] = {
        {"body", FIELD_TEXT, false, &body},     {"call", FIELD_CALL, false, id},
        {"kind", FIELD_TEXT, false, &kind},     {"part", FIELD_NUMBER, false, &part},
        {"parts", FIELD_NUMBER, false, &parts}, {"status", FIELD_NUMBER, false, &status},
    };
    struct receipt_entry entry = {.sequence = applying->sequence, .at_ms = applying->event->at_ms};
    struct call_entry call;
    struct table_key key;

    if (!fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err))
        return false;
    if (!call_load(applying->txn, id, &call))
        return fail(err, ERR_CONFLICT, "there is no such call");
    if (part < 1 || part > parts || parts > UINT16_MAX || status > UINT16_MAX || kind.bytes > RECEIPT_KIND_MAX ||
        !base64_decode(body, &bytes) || bytes.bytes > RECEIPT_BYTES_MAX)
        return fail(err, ERR_INVALID, "a receipt has the wrong form");
    entry.status = (uint32_t)status;
    entry.part = (uint32_t)part;
    entry.parts = (uint32_t)parts;
    entry.kind_bytes = (uint32_t)kind.bytes;
    buf_add(&value, &entry, sizeof entry);
    buf_add_span(&value, kind);
    buf_add_span(&value, buf_span(&bytes));
    key = key_receipt(id, call.receipts++);
    store_put(applying->txn, STORE_RECEIPTS, table_span(&key), buf_span(&value));
    call_save(applying->txn, id, &call);
    return true;
}
