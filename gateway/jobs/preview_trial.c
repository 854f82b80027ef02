/* preview_trial.c - an order carried out in a transaction that is never kept. The steps are those that staff, courier
 * and upstreams would take one after the other: the order itself, the second person's word, a push, and for the later
 * channels what stage.h would do once the channel before has taken it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/jobs/kinds.h"
#include "gateway/jobs/preview.h"
#include "gateway/journal/journal.h"
#include "gateway/watch/watch.h"

/* No person can be called so (a name has no colon): whoever approves is another than the author. */
#define SECOND_PERSON "preview:second-person"
#define GIVEN SPAN("preview")

static bool is_change(enum preview_order order)
{
    return order >= PREVIEW_CORRECT && order <= PREVIEW_SETTLE;
}

/* --- as it begins --- */

static void reset_item(struct preview_item *item, size_t domains)
{
    item->result = PREVIEW_UNCHANGED;
    item->why.code = item->approval.code = ERR_NONE;
    item->needs_approval = item->is_in_force = false;
    item->version = 0;
    item->op = OP_NEW;
    item->publication_end = item->held_until = DAY_NONE;
    item->watches = item->webhooks = 0;
    item->uscc[0] = '\0';
    buf_clear(&item->name);
    buf_clear(&item->claim);
    buf_clear(&item->held);
    memset(item->answers, 0, domains * sizeof *item->answers);
    for (int channel = 0; channel < STAGE_COUNT; channel++) {
        buf_clear(&item->sendings[channel].json);
        item->sendings[channel].count = 0;
        item->sendings[channel].why.code = ERR_NONE;
    }
}

static void keep_subject(struct preview_item *item, struct span name, struct span uscc)
{
    buf_clear(&item->name);
    buf_add_span(&item->name, name);
    snprintf(item->uscc, sizeof item->uscc, "%.*s", (int)uscc.bytes, uscc.at);
}

static bool look_at_obligation(struct trial *trial, struct preview_item *item, struct error *err)
{
    struct obligation_version version;
    struct obligation row;

    if (!obligations_find(trial->txn, item->obligation, 0, &version))
        return store_txn_is_good(trial->txn, err);
    if (!obligations_row(trial->txn, &version, &row, &trial->hold, err))
        return false;
    keep_subject(item, row.field[COLUMN_NAME], row.field[COLUMN_USCC]);
    return true;
}

/* The version in force before, and who it is about. */
static bool look_at_record(struct trial *trial, struct preview_item *item, struct error *err)
{
    struct record_version version;
    struct error why = {.code = ERR_NONE};

    if (!records_load(trial->txn, span_of(item->record), 0, &version, &trial->hold, err))
        return false;
    memcpy(item->obligation, version.record.obligation, sizeof item->obligation);
    keep_subject(item, version.record.name, version.record.uscc);
    if (!records_load_effective(trial->txn, span_of(item->record), &version, &trial->hold, &why)) {
        if (err)
            *err = why;
        return why.code == ERR_NOT_FOUND;
    }
    buf_add_span(&item->held, version.json);
    item->held_until = record_op_ends(version.record.op) ? DAY_NONE : version.record.publication_end;
    return true;
}

static bool begin(struct trial *trial, struct error *err)
{
    struct preview *preview = trial->preview;

    preview->sequence = journal_size(trial->txn);
    for (size_t i = 0; i < preview->named; i++) {
        struct preview_item *item = &preview->items[i];

        reset_item(item, preview->domain_count);
        if (preview->order == PREVIEW_PROPOSE)
            item->record[0] = '\0';
        if (!(preview->order == PREVIEW_PROPOSE ? look_at_obligation : look_at_record)(trial, item, err))
            return false;
    }
    return store_txn_is_good(trial->txn, err);
}

/* --- what the domains answer --- */

static bool ask(struct trial *trial, const struct domain *domain, enum preview_asker asker, const char *uscc,
                enum verdict *verdict, struct error *err)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    const char *purposes = domain_purposes(domain);
    struct lookup_question question = {.domain = domain,
                                       .uscc = span_of(uscc),
                                       .purpose = {purposes, strcspn(purposes, ",")},
                                       .given = {GIVEN, GIVEN, GIVEN, GIVEN, GIVEN},
                                       .is_government = asker == ASKER_GOVERNMENT,
                                       .at_ms = clock_now_ms(trial->desk.clock),
                                       .receipt = "preview",
                                       .windows = trial->preview->work->windows};
    struct lookup_facts facts;

    if (!lookup_by_code(trial->txn, &question, &answer, &facts, err))
        return false;
    *verdict = facts.verdict;
    return true;
}

static bool ask_all(struct trial *trial, bool is_after, struct error *err)
{
    struct preview *preview = trial->preview;

    for (size_t i = 0; i < preview->named; i++) {
        const struct preview_item *item = &preview->items[i];

        for (size_t d = 0; item->uscc[0] && d < preview->domain_count * ASKER_COUNT; d++) {
            struct preview_answers *answers = &item->answers[d / ASKER_COUNT];
            enum preview_asker asker = (enum preview_asker)(d % ASKER_COUNT);

            if (!ask(trial, domains_at(preview->domains, d / ASKER_COUNT), asker, item->uscc,
                     is_after ? &answers->after[asker] : &answers->before[asker], err))
                return false;
        }
    }
    return true;
}

/* --- the order --- */

void trial_take_outcome(const struct outcome *outcome, struct preview_item *item)
{
    item->result = outcome->is_done ? PREVIEW_DONE : outcome->is_skipped ? PREVIEW_UNCHANGED : PREVIEW_REFUSED;
    if (outcome->refusal)
        item->why = *outcome->refusal;
    if (outcome->record[0])
        memcpy(item->record, outcome->record, sizeof item->record);
    item->version = outcome->version;
}

static void see_order(const struct outcome *outcome, void *context)
{
    struct trial *trial = context;

    trial_take_outcome(outcome, &trial->preview->items[outcome->index]);
}

/* The trial's desk, with what the person saw of each item. The list is the caller's. */
static struct desk seeing_desk(const struct trial *trial, uint64_t **seen)
{
    struct desk desk = trial->desk;

    *seen = memory_new((trial->preview->named + 1) * sizeof **seen);
    for (size_t i = 0; i < trial->preview->named; i++)
        (*seen)[i] = trial->preview->items[i].seen;
    desk.seen = *seen;
    return desk;
}

static bool propose(struct trial *trial, struct error *err)
{
    struct preview *preview = trial->preview;
    uint64_t *seen;
    struct desk desk = seeing_desk(trial, &seen);
    uint8_t(*ids)[OBLIGATION_ID_BYTES] = memory_new((preview->named + 1) * sizeof *ids);
    struct tally tally = {0};
    bool is_good;

    for (size_t i = 0; i < preview->named; i++)
        memcpy(ids[i], preview->items[i].obligation, sizeof ids[i]);
    is_good = command_propose(&desk, (const uint8_t(*)[OBLIGATION_ID_BYTES])ids, preview->named, &preview->proposal,
                              see_order, trial, &tally, err);
    free(ids);
    free(seen);
    return is_good;
}

static void take_all_records(struct trial *trial)
{
    trial->count = trial->preview->named;
    for (size_t i = 0; i < trial->count; i++) {
        trial->records[i] = trial->preview->items[i].record;
        trial->places[i] = i;
    }
}

static bool change(struct trial *trial, struct error *err)
{
    struct tally tally = {0};
    uint64_t *seen;
    struct desk desk = seeing_desk(trial, &seen);
    bool is_good;

    take_all_records(trial);
    is_good =
        command_change(&desk, trial->records, trial->count, &trial->preview->proposal, see_order, trial, &tally, err);
    free(seen);
    return is_good;
}

static bool review(struct trial *trial, const struct desk *desk, command_report *report, struct error *err)
{
    struct review_item *items = memory_new((trial->count + 1) * sizeof *items);
    struct review review = {.is_return = trial->preview->order == PREVIEW_RETURN,
                            .reason = desk == &trial->desk ? argument_text(trial->preview->work->arguments, "reason")
                                                           : NULL, /* what came with a change is the change's */
                            .items = items,
                            .count = trial->count,
                            .ground = -1};
    struct tally tally = {0};
    bool is_good;

    for (size_t i = 0; i < trial->count; i++)
        items[i] = (struct review_item){trial->records[i],
                                        desk == &trial->desk ? trial->preview->items[trial->places[i]].seen : 0};
    is_good = command_review(desk, &review, report, trial, &tally, err);
    free(items);
    return is_good;
}

/* What the order is about, as it stands: the version that was proposed, waits, or is in force. */
static bool take_claim(struct trial *trial, struct preview_item *item, struct error *err)
{
    struct record_version version;

    if (!item->record[0])
        return true;
    if (!records_load(trial->txn, span_of(item->record), 0, &version, &trial->hold, err))
        return false;
    buf_clear(&item->claim);
    buf_add_span(&item->claim, version.json);
    item->op = version.record.op;
    item->publication_end = version.record.publication_end;
    if (item->version == 0)
        item->version = version.record.version;
    return true;
}

static bool take_claims(struct trial *trial, struct error *err)
{
    struct preview *preview = trial->preview;

    for (size_t i = 0; i < preview->named; i++) {
        bool is_new = preview->order == PREVIEW_PROPOSE || is_change(preview->order);

        if ((!is_new || preview->items[i].result == PREVIEW_DONE) && !take_claim(trial, &preview->items[i], err))
            return false;
    }
    return true;
}

static bool order(struct trial *trial, struct error *err)
{
    switch (trial->preview->order) {
    case PREVIEW_PROPOSE:
        return propose(trial, err) && take_claims(trial, err);
    case PREVIEW_APPROVE:
    case PREVIEW_RETURN:
        take_all_records(trial);
        return take_claims(trial, err) && review(trial, &trial->desk, see_order, err);
    case PREVIEW_PUSH:
        return take_claims(trial, err);
    default:
        return change(trial, err) && take_claims(trial, err);
    }
}

/* --- the second person's word --- */

static void see_approval(const struct outcome *outcome, void *context)
{
    struct trial *trial = context;
    struct preview_item *item = &trial->preview->items[trial->places[outcome->index]];

    item->is_in_force = outcome->is_done;
    if (outcome->refusal)
        item->approval = *outcome->refusal;
}

static void go_on_with_done(struct trial *trial)
{
    trial->count = 0;
    for (size_t i = 0; i < trial->preview->named; i++) {
        if (trial->preview->items[i].result != PREVIEW_DONE)
            continue;
        trial->records[trial->count] = trial->preview->items[i].record;
        trial->places[trial->count++] = i;
    }
}

static bool approve(struct trial *trial, struct error *err)
{
    struct desk second = trial->desk;

    second.person = SECOND_PERSON;
    for (size_t i = 0; i < trial->count; i++)
        trial->preview->items[trial->places[i]].needs_approval = true;
    return review(trial, &second, see_approval, err);
}

/* What is not in force is not pushed. */
static void go_on_with_effective(struct trial *trial)
{
    size_t kept = 0;

    for (size_t i = 0; i < trial->count; i++) {
        if (!trial->preview->items[trial->places[i]].is_in_force)
            continue;
        trial->records[kept] = trial->records[i];
        trial->places[kept++] = trial->places[i];
    }
    trial->count = kept;
}

static void mark_in_force(struct trial *trial)
{
    for (size_t i = 0; i < trial->count; i++) {
        struct preview_item *item = &trial->preview->items[trial->places[i]];

        item->is_in_force = trial->preview->order != PREVIEW_PUSH || item->held.bytes > 0;
    }
}

static bool carry_on(struct trial *trial, struct error *err)
{
    enum preview_order what = trial->preview->order;

    if (what == PREVIEW_RETURN)
        return true;
    if (what == PREVIEW_PUSH)
        take_all_records(trial);
    else
        go_on_with_done(trial);
    if (what == PREVIEW_APPROVE || what == PREVIEW_PUSH)
        mark_in_force(trial);
    else if (!approve(trial, err))
        return false;
    go_on_with_effective(trial);
    return trial_push(trial, err);
}

/* --- who is told of it besides --- */

struct counting {
    const struct config *config;
    struct preview_item *item;
};

static bool see_watch(const struct watch *watch, uint64_t since, void *context)
{
    struct counting *counting = context;

    (void)since;
    counting->item->watches++;
    for (size_t i = 0; i < counting->config->client_count; i++) {
        const struct config_client *client = &counting->config->clients[i];

        if (span_is(watch->client, client->name) && config_client_has_webhook(client))
            counting->item->webhooks++;
    }
    return true;
}

static bool count_watches(struct trial *trial, struct error *err)
{
    for (size_t i = 0; i < trial->preview->named; i++) {
        struct counting counting = {trial->preview->work->environment->config, &trial->preview->items[i]};

        if (counting.item->uscc[0] &&
            !watch_watchers(trial->txn, span_of(counting.item->uscc), see_watch, &counting, err))
            return false;
    }
    return true;
}

static bool try_in(struct store_txn *txn, void *context, struct error *err)
{
    struct preview *preview = context;
    struct trial trial = {.preview = preview,
                          .txn = txn,
                          .desk = preview->work->desk,
                          .records = memory_new((preview->named + 1) * sizeof *trial.records),
                          .places = memory_new((preview->named + 1) * sizeof *trial.places)};
    bool is_good;

    trial.desk.trial = txn;
    trial.desk.job = NULL;
    is_good = begin(&trial, err) && ask_all(&trial, false, err) && order(&trial, err) && carry_on(&trial, err) &&
              ask_all(&trial, true, err) && count_watches(&trial, err);
    free((void *)trial.records);
    free(trial.places);
    buf_done(&trial.hold);
    return is_good;
}

bool preview_try(struct preview *preview, struct error *err)
{
    return store_try(preview->work->environment->store, try_in, preview, err);
}
