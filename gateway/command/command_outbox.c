/* command_outbox.c - the operator's hand on the outbox: refused deliveries, paused channels. */
#include <string.h>

#include "base/text.h"
#include "gateway/command/run.h"

static bool check_reason(const char *reason, struct error *err)
{
    struct span text = span_trim(span_of(reason));

    if (text.bytes > 0 && text.bytes <= RECORD_REASON_MAX && utf8_is_valid(text, NULL))
        return true;
    return refuse(err, ERR_REFUSED, "push.reason", "a reason of at most %d bytes is needed",
                  "必须写明理由（最多 %d 字节）", (int)RECORD_REASON_MAX);
}

struct requeuing {
    const uint64_t *deliveries;
    struct span reason;
    struct buf data;
};

static bool check_refused(struct store_txn *txn, uint64_t number, struct delivery *delivery, struct error *err)
{
    struct error why = {.code = ERR_NONE};

    if (!outbox_find(txn, number, delivery, &why)) {
        if (why.code == ERR_NOT_FOUND)
            return refuse(err, ERR_NOT_FOUND, "delivery.unknown", "there is no delivery %llu", "没有编号为 %llu 的报送",
                          (unsigned long long)number);
        if (err)
            *err = why;
        return false;
    }
    if (delivery->state == DELIVERY_REFUSED)
        return true;
    return refuse(err, ERR_REFUSED, "delivery.not-refused",
                  "delivery %llu is %s, not refused: there is nothing to do for a person",
                  "报送 %llu 的状态为 %s，未被拒绝：无需人工处理", (unsigned long long)number,
                  DELIVERY_STATE_NAMES[delivery->state]);
}

static bool requeue_one(struct run *run, struct ledger *ledger, size_t index, struct run_item *item, struct error *err)
{
    struct requeuing *requeuing = run->context;
    uint64_t number = requeuing->deliveries[index];
    struct buf *data = &requeuing->data;
    struct delivery delivery = {.version = 0};
    struct error why = {.code = ERR_NONE};
    bool is_refused = check_refused(run->txn, number, &delivery, &why);

    memcpy(item->record, delivery.record, sizeof item->record);
    item->version = delivery.version;
    if (earlier_find(run->earlier, EARLIER_REQUEUED, NULL, 0, number))
        return true;
    if (!is_refused)
        return run_refuse(item, &why, err);
    buf_clear(data);
    json_count_add(data, "{\"delivery\":", number);
    buf_add_text(data, ",\"reason\":");
    json_string_add(data, requeuing->reason);
    buf_addf(data, ",\"record\":\"%s\",\"version\":%u}", delivery.record, delivery.version);
    return ledger_emit(ledger, run->desk->person, "delivery.requeued", buf_span(data), NULL, err);
}

bool command_requeue(const struct desk *desk, const uint64_t *deliveries, size_t count, const char *reason,
                     command_report *report, void *context, struct tally *tally, struct error *err)
{
    struct requeuing requeuing = {.deliveries = deliveries, .reason = span_trim(span_of(reason))};
    AUTO(run_done)
    struct run run = {.desk = desk,
                      .count = count,
                      .one = requeue_one,
                      .context = &requeuing,
                      .report = report,
                      .report_context = context,
                      .tally = tally};
    bool is_good = check_reason(reason, err) && run_all(&run, err);

    buf_done(&requeuing.data);
    return is_good;
}

static bool read_name(const struct desk *desk, enum channel channel, char name[CHANNEL_NAME_BYTES], struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    if (!store_begin(desk->store, STORE_READ, &txn, err))
        return false;
    channel_name(txn, channel, name);
    return store_txn_is_good(txn, err);
}

static bool pause_channel(const struct desk *desk, enum channel channel, bool drains, const char *reason,
                          struct error *err)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    char name[CHANNEL_NAME_BYTES];

    if (!check_reason(reason, err) || !read_name(desk, channel, name, err))
        return false;
    buf_addf(&data, "{\"channel\":\"%s\",%s\"reason\":", name, drains ? "\"drains\":true," : "");
    json_string_add(&data, span_trim(span_of(reason)));
    buf_add_byte(&data, '}');
    return run_event(desk, EARLIER_PAUSED, "channel.paused", buf_span(&data), err);
}

bool command_pause(const struct desk *desk, enum channel channel, const char *reason, struct error *err)
{
    return pause_channel(desk, channel, false, reason, err);
}

bool command_drain(const struct desk *desk, enum channel channel, const char *reason, struct error *err)
{
    return pause_channel(desk, channel, true, reason, err);
}

bool command_resume(const struct desk *desk, enum channel channel, struct error *err)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    char name[CHANNEL_NAME_BYTES];

    if (!read_name(desk, channel, name, err))
        return false;
    buf_addf(&data, "{\"channel\":\"%s\"}", name);
    return run_event(desk, EARLIER_RESUMED, "channel.resumed", buf_span(&data), err);
}
