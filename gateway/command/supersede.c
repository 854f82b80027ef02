#include "gateway/command/supersede.h"

#include <stdlib.h>

#include "base/text.h"

/* How the versions before it stand at the upstream. */
struct before {
    uint64_t *refused; /* deliveries */
    size_t refused_count;
    bool has_taken;
    bool has_open; /* queued, or under way */
};

static bool look(struct run *run, enum channel channel, const struct record *record, struct before *before,
                 struct error *err)
{
    struct delivery delivery;

    before->refused = memory_new(record->version * sizeof *before->refused);
    for (uint32_t version = 1; version < record->version; version++) {
        if (!outbox_of_version(run->txn, channel, record->id, version, &delivery))
            continue;
        if (delivery.state == DELIVERY_REFUSED)
            before->refused[before->refused_count++] = delivery.number;
        else if (delivery.state == DELIVERY_ACKNOWLEDGED)
            before->has_taken = true;
        else if (delivery.state != DELIVERY_SUPERSEDED)
            before->has_open = true;
    }
    return store_txn_is_good(run->txn, err);
}

static bool emit(struct run *run, struct ledger *ledger, uint64_t delivery, uint32_t by_version, struct error *err)
{
    AUTO(buf_done) struct buf data = BUF_INIT;

    json_count_add(&data, "{\"by_version\":", by_version);
    json_count_add(&data, ",\"delivery\":", delivery);
    buf_add_byte(&data, '}');
    return ledger_emit(ledger, run->desk->person, "delivery.superseded", buf_span(&data), NULL, err);
}

bool supersede_refused(struct run *run, struct ledger *ledger, enum channel channel, const struct record *record,
                       bool *is_needless, struct error *err)
{
    struct before before = {.refused = NULL};
    bool is_good = look(run, channel, record, &before, err);
    bool ends = record_op_ends(record->op);

    *is_needless = false;
    if (is_good && !before.has_open && (record->op == OP_CHANGED || ends)) {
        for (size_t i = 0; is_good && i < before.refused_count; i++)
            is_good = emit(run, ledger, before.refused[i], record->version, err);
        *is_needless = ends && before.refused_count > 0 && !before.has_taken;
    }
    free(before.refused);
    return is_good;
}
