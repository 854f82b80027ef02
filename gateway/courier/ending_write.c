/* An ending as events. All is decided on what the store holds inside the write transaction: staff may have paused the
 * channel meanwhile, and a transaction may run twice. */
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "gateway/courier/ending.h"

enum {
    RECEIPT_PART_BYTES = 30 * 1024,            /* 40 KiB of Base64 */
    OUTCOMES_BYTES_MAX = 48 * 1024,            /* of one event */
    KEPT_WHOLE_BYTES = 2 * RECEIPT_PART_BYTES, /* of answers that settle nothing; longer ones are kept to here */
    NONSENSE_KEPT = 3                          /* of the same kind in a row */
};

/* One ending on its way into the journal. */
struct writing {
    struct ending *ending;
    struct store_txn *txn;
    struct ledger *ledger;
    int64_t now_ms;
    struct call call; /* as it stands; its spans are not used */
    struct buf data;
};

static bool emit(struct writing *writing, const char *type, struct error *err)
{
    bool is_good = ledger_emit(writing->ledger, COURIER_NAME, type, buf_span(&writing->data), NULL, err);

    buf_clear(&writing->data);
    return is_good;
}

static void call_add(struct writing *writing)
{
    buf_add_text(&writing->data, "\"call\":\"");
    hex_add(&writing->data, writing->call.id, sizeof writing->call.id);
    buf_add_byte(&writing->data, '"');
}

static int64_t due_ms(const struct writing *writing)
{
    return writing->now_ms + writing->ending->verdict.delay_ms;
}

/* What happened, in both languages, with what the other side or libcurl said. */
static void reason_add(const struct ending *ending, struct buf *out)
{
    const struct policy_attempt *attempt = &ending->attempt;
    AUTO(buf_done) struct buf text = BUF_INIT;

    buf_addf(&text, "%s / %s", ending->verdict.zh, ending->verdict.en);
    if (attempt->net == NET_ANSWERED && attempt->answer == ADAPTER_BY_STATUS)
        buf_addf(&text, " (HTTP %d)", attempt->status);
    else if (attempt->net == NET_ANSWERED && (ending->result.code[0] || ending->result.message[0]))
        buf_addf(&text, " (%s%s%s)", ending->result.code,
                 ending->result.code[0] && ending->result.message[0] ? " " : "", ending->result.message);
    else if (ending->words[0])
        buf_addf(&text, " (%s)", ending->words);
    json_string_add(out, buf_span(&text));
}

/* --- steps of the call --- */

static bool emit_received(struct writing *writing, struct error *err)
{
    buf_add_byte(&writing->data, '{');
    call_add(writing);
    buf_addf(&writing->data, ",\"due_ms\":%lld}", (long long)due_ms(writing));
    writing->call.state = CALL_RECEIVED;
    return emit(writing, "call.received", err);
}

static bool emit_waiting(struct writing *writing, struct error *err)
{
    buf_add_byte(&writing->data, '{');
    call_add(writing);
    buf_addf(&writing->data, ",\"due_ms\":%lld}", (long long)due_ms(writing));
    return emit(writing, "call.waiting", err);
}

static bool emit_failed(struct writing *writing, enum call_state next, struct error *err)
{
    buf_add_byte(&writing->data, '{');
    call_add(writing);
    buf_addf(&writing->data, ",\"due_ms\":%lld,\"reason\":", (long long)due_ms(writing));
    reason_add(writing->ending, &writing->data);
    buf_addf(&writing->data, ",\"state\":\"%s\",\"status\":%d}", next == CALL_IN_DOUBT ? "in-doubt" : "prepared",
             writing->ending->attempt.status);
    return emit(writing, "call.failed", err);
}

enum dissolving { DISSOLVE_WHOLE, DISSOLVE_SPLIT, DISSOLVE_SPENT };

static bool emit_dissolved(struct writing *writing, enum dissolving how, struct error *err)
{
    static const char *const ENDS[] = {
        [DISSOLVE_WHOLE] = "}", [DISSOLVE_SPLIT] = ",\"split\":true}", [DISSOLVE_SPENT] = ",\"spent\":true}"};

    buf_add_byte(&writing->data, '{');
    call_add(writing);
    buf_addf(&writing->data, ",\"due_ms\":%lld,\"reason\":", (long long)due_ms(writing));
    reason_add(writing->ending, &writing->data);
    buf_add_text(&writing->data, ENDS[how]);
    return emit(writing, "call.dissolved", err);
}

/* The call stays what it is, to be tried again. */
static bool emit_unchanged(struct writing *writing, struct error *err)
{
    if (writing->call.state == CALL_RECEIVED)
        return emit_waiting(writing, err);
    return emit_failed(writing, writing->call.state, err);
}

static bool emit_paused(struct writing *writing, struct error *err)
{
    const struct destination *destination = writing->ending->destination;
    struct channel_status status;

    if (!outbox_status(writing->txn, destination->channel->channel, &status, err))
        return false;
    if (status.is_paused && !status.is_draining)
        return true;
    buf_addf(&writing->data, "{\"channel\":\"%s\",\"reason\":", destination->channel->name);
    reason_add(writing->ending, &writing->data);
    buf_add_byte(&writing->data, '}');
    return emit(writing, "channel.paused", err);
}

/* --- rows --- */

/* Is this row still open in the call? */
static bool is_open(struct writing *writing, uint64_t number)
{
    struct delivery delivery;
    struct error ignored;

    return outbox_find(writing->txn, number, &delivery, &ignored) &&
           (delivery.state == DELIVERY_SENDING || delivery.state == DELIVERY_IN_DOUBT ||
            delivery.state == DELIVERY_RECEIVED) &&
           memcmp(delivery.call, writing->call.id, sizeof delivery.call) == 0;
}

static bool outcomes_end(struct writing *writing, struct error *err)
{
    if (writing->data.bytes == 0)
        return true;
    buf_add_text(&writing->data, "]}");
    return emit(writing, "delivery.settled", err);
}

static bool outcome_add(struct writing *writing, uint64_t number, const struct adapter_outcome *outcome,
                        struct error *err)
{
    struct buf *data = &writing->data;

    if (data->bytes > OUTCOMES_BYTES_MAX && !outcomes_end(writing, err))
        return false;
    if (data->bytes == 0) {
        buf_add_byte(data, '{');
        call_add(writing);
        buf_add_text(data, ",\"outcomes\":[");
    } else {
        buf_add_byte(data, ',');
    }
    buf_add_text(data, "{\"code\":");
    json_string_add(data, span_of(outcome->code));
    buf_addf(data, ",\"delivery\":%llu,\"message\":", (unsigned long long)number);
    json_string_add(data, span_of(outcome->message));
    buf_addf(data, ",\"result\":\"%s\"}", outcome->kind == ADAPTER_ROW_TAKEN ? "acknowledged" : "refused");
    writing->call.open_rows--;
    writing->ending->has_refused |= outcome->kind == ADAPTER_ROW_REFUSED;
    return true;
}

static bool settle(struct writing *writing, struct error *err)
{
    const struct ending *ending = writing->ending;

    if (writing->call.state != CALL_RECEIVED && !emit_received(writing, err))
        return false;
    for (size_t i = 0; i < ending->result.outcome_count; i++) {
        const struct adapter_outcome *outcome = &ending->result.outcomes[i];

        if (outcome->kind == ADAPTER_ROW_OPEN || !is_open(writing, ending->shipment->numbers[i]))
            continue;
        if (!outcome_add(writing, ending->shipment->numbers[i], outcome, err))
            return false;
    }
    if (!outcomes_end(writing, err))
        return false;
    return writing->call.open_rows == 0 || emit_waiting(writing, err);
}

/* The call was refused whole: that is the row's own outcome. */
static bool refuse_row(struct writing *writing, struct error *err)
{
    const struct ending *ending = writing->ending;
    struct adapter_outcome outcome = {.kind = ADAPTER_ROW_REFUSED};

    memcpy(outcome.code, ending->result.code, sizeof outcome.code);
    if (!outcome.code[0])
        snprintf(outcome.code, sizeof outcome.code, "HTTP %d", ending->attempt.status);
    adapter_words_copy(span_of(ending->result.message[0] ? ending->result.message : ending->verdict.zh),
                       outcome.message, sizeof outcome.message);
    for (size_t i = 0; i < ending->shipment->count; i++) {
        if (is_open(writing, ending->shipment->numbers[i]) &&
            !outcome_add(writing, ending->shipment->numbers[i], &outcome, err))
            return false;
    }
    return outcomes_end(writing, err);
}

/* --- receipts --- */

static bool emit_part(struct writing *writing, const char *kind, const char *suffix, uint32_t part, uint32_t parts,
                      struct error *err)
{
    const struct buf *body = &writing->ending->body;
    size_t at = (size_t)(part - 1) * RECEIPT_PART_BYTES;
    size_t bytes = body->bytes - at < RECEIPT_PART_BYTES ? body->bytes - at : RECEIPT_PART_BYTES;

    buf_add_text(&writing->data, "{\"body\":\"");
    base64_add(&writing->data, bytes > 0 ? body->data + at : "", bytes);
    buf_add_text(&writing->data, "\",");
    call_add(writing);
    buf_addf(&writing->data, ",\"kind\":\"%s%s\",\"part\":%u,\"parts\":%u,\"status\":%d}", kind, suffix, part, parts,
             writing->ending->attempt.status);
    return emit(writing, "receipt.stored", err);
}

/* As received. What settles nothing is kept only so far, and says so. */
static bool keep_receipt(struct writing *writing, struct error *err)
{
    const struct ending *ending = writing->ending;
    const char *kind = ending->verdict.receipt;
    bool settles = ending->verdict.action == ACTION_RECEIVED || ending->verdict.action == ACTION_SETTLE;
    size_t bytes = ending->body.bytes;
    bool is_cut = !settles && bytes > KEPT_WHOLE_BYTES;
    uint32_t parts;

    if (!kind || ending->attempt.net == NET_OVERLONG ||
        (ending->verdict.action == ACTION_ASK_AGAIN && ending->attempt.streak > NONSENSE_KEPT))
        return true;
    bytes = is_cut ? (size_t)KEPT_WHOLE_BYTES : bytes;
    parts = bytes > 0 ? (uint32_t)((bytes + RECEIPT_PART_BYTES - 1) / RECEIPT_PART_BYTES) : 1;
    for (uint32_t part = 1; part <= parts; part++) {
        if (!emit_part(writing, kind, is_cut ? "-head" : "", part, parts, err))
            return false;
    }
    return true;
}

/* --- the verdict --- */

static bool act_settle(struct writing *writing, struct error *err)
{
    return settle(writing, err);
}

static bool act_wait(struct writing *writing, struct error *err)
{
    return writing->call.state == CALL_RECEIVED ? emit_waiting(writing, err) : emit_received(writing, err);
}

static bool act_resend(struct writing *writing, struct error *err)
{
    return emit_failed(writing, CALL_PREPARED, err);
}

static bool act_ask(struct writing *writing, struct error *err)
{
    return emit_failed(writing, CALL_IN_DOUBT, err);
}

static bool act_dissolve(struct writing *writing, struct error *err)
{
    return emit_dissolved(writing, DISSOLVE_WHOLE, err);
}

static bool act_split(struct writing *writing, struct error *err)
{
    return emit_dissolved(writing, DISSOLVE_SPLIT, err);
}

static bool act_pause(struct writing *writing, struct error *err)
{
    return emit_unchanged(writing, err) && emit_paused(writing, err);
}

static bool act_pause_doubt(struct writing *writing, struct error *err)
{
    return emit_failed(writing, CALL_IN_DOUBT, err) && emit_paused(writing, err);
}

static bool act_pause_dissolve(struct writing *writing, struct error *err)
{
    return emit_dissolved(writing, DISSOLVE_WHOLE, err) && emit_paused(writing, err);
}

static bool act_dissolve_spent(struct writing *writing, struct error *err)
{
    return emit_dissolved(writing, DISSOLVE_SPENT, err);
}

static bool act_pause_spent(struct writing *writing, struct error *err)
{
    return emit_dissolved(writing, DISSOLVE_SPENT, err) && emit_paused(writing, err);
}

/* Such an ending is not written down: the courier went on. */
static bool act_nothing(struct writing *writing, struct error *err)
{
    (void)writing, (void)err;
    return true;
}

static bool (*const ACTS[ACTION_COUNT])(struct writing *writing, struct error *err) = {
    [ACTION_RECEIVED] = emit_received,
    [ACTION_GO_ON] = act_nothing,
    [ACTION_SETTLE] = act_settle,
    [ACTION_WAIT] = act_wait,
    [ACTION_RESEND] = act_resend,
    [ACTION_ASK] = act_ask,
    [ACTION_ASK_AGAIN] = emit_unchanged,
    [ACTION_DISSOLVE] = act_dissolve,
    [ACTION_SPLIT] = act_split,
    [ACTION_REFUSE_ROW] = refuse_row,
    [ACTION_PAUSE] = act_pause,
    [ACTION_PAUSE_DOUBT] = act_pause_doubt,
    [ACTION_PAUSE_DISSOLVE] = act_pause_dissolve,
    [ACTION_PAUSE_SPENT] = act_pause_spent,
    [ACTION_DISSOLVE_SPENT] = act_dissolve_spent,
};

/* The states in which a step was taken. Whoever finds the call in another has been overtaken. */
static bool fits(const struct ending *ending, enum call_state state)
{
    switch (ending->attempt.step) {
    case ADAPTER_UPLOAD:
        return state == CALL_PREPARED;
    case ADAPTER_SECOND:
        return state == CALL_PREPARED || state == CALL_IN_DOUBT;
    case ADAPTER_DOUBT:
        return state == CALL_IN_DOUBT;
    default:
        return state == CALL_RECEIVED;
    }
}

static bool write_call(struct writing *writing, struct error *err)
{
    struct ending *ending = writing->ending;
    struct policy_attempt *attempt = &ending->attempt;

    if (!outbox_call(writing->txn, ending->shipment->call.id, &writing->call, err))
        return false;
    if (!fits(ending, writing->call.state))
        return true;
    attempt->attempts = writing->call.attempts;
    attempt->asks = writing->call.asks;
    attempt->rows = writing->call.open_rows;
    attempt->age_ms =
        writing->now_ms - (writing->call.state == CALL_RECEIVED ? writing->call.changed_ms : writing->call.prepared_ms);
    policy_decide(attempt, &ending->destination->pace, ending->dice, &ending->verdict);
    ending->is_judged = true;
    return keep_receipt(writing, err) && ACTS[ending->verdict.action](writing, err);
}

/* Without a call only a pause is written down. */
static bool write_trouble(struct writing *writing, struct error *err)
{
    struct ending *ending = writing->ending;

    policy_decide(&ending->attempt, &ending->destination->pace, ending->dice, &ending->verdict);
    ending->is_judged = true;
    return ending->verdict.action != ACTION_PAUSE || emit_paused(writing, err);
}

bool ending_write(struct ending *ending, struct store_txn *txn, struct ledger *ledger, int64_t now_ms,
                  struct error *err)
{
    struct writing writing = {.ending = ending, .txn = txn, .ledger = ledger, .now_ms = now_ms};
    bool is_good;

    ending->is_judged = false;
    is_good = ending->shipment ? write_call(&writing, err) : write_trouble(&writing, err);
    buf_done(&writing.data);
    return is_good;
}
