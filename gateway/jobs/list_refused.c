/* list_refused.c - deliveries that need a person, refused by the upstream or held since it cannot be told: why, and
 * what can be done about it. */
#include <string.h>

#include "base/text.h"
#include "base/walk.h"
#include "gateway/feedback/feedback.h"
#include "gateway/jobs/kinds.h"
#include "gateway/jobs/lists.h"
#include "gateway/jobs/refusals.h"
#include "gateway/journal/journal.h"
#include "gateway/outbox/stage.h"

enum { NAME_COLUMNS = 40, WORDS_COLUMNS = 60 };

static const struct listing_column COLUMNS[] = {
    {"报送", "delivery", 0, true},
    {"渠道", "channel", 0, false},
    {"记录", "record", 0, false},
    {"版本", "version", 0, true},
    {"企业", "enterprise", NAME_COLUMNS, false},
    {"代码", "code", 0, false},
    {"对方说明", "their words", WORDS_COLUMNS, false},
    {"原因", "why", WORDS_COLUMNS, false},
    {"字段", "field", 0, false},
    {"怎么办", "what to do", 0, false},
};

struct refused {
    struct work *work;
    struct store_txn *txn;
    struct listing *listing;
    struct refusals *refusals;
    enum channel held; /* whose are visited */
    struct buf hold;
    struct buf json;
};

static struct span name_of(struct refused *refused, const char *record)
{
    struct record_version version;
    struct error ignored;

    if (!records_load(refused->txn, span_of(record), 0, &version, &refused->hold, &ignored))
        return SPAN_NONE; /* only for the eyes */
    return version.record.name;
}

struct told {
    const char *channel;
    struct span name;
    struct span uscc;
    struct span code;
    bool is_held; /* by us: there is no delivery */
};

/* A feedback's lane is its own: whom it is about stands in its event. */
static struct span uscc_of(struct refused *refused, const struct delivery *delivery)
{
    struct event event;
    struct span bytes;

    if (delivery->channel != CHANNEL_FEEDBACK)
        return span_of(delivery->subject);
    if (!feedback_row_is_valid(span_of(delivery->record)) ||
        !journal_read(refused->txn, feedback_row_sequence(span_of(delivery->record)), &bytes) ||
        !event_parse(bytes, &event, NULL))
        return SPAN_NONE; /* only for the eyes */
    return walk_plain_of(walk_member(event.data, "answer"), "uscc");
}

static void item_json(const struct work *work, const struct delivery *delivery, const struct told *told,
                      const struct refusal *refusal, struct buf *out)
{
    buf_clear(out);
    if (told->is_held)
        buf_add_text(out, "{\"delivery\":null");
    else
        json_count_add(out, "{\"delivery\":", delivery->number);
    buf_addf(out, ",\"state\":\"%s\"", told->is_held ? "held" : "refused");
    lists_text(out, ",\"channel\":", span_of(told->channel));
    lists_text(out, ",\"record\":", span_of(delivery->record));
    json_count_add(out, ",\"version\":", delivery->version);
    lists_text(out, ",\"uscc\":", told->uscc);
    lists_text(out, ",\"name\":", told->name);
    lists_text(out, ",\"code\":", told->code);
    lists_text(out, ",\"reason\":", delivery->message);
    buf_addf(out, ",\"known\":%s", refusal->is_known ? "true" : "false");
    lists_text(out, ",\"why\":", span_of(work_say(work, refusal->reason_zh, refusal->reason_en)));
    lists_text(out, ",\"advice\":", span_of(work_say(work, refusal->correct_zh, refusal->correct_en)));
    lists_text(out, ",\"requeue\":", span_of(work_say(work, refusal->requeue_zh, refusal->requeue_en)));
    buf_add_text(out, ",\"fields\":");
    refusal_fields_json(refusal, out);
    json_count_add(out, ",\"attempts\":", delivery->attempts);
    lists_instant(out, ",\"queued_at\":", delivery->queued_ms);
    lists_instant(out, ",\"refused_at\":", delivery->changed_ms);
    buf_add_byte(out, '}');
}

static void add_row(struct refused *refused, const struct delivery *delivery, const struct told *told,
                    const struct refusal *refusal)
{
    AUTO(buf_done) struct buf advice = BUF_INIT;
    AUTO(buf_done) struct buf fields = BUF_INIT;
    const struct work *work = refused->work;
    struct span cells[COUNT_OF(COLUMNS)];
    char number[24] = "-", version[12];

    buf_addf(&advice, work_is_chinese(work) ? "%s。原样再报：%s" : "%s. As it is: %s",
             work_say(work, refusal->correct_zh, refusal->correct_en),
             work_say(work, refusal->requeue_zh, refusal->requeue_en));
    refusal_fields_text(refusal, work_is_chinese(work), &fields);
    if (!told->is_held)
        snprintf(number, sizeof number, "%llu", (unsigned long long)delivery->number);
    snprintf(version, sizeof version, "%u", delivery->version);
    cells[0] = span_of(number);
    cells[1] = span_of(told->channel);
    cells[2] = span_of(delivery->record);
    cells[3] = span_of(version);
    cells[4] = told->name;
    cells[5] = told->code;
    cells[6] = delivery->message;
    cells[7] = span_of(work_say(work, refusal->reason_zh, refusal->reason_en));
    cells[8] = buf_span(&fields);
    cells[9] = buf_span(&advice);
    item_json(work, delivery, told, refusal, &refused->json);
    listing_row(refused->listing, cells, buf_span(&refused->json));
}

static bool add(const struct delivery *delivery, void *context)
{
    struct refused *refused = context;
    char channel[CHANNEL_NAME_BYTES];
    struct told told = {.channel = channel_name(refused->txn, delivery->channel, channel),
                        .name = name_of(refused, delivery->record),
                        .uscc = uscc_of(refused, delivery),
                        .code = span_of(delivery->code)};
    struct refusal refusal;

    refusals_explain(refused->refusals, delivery, &refusal);
    add_row(refused, delivery, &told, &refusal);
    return true;
}

/* What the channel of refused->held cannot be told waits for the same person. */
static bool add_held(const struct stage_held *held, void *context)
{
    struct refused *refused = context;
    struct delivery none = {
        .channel = refused->held, .version = held->version, .changed_ms = held->since_ms, .message = held->message};
    struct told told = {.channel = CHANNEL_NAMES[refused->held],
                        .name = name_of(refused, held->record),
                        .code = held->code,
                        .is_held = true};
    struct delivery before;
    struct refusal refusal;

    memcpy(none.record, held->record, sizeof none.record);
    if (outbox_find(refused->txn, held->number, &before, NULL))
        told.uscc = span_of(before.subject);
    refusals_explain_held(refused->refusals, refused->held, held, &refusal);
    add_row(refused, &none, &told, &refusal);
    return true;
}

static bool tell_all(struct refused *refused, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    if (!work_read(refused->work, &txn, err))
        return false;
    refused->txn = txn;
    for (unsigned i = 0; channel_at(txn, i) != CHANNEL_NONE; i++) {
        refused->held = channel_at(txn, i);
        if (!outbox_refused(txn, refused->held, add, refused, err) ||
            !stage_held_list(txn, refused->held, add_held, refused, err))
            return false;
    }
    return true;
}

bool run_refused(struct work *work, struct error *err)
{
    AUTO(buf_done) struct buf closing = BUF_INIT;
    AUTO(listing_free) struct listing *listing = NULL;
    AUTO(refusals_free) struct refusals *refusals = refusals_new(work->environment->config);
    struct refused refused = {.work = work, .refusals = refusals};
    bool is_chinese = work_is_chinese(work);
    bool is_good;

    if (!listing_new(work->folder, is_chinese, COLUMNS, COUNT_OF(COLUMNS), &listing, err))
        return false;
    refused.listing = listing;
    is_good = tell_all(&refused, err);
    buf_done(&refused.hold);
    buf_done(&refused.json);
    buf_addf(&closing, is_chinese ? "被拒和暂缓的报送 %llu 项。" : "%llu refused or held deliveries.",
             (unsigned long long)listing_rows(listing));
    if (listing_rows(listing) > 0)
        buf_add_text(&closing,
                     is_chinese
                         ? "对方已修正的，按原内容再报：creditgate requeue 报送… --reason 理由。本方有误的，更正或撤销"
                           "记录（correct、withdraw），复核后 push：新版本取代被拒的。对方称没有该记录的：对账补报"
                           "（creditgate reconcile 渠道 --repair），被拒的撤销、修复随之再报。"
                         : " Put right on their side, send again as it is: creditgate requeue "
                           "DELIVERY… --reason TEXT. Our own fault: correct or withdraw the record, "
                           "have it approved, push: the new version takes its place. They say that they do not hold "
                           "the record: creditgate reconcile CHANNEL --repair tells it again, and its end with it.");
    return is_good && lists_finish(work, listing, SPAN_NONE, buf_span(&closing), err);
}
