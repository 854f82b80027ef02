/* command_repeat.c - what a channel acknowledged and does not hold is told again. */
#include <string.h>

#include "base/text.h"
#include "gateway/command/run.h"
#include "gateway/outbox/belief.h"

struct repeating {
    const struct repeat_request *request;
    struct span reason;
    struct buf data;
};

static bool check_reason(struct span reason, struct error *err)
{
    if (reason.bytes > 0 && reason.bytes <= RECORD_REASON_MAX && utf8_is_valid(reason, NULL))
        return true;
    return refuse(err, ERR_REFUSED, "push.reason", "a reason of at most %d bytes is needed",
                  "必须写明理由（最多 %d 字节）", (int)RECORD_REASON_MAX);
}

/* Is it still as it was found? */
static bool check_found(const struct run *run, const struct repeat_item *wanted, struct error *err)
{
    const struct repeating *repeating = run->context;
    struct belief belief;

    if (belief_of(run->txn, repeating->request->channel, wanted->record, &belief) && !belief.is_open &&
        belief.version == wanted->version)
        return true;
    return store_txn_is_good(run->txn, err) &&
           refuse(err, ERR_CONFLICT, "reconcile.changed", "%s has changed since it was compared: reconcile again",
                  "%s 在比对之后又有变化：请重新对账", wanted->record);
}

static bool emit_repeated(struct run *run, struct ledger *ledger, const struct delivery *delivery, uint32_t held,
                          struct error *err)
{
    struct repeating *repeating = run->context;
    struct buf *data = &repeating->data;

    buf_clear(data);
    json_count_add(data, "{\"delivery\":", delivery->number);
    json_count_add(data, ",\"held\":", held);
    buf_add_text(data, ",\"reason\":");
    json_string_add(data, repeating->reason);
    buf_addf(data, ",\"record\":\"%s\",\"version\":%u}", delivery->record, delivery->version);
    return ledger_emit(ledger, run->desk->person, "delivery.repeated", buf_span(data), NULL, err);
}

/* The oldest version that goes again. When there is room for it, there is for those behind it. */
static bool first_of(const struct run *run, const struct repeat_item *wanted, uint32_t *first, struct error *err)
{
    const struct repeating *repeating = run->context;
    struct delivery delivery;

    for (uint32_t version = wanted->held + 1; version <= wanted->version; version++) {
        if (!outbox_of_version(run->txn, repeating->request->channel, wanted->record, version, &delivery) ||
            delivery.state != DELIVERY_ACKNOWLEDGED)
            continue;
        *first = version;
        if (outbox_can_repeat(run->txn, delivery.number))
            return true;
        return refuse(err, ERR_CONFLICT, "reconcile.lane",
                      "%s: something later of the same enterprise is on its way: reconcile again when it is settled",
                      "%s：同一企业其后的报送正在途中：办结后重新对账", wanted->record);
    }
    return store_txn_is_good(run->txn, err) &&
           fail(err, ERR_CORRUPT, "record %s has no acknowledged version above %u", wanted->record, wanted->held);
}

static bool emit_requeued(struct run *run, struct ledger *ledger, const struct delivery *delivery, struct error *err)
{
    struct repeating *repeating = run->context;
    struct buf *data = &repeating->data;

    buf_clear(data);
    json_count_add(data, "{\"delivery\":", delivery->number);
    buf_add_text(data, ",\"reason\":");
    json_string_add(data, repeating->reason);
    buf_addf(data, ",\"record\":\"%s\",\"version\":%u}", delivery->record, delivery->version);
    return ledger_emit(ledger, run->desk->person, "delivery.requeued", buf_span(data), NULL, err);
}

/* They would not end what they did not hold. What is over is not told again without its end behind it. */
static bool repeat_end(struct run *run, struct ledger *ledger, const struct repeat_item *wanted, struct error *err)
{
    const struct repeating *repeating = run->context;
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version newest;
    struct delivery delivery;

    if (!record_id_is_valid(span_of(wanted->record)))
        return true; /* a feedback ends nothing */
    if (!records_load(run->txn, span_of(wanted->record), 0, &newest, &hold, err))
        return false;
    if (newest.state != RECORD_EFFECTIVE || !record_op_ends(newest.record.op) ||
        !outbox_of_version(run->txn, repeating->request->channel, wanted->record, newest.record.version, &delivery) ||
        delivery.state != DELIVERY_REFUSED)
        return store_txn_is_good(run->txn, err);
    return emit_requeued(run, ledger, &delivery, err);
}

static bool repeat_one(struct run *run, struct ledger *ledger, size_t index, struct run_item *item, struct error *err)
{
    const struct repeating *repeating = run->context;
    const struct repeat_item *wanted = &repeating->request->items[index];
    struct error why = {.code = ERR_NONE};
    uint32_t first = 0;

    memcpy(item->record, wanted->record, sizeof item->record);
    item->version = wanted->version;
    if (earlier_find(run->earlier, EARLIER_REPEATED, wanted->record, strlen(wanted->record), wanted->version))
        return true;
    if (!check_found(run, wanted, &why) || !first_of(run, wanted, &first, &why))
        return run_refuse(item, &why, err);
    for (uint32_t version = first; version <= wanted->version; version++) {
        struct delivery delivery;

        if (outbox_of_version(run->txn, repeating->request->channel, wanted->record, version, &delivery) &&
            delivery.state == DELIVERY_ACKNOWLEDGED && !emit_repeated(run, ledger, &delivery, wanted->held, err))
            return false;
    }
    return store_txn_is_good(run->txn, err) && repeat_end(run, ledger, wanted, err);
}

bool command_repeat(const struct desk *desk, const struct repeat_request *request, command_report *report,
                    void *context, struct tally *tally, struct error *err)
{
    struct repeating repeating = {.request = request, .reason = span_trim(span_of(request->reason))};
    AUTO(run_done)
    struct run run = {.desk = desk,
                      .count = request->count,
                      .one = repeat_one,
                      .context = &repeating,
                      .report = report,
                      .report_context = context,
                      .tally = tally};
    bool is_good = check_reason(repeating.reason, err) && run_all(&run, err);

    buf_done(&repeating.data);
    return is_good;
}
