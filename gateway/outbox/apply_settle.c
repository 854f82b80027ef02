/* What came back for a call: outcomes of its rows, and the upstream's own bytes. Every outcome is read and checked
 * before one is applied. */
#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "base/encode.h"
#include "base/text.h"
#include "base/walk.h"
#include "gateway/outbox/apply_call.h"
#include "gateway/outbox/number.h"

enum { RECEIPT_TEXT_MAX = 40 * 1024 };

struct outcome {
    int64_t delivery;
    struct span code;
    struct span message;
    bool is_taken;
    struct delivery_entry entry;
};

static bool outcome_read(struct applying *applying, struct span raw, struct outcome *out, struct error *err)
{
    struct span result;
    const struct field fields[] = {
        {"code", FIELD_TEXT, false, &out->code},
        {"delivery", FIELD_NUMBER, false, &out->delivery},
        {"message", FIELD_TEXT, false, &out->message},
        {"result", FIELD_TEXT, false, &result},
    };

    if (!fields_read(raw, fields, COUNT_OF(fields), &applying->hold, err))
        return false;
    out->is_taken = span_is(result, "acknowledged");
    if ((!out->is_taken && !span_is(result, "refused")) || out->code.bytes >= sizeof out->entry.code)
        return fail(err, ERR_INVALID, "\"result\" or \"code\" has the wrong form");
    return true;
}

/* Reads and checks every outcome against the call before one is applied. */
static bool outcomes_read(struct applying *applying, struct span list, const uint8_t id[16], struct outcome *outcomes,
                          size_t *count, struct error *err)
{
    struct walk walk;
    struct span name;
    struct span raw;
    size_t found = 0;

    /* Texts of all outcomes share `hold`, which therefore must not move. */
    buf_reserve(&applying->hold, 2 * applying->event->data.bytes);
    if (!walk_begin(&walk, list) || !walk.is_array)
        return fail(err, ERR_INVALID, "\"outcomes\" is no list");
    while (walk_next(&walk, &name, &raw)) {
        struct outcome *outcome = &outcomes[found];

        if (found == ADAPTER_ROWS_MAX)
            return fail(err, ERR_INVALID, "more than %d outcomes", ADAPTER_ROWS_MAX);
        if (!outcome_read(applying, raw, outcome, err))
            return false;
        if (found > 0 && outcome->delivery <= outcomes[found - 1].delivery)
            return fail(err, ERR_INVALID, "outcomes do not ascend");
        if (!delivery_load(applying->txn, (uint64_t)outcome->delivery, &outcome->entry, NULL) ||
            !call_carries(&outcome->entry, id))
            return fail(err, ERR_CONFLICT, "delivery %lld is not open in this call", (long long)outcome->delivery);
        found++;
    }
    if (found == 0)
        return fail(err, ERR_INVALID, "\"outcomes\" is empty");
    *count = found;
    return true;
}

static void settle_row(struct applying *applying, struct outcome *outcome, struct channel_entry *counts)
{
    struct delivery_entry *row = &outcome->entry;
    uint64_t number = (uint64_t)outcome->delivery;

    row->state = outcome->is_taken ? DELIVERY_ACKNOWLEDGED : DELIVERY_REFUSED;
    row->changed_ms = applying->event->at_ms;
    memset(row->code, 0, sizeof row->code);
    if (outcome->code.bytes > 0)
        memcpy(row->code, outcome->code.at, outcome->code.bytes);
    delivery_save(applying->txn, number, row, outcome->message);
    open_delete(applying->txn, number, row);
    /* A refused delivery stays where it is and blocks its lane. */
    if (outcome->is_taken) {
        lane_leave(applying->txn, number, row, applying->event->at_ms);
        stage_put(applying->txn, number, row);
    }
    counts->count[row->state]++;
}

static void settle_rows(struct applying *applying, struct call_entry *call, struct outcome *outcomes, size_t count)
{
    enum channel channel = (enum channel)call->channel;
    struct channel_entry counts;

    channel_load(applying->txn, channel, &counts);
    counts.count[state_of_call((enum call_state)call->state)] -= count;
    counts.last_receipt_ms = applying->event->at_ms;
    for (size_t i = 0; i < count; i++)
        settle_row(applying, &outcomes[i], &counts);
    channel_save(applying->txn, channel, &counts);
    call->open_rows -= (uint32_t)count;
}

/* All of it is refused, and there is no transport receipt: the upstream does not have it under its name. */
static void number_unused(struct applying *applying, const struct call_entry *call, const struct number_entry *place)
{
    if (call->open_rows == 0 && call->state != CALL_RECEIVED &&
        number_is_last(applying->txn, (enum channel)call->channel, place))
        number_give_back(applying->txn, (enum channel)call->channel, place);
}

bool apply_settled(struct applying *applying, struct error *err)
{
    uint8_t id[16];
    struct span list;
    const struct field fields[] = {
        {"call", FIELD_CALL, false, id},
        {"outcomes", FIELD_RAW, false, &list},
    };
    struct outcome *outcomes;
    struct number_entry place;
    struct call_entry call;
    enum call_state next = CALL_SETTLED;
    enum call_step step = CALL_STEP_REFUSED;
    size_t count = 0;
    bool is_good;

    if (!fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err) ||
        !call_named(applying, id, &call, err))
        return false;
    outcomes = memory_new(ADAPTER_ROWS_MAX * sizeof *outcomes);
    is_good = outcomes_read(applying, list, id, outcomes, &count, err);
    for (size_t i = 0; i < count; i++)
        step = outcomes[i].is_taken ? CALL_STEP_TAKEN : step;
    is_good = is_good && call_step((enum call_state)call.state, step, &next, err) &&
              number_of_call(applying->txn, id, &place, err);
    if (is_good) {
        settle_rows(applying, &call, outcomes, count);
        number_unused(applying, &call, &place);
        call_move(applying, id, &call, call.open_rows == 0 ? CALL_SETTLED : next, call.due_ms);
    }
    free(outcomes);
    return is_good;
}

struct stored_receipt {
    uint8_t call[16];
    struct span kind;
    struct span text;
    int64_t part;
    int64_t parts;
    int64_t status;
};

static bool receipt_read(struct applying *applying, struct stored_receipt *out, struct buf *body, struct error *err)
{
    const struct field fields[] = {
        {"body", FIELD_TEXT, false, &out->text},     {"call", FIELD_CALL, false, out->call},
        {"kind", FIELD_TEXT, false, &out->kind},     {"part", FIELD_NUMBER, false, &out->part},
        {"parts", FIELD_NUMBER, false, &out->parts}, {"status", FIELD_NUMBER, false, &out->status},
    };

    if (!fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err))
        return false;
    if (out->kind.bytes == 0 || out->kind.bytes > 32 || out->part < 1 || out->part > out->parts ||
        out->parts > UINT16_MAX || out->status > 999 || out->text.bytes > RECEIPT_TEXT_MAX)
        return fail(err, ERR_INVALID, "kind, part, parts, status or body is out of bounds");
    if (!base64_decode(out->text, body))
        return fail(err, ERR_INVALID, "\"body\" is no Base64");
    return true;
}

bool apply_receipt(struct applying *applying, struct error *err)
{
    AUTO(buf_done) struct buf body = BUF_INIT;
    AUTO(buf_done) struct buf value = BUF_INIT;
    struct stored_receipt receipt = {0};
    struct receipt_entry entry = {.sequence = applying->sequence, .at_ms = applying->event->at_ms};
    struct call_entry call;
    struct table_key key;

    if (!receipt_read(applying, &receipt, &body, err) || !call_named(applying, receipt.call, &call, err))
        return false;
    entry.status = (uint32_t)receipt.status;
    entry.part = (uint32_t)receipt.part;
    entry.parts = (uint32_t)receipt.parts;
    entry.kind_bytes = (uint32_t)receipt.kind.bytes;
    buf_add(&value, &entry, sizeof entry);
    buf_add_span(&value, receipt.kind);
    buf_add_span(&value, buf_span(&body));
    key = key_receipt(receipt.call, call.receipts++);
    store_put(applying->txn, STORE_RECEIPTS, table_span(&key), buf_span(&value));
    call_save(applying->txn, receipt.call, &call);
    return true;
}
