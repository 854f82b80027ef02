/* The events of calls and what they do to the rows that ride in them. A step of a call moves the counters of all its
 * open rows at once; the rows' own entries change only when they enter or leave (and settle: apply_settle.c).
 * Everything is checked before anything is written. */
#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "base/encode.h"
#include "base/text.h"
#include "base/walk.h"
#include "gateway/outbox/apply_call.h"
#include "gateway/outbox/number.h"

enum { NO = -1 };

/* Where a step leads. A settling step stays until the last row is settled. Rows may be refused without a transport
 * receipt (a lone row whose call is refused whole); taken only after one. */
static const signed char CALL_NEXT[CALL_STATE_COUNT][CALL_STEP_COUNT] = {
    [CALL_PREPARED] = {CALL_PREPARED, CALL_IN_DOUBT, CALL_RECEIVED, NO, CALL_SETTLED, NO, CALL_PREPARED},
    [CALL_IN_DOUBT] = {CALL_PREPARED, CALL_IN_DOUBT, CALL_RECEIVED, NO, CALL_SETTLED, NO, CALL_IN_DOUBT},
    [CALL_RECEIVED] = {CALL_PREPARED, NO, NO, CALL_RECEIVED, NO, CALL_RECEIVED, CALL_RECEIVED},
    [CALL_SETTLED] = {NO, NO, NO, NO, NO, NO, NO},
};

static const char *const CALL_STATE_TEXTS[CALL_STATE_COUNT] = {"prepared", "in doubt", "received", "settled"};
static const char *const CALL_STEP_TEXTS[CALL_STEP_COUNT] = {
    "sent again", "asked after", "received", "waited for", "dissolved", "settled", "refused",
};

bool call_step(enum call_state state, enum call_step step, enum call_state *next, struct error *err)
{
    signed char to = CALL_NEXT[state][step];

    if (to == NO)
        return fail(err, ERR_CONFLICT, "a call that is %s cannot be %s", CALL_STATE_TEXTS[state],
                    CALL_STEP_TEXTS[step]);
    *next = (enum call_state)to;
    return true;
}

bool call_named(struct applying *applying, const uint8_t id[16], struct call_entry *entry, struct error *err)
{
    if (call_load(applying->txn, id, entry))
        return true;
    return fail(err, ERR_CONFLICT, "there is no such call");
}

static void due_put(struct store_txn *txn, const uint8_t id[16], const struct call_entry *entry)
{
    struct table_key key = key_call_due((enum channel)entry->channel, entry->due_ms, id);

    store_put(txn, STORE_CALLS_DUE, table_span(&key), SPAN_NONE);
}

static void due_delete(struct store_txn *txn, const uint8_t id[16], const struct call_entry *entry)
{
    struct table_key key = key_call_due((enum channel)entry->channel, entry->due_ms, id);

    store_delete(txn, STORE_CALLS_DUE, table_span(&key));
}

void call_move(struct applying *applying, const uint8_t id[16], struct call_entry *entry, enum call_state next,
               int64_t due_ms)
{
    enum delivery_state from = state_of_call((enum call_state)entry->state);
    enum delivery_state to = state_of_call(next);
    struct channel_entry channel;

    due_delete(applying->txn, id, entry);
    if (from != to) {
        channel_load(applying->txn, (enum channel)entry->channel, &channel);
        channel.count[from] -= entry->open_rows;
        channel.count[to] += entry->open_rows;
        channel_save(applying->txn, (enum channel)entry->channel, &channel);
    }
    if (entry->state != next) {
        entry->changed_ms = applying->event->at_ms;
        entry->asks = 0;
    }
    entry->state = (uint8_t)next;
    entry->due_ms = due_ms;
    if (next != CALL_SETTLED)
        due_put(applying->txn, id, entry);
    call_save(applying->txn, id, entry);
}

/* All rows of a call before any is changed, so that nothing is half applied. */
struct rows {
    uint64_t *numbers;
    struct delivery_entry *entries;
    size_t count;
};

static void rows_done(struct rows *rows)
{
    free(rows->numbers);
    free(rows->entries);
}
DEFINE_AUTO_IN_PLACE(struct rows, rows_done)

static bool rows_load(struct store_txn *txn, struct span list, struct rows *out, struct error *err)
{
    if (!numbers_read(list, &out->numbers, &out->count, err))
        return false;
    out->entries = memory_new(out->count * sizeof *out->entries);
    for (size_t i = 0; i < out->count; i++) {
        if (!delivery_load(txn, out->numbers[i], &out->entries[i], NULL))
            return fail(err, ERR_CONFLICT, "there is no delivery %llu", (unsigned long long)out->numbers[i]);
    }
    return true;
}

struct prepared {
    uint8_t id[16];
    struct span channel;
    struct span deliveries;
    struct span request;
    int64_t due_ms;
    struct number_entry place;
};

static bool prepared_read(struct applying *applying, struct prepared *out, struct error *err)
{
    struct span day = SPAN_NONE;
    int64_t number = -1;
    const struct field fields[] = {
        {"call", FIELD_CALL, false, out->id},
        {"channel", FIELD_TEXT, false, &out->channel},
        {"day", FIELD_TEXT, true, &day},
        {"deliveries", FIELD_RAW, false, &out->deliveries},
        {"due_ms", FIELD_NUMBER, false, &out->due_ms},
        {"number", FIELD_NUMBER, true, &number},
        {"request", FIELD_RAW, false, &out->request},
    };

    if (!fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err))
        return false;
    if (out->request.bytes < 2 || out->request.at[0] != '{')
        return fail(err, ERR_INVALID, "\"request\" is no object");
    return number_read(day, number, &out->place, err);
}

static bool prepared_fits(struct store_txn *txn, enum channel channel, const struct rows *rows, struct error *err)
{
    struct channel_entry entry;
    enum delivery_state next;
    uint64_t head;

    channel_load(txn, channel, &entry);
    if (entry.pause != PAUSE_NONE)
        return fail(err, ERR_CONFLICT, "the channel is paused");
    for (size_t i = 0; i < rows->count; i++) {
        const struct delivery_entry *row = &rows->entries[i];
        unsigned long long number = rows->numbers[i];

        if (row->channel != channel)
            return fail(err, ERR_CONFLICT, "delivery %llu is not for this channel", number);
        if (!delivery_step(rows->numbers[i], (enum delivery_state)row->state, STEP_PREPARED, &next, err))
            return false;
        if (!lane_head(txn, channel, row->subject, &head) || head != rows->numbers[i])
            return fail(err, ERR_CONFLICT, "delivery %llu is not the first of its lane", number);
    }
    return true;
}

bool apply_call_prepared(struct applying *applying, struct error *err)
{
    AUTO(rows_done) struct rows rows = {0};
    struct store_txn *txn = applying->txn;
    struct prepared prepared = {0};
    struct call_entry call = {.state = CALL_PREPARED};
    struct channel_entry counts;
    struct table_key data_key;
    enum channel channel;

    if (!prepared_read(applying, &prepared, err))
        return false;
    if (!channel_find(txn, prepared.channel, &channel))
        return fail(err, ERR_INVALID, "there is no such channel");
    if (call_load(txn, prepared.id, &call))
        return fail(err, ERR_CONFLICT, "this call was prepared before");
    if (!rows_load(txn, prepared.deliveries, &rows, err) || !prepared_fits(txn, channel, &rows, err) ||
        !number_follows(txn, channel, &prepared.place, err))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        struct delivery_entry *row = &rows.entries[i];

        ready_delete(txn, rows.numbers[i], row);
        row->state = DELIVERY_SENDING;
        row->changed_ms = applying->event->at_ms;
        row->attempts++;
        memcpy(row->call, prepared.id, sizeof row->call);
        memset(row->code, 0, sizeof row->code);
        delivery_save(txn, rows.numbers[i], row, SPAN_NONE);
    }
    call.channel = (uint8_t)channel;
    call.due_ms = prepared.due_ms;
    call.prepared_ms = call.changed_ms = applying->event->at_ms;
    call.rows = call.open_rows = (uint32_t)rows.count;
    data_key = key_call(prepared.id, 1);
    store_put(txn, STORE_CALLS, table_span(&data_key), applying->event->data);
    call_save(txn, prepared.id, &call);
    due_put(txn, prepared.id, &call);
    number_taken(txn, channel, &prepared.place);
    channel_load(txn, channel, &counts);
    counts.count[DELIVERY_QUEUED] -= rows.count;
    counts.count[DELIVERY_SENDING] += rows.count;
    channel_save(txn, channel, &counts);
    return true;
}

bool apply_call_failed(struct applying *applying, struct error *err)
{
    uint8_t id[16];
    int64_t due_ms;
    int64_t status;
    struct span reason;
    struct span state;
    const struct field fields[] = {
        {"call", FIELD_CALL, false, id},          {"due_ms", FIELD_NUMBER, false, &due_ms},
        {"reason", FIELD_TEXT, false, &reason},   {"state", FIELD_TEXT, false, &state},
        {"status", FIELD_NUMBER, false, &status},
    };
    struct call_entry call;
    enum call_state next;
    bool is_ask;

    if (!fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err))
        return false;
    is_ask = span_is(state, "in-doubt");
    if (!is_ask && !span_is(state, "prepared"))
        return fail(err, ERR_INVALID, "\"state\" is neither prepared nor in-doubt");
    if (!call_named(applying, id, &call, err) ||
        !call_step((enum call_state)call.state, is_ask ? CALL_STEP_FAILED_ASK : CALL_STEP_FAILED_RESEND, &next, err))
        return false;
    if (call.state == CALL_PREPARED)
        call.attempts++;
    call_move(applying, id, &call, next, due_ms);
    if (call.state == CALL_IN_DOUBT) {
        call.asks++;
        call_save(applying->txn, id, &call);
    }
    return true;
}

static bool read_call_and_due(struct applying *applying, uint8_t id[16], int64_t *due_ms, struct error *err)
{
    const struct field fields[] = {
        {"call", FIELD_CALL, false, id},
        {"due_ms", FIELD_NUMBER, false, due_ms},
    };

    return fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err);
}

static void receipt_seen(struct applying *applying, enum channel channel)
{
    struct channel_entry entry;

    channel_load(applying->txn, channel, &entry);
    entry.last_receipt_ms = applying->event->at_ms;
    channel_save(applying->txn, channel, &entry);
}

bool apply_call_received(struct applying *applying, struct error *err)
{
    struct call_entry call;
    enum call_state next;
    uint8_t id[16];
    int64_t due_ms;

    if (!read_call_and_due(applying, id, &due_ms, err) || !call_named(applying, id, &call, err) ||
        !call_step((enum call_state)call.state, CALL_STEP_RECEIVED, &next, err))
        return false;
    if (call.state == CALL_PREPARED)
        call.attempts++;
    call_move(applying, id, &call, next, due_ms);
    receipt_seen(applying, (enum channel)call.channel);
    return true;
}

bool apply_call_waiting(struct applying *applying, struct error *err)
{
    struct call_entry call;
    enum call_state next;
    uint8_t id[16];
    int64_t due_ms;

    if (!read_call_and_due(applying, id, &due_ms, err) || !call_named(applying, id, &call, err) ||
        !call_step((enum call_state)call.state, CALL_STEP_WAITING, &next, err))
        return false;
    call.asks++;
    call_move(applying, id, &call, next, due_ms);
    return true;
}

static struct span call_deliveries(struct store_txn *txn, const uint8_t id[16])
{
    struct table_key key = key_call(id, 1);
    struct span data;

    return store_get(txn, STORE_CALLS, table_span(&key), &data) ? walk_member(data, "deliveries") : SPAN_NONE;
}

bool call_carries(const struct delivery_entry *row, const uint8_t id[16])
{
    return row->state == DELIVERY_SENDING && memcmp(row->call, id, 16) == 0;
}

/* Halve what a row may ride with: at least once more than before, and to at most half of the call that was split. */
static uint32_t split_further(uint32_t splits, uint32_t call_rows)
{
    unsigned wanted = call_rows > 1 ? call_rows / 2 : 1;

    for (splits++; outbox_rows_max(splits) > wanted; splits++)
        continue;
    return splits;
}

bool apply_call_dissolved(struct applying *applying, struct error *err)
{
    AUTO(rows_done) struct rows rows = {0};
    struct store_txn *txn = applying->txn;
    uint8_t id[16];
    int64_t due_ms;
    struct span reason;
    bool is_split = false;
    bool is_spent = false;
    const struct field fields[] = {
        {"call", FIELD_CALL, false, id},        {"due_ms", FIELD_NUMBER, false, &due_ms},
        {"reason", FIELD_TEXT, false, &reason}, {"spent", FIELD_BOOL, true, &is_spent},
        {"split", FIELD_BOOL, true, &is_split},
    };
    struct channel_entry counts;
    struct number_entry place;
    struct call_entry call;
    enum call_state next;

    if (!fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err) ||
        !call_named(applying, id, &call, err) ||
        !call_step((enum call_state)call.state, CALL_STEP_DISSOLVED, &next, err) ||
        !rows_load(txn, call_deliveries(txn, id), &rows, err) || !number_of_call(txn, id, &place, err))
        return false;
    if (is_spent)
        place = (struct number_entry){0};
    if (!number_is_last(txn, (enum channel)call.channel, &place))
        return fail(err, ERR_CONFLICT, "number %u of its day has successors: without it there would be a gap",
                    place.number);
    channel_load(txn, (enum channel)call.channel, &counts);
    for (size_t i = 0; i < rows.count; i++) {
        struct delivery_entry *row = &rows.entries[i];

        if (!call_carries(row, id))
            continue;
        row->state = DELIVERY_QUEUED;
        row->changed_ms = applying->event->at_ms;
        row->splits = is_split ? split_further(row->splits, call.rows) : row->splits;
        call_leave(txn, rows.numbers[i], row);
        ready_put(txn, rows.numbers[i], row, due_ms);
        delivery_save(txn, rows.numbers[i], row, SPAN_NONE);
        counts.count[state_of_call((enum call_state)call.state)]--;
        counts.count[DELIVERY_QUEUED]++;
    }
    channel_save(txn, (enum channel)call.channel, &counts);
    number_give_back(txn, (enum channel)call.channel, &place);
    call.open_rows = 0;
    call_move(applying, id, &call, next, due_ms);
    return true;
}
