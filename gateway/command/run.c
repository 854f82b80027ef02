#include "gateway/command/run.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAUSE_NS = 300 * 1000 };

bool run_refuse(struct run_item *item, const struct error *why, struct error *err)
{
    switch (why->code) {
    case ERR_REFUSED:
    case ERR_NOT_FOUND:
    case ERR_INVALID:
    case ERR_CONFLICT:
    case ERR_LIMIT:
    case ERR_FORBIDDEN:
        item->result = RUN_REFUSED;
        item->refusal = *why;
        return true;
    default:
        if (err)
            *err = *why;
        return false;
    }
}

static bool work(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    struct run *run = context;

    run->txn = txn;
    if (!ledger_new(txn, run->desk->clock, &ledger, err))
        return false;
    ledger_set_job(ledger, run->desk->job);
    for (size_t i = 0; i < run->batch; i++) {
        memset(&run->items[i], 0, sizeof run->items[i]);
        if (!run->one(run, ledger, run->from + i, &run->items[i], err))
            return false;
    }
    return ledger_finish(ledger, err);
}

static void tell(const struct run *run)
{
    for (size_t i = 0; i < run->batch; i++) {
        const struct run_item *item = &run->items[i];
        struct outcome outcome = {
            .index = run->from + i, .is_done = item->result == RUN_DONE, .version = item->version};

        run->tally->done += item->result == RUN_DONE;
        run->tally->refused += item->result == RUN_REFUSED;
        run->tally->skipped += item->result == RUN_SKIPPED;
        if (!run->report || (item->result == RUN_SKIPPED && item->refusal.code == ERR_NONE))
            continue;
        memcpy(outcome.obligation, item->obligation, sizeof outcome.obligation);
        memcpy(outcome.record, item->record, sizeof outcome.record);
        outcome.is_skipped = item->result == RUN_SKIPPED;
        outcome.refusal = item->result == RUN_DONE ? NULL : &item->refusal;
        run->report(&outcome, run->report_context);
    }
}

/* Others want to write, too, and the store's lock is not fair: whoever lets it go and takes it again at once keeps them
 * waiting to the end. */
static void let_others_write(const struct run *run)
{
    static const struct timespec PAUSE = {0, PAUSE_NS};

    if (run->from > 0 && !run->desk->trial)
        nanosleep(&PAUSE, NULL);
}

static bool run_batch(struct run *run, struct error *err)
{
    let_others_write(run);
    if (run->prepare && !run->prepare(run, run->from, run->batch, err))
        return false;
    if (run->desk->trial ? !work(run->desk->trial, run, err) : !store_write(run->desk->store, work, run, err))
        return false;
    tell(run);
    return true;
}

bool run_begin(struct run *run, struct error *err)
{
    return run->earlier || earlier_load(run->desk, &run->earlier, err);
}

void run_done(struct run *run)
{
    earlier_free(TAKE(run->earlier));
}

void run_item_earlier(struct run_item *item, const struct earlier_item *earlier)
{
    memcpy(item->obligation, earlier->obligation, sizeof item->obligation);
    memcpy(item->record, earlier->record, sizeof item->record);
    item->version = earlier->version;
    item->result = RUN_DONE;
}

bool run_all(struct run *run, struct error *err)
{
    bool is_good = run_begin(run, err);

    if (!is_good)
        return false;
    run->tally->of += run->count;
    run->items = memory_new(COMMAND_BATCH * sizeof *run->items);
    for (run->from = 0; is_good && run->from < run->count; run->from += run->batch) {
        run->batch = run->count - run->from > COMMAND_BATCH ? (size_t)COMMAND_BATCH : run->count - run->from;
        is_good = run_batch(run, err);
    }
    free(run->items);
    run->items = NULL;
    return is_good;
}

bool run_read(const struct desk *desk, struct store_txn **out, struct error *err)
{
    if (!desk->trial)
        return store_begin(desk->store, STORE_READ, out, err);
    *out = desk->trial;
    return true;
}

void run_read_end(const struct desk *desk, struct store_txn *txn)
{
    if (!desk->trial)
        store_abort(txn);
}

struct single {
    const struct desk *desk;
    const char *type;
    struct span data;
};

static bool single_work(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    const struct single *single = context;

    if (!ledger_new(txn, single->desk->clock, &ledger, err))
        return false;
    ledger_set_job(ledger, single->desk->job);
    return ledger_emit(ledger, single->desk->person, single->type, single->data, NULL, err) &&
           ledger_finish(ledger, err);
}

bool run_event(const struct desk *desk, enum earlier_kind kind, const char *type, struct span data, struct error *err)
{
    AUTO(earlier_free) struct earlier *earlier = NULL;
    struct single single = {desk, type, data};

    if (!earlier_load(desk, &earlier, err))
        return false;
    if (earlier_find(earlier, kind, NULL, 0, 0))
        return true;
    return desk->trial ? single_work(desk->trial, &single, err) : store_write(desk->store, single_work, &single, err);
}
