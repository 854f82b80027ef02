#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/command/dossier.h"
#include "gateway/command/run.h"
#include "gateway/registry/standing.h"

enum { ID_TRIES = 64 };

struct proposing {
    const uint8_t (*obligations)[OBLIGATION_ID_BYTES]; /* new records, … */
    const char *const *records;                        /* … or changes of these */
    const struct proposal *proposal;
    struct dossier dossier;
    struct buf hold;
    struct buf data;
};

/* A new record takes the id of one that was only ever returned, else the next that is free: 80 bits of a digest may
 * meet another obligation's. */
static bool choose_id(struct store_txn *txn, const struct dossier *dossier, struct record *record, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    uint32_t ordinal = dossier->record[0] ? dossier->ordinal + 1 : 0;
    struct record_version other;
    struct error why;

    if (dossier->standing.newest && !dossier->standing.effective) {
        memcpy(record->id, dossier->record, RECORD_ID_BYTES);
        return true;
    }
    for (int tries = 0; tries < ID_TRIES; tries++, ordinal++) {
        record_id(record->obligation, ordinal, record->id);
        why.code = ERR_NONE;
        if (records_load(txn, span_of(record->id), 0, &other, &hold, &why))
            continue;
        if (why.code == ERR_NOT_FOUND)
            return true;
        if (err)
            *err = why;
        return false;
    }
    return fail(err, ERR_INTERNAL, "no free record id after %d tries", ID_TRIES);
}

static bool emit_proposed(struct proposing *proposing, const struct run *run, struct ledger *ledger,
                          const struct record *record, struct error *err)
{
    buf_clear(&proposing->data);
    record_proposal_add(record, &proposing->data);
    return ledger_emit(ledger, run->desk->person, "record.proposed", buf_span(&proposing->data), NULL, err);
}

static bool load(struct run *run, size_t index, struct error *err)
{
    struct proposing *proposing = run->context;

    if (proposing->obligations)
        return dossier_load_obligation(run->txn, run->desk, proposing->obligations[index], &proposing->dossier, err);
    return dossier_load_record(run->txn, run->desk, span_of(proposing->records[index]), &proposing->dossier, err);
}

/* What two people read and what the register holds is the same, or nothing is done. */
static bool is_as_seen(const struct run *run, size_t index, struct error *err)
{
    const struct proposing *proposing = run->context;
    const struct dossier *dossier = &proposing->dossier;
    uint64_t seen = run->desk->seen ? run->desk->seen[index] : 0;
    char id[33];

    if (seen == 0 || seen == (proposing->obligations ? dossier->standing.obligation_version : dossier->newest.proposal))
        return true;
    if (!proposing->obligations)
        return refuse(err, ERR_REFUSED, "record.changed", "%s is not what it was when you read it: read it again",
                      "%s 已不是您所见的内容：请重新查看", dossier->record);
    obligation_id_text(proposing->obligations[index], id);
    return refuse(err, ERR_REFUSED, "obligation.changed", "%s is not what it was when you read it: read it again",
                  "%s 已不是您所见的内容：请重新查看", id);
}

static const struct earlier_item *find_earlier(const struct run *run, size_t index)
{
    const struct proposing *proposing = run->context;

    if (proposing->obligations)
        return earlier_find(run->earlier, EARLIER_NEW, proposing->obligations[index], OBLIGATION_ID_BYTES, 0);
    return earlier_find(run->earlier, EARLIER_CHANGED, proposing->records[index],
                        strnlen(proposing->records[index], RECORD_ID_BYTES), 0);
}

static bool propose_one(struct run *run, struct ledger *ledger, size_t index, struct run_item *item, struct error *err)
{
    struct proposing *proposing = run->context;
    const struct earlier_item *earlier = find_earlier(run, index);
    struct dossier *dossier = &proposing->dossier;
    struct record record;
    struct error why = {.code = ERR_NONE};

    if (earlier) {
        run_item_earlier(item, earlier);
        return true;
    }
    if (proposing->obligations)
        memcpy(item->obligation, proposing->obligations[index], sizeof item->obligation);
    if (!load(run, index, &why) || !is_as_seen(run, index, &why))
        return run_refuse(item, &why, err);
    memcpy(item->record, dossier->record, sizeof item->record);
    if (!decide_proposal(&dossier->standing, proposing->proposal, &record, &proposing->hold, &why))
        return run_refuse(item, &why, err);
    if (record.op == OP_NEW && !choose_id(run->txn, dossier, &record, err))
        return false;
    memcpy(item->obligation, record.obligation, sizeof item->obligation);
    memcpy(item->record, record.id, sizeof item->record);
    item->version = record.version;
    return emit_proposed(proposing, run, ledger, &record, err);
}

static bool propose_all(struct run *run, struct proposing *proposing, struct error *err)
{
    bool is_good;

    run->one = propose_one;
    run->context = proposing;
    is_good = run_all(run, err);
    dossier_done(&proposing->dossier);
    buf_done(&proposing->hold);
    buf_done(&proposing->data);
    return is_good;
}

static bool check_new(const struct proposal *proposal, struct error *err)
{
    return proposal->op == OP_NEW || fail(err, ERR_INVALID, "new records are proposed with the operation new");
}

bool command_propose(const struct desk *desk, const uint8_t (*obligations)[OBLIGATION_ID_BYTES], size_t count,
                     const struct proposal *proposal, command_report *report, void *context, struct tally *tally,
                     struct error *err)
{
    struct proposing proposing = {.obligations = obligations, .proposal = proposal};
    AUTO(run_done)
    struct run run = {.desk = desk, .count = count, .report = report, .report_context = context, .tally = tally};

    return check_new(proposal, err) && propose_all(&run, &proposing, err);
}

bool command_change(const struct desk *desk, const char *const *records, size_t count, const struct proposal *proposal,
                    command_report *report, void *context, struct tally *tally, struct error *err)
{
    struct proposing proposing = {.records = records, .proposal = proposal};
    AUTO(run_done)
    struct run run = {.desk = desk, .count = count, .report = report, .report_context = context, .tally = tally};

    if (proposal->op == OP_NEW)
        return fail(err, ERR_INVALID, "a record cannot be changed by the operation new");
    return propose_all(&run, &proposing, err);
}

/* --- all that are overdue --- */

struct gathering {
    struct store_txn *txn;
    const struct earlier *earlier;
    uint8_t (*ids)[OBLIGATION_ID_BYTES];
    size_t count;
    size_t capacity;
    uint64_t skipped;
    struct buf hold;
};

bool command_has_record(struct store_txn *txn, const uint8_t obligation[OBLIGATION_ID_BYTES],
                        char record[RECORD_ID_BYTES], struct record_version *newest, struct buf *hold)
{
    return records_stand_for(txn, obligation, 0, record, newest, hold);
}

static void keep(struct gathering *gathering, const uint8_t id[OBLIGATION_ID_BYTES])
{
    if (gathering->count == gathering->capacity) {
        gathering->capacity = gathering->capacity ? 2 * gathering->capacity : 1024;
        gathering->ids = memory_resize(gathering->ids, gathering->capacity * sizeof *gathering->ids);
    }
    memcpy(gathering->ids[gathering->count++], id, OBLIGATION_ID_BYTES);
}

static bool gather(const struct obligation_version *version, void *context)
{
    struct gathering *gathering = context;
    struct record_version newest;
    char record[RECORD_ID_BYTES];

    if (earlier_find(gathering->earlier, EARLIER_NEW, version->id, OBLIGATION_ID_BYTES, 0))
        return true; /* kept already */
    if (command_has_record(gathering->txn, version->id, record, &newest, &gathering->hold))
        gathering->skipped++;
    else
        keep(gathering, version->id);
    return true;
}

static bool gather_all(const struct desk *desk, const struct obligations_filter *filter, struct gathering *gathering,
                       struct error *err)
{
    bool is_good;

    for (size_t i = 0; i < earlier_count(gathering->earlier); i++)
        keep(gathering, earlier_at(gathering->earlier, i)->obligation);
    if (!run_read(desk, &gathering->txn, err))
        return false;
    is_good = obligations_scan(gathering->txn, filter, gather, gathering, err);
    run_read_end(desk, gathering->txn);
    return is_good;
}

bool command_propose_overdue(const struct desk *desk, const struct obligations_filter *filter,
                             const struct proposal *proposal, command_report *report, void *context,
                             struct tally *tally, struct error *err)
{
    AUTO(run_done) struct run run = {.desk = desk, .report = report, .report_context = context, .tally = tally};
    struct obligations_filter overdue = *filter;
    struct gathering gathering = {.txn = NULL};
    struct proposing proposing = {.proposal = proposal};
    bool is_good;

    if (!check_new(proposal, err) || !run_begin(&run, err))
        return false;
    overdue.overdue_on = proposal->on;
    gathering.earlier = run.earlier;
    is_good = gather_all(desk, &overdue, &gathering, err);
    if (is_good) {
        tally->skipped += gathering.skipped;
        proposing.obligations = (const uint8_t(*)[OBLIGATION_ID_BYTES])gathering.ids;
        run.count = gathering.count;
        is_good = propose_all(&run, &proposing, err);
    }
    buf_done(&gathering.hold);
    free(gathering.ids);
    return is_good;
}
