#include "gateway/jobs/journey_json.h"

#include "base/text.h"
#include "gateway/jobs/show_parts.h"
#include "gateway/outbox/stage.h"
#include "gateway/registry/records.h"

static void add_delivery(const struct delivery *delivery, struct refusals *refusals, struct buf *out)
{
    show_text(out, "{\"channel\":", span_of(CHANNEL_NAMES[delivery->channel]));
    json_count_add(out, ",\"delivery\":", delivery->number);
    show_text(out, ",\"state\":", span_of(DELIVERY_STATE_NAMES[delivery->state]));
    show_text(out, ",\"code\":", span_of(delivery->code));
    show_text(out, ",\"message\":", delivery->message);
    buf_add_text(out, ",\"refusal\":");
    show_refusal(delivery, refusals, out);
    buf_addf(out, ",\"attempts\":%u,\"changed_ms\":%lld}", delivery->attempts, (long long)delivery->changed_ms);
}

static void add_stage(struct store_txn *txn, enum channel channel, const struct record *record,
                      struct refusals *refusals, struct buf *out)
{
    struct delivery delivery;
    struct stage_held held;

    if (outbox_of_version(txn, channel, record->id, record->version, &delivery)) {
        add_delivery(&delivery, refusals, out);
        return;
    }
    if (stage_held_find(txn, channel, record->id, record->version, &held)) {
        show_held(channel, &held, refusals, out);
        return;
    }
    show_text(out, "{\"channel\":", span_of(CHANNEL_NAMES[channel]));
    buf_add_text(out, ",\"delivery\":null,\"state\":null,\"code\":null,\"message\":null,\"refusal\":null,"
                      "\"attempts\":0,\"changed_ms\":0}");
}

bool journey_json_add(struct store_txn *txn, struct span record, struct refusals *refusals, struct buf *out,
                      struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version newest;
    struct record_head head;

    if (!records_load_effective(txn, record, &newest, &hold, err) || !records_head(txn, record, 0, &head, err))
        return false;
    show_text(out, "{\"record\":", span_of(newest.record.id));
    buf_addf(out, ",\"version\":%u,\"op\":%u", newest.record.version, (unsigned)newest.record.op);
    show_text(out, ",\"name\":", newest.record.name);
    show_text(out, ",\"uscc\":", newest.record.uscc);
    json_count_add(out, ",\"proposal\":", head.proposal);
    buf_add_text(out, ",\"stages\":[");
    for (int i = 0; i < STAGE_COUNT; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        add_stage(txn, (enum channel)i, &newest.record, refusals, out);
    }
    buf_add_text(out, "]}");
    return store_txn_is_good(txn, err);
}
