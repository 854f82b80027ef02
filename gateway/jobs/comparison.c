#include "gateway/jobs/comparison.h"

#include <string.h>

#include "base/text.h"
#include "gateway/feedback/feedback.h"
#include "gateway/journal/journal.h"
#include "gateway/registry/records.h"
#include "keys/digest.h"

const char *const FINDING_NAMES[FINDING_COUNT] = {
    [FINDING_EQUAL] = "equal",     [FINDING_ENDED] = "ended", [FINDING_OPEN] = "open",
    [FINDING_MISSING] = "missing", [FINDING_OLDER] = "older", [FINDING_DIFFERENT] = "different",
    [FINDING_NEWER] = "newer",     [FINDING_EXTRA] = "extra",
};

bool finding_is_difference(enum finding finding)
{
    return finding >= FINDING_MISSING;
}

/* --- one pair --- */

static bool ends(unsigned op)
{
    return op == ADAPTER_OP_WITHDRAW || op == ADAPTER_OP_REPAIR;
}

enum finding pair_judge(const struct pair *pair)
{
    const struct side *ours = &pair->ours;
    const struct side *theirs = &pair->theirs;

    if (pair->is_open)
        return FINDING_OPEN;
    if (theirs->version == 0)
        return ours->version == 0 ? FINDING_EQUAL : ends(ours->op) ? FINDING_ENDED : FINDING_MISSING;
    if (ours->version == 0)
        return FINDING_EXTRA;
    if (theirs->version != ours->version)
        return theirs->version < ours->version ? FINDING_OLDER : FINDING_NEWER;
    if (memcmp(ours->sm3, theirs->sm3, sizeof ours->sm3) != 0)
        return FINDING_DIFFERENT;
    return ours->op != 0 && ours->op != theirs->op ? FINDING_DIFFERENT : FINDING_EQUAL;
}

/* --- moments --- */

static bool event_instant(struct store_txn *txn, uint64_t sequence, int64_t *at_ms, struct error *err)
{
    struct event event;
    struct span bytes;

    if (!journal_read(txn, sequence, &bytes))
        return store_txn_is_good(txn, err) &&
               fail(err, ERR_CORRUPT, "event %llu is missing", (unsigned long long)sequence);
    if (!event_parse(bytes, &event, err))
        return false;
    *at_ms = event.at_ms;
    return true;
}

bool moment_take(struct store_txn *txn, struct moment *out, struct error *err)
{
    struct moment moment = {journal_size(txn), INT64_MIN};

    if (moment.size > 0 && !event_instant(txn, moment.size - 1, &moment.at_ms, err))
        return false;
    *out = moment;
    return store_txn_is_good(txn, err);
}

/* Instants never go back in the journal (ledger.h): what came after has a later one, or the same. */
bool moment_is_before(const struct moment *moment, struct store_txn *txn, int64_t changed_ms)
{
    struct error ignored; /* an event that cannot be read spoils the transaction, or is found by whoever verifies */
    int64_t next_ms;

    if (changed_ms != moment->at_ms)
        return changed_ms > moment->at_ms;
    return journal_size(txn) > moment->size &&
           (!event_instant(txn, moment->size, &next_ms, &ignored) || next_ms == changed_ms);
}

/* --- a page --- */

struct merging {
    struct store_txn *txn;
    const struct page_view *view;
    size_t at; /* in the page */
    pair_visit *visit;
    void *context;
    bool is_over; /* `visit` has had enough */
    struct buf hold;
    struct error *err;
    bool has_failed;
};

static void tell(struct merging *merging, struct pair *pair)
{
    pair->finding = pair_judge(pair);
    if (!merging->visit(pair, merging->context))
        merging->is_over = true;
}

static void set_theirs(const struct adapter_holding *holding, struct pair *pair)
{
    memcpy(pair->record, holding->record, sizeof pair->record);
    pair->theirs.version = holding->version;
    pair->theirs.op = holding->op;
    memcpy(pair->theirs.sm3, holding->sm3, sizeof pair->theirs.sm3);
}

/* One upstream may hold rows of two of our channels: those of the other are not judged here. */
static bool is_of_other(struct merging *merging, const struct adapter_holding *holding)
{
    bool is_feedback = feedback_row_is_valid(span_of(holding->record));
    struct delivery delivery;

    if (merging->view->channel == CHANNEL_FEEDBACK)
        return !is_feedback;
    return is_feedback &&
           outbox_of_version(merging->txn, CHANNEL_FEEDBACK, holding->record, holding->version, &delivery);
}

static bool load_op(struct merging *merging, const struct belief *belief, unsigned *op)
{
    struct record_version version;

    if (merging->view->channel == CHANNEL_FEEDBACK) {
        *op = ADAPTER_OP_ADD;
        return true;
    }
    buf_clear(&merging->hold);
    if (!records_load(merging->txn, span_of(belief->record), belief->version, &version, &merging->hold, merging->err))
        return false;
    *op = (unsigned)version.record.op;
    return true;
}

/* What costs something is looked at only where the finding depends on it. */
static bool set_ours(struct merging *merging, const struct belief *belief, struct pair *pair)
{
    memcpy(pair->record, belief->record, sizeof pair->record);
    pair->is_open = belief->is_open || moment_is_before(merging->view->asked, merging->txn, belief->changed_ms);
    pair->ours.version = belief->version;
    if (belief->version == 0 || pair->is_open)
        return true;
    if (pair->theirs.version == belief->version)
        digest_sm3(belief->row, pair->ours.sm3);
    return load_op(merging, belief, &pair->ours.op);
}

/* What they list before `record`, and we know nothing of. NULL: all that is left. */
static void tell_extra(struct merging *merging, const char *record)
{
    const struct adapter_page *page = merging->view->page;

    while (page->rows && !merging->is_over && merging->at < page->count &&
           (!record || strcmp(page->rows[merging->at].record, record) < 0)) {
        const struct adapter_holding *holding = &page->rows[merging->at++];
        struct pair pair = {.is_open = false};

        if (is_of_other(merging, holding))
            continue;
        set_theirs(holding, &pair);
        tell(merging, &pair);
    }
}

static bool merge_belief(const struct belief *belief, void *context)
{
    struct merging *merging = context;
    const struct adapter_page *page = merging->view->page;
    struct pair pair = {.is_open = false};

    if (page->next[0] && strcmp(belief->record, page->next) > 0)
        return false; /* a later page's */
    tell_extra(merging, belief->record);
    if (merging->is_over)
        return false;
    if (merging->at < page->count && strcmp(page->rows[merging->at].record, belief->record) == 0)
        set_theirs(&page->rows[merging->at++], &pair);
    if (!set_ours(merging, belief, &pair)) {
        merging->has_failed = true;
        return false;
    }
    tell(merging, &pair);
    return !merging->is_over;
}

bool comparison_page(struct store_txn *txn, const struct page_view *view, pair_visit *visit, void *context,
                     struct error *err)
{
    struct merging merging = {.txn = txn, .view = view, .visit = visit, .context = context, .err = err};
    bool is_good = belief_walk(txn, view->channel, view->after, merge_belief, &merging, err);

    buf_done(&merging.hold);
    if (!is_good || merging.has_failed)
        return false;
    tell_extra(&merging, NULL);
    return true;
}
