/* command_review.c - the second person's word.
 *
 * Sealing takes half a millisecond and asks another process, so it is done before the write transaction, over what a
 * reader sees; inside, the decision is made again and the seal counts only when it is over exactly what still waits. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/command/dossier.h"
#include "gateway/command/run.h"
#include "gateway/command/seal.h"
#include "gateway/command/supersede.h"

struct prepared {
    uint64_t proposal; /* what was sealed; 0: nothing */
    int64_t approved_ms;
    struct buf seal;
};

struct reviewing {
    const struct review *review;
    const struct review_item *items;
    struct prepared *prepared;
    size_t prepared_from;
    struct dossier dossier;
    struct buf hold;
    struct buf data;
};

static bool is_what_was_seen(const struct review_item *item, const struct dossier *dossier, struct error *err)
{
    if (item->proposal == 0 || item->proposal == dossier->newest.proposal)
        return true;
    return refuse(err, ERR_REFUSED, "record.changed", "%s is not what it was when you read it: read it again",
                  "%s 已不是您审阅时的内容：请重新审阅", item->record);
}

static bool decide_one(struct run *run, struct store_txn *txn, const struct review_item *item, struct error *err)
{
    struct reviewing *reviewing = run->context;
    struct dossier *dossier = &reviewing->dossier;
    struct span person = span_of(run->desk->person);

    if (!dossier_load_record(txn, run->desk, span_of(item->record), dossier, err))
        return false;
    if (reviewing->review->is_return
            ? !decide_return(&dossier->standing, person, span_of(reviewing->review->reason), err)
            : !decide_approval(&dossier->standing, person, &reviewing->hold, err))
        return false;
    return is_what_was_seen(item, dossier, err);
}

static const struct earlier_item *find_earlier(const struct run *run, size_t index)
{
    const struct reviewing *reviewing = run->context;
    const char *record = reviewing->items[index].record;

    return earlier_find(run->earlier, reviewing->review->is_return ? EARLIER_RETURNED : EARLIER_APPROVED, record,
                        strnlen(record, RECORD_ID_BYTES), 0);
}

/* What is only tried is never signed: a seal would say that two people decided. */
static bool make_seal(const struct desk *desk, const struct record *record, struct buf *out, struct error *err)
{
    if (!desk->trial)
        return seal_make(desk->signer, record, out, err);
    buf_add_text(out, "{}");
    return true;
}

static bool prepare_one(struct run *run, struct store_txn *txn, size_t index, struct error *err)
{
    struct reviewing *reviewing = run->context;
    struct prepared *prepared = &reviewing->prepared[index - reviewing->prepared_from];
    struct record record;
    struct error why = {.code = ERR_NONE};
    struct run_item ignored;

    if (find_earlier(run, index))
        return true;
    /* What is refused here will be refused, and reported, in the transaction. */
    if (!decide_one(run, txn, &reviewing->items[index], &why))
        return run_refuse(&ignored, &why, err);
    record = reviewing->dossier.newest.record;
    prepared->approved_ms = clock_now_ms(run->desk->clock);
    if (prepared->approved_ms < record.proposed_ms)
        prepared->approved_ms = record.proposed_ms;
    record.approved_ms = prepared->approved_ms;
    record.approved_by = span_of(run->desk->person);
    if (!make_seal(run->desk, &record, &prepared->seal, err))
        return false;
    prepared->proposal = reviewing->dossier.newest.proposal;
    return true;
}

static bool prepare(struct run *run, size_t from, size_t count, struct error *err)
{
    struct store_txn *txn = NULL;
    struct reviewing *reviewing = run->context;
    bool is_good = true;

    reviewing->prepared_from = from;
    if (!run_read(run->desk, &txn, err))
        return false;
    for (size_t i = 0; is_good && i < count; i++) {
        reviewing->prepared[i].proposal = 0;
        buf_clear(&reviewing->prepared[i].seal);
        is_good = prepare_one(run, txn, from + i, err);
    }
    run_read_end(run->desk, txn);
    return is_good;
}

/* Whether an event is still to be made of it. */
static bool load_decided(struct run *run, size_t index, struct run_item *item, bool *is_good, struct error *err)
{
    struct reviewing *reviewing = run->context;
    const struct review_item *asked = &reviewing->items[index];
    const struct earlier_item *earlier = find_earlier(run, index);
    struct error why = {.code = ERR_NONE};

    if (earlier) {
        run_item_earlier(item, earlier);
        *is_good = false;
        return true;
    }
    if (record_id_is_valid(span_of(asked->record)))
        memcpy(item->record, asked->record, RECORD_ID_LENGTH);
    *is_good = decide_one(run, run->txn, asked, &why);
    if (!*is_good)
        return run_refuse(item, &why, err);
    item->version = reviewing->dossier.newest.record.version;
    memcpy(item->obligation, reviewing->dossier.newest.record.obligation, sizeof item->obligation);
    return true;
}

static void reason_add(const struct reviewing *reviewing, struct buf *data)
{
    struct span reason = span_trim(span_of(reviewing->review->reason));

    if (reason.bytes == 0)
        return;
    buf_add_text(data, "\"reason\":");
    json_string_add(data, reason);
    buf_add_byte(data, ',');
}

static bool approve_one(struct run *run, struct ledger *ledger, size_t index, struct run_item *item, struct error *err)
{
    struct reviewing *reviewing = run->context;
    const struct prepared *prepared = &reviewing->prepared[index - reviewing->prepared_from];
    struct buf *data = &reviewing->data;
    const struct superseding at = {run->txn, ledger, run->desk->person};
    char instant[INSTANT_TEXT_BYTES];
    struct error why;
    bool is_good;

    if (!load_decided(run, index, item, &is_good, err))
        return false;
    if (!is_good)
        return true;
    /* proposal is a sequence and may be 0 in no journal that has an obligation before it */
    if (prepared->proposal != reviewing->dossier.newest.proposal) {
        error_set_both(&why, ERR_REFUSED, "record.changed", "%s changed while it was being sealed: approve it again",
                       "%s 在加签过程中发生变更：请重新审核", item->record);
        return run_refuse(item, &why, err);
    }
    buf_clear(data);
    buf_addf(data, "{\"approved_at\":\"%s\",", instant_format(prepared->approved_ms, instant));
    reason_add(reviewing, data);
    buf_addf(data, "\"record\":\"%s\",\"seal\":", item->record);
    buf_add_span(data, buf_span(&prepared->seal));
    buf_addf(data, ",\"version\":%u}", item->version);
    return ledger_emit(ledger, run->desk->person, "record.approved", buf_span(data), NULL, err) &&
           supersede_unsent(&at, &reviewing->dossier.newest.record, err);
}

static bool return_one(struct run *run, struct ledger *ledger, size_t index, struct run_item *item, struct error *err)
{
    struct reviewing *reviewing = run->context;
    struct buf *data = &reviewing->data;
    bool is_good;

    if (!load_decided(run, index, item, &is_good, err))
        return false;
    if (!is_good)
        return true;
    buf_clear(data);
    buf_add_byte(data, '{');
    reason_add(reviewing, data);
    buf_addf(data, "\"record\":\"%s\",\"version\":%u}", item->record, item->version);
    return ledger_emit(ledger, run->desk->person, "record.returned", buf_span(data), NULL, err);
}

/* --- all that wait --- */

struct waiting {
    struct review_item *items;
    char (*ids)[RECORD_ID_BYTES];
    size_t count;
    size_t capacity;
    uint64_t limit; /* proposed before this sequence: what came later nobody has asked to decide */
};

static void keep(struct waiting *waiting, const char *record, uint64_t proposal)
{
    if (waiting->count == waiting->capacity) {
        waiting->capacity = waiting->capacity ? 2 * waiting->capacity : 1024;
        waiting->items = memory_resize(waiting->items, waiting->capacity * sizeof *waiting->items);
        waiting->ids = memory_resize(waiting->ids, waiting->capacity * sizeof *waiting->ids);
    }
    waiting->items[waiting->count].proposal = proposal;
    memcpy(waiting->ids[waiting->count++], record, RECORD_ID_BYTES);
}

static bool gather(const struct record_version *version, void *context)
{
    struct waiting *waiting = context;

    if (version->proposal < waiting->limit)
        keep(waiting, version->record.id, version->proposal);
    return true;
}

static bool gather_all(const struct run *run, const struct review *review, struct waiting *waiting, struct error *err)
{
    struct store_txn *txn = NULL;
    struct records_filter filter = {RECORDS_WAITING, review->ground, review->division, NULL};
    bool is_good;

    waiting->limit = run->desk->job ? run->desk->since : UINT64_MAX;
    for (size_t i = 0; i < earlier_count(run->earlier); i++)
        keep(waiting, earlier_at(run->earlier, i)->record, 0);
    if (!run_read(run->desk, &txn, err))
        return false;
    is_good = records_scan(txn, &filter, gather, waiting, err);
    run_read_end(run->desk, txn);
    for (size_t i = 0; i < waiting->count; i++)
        waiting->items[i].record = waiting->ids[i];
    return is_good;
}

static void reviewing_done(struct reviewing *reviewing)
{
    for (size_t i = 0; reviewing->prepared && i < COMMAND_BATCH; i++)
        buf_done(&reviewing->prepared[i].seal);
    free(reviewing->prepared);
    dossier_done(&reviewing->dossier);
    buf_done(&reviewing->hold);
    buf_done(&reviewing->data);
}

static bool review_all(struct run *run, struct reviewing *reviewing, struct error *err)
{
    bool is_good;

    run->context = reviewing;
    run->one = reviewing->review->is_return ? return_one : approve_one;
    if (!reviewing->review->is_return) {
        run->prepare = prepare;
        reviewing->prepared = memory_new(COMMAND_BATCH * sizeof *reviewing->prepared);
    }
    is_good = run_all(run, err);
    reviewing_done(reviewing);
    return is_good;
}

static bool check_reason(const struct review *review, struct error *err)
{
    struct span reason = span_trim(span_of(review->reason));

    if (reason.bytes <= RECORD_REASON_MAX && utf8_is_valid(reason, NULL))
        return true;
    return refuse(err, ERR_INVALID, "record.text-too-long", "a reason or statement has at most %d bytes of UTF-8",
                  "理由或说明最多 %d 字节（UTF-8）", (int)RECORD_REASON_MAX);
}

bool command_review(const struct desk *desk, const struct review *review, command_report *report, void *context,
                    struct tally *tally, struct error *err)
{
    AUTO(run_done)
    struct run run = {
        .desk = desk, .count = review->count, .report = report, .report_context = context, .tally = tally};
    struct reviewing reviewing = {.review = review, .items = review->items};
    struct waiting waiting = {.count = 0};
    bool is_good;

    if (!check_reason(review, err) || !run_begin(&run, err))
        return false;
    is_good = !review->takes_all || gather_all(&run, review, &waiting, err);
    if (is_good && review->takes_all) {
        run.count = waiting.count;
        reviewing.items = waiting.items;
    }
    is_good = is_good && review_all(&run, &reviewing, err);
    free(waiting.items);
    free(waiting.ids);
    return is_good;
}

bool command_approve(const struct desk *desk, const struct review_item *items, size_t count, command_report *report,
                     void *context, struct tally *tally, struct error *err)
{
    struct review review = {.items = items, .count = count, .ground = -1};

    return command_review(desk, &review, report, context, tally, err);
}

bool command_return(const struct desk *desk, const struct review_item *items, size_t count, const char *reason,
                    command_report *report, void *context, struct tally *tally, struct error *err)
{
    struct review review = {.is_return = true, .reason = reason, .items = items, .count = count, .ground = -1};

    return command_review(desk, &review, report, context, tally, err);
}
