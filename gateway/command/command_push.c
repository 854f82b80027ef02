#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/command/run.h"
#include "gateway/command/stage.h"
#include "gateway/command/supersede.h"
#include "gateway/command/telling.h"

struct unsent {
    char record[RECORD_ID_BYTES];
    uint32_t version;
};

struct pushing {
    const struct push_request *request;
    struct unsent *list;
    size_t count;
    size_t capacity;
    uint64_t limit; /* approved before this sequence: what came later nobody has asked to push */
    struct buf hold;
    struct buf row;
};

static void keep(struct pushing *pushing, const char *record, uint32_t version)
{
    struct unsent *unsent;

    if (pushing->count == pushing->capacity) {
        pushing->capacity = pushing->capacity ? 2 * pushing->capacity : 1024;
        pushing->list = memory_resize(pushing->list, pushing->capacity * sizeof *pushing->list);
    }
    unsent = &pushing->list[pushing->count++];
    memcpy(unsent->record, record, sizeof unsent->record);
    unsent->version = version;
}

static bool gather(const struct record_version *version, void *context)
{
    struct pushing *pushing = context;

    if (version->decision < pushing->limit)
        keep(pushing, version->record.id, version->record.version);
    return true;
}

static bool gather_all(const struct run *run, struct pushing *pushing, struct error *err)
{
    struct store_txn *txn = NULL;
    const struct record_list_view *records = pushing->request->records;
    struct records_filter filter = {RECORDS_UNSENT, pushing->request->ground, pushing->request->division, NULL};
    bool is_good;

    pushing->limit = run->desk->job ? run->desk->since : UINT64_MAX;
    for (size_t i = 0; i < earlier_count(run->earlier); i++)
        keep(pushing, earlier_at(run->earlier, i)->record, earlier_at(run->earlier, i)->version);
    if (!run_read(run->desk, &txn, err))
        return false;
    is_good = records || records_scan(txn, &filter, gather, pushing, err);
    for (size_t i = 0; is_good && records && i < records->count; i++) {
        filter.record = records->ids[i];
        is_good = records_scan(txn, &filter, gather, pushing, err);
    }
    run_read_end(run->desk, txn);
    return is_good;
}

/* A version may be told only after all before it, or in place of them. */
static bool check_order(struct run *run, const struct unsent *unsent, struct error *err)
{
    struct pushing *pushing = run->context;
    struct record_version before;

    if (unsent->version == 1)
        return true;
    if (!records_load(run->txn, span_of(unsent->record), unsent->version - 1, &before, &pushing->hold, err))
        return false;
    if (!records_is_unsent(run->txn, &before))
        return store_txn_is_good(run->txn, err);
    return refuse(err, ERR_REFUSED, "push.version-order", "%s: version %u must be pushed before version %u",
                  "%s：必须先推送版本 %u，才能推送版本 %u", unsent->record, unsent->version - 1, unsent->version);
}

static bool make_row(struct run *run, const struct unsent *unsent, struct record_version *version, struct error *err)
{
    struct pushing *pushing = run->context;

    if (!check_order(run, unsent, err) ||
        !records_load(run->txn, span_of(unsent->record), unsent->version, version, &pushing->hold, err))
        return false;
    buf_clear(&pushing->row);
    return pushing->request->make_row(&version->record, pushing->request->make_row_context, &pushing->row, err);
}

static void set_skipped(struct run_item *item, uint32_t by_version)
{
    item->result = RUN_SKIPPED;
    tell_why_skipped(by_version, &item->refusal);
}

/* It leaves the list of the unsent without having been sent. `by_version` 0: it ends what they never took. */
static bool skip(struct run *run, struct ledger *ledger, const struct unsent *unsent, uint32_t by_version,
                 struct run_item *item, struct error *err)
{
    struct pushing *pushing = run->context;
    struct record_version version;
    struct telling telling = {ledger, run->desk->person, pushing->request->channel, &version.record};

    set_skipped(item, by_version);
    return records_load(run->txn, span_of(unsent->record), unsent->version, &version, &pushing->hold, err) &&
           tell_skipped(&telling, by_version, err);
}

static bool push_version(struct run *run, struct ledger *ledger, const struct unsent *unsent, struct run_item *item,
                         struct error *err)
{
    struct pushing *pushing = run->context;
    const struct superseding at = {run->txn, ledger, run->desk->person};
    struct record_version version;
    struct telling telling = {ledger, run->desk->person, pushing->request->channel, &version.record};
    struct error why = {.code = ERR_NONE};
    bool is_needless;

    if (!make_row(run, unsent, &version, &why))
        return run_refuse(item, &why, err);
    if (!supersede_by_new(&at, telling.channel, &version.record, &is_needless, err))
        return false;
    if (!is_needless)
        return tell_queued(&telling, buf_span(&pushing->row), err);
    return skip(run, ledger, unsent, 0, item, err);
}

static bool push_one(struct run *run, struct ledger *ledger, size_t index, struct run_item *item, struct error *err)
{
    struct pushing *pushing = run->context;
    const struct unsent *unsent = &pushing->list[index];
    struct delivery queued;
    uint32_t by_version;

    memcpy(item->record, unsent->record, sizeof item->record);
    item->version = unsent->version;
    if (earlier_find(run->earlier, EARLIER_QUEUED, unsent->record, RECORD_ID_LENGTH, unsent->version))
        return true;
    if (!supersede_later(run->txn, unsent->record, unsent->version, &by_version, err))
        return false;
    if (earlier_find(run->earlier, EARLIER_SKIPPED, unsent->record, RECORD_ID_LENGTH, unsent->version)) {
        set_skipped(item, by_version);
        return true;
    }
    /* Another push may have been faster. */
    if (outbox_of_version(run->txn, pushing->request->channel, unsent->record, unsent->version, &queued)) {
        item->result = RUN_SKIPPED;
        return true;
    }
    if (!store_txn_is_good(run->txn, err))
        return false;
    if (by_version > 0)
        return skip(run, ledger, unsent, by_version, item, err);
    return push_version(run, ledger, unsent, item, err);
}

bool command_push(const struct desk *desk, const struct push_request *request, command_report *report, void *context,
                  struct tally *tally, struct error *err)
{
    struct pushing pushing = {.request = request};
    AUTO(run_done)
    struct run run = {.desk = desk,
                      .one = push_one,
                      .context = &pushing,
                      .report = report,
                      .report_context = context,
                      .tally = tally};
    bool is_good;

    if (!channel_is_stage(request->channel))
        return refuse(err, ERR_REFUSED, "push.stage", "%s is no stage of row 18: no records go there",
                      "%s 不属于任务分工表第 18 行的报送环节，不报送记录",
                      request->channel < CHANNEL_COUNT ? CHANNEL_NAMES[request->channel] : "?");
    if (request->channel != CHANNEL_CREDIT_GUANGDONG)
        return stage_push_held(desk, request, report, context, tally, err);
    is_good =
        run_begin(&run, err) && supersede_by_queued(desk, request->channel, err) && gather_all(&run, &pushing, err);
    run.count = pushing.count;
    is_good = is_good && run_all(&run, err);
    free(pushing.list);
    buf_done(&pushing.hold);
    buf_done(&pushing.row);
    return is_good;
}
