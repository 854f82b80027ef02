#include "gateway/jobs/reconcile.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/command/earlier.h"
#include "gateway/courier/inquiry.h"
#include "gateway/jobs/lists.h"

struct reconciling {
    struct work *work;
    enum channel channel;
    const char *reason; /* of a repair; else NULL */
    struct reconcile_rows *rows;
    struct store_txn *txn; /* while rows are told */
    uint64_t counts[FINDING_COUNT];
    uint64_t compared;
    uint64_t of;
    /* What is to be repaired: told when it is known what came of it. */
    struct pair *pairs;
    size_t count;
    size_t capacity;
    struct pair *earlier; /* repaired by this order before its process was killed; by record */
    size_t earlier_count;
    struct tally tally;
};

static void reconciling_done(struct reconciling *run)
{
    reconcile_rows_free(run->rows);
    free(run->pairs);
    free(run->earlier);
}
DEFINE_AUTO_IN_PLACE(struct reconciling, reconciling_done)

/* --- what this order did already --- */

static int by_record(const void *a, const void *b)
{
    return strcmp(((const struct pair *)a)->record, ((const struct pair *)b)->record);
}

/* Versions of a record follow one another: the last one counts. */
static void note_earlier(struct reconciling *run, const struct earlier_item *item)
{
    struct pair *pair = &run->earlier[run->earlier_count]; /* there is room for one more than there are */

    if (run->earlier_count > 0 && strcmp(pair[-1].record, item->record) == 0)
        pair--;
    else
        run->earlier_count++;
    memcpy(pair->record, item->record, sizeof pair->record);
    pair->ours.version = item->version;
    pair->theirs.version = item->held;
    pair->finding = item->held ? FINDING_OLDER : FINDING_MISSING;
}

static bool find_earlier(struct reconciling *run, struct error *err)
{
    AUTO(earlier_free) struct earlier *earlier = NULL;

    if (!run->reason)
        return true;
    if (!earlier_load(&run->work->desk, &earlier, err))
        return false;
    run->earlier = memory_new((earlier_count(earlier) + 1) * sizeof *run->earlier);
    for (size_t i = 0; i < earlier_count(earlier); i++) {
        if (earlier_at(earlier, i)->kind == EARLIER_REPEATED)
            note_earlier(run, earlier_at(earlier, i));
    }
    qsort(run->earlier, run->earlier_count, sizeof *run->earlier, by_record);
    return true;
}

/* --- comparing --- */

static void keep(struct reconciling *run, const struct pair *pair)
{
    if (run->count == run->capacity) {
        run->capacity = run->capacity ? 2 * run->capacity : 256;
        run->pairs = memory_resize(run->pairs, run->capacity * sizeof *run->pairs);
    }
    run->pairs[run->count++] = *pair;
}

static bool see(const struct pair *pair, void *context)
{
    struct reconciling *run = context;
    const struct pair *earlier =
        run->earlier_count ? bsearch(pair, run->earlier, run->earlier_count, sizeof *pair, by_record) : NULL;

    if (earlier)
        pair = earlier;
    else if (pair->ours.version == 0 && pair->theirs.version == 0 && !pair->is_open)
        return true; /* never taken, and not there */
    run->counts[pair->finding]++;
    work_progress(run->work, ++run->compared, run->of);
    if (run->reason && (pair->finding == FINDING_MISSING || pair->finding == FINDING_OLDER))
        keep(run, pair);
    else if (finding_is_difference(pair->finding))
        reconcile_rows_add(run->rows, run->txn, pair, NULL);
    return true;
}

/* Nobody's pages are held back while the network is waited for: a transaction before, another one after. */
static bool take_moment(struct reconciling *run, struct moment *moment, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct channel_status status;

    if (!work_read(run->work, &txn, err) || !moment_take(txn, moment, err) ||
        !outbox_status(txn, run->channel, &status, err))
        return false;
    run->of = status.count[DELIVERY_ACKNOWLEDGED];
    return true;
}

static bool compare_page(struct reconciling *run, const struct page_view *view, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    if (!work_read(run->work, &txn, err))
        return false;
    run->txn = txn;
    return comparison_page(txn, view, see, run, err);
}

static bool compare_all(struct reconciling *run, const struct courier_channel *channel, struct error *err)
{
    AUTO(inquiry_free) struct inquiry *inquiry = NULL;
    char after[ADAPTER_RECORD_BYTES] = "";
    bool is_last = false;

    if (!inquiry_new(channel, run->work->environment->clock, &inquiry, err))
        return false;
    while (!is_last) {
        AUTO(adapter_page_done) struct adapter_page page = {.count = 0};
        struct moment asked;
        struct page_view view = {run->channel, after, &page, &asked};

        if (!take_moment(run, &asked, err) || !inquiry_next(inquiry, &page, err) || !compare_page(run, &view, err))
            return false;
        memcpy(after, page.next, sizeof after);
        is_last = page.next[0] == '\0';
    }
    return true;
}

/* --- repairing --- */

static void tell_repaired(const struct outcome *outcome, void *context)
{
    struct reconciling *run = context;
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct error ignored; /* without a transaction only the name is missing; a broken store ends the command */

    if (work_read(run->work, &txn, &ignored))
        reconcile_rows_add(run->rows, txn, &run->pairs[outcome->index], outcome);
}

static bool repair(struct reconciling *run, struct error *err)
{
    struct repeat_item *items = memory_new((run->count + 1) * sizeof *items);
    struct repeat_request request = {run->channel, items, run->count, run->reason};
    bool is_good;

    for (size_t i = 0; i < run->count; i++) {
        memcpy(items[i].record, run->pairs[i].record, sizeof items[i].record);
        items[i].version = run->pairs[i].ours.version;
        items[i].held = run->pairs[i].theirs.version;
    }
    is_good = command_repeat(&run->work->desk, &request, tell_repaired, run, &run->tally, err);
    free(items);
    work_wake_courier(run->work); /* also for what was queued before it broke */
    return is_good;
}

/* --- the report --- */

static void add_head(const struct reconciling *run, struct buf *head)
{
    buf_addf(head, "\"channel\":\"%s\",\"basis\":\"holdings\",", CHANNEL_NAMES[run->channel]);
    json_count_add(head, "\"compared\":", run->compared);
    for (int i = 0; i < FINDING_COUNT; i++)
        buf_addf(head, ",\"%s\":%llu", FINDING_NAMES[i], (unsigned long long)run->counts[i]);
    json_count_add(head, ",\"queued\":", run->tally.done);
    json_count_add(head, ",\"refused\":", run->tally.refused);
    buf_add_byte(head, ',');
}

static void add_counts(const struct reconciling *run, struct buf *out)
{
    static const struct {
        enum finding finding;
        const char *zh;
        const char *en;
    } WORDS[] = {
        {FINDING_EQUAL, "一致", "equal"},
        {FINDING_ENDED, "已终止且对方不再列出", "over and not listed any more"},
        {FINDING_OPEN, "有报送在途未判", "not judged (something is on its way)"},
        {FINDING_MISSING, "缺失", "missing"},
        {FINDING_OLDER, "旧版", "older"},
        {FINDING_DIFFERENT, "内容不同", "different"},
        {FINDING_NEWER, "对方更新", "newer"},
        {FINDING_EXTRA, "多出", "extra"},
    };
    bool is_chinese = work_is_chinese(run->work);

    buf_addf(out, is_chinese ? "与 %s 的持有清单比对 %llu 条：" : "Compared with what %s lists: %llu records: ",
             CHANNEL_NAMES[run->channel], (unsigned long long)run->compared);
    for (size_t i = 0; i < COUNT_OF(WORDS); i++) {
        unsigned long long count = run->counts[WORDS[i].finding];

        if (count == 0 && WORDS[i].finding != FINDING_EQUAL && WORDS[i].finding < FINDING_MISSING)
            continue;
        buf_addf(out, is_chinese ? "%s%s %llu" : "%s%.0s%llu %s",
                 i == 0       ? ""
                 : is_chinese ? "，"
                              : ", ",
                 is_chinese ? WORDS[i].zh : "", count, WORDS[i].en);
    }
    buf_add_text(out, is_chinese ? "。" : ".");
}

static uint64_t differences(const struct reconciling *run)
{
    uint64_t count = 0;

    for (int i = 0; i < FINDING_COUNT; i++)
        count += finding_is_difference((enum finding)i) ? run->counts[i] : 0;
    return count;
}

static void add_hints(const struct reconciling *run, struct buf *out)
{
    const struct work *work = run->work;
    uint64_t repairable = run->counts[FINDING_MISSING] + run->counts[FINDING_OLDER];

    if (run->reason)
        buf_addf(out,
                 work_is_chinese(work) ? "已重新排队 %llu 条，未能排队 %llu 条；进展：creditgate status。"
                                       : " %llu queued again, %llu could not be; progress: creditgate status.",
                 (unsigned long long)run->tally.done, (unsigned long long)run->tally.refused);
    else if (repairable > 0)
        buf_add_text(out,
                     work_say(work, "缺失和旧版的可补报：creditgate reconcile 渠道 --repair --reason 理由（复核人）。",
                              " What is missing or older can be sent again by a reviewer: creditgate reconcile "
                              "CHANNEL --repair --reason TEXT."));
    if (differences(run) > repairable)
        buf_add_text(out, work_say(work, "其余差异不由机器处理，须由人与对方核对。",
                                   " The other differences are for a person: compare with them."));
    if (run->counts[FINDING_OPEN] > 0)
        buf_add_text(
            out, work_say(work, "未判的待报送办结后再比对。", " Compare again when what is on its way has arrived."));
}

static bool report(struct reconciling *run, struct error *err)
{
    AUTO(buf_done) struct buf head = BUF_INIT;
    AUTO(buf_done) struct buf closing = BUF_INIT;
    struct work *work = run->work;

    add_head(run, &head);
    add_counts(run, &closing);
    add_hints(run, &closing);
    work->exit = differences(run) > 0 ? WORK_EXIT_SOME_REFUSED : WORK_EXIT_DONE;
    work_count(work, "compared", run->compared);
    work_count(work, "differences", differences(run));
    work_count(work, "queued", run->tally.done);
    return lists_finish(work, reconcile_rows_listing(run->rows), buf_span(&head), buf_span(&closing), err);
}

bool reconcile_channel(struct work *work, const struct courier_channel *channel, const char *reason, struct error *err)
{
    AUTO(reconciling_done)
    struct reconciling run = {.work = work, .channel = channel->channel, .reason = reason};

    if (!channel->adapter->holdings) {
        if (!reason)
            return reconcile_receipts(work, channel->channel, err);
        return refuse(err, ERR_REFUSED, "reconcile.no-list",
                      "%s gives no list of what it holds: there is nothing to compare with, so nothing is repaired",
                      "%s 不提供持有清单：无从比对，不作补报", CHANNEL_NAMES[channel->channel]);
    }
    return reconcile_rows_new(work, &run.rows, err) && find_earlier(&run, err) && compare_all(&run, channel, err) &&
           (!reason || repair(&run, err)) && report(&run, err);
}
