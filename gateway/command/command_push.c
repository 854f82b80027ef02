#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "gateway/command/supersede.h"
#include "keys/digest.h"

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
    struct buf data;
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
    AUTO(store_abort) struct store_txn *txn = NULL;
    const struct record_list_view *records = pushing->request->records;
    struct records_filter filter = {RECORDS_UNSENT, pushing->request->ground, pushing->request->division, NULL};

    pushing->limit = run->desk->job ? run->desk->since : UINT64_MAX;
    for (size_t i = 0; i < earlier_count(run->earlier); i++)
        keep(pushing, earlier_at(run->earlier, i)->record, earlier_at(run->earlier, i)->version);
    if (!store_begin(run->desk->store, STORE_READ, &txn, err))
        return false;
    if (!records)
        return records_scan(txn, &filter, gather, pushing, err);
    for (size_t i = 0; i < records->count; i++) {
        filter.record = records->ids[i];
        if (!records_scan(txn, &filter, gather, pushing, err))
            return false;
    }
    return true;
}

/* A version may be told only after all before it. */
static bool check_order(const struct run *run, const struct unsent *unsent, struct error *err)
{
    const struct pushing *pushing = run->context;
    struct delivery before;

    if (unsent->version == 1 ||
        outbox_of_version(run->txn, pushing->request->channel, unsent->record, unsent->version - 1, &before))
        return true;
    return store_txn_is_good(run->txn, err) &&
           refuse(err, ERR_REFUSED, "push.version-order", "%s: version %u must be pushed before version %u",
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

static bool emit_queued(struct run *run, struct ledger *ledger, const struct record *record, struct error *err)
{
    struct pushing *pushing = run->context;
    struct buf *data = &pushing->data;
    uint8_t digest[32];

    digest_sha256(buf_span(&pushing->row), digest);
    buf_clear(data);
    buf_addf(data, "{\"channel\":\"%s\",\"record\":\"%s\",\"row\":", CHANNEL_NAMES[pushing->request->channel],
             record->id);
    buf_add_span(data, buf_span(&pushing->row));
    buf_add_text(data, ",\"row_sha256\":\"");
    hex_add(data, digest, sizeof digest);
    buf_add_text(data, "\",\"subject\":");
    json_string_add(data, record->uscc);
    buf_addf(data, ",\"version\":%u}", record->version);
    return ledger_emit(ledger, run->desk->person, "delivery.queued", buf_span(data), NULL, err);
}

/* It leaves the list of the unsent without having been sent. */
static bool emit_skipped(struct run *run, struct ledger *ledger, const struct record *record, struct error *err)
{
    struct pushing *pushing = run->context;
    struct buf *data = &pushing->data;

    buf_clear(data);
    buf_addf(data, "{\"channel\":\"%s\",\"reason\":\"never-taken\",\"record\":\"%s\",\"version\":%u}",
             CHANNEL_NAMES[pushing->request->channel], record->id, record->version);
    return ledger_emit(ledger, run->desk->person, "delivery.skipped", buf_span(data), NULL, err);
}

static void set_needless(struct run_item *item)
{
    item->result = RUN_SKIPPED;
    error_set_both(&item->refusal, ERR_REFUSED, "push.never-taken",
                   "they refused this record and never took it: nothing is to be told, its refused delivery is closed",
                   "对方从未接收该记录：无需再报，此前被拒的报送已了结");
}

static bool push_one(struct run *run, struct ledger *ledger, size_t index, struct run_item *item, struct error *err)
{
    struct pushing *pushing = run->context;
    const struct unsent *unsent = &pushing->list[index];
    struct record_version version;
    struct delivery queued;
    struct error why = {.code = ERR_NONE};
    bool is_needless;

    memcpy(item->record, unsent->record, sizeof item->record);
    item->version = unsent->version;
    if (earlier_find(run->earlier, EARLIER_QUEUED, unsent->record, RECORD_ID_LENGTH, unsent->version))
        return true;
    if (earlier_find(run->earlier, EARLIER_SKIPPED, unsent->record, RECORD_ID_LENGTH, unsent->version)) {
        set_needless(item);
        return true;
    }
    /* Another push may have been faster. */
    if (outbox_of_version(run->txn, pushing->request->channel, unsent->record, unsent->version, &queued)) {
        item->result = RUN_SKIPPED;
        return true;
    }
    if (!store_txn_is_good(run->txn, err))
        return false;
    if (!make_row(run, unsent, &version, &why))
        return run_refuse(item, &why, err);
    if (!supersede_by_new(run, ledger, pushing->request->channel, &version.record, &is_needless, err))
        return false;
    if (!is_needless)
        return emit_queued(run, ledger, &version.record, err);
    set_needless(item);
    return emit_skipped(run, ledger, &version.record, err);
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

    if (request->channel != CHANNEL_CREDIT_GUANGDONG)
        return refuse(err, ERR_REFUSED, "push.stage", "%s comes after the stages before it (seed row 18)",
                      "%s 须待前一阶段办结（任务分工表第 18 行）", CHANNEL_NAMES[request->channel]);
    is_good =
        run_begin(&run, err) && supersede_by_queued(desk, request->channel, err) && gather_all(&run, &pushing, err);
    run.count = pushing.count;
    is_good = is_good && run_all(&run, err);
    free(pushing.list);
    buf_done(&pushing.hold);
    buf_done(&pushing.row);
    buf_done(&pushing.data);
    return is_good;
}
