#include "gateway/command/supersede.h"

#include <stdlib.h>

#include "base/text.h"
#include "gateway/command/run.h"

/* The deliveries of a record to one channel, the oldest version first, and what they come to. */
struct standing_there {
    struct delivery *all; /* their borrowed texts are not used */
    size_t count;
    size_t refused;
    bool has_taken;     /* it, or a channel behind it that learns of the end only through it */
    bool has_under_way; /* in a call: its outcome is open */
    bool has_queued;
};

static bool is_in_a_call(enum delivery_state state)
{
    return state == DELIVERY_SENDING || state == DELIVERY_IN_DOUBT || state == DELIVERY_RECEIVED;
}

/* Does a channel behind this one hold that version, or may it? Then this one has acknowledged it, whatever it is now:
 * what it lost since and is to be told again waits like something new. */
static bool is_held_later(struct store_txn *txn, const struct delivery *delivery)
{
    struct delivery there;

    for (int later = (int)delivery->channel + 1; later < STAGE_COUNT; later++) {
        if (outbox_of_version(txn, (enum channel)later, delivery->record, delivery->version, &there) &&
            (there.state == DELIVERY_ACKNOWLEDGED || is_in_a_call(there.state)))
            return true;
    }
    return false;
}

/* Versions below `below`; some may never have been queued here. */
static bool look(struct store_txn *txn, enum channel channel, const char *record, uint32_t below,
                 struct standing_there *out, struct error *err)
{
    struct delivery delivery;
    size_t capacity = 0;

    for (uint32_t version = 1; version < below; version++) {
        if (!outbox_of_version(txn, channel, record, version, &delivery))
            continue;
        if (out->count == capacity) {
            capacity = capacity ? 2 * capacity : 8;
            out->all = memory_resize(out->all, capacity * sizeof *out->all);
        }
        out->all[out->count++] = delivery;
        out->refused += delivery.state == DELIVERY_REFUSED;
        out->has_taken = out->has_taken || delivery.state == DELIVERY_ACKNOWLEDGED || is_held_later(txn, &delivery);
        out->has_queued = out->has_queued || delivery.state == DELIVERY_QUEUED;
        out->has_under_way = out->has_under_way || is_in_a_call(delivery.state);
    }
    return store_txn_is_good(txn, err);
}

/* The newest effective version's number. */
static bool newest_of(struct store_txn *txn, const char *record, uint32_t *version, struct error *err)
{
    struct record_head newest;

    if (!records_head(txn, span_of(record), 0, &newest, err))
        return false;
    /* Only the newest may not be effective. */
    *version = newest.state == RECORD_EFFECTIVE ? newest.version : newest.version - 1;
    return *version > 0 || fail(err, ERR_NOT_FOUND, "%s has no effective version", record);
}

static bool op_of(struct store_txn *txn, const char *record, uint32_t version, enum record_op *op, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version loaded;

    if (!records_load(txn, span_of(record), version, &loaded, &hold, err))
        return false;
    *op = loaded.record.op;
    return true;
}

static bool is_mark(enum record_op op)
{
    return op == OP_DISPUTED || op == OP_DISPUTE_OVER;
}

static bool emit(const struct superseding *at, const struct delivery *delivery, uint32_t by_version, struct error *err)
{
    AUTO(buf_done) struct buf data = BUF_INIT;

    json_count_add(&data, "{\"by_version\":", by_version);
    json_count_add(&data, ",\"delivery\":", delivery->number);
    buf_addf(&data, ",\"record\":\"%s\",\"version\":%u}", delivery->record, delivery->version);
    return ledger_emit(at->ledger, at->person, "delivery.superseded", buf_span(&data), NULL, err);
}

/* All that are in that state, from version `from` on. What waits to be told again is not unsent: without it they would
 * refuse the end of what they do not hold, and nobody behind them would hear of it. */
static bool emit_all(const struct superseding *at, const struct standing_there *there, enum delivery_state state,
                     uint32_t from, uint32_t by_version, struct error *err)
{
    for (size_t i = 0; i < there->count; i++) {
        const struct delivery *delivery = &there->all[i];

        if (delivery->state != state || delivery->version < from ||
            (state == DELIVERY_QUEUED && is_held_later(at->txn, delivery)))
            continue;
        if (!emit(at, delivery, by_version, err))
            return false;
    }
    return true;
}

/* --- what was not sent yet --- */

bool supersede_later(struct store_txn *txn, const char *record, uint32_t version, uint32_t *by, struct error *err)
{
    bool is_marked = false;
    uint32_t newest;
    enum record_op op;

    *by = 0;
    if (!newest_of(txn, record, &newest, err))
        return false;
    if (newest == version)
        return true;
    if (!op_of(txn, record, version, &op, err))
        return false;
    /* Nothing puts a mark right; it ends with the record. */
    is_marked = is_mark(op);
    for (uint32_t later = version + 1; later <= newest && *by == 0; later++) {
        if (!op_of(txn, record, later, &op, err))
            return false;
        is_marked = is_marked || is_mark(op);
        if (record_op_ends(op) || (op == OP_CHANGED && !is_marked))
            *by = later;
    }
    return true;
}

/* The oldest version that `record` supersedes when it was not sent: all for an ending, down to a mark for a correction;
 * its own when none. */
static bool supersedes_from(struct store_txn *txn, const struct record *record, uint32_t *from, struct error *err)
{
    enum record_op op = OP_NEW;

    *from = record->version;
    if (record_op_ends(record->op))
        *from = 1;
    if (record->op != OP_CHANGED)
        return true;
    while (*from > 1) {
        if (!op_of(txn, record->id, *from - 1, &op, err))
            return false;
        if (is_mark(op))
            break;
        (*from)--;
    }
    return true;
}

static bool supersede_unsent_at(const struct superseding *at, enum channel channel, const struct record *record,
                                struct error *err)
{
    struct standing_there there = {.all = NULL};
    bool is_good = look(at->txn, channel, record->id, record->version, &there, err);
    uint32_t from;

    if (is_good && there.has_queued)
        is_good = supersedes_from(at->txn, record, &from, err) &&
                  emit_all(at, &there, DELIVERY_QUEUED, from, record->version, err);
    free(there.all);
    return is_good;
}

bool supersede_unsent(const struct superseding *at, const struct record *record, struct error *err)
{
    if (record->op != OP_CHANGED && !record_op_ends(record->op))
        return true;
    for (int channel = 0; channel < STAGE_COUNT; channel++) {
        if (!supersede_unsent_at(at, (enum channel)channel, record, err))
            return false;
    }
    return true;
}

/* --- what was refused --- */

bool supersede_by_new(const struct superseding *at, enum channel channel, const struct record *record,
                      bool *is_needless, struct error *err)
{
    struct standing_there there = {.all = NULL};
    bool ends = record_op_ends(record->op);
    bool is_good;

    *is_needless = false;
    if (record->op != OP_CHANGED && !ends)
        return true;
    is_good = supersede_unsent_at(at, channel, record, err) &&
              look(at->txn, channel, record->id, record->version, &there, err);
    if (is_good && there.refused > 0 && !there.has_queued && !there.has_under_way)
        is_good = emit_all(at, &there, DELIVERY_REFUSED, 1, record->version, err);
    *is_needless = ends && !there.has_taken && !there.has_queued && !there.has_under_way;
    free(there.all);
    return is_good;
}

/* --- the other way round: it was queued first, and refused then --- */

/* The first version behind the refused one that can take its place; 0: none. */
static bool find_successor(struct run *run, const struct delivery *refused, const struct standing_there *there,
                           uint32_t *successor, struct error *err)
{
    enum record_op op;

    *successor = 0;
    for (size_t i = 0; i < there->count && *successor == 0; i++) {
        const struct delivery *other = &there->all[i];

        if (other->version <= refused->version || other->state != DELIVERY_QUEUED)
            continue;
        if (!op_of(run->txn, refused->record, other->version, &op, err))
            return false;
        if (op == OP_CHANGED || (record_op_ends(op) && there->has_taken))
            *successor = other->version;
    }
    return true;
}

/* Is the record over, and was that on its way to somebody who never took it? */
static bool is_over_untaken(struct run *run, const struct delivery *refused, const struct standing_there *there,
                            bool *out, struct error *err)
{
    uint32_t last = there->all[there->count - 1].version;
    enum record_op op;

    if (!op_of(run->txn, refused->record, last, &op, err))
        return false;
    *out = record_op_ends(op) && !there->has_taken;
    return true;
}

static bool decide(struct run *run, struct ledger *ledger, const struct delivery *refused,
                   const struct standing_there *there, struct error *err)
{
    const struct superseding at = {run->txn, ledger, run->desk->person};
    uint32_t last = there->all[there->count - 1].version;
    uint32_t successor;
    bool is_needless;

    if (!find_successor(run, refused, there, &successor, err))
        return false;
    if (successor > 0)
        return emit(&at, refused, successor, err);
    if (!is_over_untaken(run, refused, there, &is_needless, err))
        return false;
    return !is_needless || (emit_all(&at, there, DELIVERY_REFUSED, 1, last, err) &&
                            emit_all(&at, there, DELIVERY_QUEUED, 1, last, err));
}

struct closing {
    uint64_t *numbers;
    size_t count;
    size_t capacity;
};

static bool gather(const struct delivery *delivery, void *context)
{
    struct closing *closing = context;

    if (closing->count == closing->capacity) {
        closing->capacity = closing->capacity ? 2 * closing->capacity : 64;
        closing->numbers = memory_resize(closing->numbers, closing->capacity * sizeof *closing->numbers);
    }
    closing->numbers[closing->count++] = delivery->number;
    return true;
}

/* Refused deliveries are few, if any; lanes may be many. */
static bool gather_all(const struct desk *desk, enum channel channel, struct closing *closing, struct error *err)
{
    struct store_txn *txn = NULL;
    struct channel_status status;
    bool is_good;

    if (!run_read(desk, &txn, err))
        return false;
    is_good = outbox_status(txn, channel, &status, err) &&
              (status.count[DELIVERY_REFUSED] == 0 || outbox_refused(txn, channel, gather, closing, err));
    run_read_end(desk, txn);
    return is_good;
}

static bool close_one(struct run *run, struct ledger *ledger, size_t index, struct run_item *item, struct error *err)
{
    const struct closing *closing = run->context;
    struct standing_there there = {.all = NULL};
    struct delivery refused;
    uint32_t newest;
    bool is_good;

    item->result = RUN_SKIPPED;
    if (!outbox_find(run->txn, closing->numbers[index], &refused, err))
        return false;
    if (refused.state != DELIVERY_REFUSED)
        return true;
    if (!newest_of(run->txn, refused.record, &newest, err))
        return false;
    is_good = look(run->txn, refused.channel, refused.record, newest + 1, &there, err);
    if (is_good && !there.has_under_way && there.count > 0)
        is_good = decide(run, ledger, &refused, &there, err);
    free(there.all);
    return is_good;
}

bool supersede_by_queued(const struct desk *desk, enum channel channel, struct error *err)
{
    struct closing closing = {.numbers = NULL};
    struct tally tally = {0};
    AUTO(run_done) struct run run = {.desk = desk, .one = close_one, .context = &closing, .tally = &tally};
    bool is_good = gather_all(desk, channel, &closing, err);

    run.count = closing.count;
    is_good = is_good && (closing.count == 0 || run_all(&run, err));
    free(closing.numbers);
    return is_good;
}
