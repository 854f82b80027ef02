/* preview_push.c - the end of a trial: what is in force is pushed, and each later channel is told what stage.h would
 * tell it once the channel before has taken what it was sent. The rows are read where the courier would find them. */
#include <string.h>

#include "gateway/command/stage.h"
#include "gateway/jobs/preview.h"

static struct preview_item *item_of(const struct trial *trial, const char *record)
{
    for (size_t i = 0; i < trial->count; i++) {
        if (strcmp(trial->records[i], record) == 0)
            return &trial->preview->items[trial->places[i]];
    }
    return NULL;
}

static bool see_row(struct preview_sending *sending, const struct record *record, const struct delivery *queued)
{
    buf_addf(&sending->json, "%s{\"op\":\"%s\",\"row\":", sending->count++ ? "," : "", OP_SLUGS[record->op]);
    buf_add_span(&sending->json, queued->row);
    buf_addf(&sending->json, ",\"version\":%u}", record->version);
    return true;
}

/* What was queued for the channel in this trial, if it was. */
static bool take_row(struct trial *trial, struct preview_item *item, enum channel channel, uint32_t number,
                     bool *is_sent, struct error *err)
{
    struct record_version version;
    struct delivery queued;

    *is_sent = outbox_of_version(trial->txn, channel, item->record, number, &queued) &&
               queued.number >= trial->preview->sequence && queued.state == DELIVERY_QUEUED;
    if (!*is_sent)
        return store_txn_is_good(trial->txn, err);
    return records_load(trial->txn, span_of(item->record), number, &version, &trial->hold, err) &&
           see_row(&item->sendings[channel], &version.record, &queued);
}

static void see_push(const struct outcome *outcome, void *context)
{
    struct trial *trial = context;
    struct preview_item *item = item_of(trial, outcome->record);
    bool is_order = trial->preview->order == PREVIEW_PUSH;

    if (!item)
        return;
    if (is_order && (outcome->is_done || item->result == PREVIEW_UNCHANGED))
        trial_take_outcome(outcome, item);
    if (outcome->refusal)
        item->sendings[CHANNEL_CREDIT_GUANGDONG].why = *outcome->refusal;
}

static bool tell_later(struct trial *trial, struct preview_item *item, enum channel channel, uint32_t version,
                       struct error *err)
{
    const struct preview_channel *to = &trial->preview->channels[channel];
    struct stage_version staged = {{channel, channel_make_row, to->settings}, item->record, version};
    struct error why = {.code = ERR_NONE};
    bool is_sent = false;

    if (!to->settings)
        return true;
    if (!stage_try(&trial->desk, &staged, &why, err) || !take_row(trial, item, channel, version, &is_sent, err))
        return false;
    if (!is_sent && why.code != ERR_NONE)
        item->sendings[channel].why = why;
    return true;
}

/* All versions, one after the other: from channel to channel only what the one before was sent. */
static bool take_rows(struct trial *trial, struct preview_item *item, struct error *err)
{
    struct record_version newest;
    uint32_t versions;

    if (!records_load_effective(trial->txn, span_of(item->record), &newest, &trial->hold, err))
        return false;
    versions = newest.record.version;
    for (uint32_t version = 1; version <= versions; version++) {
        bool goes_on;

        if (!take_row(trial, item, CHANNEL_CREDIT_GUANGDONG, version, &goes_on, err))
            return false;
        for (int channel = CHANNEL_CREDIT_GUANGDONG + 1; goes_on && channel < STAGE_COUNT; channel++) {
            unsigned before = item->sendings[channel].count;

            if (!tell_later(trial, item, (enum channel)channel, version, err))
                return false;
            goes_on = item->sendings[channel].count > before;
        }
    }
    return true;
}

bool trial_push(struct trial *trial, struct error *err)
{
    struct preview_channel *first = &trial->preview->channels[CHANNEL_CREDIT_GUANGDONG];
    struct record_list_view view = {trial->records, trial->count};
    struct push_request request = {.channel = CHANNEL_CREDIT_GUANGDONG,
                                   .records = &view,
                                   .ground = -1,
                                   .make_row = channel_make_row,
                                   .make_row_context = first->settings};
    struct tally tally = {0};

    if (!first->settings || trial->count == 0)
        return true;
    if (!command_push(&trial->desk, &request, see_push, trial, &tally, err))
        return false;
    for (size_t i = 0; i < trial->count; i++) {
        struct preview_item *item = &trial->preview->items[trial->places[i]];

        if (item->is_in_force && !take_rows(trial, item, err))
            return false;
    }
    return true;
}
