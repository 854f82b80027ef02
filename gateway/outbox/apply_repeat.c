/* What an upstream acknowledged and yet does not hold is told again: the same delivery, the same bytes.
 *
 * It takes its old place in the lane, before everything that was queued after it. That place must still be free: when
 * something later is on its way, order could not be kept. What was refused was not taken, perhaps for want of this one
 * (they will not end what they do not hold): it goes on waiting for a person behind it. */
#include <string.h>

#include "base/text.h"
#include "gateway/outbox/apply.h"

struct repeated {
    int64_t number;
    int64_t version;
    struct span record;
    int64_t held;
    struct span reason;
};

static bool repeated_read(struct applying *applying, struct repeated *out, struct delivery_entry *entry,
                          struct error *err)
{
    const struct field fields[] = {
        {"delivery", FIELD_NUMBER, false, &out->number}, {"held", FIELD_NUMBER, false, &out->held},
        {"reason", FIELD_TEXT, false, &out->reason},     {"record", FIELD_TEXT, false, &out->record},
        {"version", FIELD_NUMBER, false, &out->version},
    };

    if (!fields_read(applying->event->data, fields, COUNT_OF(fields), &applying->hold, err) ||
        !delivery_named(applying, out->number, entry, err))
        return false;
    if (!span_is(out->record, entry->record) || out->version != (int64_t)entry->version)
        return fail(err, ERR_CONFLICT, "delivery %lld is of record %s version %u", (long long)out->number,
                    entry->record, entry->version);
    if (out->held >= out->version)
        return fail(err, ERR_INVALID, "what is held already need not be told again");
    return true;
}

/* May it stand where it stood? `*head` is what gives way to it then; UINT64_MAX: nothing does. `*is_head`: it becomes
 * the head of its lane. */
static bool place_is_free(struct store_txn *txn, uint64_t number, const struct delivery_entry *entry, uint64_t *head,
                          bool *is_head)
{
    struct delivery_entry other;

    *is_head = true;
    if (!lane_head(txn, (enum channel)entry->channel, entry->subject, head)) {
        *head = UINT64_MAX;
        return true;
    }
    *is_head = *head > number;
    if (!*is_head)
        *head = UINT64_MAX;
    return !*is_head || (delivery_load(txn, *head, &other, NULL) &&
                         (other.state == DELIVERY_QUEUED || other.state == DELIVERY_REFUSED));
}

bool outbox_can_repeat(struct store_txn *txn, uint64_t number)
{
    struct delivery_entry entry;
    uint64_t head;
    bool is_head;

    return delivery_load(txn, number, &entry, NULL) && entry.state == DELIVERY_ACKNOWLEDGED &&
           place_is_free(txn, number, &entry, &head, &is_head);
}

static void ready_yield(struct store_txn *txn, uint64_t head)
{
    struct delivery_entry entry;

    if (head != UINT64_MAX && delivery_load(txn, head, &entry, NULL) && entry.state == DELIVERY_QUEUED)
        ready_delete(txn, head, &entry);
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
    uint64_t head;
    bool is_head;

    if (!repeated_read(applying, &repeated, &entry, err))
        return false;
    number = (uint64_t)repeated.number;
    before = (enum delivery_state)entry.state;
    if (!delivery_step(number, before, STEP_REPEATED, &next, err))
        return false;
    if (!place_is_free(txn, number, &entry, &head, &is_head))
        return fail(err, ERR_CONFLICT, "delivery %llu stands after it in its lane and is not waiting any more",
                    (unsigned long long)head);
    ready_yield(txn, head);
    entry.state = (uint8_t)next;
    entry.changed_ms = applying->event->at_ms;
    entry.splits = 0;
    call_leave(txn, number, &entry);
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
