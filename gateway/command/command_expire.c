/* command_expire.c - publication that ends by itself.
 *
 * As with an approval the seal is made before the write transaction, over what a reader sees; inside, the same question
 * is asked again, and the seal counts only when the answer is the same to the byte. Killed at any place, nothing is
 * half done, and the next turn finds what is left: a record that is over is not due. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/clocks/clocks.h"
#include "gateway/command/decide_statute.h"
#include "gateway/command/dossier.h"
#include "gateway/command/run.h"
#include "gateway/command/seal.h"
#include "gateway/command/supersede.h"
#include "gateway/command/telling.h"

struct prepared {
    int64_t approved_ms; /* 0: nothing is sealed */
    struct buf json;     /* what is sealed */
    struct buf seal;
};

struct expiring {
    struct clocks_end *list;
    size_t count;
    size_t capacity;
    struct prepared *prepared;
    size_t prepared_from;
    struct dossier dossier;
    struct buf json;
    struct buf data;
};

static bool keep(const struct clocks_end *end, void *context)
{
    struct expiring *expiring = context;

    if (expiring->count == expiring->capacity) {
        expiring->capacity = expiring->capacity ? 2 * expiring->capacity : 64;
        expiring->list = memory_resize(expiring->list, expiring->capacity * sizeof *expiring->list);
    }
    expiring->list[expiring->count++] = *end;
    return true;
}

/* In the order in which they ended: whoever was off for months catches up day by day. */
static int compare(const void *left, const void *right)
{
    const struct clocks_end *a = left;
    const struct clocks_end *b = right;

    if (a->end != b->end)
        return a->end < b->end ? -1 : 1;
    return memcmp(a->record, b->record, sizeof a->record);
}

static bool gather(const struct desk *desk, struct expiring *expiring, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    int32_t today = day_of_instant(clock_now_ms(desk->clock));

    if (!store_begin(desk->store, STORE_READ, &txn, err) ||
        !clocks_ends(txn, desk->windows, today, today - 1, keep, expiring, err))
        return false;
    if (expiring->count > 0)
        qsort(expiring->list, expiring->count, sizeof *expiring->list, compare);
    return true;
}

/* The version as it would be sealed at that instant. */
static bool decide_at(struct run *run, struct store_txn *txn, size_t index, int64_t at_ms, struct record *record,
                      bool *is_due, struct error *err)
{
    struct expiring *expiring = run->context;
    struct dossier *dossier = &expiring->dossier;

    if (!dossier_load_record(txn, run->desk, span_of(expiring->list[index].record), dossier, err))
        return false;
    dossier->standing.today = day_of_instant(at_ms);
    *is_due = decide_expiry(&dossier->standing, record);
    if (*is_due)
        record->proposed_ms = record->approved_ms = at_ms;
    return true;
}

static bool prepare_one(struct run *run, struct store_txn *txn, size_t index, struct error *err)
{
    struct expiring *expiring = run->context;
    struct prepared *prepared = &expiring->prepared[index - expiring->prepared_from];
    int64_t now_ms = clock_now_ms(run->desk->clock);
    struct record record;
    bool is_due;

    if (!decide_at(run, txn, index, now_ms, &record, &is_due, err))
        return false;
    if (!is_due)
        return true;
    record_json_add(&record, &prepared->json);
    if (!seal_make(run->desk->signer, &record, &prepared->seal, err))
        return false;
    prepared->approved_ms = now_ms;
    return true;
}

static bool prepare(struct run *run, size_t from, size_t count, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct expiring *expiring = run->context;

    expiring->prepared_from = from;
    if (!store_begin(run->desk->store, STORE_READ, &txn, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        expiring->prepared[i].approved_ms = 0;
        buf_clear(&expiring->prepared[i].json);
        buf_clear(&expiring->prepared[i].seal);
        if (!prepare_one(run, txn, from + i, err))
            return false;
    }
    return true;
}

/* --- inside the write transaction --- */

/* What waits for the second person is about a record that is over by then. */
static bool return_waiting(struct expiring *expiring, struct ledger *ledger, struct error *err)
{
    const struct record_version *newest = expiring->dossier.standing.newest;

    if (!newest || newest->state != RECORD_PROPOSED)
        return true;
    buf_clear(&expiring->data);
    buf_addf(&expiring->data, "{\"reason\":\"" STATUTE_REASON "\",\"record\":\"%s\",\"version\":%u}", newest->record.id,
             newest->record.version);
    return ledger_emit(ledger, STATUTE_PUBLICATION_END, "record.returned", buf_span(&expiring->data), NULL, err);
}

static bool emit_expired(struct expiring *expiring, const struct prepared *prepared, struct ledger *ledger,
                         const struct record *record, struct error *err)
{
    char at[INSTANT_TEXT_BYTES];

    buf_clear(&expiring->data);
    buf_addf(&expiring->data, "{\"approved_at\":\"%s\",\"record\":", instant_format(prepared->approved_ms, at));
    record_proposal_add(record, &expiring->data);
    buf_add_text(&expiring->data, ",\"seal\":");
    buf_add_span(&expiring->data, buf_span(&prepared->seal));
    buf_add_byte(&expiring->data, '}');
    return ledger_emit(ledger, STATUTE_PUBLICATION_END, "record.expired", buf_span(&expiring->data), NULL, err);
}

static bool was_ever_queued(struct store_txn *txn, const struct record *record)
{
    struct delivery delivery;

    for (uint32_t version = 1; version < record->version; version++) {
        if (outbox_of_version(txn, CHANNEL_CREDIT_GUANGDONG, record->id, version, &delivery))
            return true;
    }
    return false;
}

/* What was never told is over: it must not be published now, neither its listing nor its end. */
static bool skip_untold(struct run *run, struct ledger *ledger, const struct record *record, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version version;
    struct telling telling = {ledger, STATUTE_PUBLICATION_END, CHANNEL_CREDIT_GUANGDONG, &version.record};

    if (was_ever_queued(run->txn, record))
        return store_txn_is_good(run->txn, err);
    for (uint32_t number = 1; number <= record->version; number++) {
        if (!records_load(run->txn, span_of(record->id), number, &version, &hold, err))
            return false;
        if (records_is_unsent(run->txn, &version) &&
            !tell_skipped(&telling, number < record->version ? record->version : 0, err))
            return false;
    }
    return store_txn_is_good(run->txn, err);
}

static bool emit_all(struct run *run, struct ledger *ledger, const struct prepared *prepared,
                     const struct record *record, struct error *err)
{
    struct expiring *expiring = run->context;
    const struct superseding at = {run->txn, ledger, STATUTE_PUBLICATION_END};

    return return_waiting(expiring, ledger, err) && emit_expired(expiring, prepared, ledger, record, err) &&
           supersede_unsent(&at, record, err) && skip_untold(run, ledger, record, err);
}

static bool expire_one(struct run *run, struct ledger *ledger, size_t index, struct run_item *item, struct error *err)
{
    struct expiring *expiring = run->context;
    const struct prepared *prepared = &expiring->prepared[index - expiring->prepared_from];
    struct record record;
    bool is_due = false;

    memcpy(item->record, expiring->list[index].record, sizeof item->record);
    if (prepared->approved_ms > 0 && !decide_at(run, run->txn, index, prepared->approved_ms, &record, &is_due, err))
        return false;
    item->result = RUN_SKIPPED;
    if (!is_due)
        return true;
    buf_clear(&expiring->json);
    record_json_add(&record, &expiring->json);
    if (!span_equal(buf_span(&expiring->json), buf_span(&prepared->json)))
        return true; /* it changed while it was being sealed: the next turn has it */
    item->result = RUN_DONE;
    item->version = record.version;
    memcpy(item->obligation, record.obligation, sizeof item->obligation);
    return emit_all(run, ledger, prepared, &record, err);
}

bool command_expire(const struct desk *desk, command_report *report, void *context, struct tally *tally,
                    struct error *err)
{
    struct expiring expiring = {.count = 0};
    AUTO(run_done)
    struct run run = {.desk = desk,
                      .one = expire_one,
                      .prepare = prepare,
                      .context = &expiring,
                      .report = report,
                      .report_context = context,
                      .tally = tally};
    bool is_good = gather(desk, &expiring, err);

    /* Whoever calls has other things to do as well, and comes again. */
    run.count = expiring.count < EXPIRE_MAX ? expiring.count : (size_t)EXPIRE_MAX;
    if (is_good && expiring.count > 0) {
        expiring.prepared = memory_new(COMMAND_BATCH * sizeof *expiring.prepared);
        is_good = run_all(&run, err);
    }
    for (size_t i = 0; expiring.prepared && i < COMMAND_BATCH; i++) {
        buf_done(&expiring.prepared[i].json);
        buf_done(&expiring.prepared[i].seal);
    }
    free(expiring.prepared);
    free(expiring.list);
    dossier_done(&expiring.dossier);
    buf_done(&expiring.json);
    buf_done(&expiring.data);
    return is_good;
}

/* --- into the outbox --- */

struct named {
    char (*ids)[RECORD_ID_BYTES];
    const char **texts;
    size_t count;
    size_t capacity;
};

static bool name(const char *record, uint32_t version, void *context)
{
    struct named *named = context;

    (void)version;
    if (named->count == named->capacity) {
        named->capacity = named->capacity ? 2 * named->capacity : 64;
        named->ids = memory_resize(named->ids, named->capacity * sizeof *named->ids);
    }
    memcpy(named->ids[named->count++], record, RECORD_ID_BYTES);
    return true;
}

static bool name_all(const struct desk *desk, struct named *named, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    return store_begin(desk->store, STORE_READ, &txn, err) && clocks_statutory(txn, name, named, err);
}

bool command_push_expired(const struct desk *desk, row_maker *make_row, void *make_row_context, command_report *report,
                          void *context, struct tally *tally, struct error *err)
{
    struct desk statute = *desk;
    struct named named = {.count = 0};
    struct record_list_view view;
    struct push_request request = {CHANNEL_CREDIT_GUANGDONG, &view, NULL, -1, make_row, make_row_context};
    bool is_good = name_all(desk, &named, err);

    statute.person = STATUTE_PUBLICATION_END;
    if (is_good && named.count > 0) {
        named.texts = memory_new(named.count * sizeof *named.texts);
        for (size_t i = 0; i < named.count; i++)
            named.texts[i] = named.ids[i];
        view = (struct record_list_view){named.texts, named.count};
        is_good = command_push(&statute, &request, report, context, tally, err);
    }
    free((void *)named.texts);
    free(named.ids);
    return is_good;
}
