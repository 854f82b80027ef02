/* run.h - a long list worked off in transactions of COMMAND_BATCH items. Only command*.c need it. */
#ifndef GATEWAY_COMMAND_RUN_H
#define GATEWAY_COMMAND_RUN_H

#include "gateway/command/command.h"
#include "gateway/command/earlier.h"
#include "gateway/command/ledger.h"

enum run_result { RUN_DONE, RUN_REFUSED, RUN_SKIPPED };

/* What became of one item in the transaction that is under way. */
struct run_item {
    enum run_result result;
    uint8_t obligation[OBLIGATION_ID_BYTES];
    char record[RECORD_ID_BYTES];
    uint32_t version;
    struct error refusal; /* or why it was skipped, when that must be told */
};

struct run;
/* Decide and emit one item. May be called again for the same item when a transaction is repeated. False stops it all;
 * run_refuse turns an error into the item's own. */
typedef bool run_one(struct run *run, struct ledger *ledger, size_t index, struct run_item *item, struct error *err);
/* Before the transaction of items [from, from + count): what takes long and needs no lock. */
typedef bool run_prepare(struct run *run, size_t from, size_t count, struct error *err);

struct run {
    const struct desk *desk;
    size_t count;
    run_one *one;
    run_prepare *prepare; /* or NULL */
    void *context;        /* of one and prepare */
    command_report *report;
    void *report_context;
    struct tally *tally;
    struct earlier *earlier; /* what this job did already; run_begin fills it */
    /* Private to run.c. */
    struct store_txn *txn;
    struct run_item *items;
    size_t from;
    size_t batch;
};

/* Before anything is gathered. run_all does it when it was not done. */
MUST_CHECK bool run_begin(struct run *run, struct error *err);
void run_done(struct run *run);
MUST_CHECK bool run_all(struct run *run, struct error *err);
/* Keep `why` as the item's refusal. False when it is no refusal but a failure of the store. */
MUST_CHECK bool run_refuse(struct run_item *item, const struct error *why, struct error *err);
/* Report the item as it was done then. */
void run_item_earlier(struct run_item *item, const struct earlier_item *earlier);
DEFINE_AUTO_IN_PLACE(struct run, run_done)

/* A read of what the desk works on: the trial's transaction, or one of its own. End it with run_read_end. */
MUST_CHECK bool run_read(const struct desk *desk, struct store_txn **out, struct error *err);
void run_read_end(const struct desk *desk, struct store_txn *txn);

/* One event in a transaction of its own; nothing when the job had done it already. */
MUST_CHECK bool run_event(const struct desk *desk, enum earlier_kind kind, const char *type, struct span data,
                          struct error *err);

#endif
