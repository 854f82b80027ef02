#include "gateway/command/stage.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/command/run.h"
#include "gateway/command/supersede.h"
#include "gateway/command/telling.h"
#include "gateway/outbox/stage.h"

enum { STAGE_LOOK_MAX = 1000 };

struct advancing {
    struct superseding at;
    const struct stage_channel *to;
    bool is_skipped; /* the last version was, … */
    uint32_t skipped_by;
    struct buf hold;
    struct buf row;
};

static void advancing_done(struct advancing *advancing)
{
    buf_done(&advancing->hold);
    buf_done(&advancing->row);
}
DEFINE_AUTO_IN_PLACE(struct advancing, advancing_done)

/* Is it the row that is wrong, and not the store? */
static bool is_refusal(const struct error *why)
{
    return why->code == ERR_REFUSED || why->code == ERR_INVALID || why->code == ERR_LIMIT;
}

static bool skip(struct advancing *advancing, const struct telling *telling, uint32_t by_version, struct error *err)
{
    advancing->is_skipped = true;
    advancing->skipped_by = by_version;
    return tell_skipped(telling, by_version, err);
}

/* `why->code` stays ERR_NONE unless the row cannot be made: then nothing was emitted. */
static bool tell_version(struct advancing *advancing, const struct telling *telling, struct error *why,
                         struct error *err)
{
    const struct stage_channel *to = advancing->to;
    bool is_needless;

    buf_clear(&advancing->row);
    if (!to->make_row(telling->record, to->context, &advancing->row, why)) {
        if (!is_refusal(why) && err)
            *err = *why;
        return is_refusal(why);
    }
    if (!supersede_by_new(&advancing->at, to->channel, telling->record, &is_needless, err))
        return false;
    return is_needless ? skip(advancing, telling, 0, err) : tell_queued(telling, buf_span(&advancing->row), err);
}

/* What is held of the record goes first, unless this version or another takes its place. */
static bool see_held(struct advancing *advancing, const char *record, uint32_t version, struct error *why,
                     struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct store_txn *txn = advancing->at.txn;
    struct record_version held;
    struct telling telling = {advancing->at.ledger, advancing->at.person, advancing->to->channel, &held.record};
    uint32_t by_version;

    for (uint32_t before = 1; before < version && why->code == ERR_NONE; before++) {
        if (!stage_is_held(txn, advancing->to->channel, record, before))
            continue;
        if (!supersede_later(txn, record, before, &by_version, err) ||
            !records_load(txn, span_of(record), before, &held, &hold, err))
            return false;
        if (by_version == 0)
            error_set_both(why, ERR_REFUSED, "push.version-order",
                           "version %u of it is held and must go before version %u", "版本 %u 滞留，须先于版本 %u 报送",
                           before, version);
        else if (!tell_skipped(&telling, by_version, err))
            return false;
    }
    return store_txn_is_good(txn, err);
}

static bool advance_version(struct advancing *advancing, const char *record, uint32_t number, struct error *why,
                            struct error *err)
{
    struct store_txn *txn = advancing->at.txn;
    struct record_version version;
    struct telling telling = {advancing->at.ledger, advancing->at.person, advancing->to->channel, &version.record};
    uint32_t by_version;

    advancing->is_skipped = false;
    if (!supersede_later(txn, record, number, &by_version, err) ||
        !records_load(txn, span_of(record), number, &version, &advancing->hold, err))
        return false;
    if (by_version > 0)
        return skip(advancing, &telling, by_version, err);
    if (!see_held(advancing, record, number, why, err))
        return false;
    return why->code != ERR_NONE || tell_version(advancing, &telling, why, err);
}

/* `number`: its delivery to the channel before. */
static bool advance_one(struct advancing *advancing, uint64_t number, struct error *why, struct error *err)
{
    struct delivery before;

    return outbox_find(advancing->at.txn, number, &before, err) &&
           advance_version(advancing, before.record, before.version, why, err);
}

/* The same, for the courier: what cannot be told is held. */
static bool advance_or_hold(struct advancing *advancing, uint64_t number, struct error *err)
{
    struct error why = {.code = ERR_NONE};
    struct record_version version;
    struct telling telling = {advancing->at.ledger, advancing->at.person, advancing->to->channel, &version.record};
    struct delivery before;

    if (!advance_one(advancing, number, &why, err))
        return false;
    if (why.code == ERR_NONE)
        return true;
    return outbox_find(advancing->at.txn, number, &before, err) &&
           records_load(advancing->at.txn, span_of(before.record), before.version, &version, &advancing->hold, err) &&
           tell_held(&telling, &why, err);
}

bool stage_advance(struct store_txn *txn, struct ledger *ledger, const char *person, const struct stage_channel *to,
                   size_t max, size_t *count, struct error *err)
{
    AUTO(advancing_done) struct advancing advancing = {.at = {txn, ledger, person}, .to = to};
    uint64_t numbers[STAGE_LOOK_MAX];

    *count = stage_list(txn, to->channel, numbers, max < STAGE_LOOK_MAX ? max : STAGE_LOOK_MAX);
    for (size_t i = 0; i < *count; i++) {
        if (!advance_or_hold(&advancing, numbers[i], err))
            return false;
    }
    return store_txn_is_good(txn, err);
}

bool stage_try(const struct desk *desk, const struct stage_version *version, struct error *why, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    AUTO(advancing_done) struct advancing advancing = {.at = {desk->trial, NULL, desk->person}, .to = &version->to};

    if (!desk->trial)
        return fail(err, ERR_INTERNAL, "a later channel is told by the courier: this is only for a trial");
    why->code = ERR_NONE;
    if (!ledger_new(desk->trial, desk->clock, &ledger, err))
        return false;
    advancing.at.ledger = ledger;
    if (!advance_version(&advancing, version->record, version->version, why, err))
        return false;
    if (why->code == ERR_NONE && advancing.is_skipped)
        tell_why_skipped(advancing.skipped_by, why);
    return ledger_finish(ledger, err);
}

/* --- by a person --- */

struct held_list {
    const struct push_request *request;
    struct stage_held *list; /* their borrowed texts are not used */
    size_t count;
    size_t capacity;
};

static bool is_wanted(const struct push_request *request, const char *record)
{
    if (!request->records)
        return true;
    for (size_t i = 0; i < request->records->count; i++) {
        if (strcmp(request->records->ids[i], record) == 0)
            return true;
    }
    return false;
}

static bool gather(const struct stage_held *held, void *context)
{
    struct held_list *list = context;

    if (!is_wanted(list->request, held->record))
        return true;
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 64;
        list->list = memory_resize(list->list, list->capacity * sizeof *list->list);
    }
    list->list[list->count++] = *held;
    return true;
}

static bool gather_all(const struct desk *desk, struct held_list *list, struct error *err)
{
    struct store_txn *txn = NULL;
    bool is_good;

    if (!run_read(desk, &txn, err))
        return false;
    is_good = stage_held_list(txn, list->request->channel, gather, list, err);
    run_read_end(desk, txn);
    return is_good;
}

static bool push_one(struct run *run, struct ledger *ledger, size_t index, struct run_item *item, struct error *err)
{
    const struct held_list *list = run->context;
    const struct stage_held *held = &list->list[index];
    const struct stage_channel to = {list->request->channel, list->request->make_row, list->request->make_row_context};
    AUTO(advancing_done)
    struct advancing advancing = {.at = {run->txn, ledger, run->desk->person}, .to = &to};
    struct error why = {.code = ERR_NONE};
    struct delivery queued;

    memcpy(item->record, held->record, sizeof item->record);
    item->version = held->version;
    if (earlier_find(run->earlier, EARLIER_QUEUED, held->record, RECORD_ID_LENGTH, held->version))
        return true;
    if (outbox_of_version(run->txn, to.channel, held->record, held->version, &queued)) {
        item->result = RUN_SKIPPED;
        return true;
    }
    if (!advance_one(&advancing, held->number, &why, err))
        return false;
    return why.code == ERR_NONE || run_refuse(item, &why, err);
}

bool stage_push_held(const struct desk *desk, const struct push_request *request, command_report *report, void *context,
                     struct tally *tally, struct error *err)
{
    struct held_list list = {.request = request};
    AUTO(run_done)
    struct run run = {
        .desk = desk, .one = push_one, .context = &list, .report = report, .report_context = context, .tally = tally};
    bool is_good = gather_all(desk, &list, err);

    if (is_good && list.count == 0)
        is_good =
            refuse(err, ERR_REFUSED, "push.stage",
                   "%s: what the channel before it has acknowledged goes there by itself, and nothing is held",
                   "%s：前一通道确认后自动报送，现无滞留记录（任务分工表第 18 行）", CHANNEL_NAMES[request->channel]);
    run.count = list.count;
    is_good = is_good && run_all(&run, err);
    free(list.list);
    return is_good;
}
