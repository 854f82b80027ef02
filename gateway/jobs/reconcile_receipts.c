/* reconcile_receipts.c - a channel that lists nothing: what its receipts say, and nothing more. */
#include <string.h>

#include "base/text.h"
#include "gateway/jobs/lists.h"
#include "gateway/jobs/reconcile.h"

static const struct listing_column COLUMNS[] = {
    {"报送", "delivery", 0, true}, {"记录", "record", 0, false},      {"版本", "version", 0, true},
    {"状态", "state", 0, false},   {"排队于", "queued at", 0, false}, {"最近变化", "changed at", 0, false},
};
enum { CELL_COUNT = COUNT_OF(COLUMNS) };

struct telling {
    struct listing *listing;
    struct buf json;
};

/* Sent, perhaps, and not yet told what came of it. */
static bool lacks_receipt(enum delivery_state state)
{
    return state == DELIVERY_SENDING || state == DELIVERY_IN_DOUBT || state == DELIVERY_RECEIVED;
}

static bool see(const struct delivery *delivery, void *context)
{
    struct telling *telling = context;
    struct buf *json = &telling->json;
    struct span cells[CELL_COUNT];
    char number[24], version[12], queued[INSTANT_TEXT_BYTES], changed[INSTANT_TEXT_BYTES];

    if (!lacks_receipt(delivery->state))
        return true;
    snprintf(number, sizeof number, "%llu", (unsigned long long)delivery->number);
    snprintf(version, sizeof version, "%u", delivery->version);
    cells[0] = span_of(number);
    cells[1] = span_of(delivery->record);
    cells[2] = span_of(version);
    cells[3] = span_of(DELIVERY_STATE_NAMES[delivery->state]);
    cells[4] = span_of(instant_format(delivery->queued_ms, queued));
    cells[5] = span_of(instant_format(delivery->changed_ms, changed));
    buf_clear(json);
    json_count_add(json, "{\"delivery\":", delivery->number);
    lists_text(json, ",\"record\":", span_of(delivery->record));
    json_count_add(json, ",\"version\":", delivery->version);
    lists_text(json, ",\"state\":", span_of(DELIVERY_STATE_NAMES[delivery->state]));
    lists_instant(json, ",\"queued_at\":", delivery->queued_ms);
    lists_instant(json, ",\"changed_at\":", delivery->changed_ms);
    buf_add_byte(json, '}');
    listing_row(telling->listing, cells, buf_span(json));
    return true;
}

static bool finish(struct work *work, struct listing *listing, enum channel channel,
                   const struct channel_status *status, struct error *err)
{
    AUTO(buf_done) struct buf head = BUF_INIT;
    AUTO(buf_done) struct buf closing = BUF_INIT;
    unsigned long long acknowledged = status->count[DELIVERY_ACKNOWLEDGED];
    unsigned long long lacking = listing_rows(listing);

    buf_addf(&head, "\"channel\":\"%s\",\"basis\":\"receipts\",\"acknowledged\":%llu,\"without_receipt\":%llu,",
             CHANNEL_NAMES[channel], acknowledged, lacking);
    buf_addf(&closing,
             work_is_chinese(work)
                 ? "%s 不提供持有清单，只能依据回执：已有业务回执 %llu 项，已发出而尚无业务回执 %llu 项。"
                 : "%s gives no list of what it holds; its receipts say: %llu deliveries acknowledged, %llu sent and "
                   "without a business receipt.",
             CHANNEL_NAMES[channel], acknowledged, lacking);
    work->exit = lacking > 0 ? WORK_EXIT_SOME_REFUSED : WORK_EXIT_DONE;
    work_count(work, "acknowledged", acknowledged);
    return lists_finish(work, listing, buf_span(&head), buf_span(&closing), err);
}

bool reconcile_receipts(struct work *work, enum channel channel, struct error *err)
{
    AUTO(listing_free) struct listing *listing = NULL;
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct telling telling = {.json = BUF_INIT};
    struct channel_status status;
    bool is_good;

    if (!listing_new(work->folder, work_is_chinese(work), COLUMNS, COUNT_OF(COLUMNS), &listing, err) ||
        !work_read(work, &txn, err) || !outbox_status(txn, channel, &status, err))
        return false;
    telling.listing = listing;
    is_good = outbox_open(txn, channel, see, &telling, err);
    buf_done(&telling.json);
    return is_good && finish(work, listing, channel, &status, err);
}
