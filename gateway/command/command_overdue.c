/* command_overdue.c - business receipts that do not come. Nothing else changes for such a call: the courier goes on
 * asking; people are told, once. */
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "gateway/clocks/clocks.h"
#include "gateway/command/run.h"

struct late {
    uint8_t call[16];
    enum channel channel;
    int64_t since_ms;
};

struct raising {
    const struct receipt_limits *limits;
    struct store_txn *txn;
    int32_t today;
    struct late *list;
    size_t count;
    size_t capacity;
    struct buf data;
};

/* A call that nobody has answered for is no receipt that is late: only what arrived, or may have. Counted from when it
 * was first made, so that one that goes back and forth between doubt and being sent again is late, too. */
static bool is_late(const struct raising *raising, const struct call *call)
{
    int32_t last;

    if (call->state != CALL_RECEIVED && call->state != CALL_IN_DOUBT)
        return false;
    last = calendar_working_days_after(raising->limits->calendar, day_of_instant(call->prepared_ms),
                                       raising->limits->days[call->channel], NULL);
    return raising->today > last;
}

static bool keep(const struct call *call, void *context)
{
    struct raising *raising = context;
    struct late *late;

    if (!is_late(raising, call) || clocks_receipt_is_raised(raising->txn, call->id))
        return true;
    if (raising->count == raising->capacity) {
        raising->capacity = raising->capacity ? 2 * raising->capacity : 16;
        raising->list = memory_resize(raising->list, raising->capacity * sizeof *raising->list);
    }
    late = &raising->list[raising->count++];
    memcpy(late->call, call->id, sizeof late->call);
    late->channel = call->channel;
    late->since_ms = call->prepared_ms;
    return true;
}

static bool gather(const struct desk *desk, struct raising *raising, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    if (!store_begin(desk->store, STORE_READ, &txn, err))
        return false;
    raising->txn = txn;
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        if (!outbox_calls_open(txn, (enum channel)i, keep, raising, err))
            return false;
    }
    return true;
}

static bool raise_one(struct run *run, struct ledger *ledger, size_t index, struct run_item *item, struct error *err)
{
    struct raising *raising = run->context;
    const struct late *late = &raising->list[index];
    struct call call;

    item->result = RUN_SKIPPED;
    if (!outbox_call(run->txn, late->call, &call, err))
        return false;
    /* The receipt may have come since. */
    if (!is_late(raising, &call) || clocks_receipt_is_raised(run->txn, late->call))
        return store_txn_is_good(run->txn, err);
    item->result = RUN_DONE;
    buf_clear(&raising->data);
    buf_add_text(&raising->data, "{\"call\":\"");
    hex_add(&raising->data, late->call, sizeof late->call);
    buf_addf(&raising->data, "\",\"channel\":\"%s\",\"since_ms\":%lld}", CHANNEL_NAMES[late->channel],
             (long long)call.prepared_ms);
    return ledger_emit(ledger, "keeper", "receipt.overdue", buf_span(&raising->data), NULL, err);
}

bool command_raise_overdue(const struct desk *desk, const struct receipt_limits *limits, struct tally *tally,
                           struct error *err)
{
    struct raising raising = {.limits = limits, .today = day_of_instant(clock_now_ms(desk->clock))};
    AUTO(run_done) struct run run = {.desk = desk, .one = raise_one, .context = &raising, .tally = tally};
    bool is_good = gather(desk, &raising, err);

    run.count = raising.count;
    is_good = is_good && (raising.count == 0 || run_all(&run, err));
    free(raising.list);
    buf_done(&raising.data);
    return is_good;
}
