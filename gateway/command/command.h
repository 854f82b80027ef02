/* command.h - what staff do: import, propose, approve, return, push. Every one is decided inside the write transaction
 * (decide.h) and becomes events (ledger.h).
 *
 * Long lists are worked off in transactions of at most COMMAND_BATCH items; what was committed stays. A refusal of one
 * item never stops the others: it is reported. Only a failing store or signer stops a command. Doing the same again
 * changes nothing: it is "unchanged" or a clear refusal. Doing it again under the same job (its process was killed)
 * goes on where it stood: what it did already is reported as done, once more and never twice. */
#ifndef GATEWAY_COMMAND_COMMAND_H
#define GATEWAY_COMMAND_COMMAND_H

#include "gateway/command/decide.h"
#include "gateway/outbox/outbox.h"
#include "gateway/registry/obligations.h"
#include "gateway/store/store.h"
#include "keys/signer.h"
#include "schemas/calendar.h"

/* Rows land all over the tables: the more of them share one commit, the fewer pages are written twice. 16,000 hold the
 * writer for about a third of a second and cost 22 µs a row; 4,000 cost 32. */
enum { COMMAND_BATCH = 500, IMPORT_BATCH = 16000 };

/* What commands work with; all borrowed. */
struct desk {
    struct store *store;
    const struct clock *clock;
    const struct windows *windows; /* propose, change, approve */
    const struct rules *rules;     /* propose, change, approve */
    struct signer *signer;         /* approve */
    const char *person;            /* on whose word */
    const char *job;               /* the order it comes from (stands in its events), or NULL */
    uint64_t since;                /* the journal's size when that job first began */
    /* propose (a list), change: for each item which one the person saw: an obligation's version, the sequence of a
     * record's newest proposal (record_version.proposal); 0: whatever is now. What is not as it was seen is refused
     * inside the transaction: obligation.changed, record.changed. NULL: whatever is. */
    const uint64_t *seen;
    /* To find out what would happen (propose, change, review, push; nothing else knows it): a write transaction in
     * which all is decided and applied as ever, and which its owner aborts. Nothing is sealed then, and `job` is NULL.
     * NULL: for good. */
    struct store_txn *trial;
};

/* One item of a command, after its transaction was committed. */
struct outcome {
    size_t index; /* in the list given, or a running number */
    bool is_done;
    bool is_skipped;                         /* there was nothing to do; told only when people should know why */
    uint8_t obligation[OBLIGATION_ID_BYTES]; /* propose; else zeroes */
    char record[RECORD_ID_BYTES];            /* "" when none came to be */
    uint32_t version;
    const struct error *refusal; /* when not done: why */
};
typedef void command_report(const struct outcome *outcome, void *context);
struct tally {
    uint64_t done;
    uint64_t refused;
    uint64_t skipped; /* fitted the filter, but there was nothing to do */
    uint64_t of;      /* items to work on: set before the first is reported */
};

/* --- import: begin, row…, finish. Rows are durable after finish (or when a batch is full). --- */
struct command_import;
/* After the commit of a row's batch. */
typedef void import_report(uint32_t line, enum row_outcome outcome, void *context);
struct import_counts {
    uint64_t count[ROW_OUTCOME_COUNT];
};
/* `import`: an id of at most 32 letters, digits and -. `report` may be NULL. When it is also desk->job, rows that it
 * recorded before it was killed count as what they were then, even when another import has changed them since. */
MUST_CHECK bool command_import_begin(const struct desk *desk, const char *import, import_report *report, void *context,
                                     struct command_import **out, struct error *err);
/* Whoever ordered it saw the register as it was when the journal had `events` events: a row that would change an
 * obligation which changed since then is left out, and reported as ROW_STALE. */
void command_import_seen(struct command_import *import, uint64_t events);
/* A row that passed schema and rules. Nothing of it is borrowed afterwards. */
MUST_CHECK bool command_import_row(struct command_import *import, const struct obligation *row, uint32_t line,
                                   struct error *err);
/* The same for a row some of whose cells a person corrected: `was` has those of them as the file has them, {key: text},
 * canonical; it stands in the journal beside the row. */
MUST_CHECK bool command_import_corrected(struct command_import *import, const struct obligation *row, uint32_t line,
                                         struct span was, struct error *err);
/* What a row would come to now; nothing is changed. `hold` is scratch. */
MUST_CHECK bool command_import_look(struct store_txn *txn, const struct obligation *row, struct buf *hold,
                                    enum row_outcome *outcome, struct error *err);
/* What only the reader of the file knows. */
struct import_file {
    const char *name;
    const char *encoding;
    const char *sha256; /* hex */
    uint64_t bytes;
    uint64_t rows;
    uint64_t refused;
    uint64_t corrected; /* cells; stands in the event when there are any */
};
/* Commit the rest and, when anything was new (or no import ever finished), an import.finished event. */
MUST_CHECK bool command_import_finish(struct command_import *import, const struct import_file *file,
                                      struct import_counts *counts, struct error *err);
/* The counts of what is committed so far. */
void command_import_counts(const struct command_import *import, struct import_counts *counts);
void command_import_free(struct command_import *import); /* what is not committed is forgotten */
DEFINE_AUTO(struct command_import *, command_import_free)

/* --- records --- */
/* New records (proposal->op is OP_NEW) for these obligations. */
MUST_CHECK bool command_propose(const struct desk *desk, const uint8_t (*obligations)[OBLIGATION_ID_BYTES],
                                size_t count, const struct proposal *proposal, command_report *report, void *context,
                                struct tally *tally, struct error *err);
/* The obligation's newest record, when there is one. True when it waits or stands, so that no other can be proposed, or
 * when it was withdrawn or repaired and the register has not changed since: what two people decided is not undone by
 * proposing everything; whoever means it names the obligation.
 * `record` "" : there is none (or after a store error: store_txn_is_good tells). `hold` owns the texts of `newest`. */
bool command_has_record(struct store_txn *txn, const uint8_t obligation[OBLIGATION_ID_BYTES],
                        char record[RECORD_ID_BYTES], struct record_version *newest, struct buf *hold);
/* … for all that fit the filter and are overdue on proposal->on; those that have such a record are skipped. */
MUST_CHECK bool command_propose_overdue(const struct desk *desk, const struct obligations_filter *filter,
                                        const struct proposal *proposal, command_report *report, void *context,
                                        struct tally *tally, struct error *err);
/* The next version of these records: correct, withdraw, repair, dispute, dispute over (proposal->op). */
MUST_CHECK bool command_change(const struct desk *desk, const char *const *records, size_t count,
                               const struct proposal *proposal, command_report *report, void *context,
                               struct tally *tally, struct error *err);
/* What was reviewed. */
struct review_item {
    const char *record;
    uint64_t proposal; /* record_version.proposal that the person saw; 0: whatever waits now */
};
/* The second person's word on a list. */
struct review {
    bool is_return;
    bool takes_all;     /* all that waited when the job began (without one: now) and fit; else the items */
    const char *reason; /* required for a return; kept with an approval when there is one; may be NULL */
    const struct review_item *items;
    size_t count;
    int ground;           /* with takes_all; or -1 */
    const char *division; /* with takes_all: prefix, or NULL */
};
MUST_CHECK bool command_review(const struct desk *desk, const struct review *review, command_report *report,
                               void *context, struct tally *tally, struct error *err);
/* The same, for a list alone. */
MUST_CHECK bool command_approve(const struct desk *desk, const struct review_item *items, size_t count,
                                command_report *report, void *context, struct tally *tally, struct error *err);
MUST_CHECK bool command_return(const struct desk *desk, const struct review_item *items, size_t count,
                               const char *reason, command_report *report, void *context, struct tally *tally,
                               struct error *err);

/* --- push --- */
/* The row's JSON as the channel wants it, canonical, made from a sealed record: the adapters room supplies it.
 * ERR_INVALID or ERR_REFUSED when this record cannot be told to that channel: it is reported and stays unsent. */
typedef bool row_maker(const struct record *record, void *context, struct buf *row, struct error *err);
struct record_list_view {
    const char *const *ids;
    size_t count;
};
struct push_request {
    enum channel channel;                   /* CHANNEL_CREDIT_GUANGDONG; ERR_REFUSED "push.stage" for the later ones */
    const struct record_list_view *records; /* only these, or NULL */
    const char *division;                   /* prefix, or NULL */
    int ground;                             /* or -1 */
    row_maker *make_row;
    void *make_row_context;
};
/* Queue every effective version that fits, was approved before the job began and was never queued for the channel, in
 * order of approval. A version that puts right what was refused takes its place, also one that was queued before the
 * refusal (supersede.h). */
MUST_CHECK bool command_push(const struct desk *desk, const struct push_request *request, command_report *report,
                             void *context, struct tally *tally, struct error *err);
/* Put refused deliveries back in their lanes, with a reason: delivery.unknown, delivery.not-refused, push.reason. */
MUST_CHECK bool command_requeue(const struct desk *desk, const uint64_t *deliveries, size_t count, const char *reason,
                                command_report *report, void *context, struct tally *tally, struct error *err);
/* A record of which a channel holds less than it acknowledged, as a comparison found it. */
struct repeat_item {
    char record[RECORD_ID_BYTES];
    uint32_t version; /* the newest acknowledged */
    uint32_t held;    /* the version that the channel holds, a lower one; 0: none */
};
struct repeat_request {
    enum channel channel;
    const struct repeat_item *items;
    size_t count;
    const char *reason;
};
/* Queue every acknowledged version after the one that is held again, in order: the same deliveries, the same bytes;
 * and behind them the end of the record that they refused because they did not hold it.
 * Refused: push.reason; reconcile.changed when it is not as it was found any more; reconcile.lane while something later
 * of the same enterprise is on its way. */
MUST_CHECK bool command_repeat(const struct desk *desk, const struct repeat_request *request, command_report *report,
                               void *context, struct tally *tally, struct error *err);

/* --- what the law and the calendar do by themselves: the keeper's. Doing it again changes nothing. --- */
/* End the publication of records that have reached their maximum (decide_statute.h), the earliest first, at most
 * EXPIRE_MAX a call (tally->of says how many): sealed, in force at once; what waited for approval is returned with that
 * reason. A record that the first channel was never told of is not told of any more (delivery.skipped). desk->person is
 * not used. */
enum { EXPIRE_MAX = 1000 };
MUST_CHECK bool command_expire(const struct desk *desk, command_report *report, void *context, struct tally *tally,
                               struct error *err);
/* Queue all those versions for the first channel; nobody is waited for. What stands unsent before them is skipped. */
MUST_CHECK bool command_push_expired(const struct desk *desk, row_maker *make_row, void *make_row_context,
                                     command_report *report, void *context, struct tally *tally, struct error *err);
/* Raise (receipt.overdue) every call whose business receipt has not come within its channel's limit of working days. */
struct receipt_limits {
    const struct calendar *calendar;
    int days[CHANNEL_COUNT];
};
MUST_CHECK bool command_raise_overdue(const struct desk *desk, const struct receipt_limits *limits, struct tally *tally,
                                      struct error *err);

MUST_CHECK bool command_pause(const struct desk *desk, enum channel channel, const char *reason, struct error *err);
/* The same, but calls that are open are brought to their end. */
MUST_CHECK bool command_drain(const struct desk *desk, enum channel channel, const char *reason, struct error *err);
MUST_CHECK bool command_resume(const struct desk *desk, enum channel channel, struct error *err);

#endif
