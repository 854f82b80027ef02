#include "gateway/jobs/show_parts.h"

#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "gateway/registry/records.h"

void show_text(struct buf *out, const char *before, struct span text)
{
    buf_add_text(out, before);
    if (text.bytes == 0)
        buf_add_text(out, "null");
    else
        json_string_add(out, text);
}

void show_instant(struct buf *out, const char *before, int64_t at_ms)
{
    char text[INSTANT_TEXT_BYTES];

    show_text(out, before, at_ms == 0 ? SPAN_NONE : span_of(instant_format(at_ms, text)));
}

void show_raw(struct buf *out, const char *before, struct span json)
{
    buf_add_text(out, before);
    if (json.bytes == 0)
        buf_add_text(out, "null");
    else
        buf_add_span(out, json);
}

void show_number(struct buf *out, const char *name, int64_t number)
{
    buf_addf(out, "\"%s\":%lld", name, (long long)number);
}

/* --- receipts --- */

/* An answer that was stored in parts is one receipt again. */
struct receipts {
    struct store_txn *txn;
    const uint8_t *call;
    struct error *err;
    bool has_failed;
    struct buf *out;
    struct buf body;
    size_t bytes;
};

static void add_body(struct receipts *receipts)
{
    struct span body = buf_span(&receipts->body);
    struct buf *out = receipts->out;

    if (utf8_is_valid(body, NULL)) {
        buf_add_text(out, ",\"encoding\":\"utf-8\",\"body\":");
        json_string_add(out, body);
        return;
    }
    buf_add_text(out, ",\"encoding\":\"base64\",\"body\":\"");
    base64_add(out, body.at, body.bytes);
    buf_add_byte(out, '"');
}

static bool visit_receipt(const struct receipt *receipt, void *context)
{
    struct receipts *receipts = context;
    struct buf *out = receipts->out;
    struct span part = receipt->body;

    if (receipt->part == 1) {
        buf_clear(&receipts->body);
        receipts->bytes = 0;
    }
    receipts->bytes += part.bytes;
    if (part.bytes > SHOW_RECEIPT_BODY_MAX - receipts->body.bytes)
        part.bytes = SHOW_RECEIPT_BODY_MAX - receipts->body.bytes;
    buf_add_span(&receipts->body, part);
    if (receipt->part < receipt->parts)
        return true;
    /* Where we cut a text ourselves, we cut between characters. */
    if (receipts->bytes > SHOW_RECEIPT_BODY_MAX)
        receipts->body.bytes = utf8_cut(buf_span(&receipts->body), SHOW_RECEIPT_BODY_MAX - 1).bytes;
    buf_add_text(out, out->data[out->bytes - 1] == '[' ? "{" : ",{");
    buf_add_text(out, "\"call\":\"");
    hex_add(out, receipts->call, 16);
    show_text(out, "\",\"kind\":", receipt->kind);
    show_instant(out, ",\"at\":", receipt->at_ms);
    buf_add_byte(out, ',');
    show_number(out, "status", receipt->status);
    buf_add_byte(out, ',');
    show_number(out, "sequence", (int64_t)receipt->sequence);
    buf_add_byte(out, ',');
    show_number(out, "bytes", (int64_t)receipts->bytes);
    add_body(receipts);
    buf_add_byte(out, '}');
    return out->bytes <= SHOW_JSON_BYTES_MAX;
}

static bool add_receipts_of(const uint8_t call[16], void *context)
{
    struct receipts *receipts = context;

    receipts->call = call;
    receipts->has_failed = !outbox_receipts(receipts->txn, call, visit_receipt, receipts, receipts->err);
    return !receipts->has_failed;
}

/* Of all calls that it rode in, the present one last. */
static bool add_receipts(struct store_txn *txn, const struct delivery *delivery, struct buf *out, struct error *err)
{
    struct receipts receipts = {.txn = txn, .err = err, .out = out, .body = BUF_INIT};
    bool is_good;

    buf_add_text(out, ",\"receipts\":[");
    is_good = outbox_past_calls(txn, delivery->number, add_receipts_of, &receipts, err) && !receipts.has_failed &&
              add_receipts_of(delivery->call, &receipts);
    buf_done(&receipts.body);
    buf_add_text(out, "]}");
    return is_good;
}

static void add_call(const struct delivery *delivery, struct buf *out)
{
    static const uint8_t NONE[16] = {0};

    buf_add_text(out, ",\"call\":");
    if (memcmp(delivery->call, NONE, sizeof NONE) == 0) {
        buf_add_text(out, "null");
        return;
    }
    buf_add_byte(out, '"');
    hex_add(out, delivery->call, sizeof delivery->call);
    buf_add_byte(out, '"');
}

static void refusal_json(const struct refusal *refusal, struct buf *out)
{
    buf_addf(out, "{\"known\":%s", refusal->is_known ? "true" : "false");
    show_text(out, ",\"why\":", span_of(refusal->reason_en));
    show_text(out, ",\"why_zh\":", span_of(refusal->reason_zh));
    show_text(out, ",\"advice\":", span_of(refusal->correct_en));
    show_text(out, ",\"advice_zh\":", span_of(refusal->correct_zh));
    show_text(out, ",\"requeue\":", span_of(refusal->requeue_en));
    show_text(out, ",\"requeue_zh\":", span_of(refusal->requeue_zh));
    buf_add_text(out, ",\"fields\":");
    refusal_fields_json(refusal, out);
    buf_add_byte(out, '}');
}

void show_refusal(const struct delivery *delivery, struct refusals *refusals, struct buf *out)
{
    struct refusal refusal;

    if (delivery->state != DELIVERY_REFUSED) {
        buf_add_text(out, "null");
        return;
    }
    refusals_explain(refusals, delivery, &refusal);
    refusal_json(&refusal, out);
}

void show_held(enum channel channel, const struct stage_held *held, struct refusals *refusals, struct buf *out)
{
    struct refusal refusal;

    refusals_explain_held(refusals, channel, held, &refusal);
    show_text(out, "{\"channel\":", span_of(CHANNEL_NAMES[channel]));
    buf_add_text(out, ",\"delivery\":null,\"state\":\"held\",\"call\":null,\"attempts\":0");
    show_text(out, ",\"code\":", held->code);
    show_text(out, ",\"message\":", held->message);
    buf_add_text(out, ",\"refusal\":");
    refusal_json(&refusal, out);
    buf_addf(out, ",\"queued_ms\":0,\"changed_ms\":%lld,\"receipts\":[]}", (long long)held->since_ms);
}

bool show_delivery(struct store_txn *txn, const struct delivery *delivery, struct refusals *refusals, struct buf *out,
                   struct error *err)
{
    char channel[CHANNEL_NAME_BYTES];

    show_text(out, "{\"channel\":", span_of(channel_name(txn, delivery->channel, channel)));
    buf_add_byte(out, ',');
    show_number(out, "delivery", (int64_t)delivery->number);
    show_text(out, ",\"state\":", span_of(DELIVERY_STATE_NAMES[delivery->state]));
    add_call(delivery, out);
    buf_add_byte(out, ',');
    show_number(out, "attempts", delivery->attempts);
    show_text(out, ",\"code\":", span_of(delivery->code));
    show_text(out, ",\"message\":", delivery->message);
    buf_add_text(out, ",\"refusal\":");
    show_refusal(delivery, refusals, out);
    buf_add_byte(out, ',');
    show_number(out, "queued_ms", delivery->queued_ms);
    buf_add_byte(out, ',');
    show_number(out, "changed_ms", delivery->changed_ms);
    return add_receipts(txn, delivery, out, err);
}

/* --- an enterprise --- */

struct subject_telling {
    struct store_txn *txn;
    struct buf *out;
    bool has_failed;
    struct error *err;
};

static void add_record_line(const struct record_version *version, struct buf *out)
{
    char day[DAY_TEXT_BYTES];

    show_text(out, "{\"record\":", span_of(version->record.id));
    buf_add_byte(out, ',');
    show_number(out, "version", version->record.version);
    show_text(out, ",\"state\":", span_of(RECORD_STATE_SLUGS[version->state]));
    show_text(out, ",\"op\":", span_of(OP_SLUGS[version->record.op]));
    show_text(out, ",\"document\":", version->record.document);
    show_text(out, ",\"decided_on\":", span_of(day_format(version->record.decided_on, day)));
    buf_add_byte(out, '}');
}

/* The newest version of every record of an obligation, oldest record first. */
static bool add_records_of(struct subject_telling *telling, const uint8_t obligation[OBLIGATION_ID_BYTES])
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version version;
    char id[RECORD_ID_BYTES];
    uint32_t newest;

    if (!records_of_obligation(telling->txn, obligation, id, &newest))
        return store_txn_is_good(telling->txn, telling->err);
    for (uint32_t i = 0; i <= newest; i++) {
        record_id(obligation, i, id);
        if (!records_load(telling->txn, span_of(id), 0, &version, &hold, telling->err))
            return false;
        if (i > 0)
            buf_add_byte(telling->out, ',');
        add_record_line(&version, telling->out);
    }
    return true;
}

static bool visit_obligation(const struct obligation_version *version, void *context)
{
    struct subject_telling *telling = context;
    struct buf *out = telling->out;
    char id[33], day[DAY_TEXT_BYTES];

    obligation_id_text(version->id, id);
    buf_add_text(out, out->data[out->bytes - 1] == '[' ? "{" : ",{");
    show_text(out, "\"obligation\":", span_of(id));
    buf_add_byte(out, ',');
    show_number(out, "version", version->version);
    show_text(out, ",\"state\":", span_of(STATE_SLUGS[version->state]));
    show_text(out, ",\"ground\":", span_of(GROUND_SLUGS[version->ground]));
    show_text(out, ",\"deadline\":", span_of(day_format(version->deadline, day)));
    show_text(out, ",\"due\":", span_of(day_format(obligations_due(version), day)));
    show_text(out, ",\"exit_date\":", span_of(day_format(version->exit_date, day)));
    buf_add_text(out, ",\"records\":[");
    telling->has_failed = !add_records_of(telling, version->id);
    buf_add_text(out, "]}");
    if (!telling->has_failed && out->bytes > SHOW_JSON_BYTES_MAX)
        telling->has_failed = !fail(telling->err, ERR_LIMIT, "too many obligations to show");
    return !telling->has_failed;
}

bool show_subject(struct store_txn *txn, const struct subject *subject, struct buf *out, struct error *err)
{
    struct subject_telling telling = {txn, out, false, err};
    struct span code = {subject->code, SUBJECT_CODE_BYTES};

    show_text(out, "{\"uscc\":", code);
    show_text(out, ",\"name\":", subject->name);
    buf_add_text(out, ",\"obligations\":[");
    if (!obligations_of_subject(txn, code, visit_obligation, &telling, err) || telling.has_failed)
        return false;
    buf_add_text(out, "]}");
    return store_txn_is_good(txn, err);
}
