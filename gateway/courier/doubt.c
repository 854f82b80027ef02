/* After a start: what the courier before left prepared may have been sent. */
#include "base/encode.h"
#include "base/text.h"
#include "gateway/courier/loop.h"

enum { LIST_FIRST = 256 };

size_t courier_list_calls(struct store_txn *txn, enum channel channel, uint8_t (**ids)[16])
{
    size_t room = LIST_FIRST;
    size_t found;

    do {
        room *= 2;
        *ids = memory_resize(*ids, room * sizeof **ids);
        found = outbox_calls_due(txn, channel, INT64_MAX, *ids, room);
    } while (found == room);
    return found;
}

struct doubting {
    struct courier *courier;
    int64_t now_ms;
};

static bool doubt_call(struct doubting *doubting, struct store_txn *txn, struct ledger *ledger, const uint8_t id[16],
                       struct error *err)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    struct call call;

    if (!outbox_call(txn, id, &call, err))
        return false;
    if (call.state != CALL_PREPARED)
        return true;
    buf_add_text(&data, "{\"call\":\"");
    hex_add(&data, id, 16);
    buf_addf(&data, "\",\"due_ms\":%lld,\"reason\":", (long long)doubting->now_ms);
    json_string_add(&data,
                    SPAN("发送进程重新启动，此前可能已经发出 / the courier was started anew and may have sent it"));
    buf_add_text(&data, ",\"state\":\"in-doubt\",\"status\":0}");
    return ledger_emit(ledger, COURIER_NAME, "call.failed", buf_span(&data), NULL, err);
}

static bool doubt_calls(struct doubting *doubting, struct store_txn *txn, struct ledger *ledger,
                        struct destination *destination, struct error *err)
{
    size_t found = courier_list_calls(txn, destination->channel->channel, &destination->early);

    for (size_t i = 0; i < found; i++) {
        if (!doubt_call(doubting, txn, ledger, destination->early[i], err))
            return false;
    }
    return true;
}

static bool doubt_work(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    struct doubting *doubting = context;

    if (!ledger_new(txn, doubting->courier->options->clock, &ledger, err))
        return false;
    for (size_t i = 0; i < doubting->courier->count; i++) {
        const struct adapter *adapter = doubting->courier->destinations[i].channel->adapter;

        /* What settles at once is simply sent again. */
        if (adapter->settles_at_once)
            continue;
        if (!doubt_calls(doubting, txn, ledger, &doubting->courier->destinations[i], err))
            return false;
    }
    return ledger_finish(ledger, err);
}

bool courier_doubt(struct courier *courier, int64_t now_ms, struct error *err)
{
    struct doubting doubting = {courier, now_ms};

    if (courier->has_doubted)
        return true;
    courier->has_doubted = store_write(courier->options->store, doubt_work, &doubting, err);
    return courier->has_doubted;
}
