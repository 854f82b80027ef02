/* What an upstream acknowledged and yet does not hold is told again: the same delivery, the same bytes.
 *
 * It takes its old place in the lane, before everything that was queued after it. That place must still be free: when
 * something later is on its way, or was refused and waits there for a person, order could not be kept. */
#include <string.h>

#include "base/text.h"
#include "gateway/outbox/apply.h"

struct repeated {
    int64_t number;
    int64_t version;
    struct span record;
    struct span found;
    struct span reason;
};

static bool repeated_read(struct applying *applying, struct repeated *out, struct delivery_entry *entry,
                          struct error *err)
{
    const struct field fields[] = {
        {"delivery", FIELD_NUMBER, false, &out->number}, {"found", FIELD_TEXT, false, &out->found},
        {"reason", FIELD_TEXT, false, &out->reason},     {"record", FIELD_TEXT, false, &out->record},
        {"version", FIELD_NUMBER, false, &out->version},
    };

    if (!fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err) ||
        !delivery_named(applying, out->number, entry, err))
        return false;
    if (!span_is(out->found, "missing") && !span_is(out->found, "older"))
        return fail(err, ERR_INVALID, "\"found\" is neither missing nor older");
    if (!span_is(out->record, entry->record) || out->version != (int64_t)entry->version)
        return fail(err, ERR_CONFLICT, "delivery %lld is of record %s version %u", (long long)out->number,
                    entry->record, entry->version);
    return true;
}

/* Give way at the head of the lane. */
static bool head_yield(struct applying *applying, uint64_t number, const struct delivery_entry *entry, bool *is_head,
                       struct error *err)
{
    struct delivery_entry head;
    uint64_t head_number;

    *is_head = true;
    if (!lane_head(applying->txn, (enum channel)entry->channel, entry->subject, &head_number))
        return true;
    if (head_number < number) {
        *is_head = false;
        return true;
    }
    if (!delivery_named(applying, (int64_t)head_number, &head, err))
        return false;
    if (head.state != DELIVERY_QUEUED)
        return fail(err, ERR_CONFLICT, "delivery %llu stands after it in its lane and is not waiting any more",
                    (unsigned long long)head_number);
    ready_delete(applying->txn, head_number, &head);
    return true;
}

bool apply_repeated(struct applying *applying, struct error *err)
{
    struct store_txn *txn = applying->txn;
    struct repeated repeated = {0};
    struct delivery_entry entry;
    struct table_key lane_key;
    enum delivery_state before;
    enum delivery_state next;
    uint64_t number;
    bool is_head;

    if (!repeated_read(applying, &repeated, &entry, err))
        return false;
    number = (uint64_t)repeated.number;
    before = (enum delivery_state)entry.state;
    if (!delivery_step(number, before, STEP_REPEATED, &next, err) ||
        !head_yield(applying, number, &entry, &is_head, err))
        return false;
    entry.state = (uint8_t)next;
    entry.changed_ms = applying->event->at_ms;
    entry.splits = 0;
    memset(entry.call, 0, sizeof entry.call);
    memset(entry.code, 0, sizeof entry.code);
    if (is_head)
        ready_put(txn, number, &entry, applying->event->at_ms);
    lane_key = key_lane((enum channel)entry.channel, entry.subject, number);
    store_put(txn, STORE_LANES, table_span(&lane_key), SPAN_NONE);
    delivery_save(txn, number, &entry, SPAN_NONE);
    open_put(txn, number, &entry);
    count_move(txn, (enum channel)entry.channel, (int)before, (int)next);
    return true;
}
