#include "gateway/keeper/following.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "gateway/command/command_watch.h"
#include "gateway/command/ledger.h"
#include "gateway/courier/remit.h"
#include "gateway/journal/journal.h"
#include "gateway/lookup/changes.h"

struct following {
    const struct keeper_options *options;
    struct domains *domains; /* loaded when first needed, as the windows */
    struct windows *windows;
    bool is_known; /* the two below are as in the store */
    uint64_t followed;
    uint64_t next;   /* of this process: at least that */
    bool saw_queued; /* somebody else has queued something */
};

struct following *following_new(const struct keeper_options *options)
{
    struct following *following = memory_new(sizeof *following);

    following->options = options;
    return following;
}

void following_free(struct following *following)
{
    if (!following)
        return;
    domains_free(following->domains);
    windows_free(following->windows);
    free(following);
}

static bool load_rules(struct following *following, struct error *err)
{
    const char *data = following->options->config->data;
    AUTO(text_free) char *windows = path_join(data, "schemas/data/publication-windows.json");
    AUTO(text_free) char *consumers = path_join(data, "adapters/consumers");
    AUTO(text_free) char *schemas = path_join(data, "schemas");

    return (following->windows || windows_load(windows, &following->windows, err)) &&
           (following->domains || domains_load(consumers, schemas, &following->domains, err));
}

/* --- one change --- */

struct telling {
    struct following *following;
    struct store_txn *txn;
    struct ledger *ledger;
    uint64_t end;
    uint64_t sequence;
    uint64_t followed; /* where it ended */
    struct event event;
    size_t count; /* messages */
    struct error *err;
};

static const struct config_client *client_of(const struct config *config, struct span name)
{
    for (size_t i = 0; i < config->client_count; i++) {
        if (span_is(name, config->clients[i].name))
            return config_client_has_webhook(&config->clients[i]) ? &config->clients[i] : NULL;
    }
    return NULL;
}

static void message_row(const struct watch *watch, const struct change *change, uint64_t sequence, int64_t now_ms,
                        struct buf *out)
{
    char text[INSTANT_TEXT_BYTES];
    char id[WATCH_ID_BYTES];

    buf_addf(out, "{\"data\":{\"at\":\"%s\",\"domain\":", instant_format(change->at_ms, text));
    json_string_add(out, watch->domain);
    if (change->ended_by)
        buf_addf(out, ",\"ended_by\":\"%s\"", change->ended_by);
    buf_addf(out, ",\"from\":\"%s\",\"record\":\"%s\"", instant_format(change->from_ms, text), change->record);
    json_count_add(out, ",\"sequence\":", sequence);
    buf_addf(out, ",\"state\":\"%s\",\"uscc\":\"%s\",\"version\":%u,\"watch\":\"%s\"}", change->state, change->uscc,
             change->version, watch_id_format(watch->number, id));
    buf_addf(out, ",\"timestamp\":\"%s\",\"type\":\"subject.changed\"}", instant_format(now_ms, text));
}

static bool queue(struct telling *telling, const struct watch *watch, const struct change *change)
{
    AUTO(buf_done) struct buf channel = BUF_INIT;
    struct watch_message message = {.version = watch->number};
    int64_t now_ms = clock_now_ms(telling->following->options->clock);
    bool is_good;

    buf_add_text(&channel, CHANNEL_WEBHOOK_PREFIX);
    buf_add_span(&channel, watch->client);
    message.channel = buf_text(&channel);
    snprintf(message.record, sizeof message.record, "C%" PRIu64, telling->sequence);
    memcpy(message.subject, change->uscc, sizeof message.subject);
    message_row(watch, change, telling->sequence, now_ms, &message.row);
    is_good = command_watch_queue(telling->txn, telling->ledger, "keeper", &message, telling->err);
    buf_done(&message.row);
    telling->count++;
    return is_good;
}

/* Is this client told, of this subject, in this domain? */
static bool tell_watch(struct telling *telling, const struct watch *watch)
{
    const struct following *following = telling->following;
    const struct config_client *client = client_of(following->options->config, watch->client);
    const struct domain *domain = domains_find(following->domains, watch->domain);
    struct lookup_question question = {
        .domain = domain, .at_ms = clock_now_ms(following->options->clock), .windows = following->windows};
    struct error why = {.code = ERR_NONE};
    struct change change;
    bool is_told;

    if (!client || !remit_may_tell(client, domain, watch->purpose))
        return true;
    question.is_government = client->kind == CLIENT_GOVERNMENT;
    question.withheld_scopes = ~client->scopes;
    if (!change_of_event(telling->txn, &question, &telling->event, &is_told, &change, &why)) {
        if (why.code == ERR_REFUSED) /* the domain answers from obligations by now */
            return true;
        *telling->err = why;
        return false;
    }
    return !is_told || queue(telling, watch, &change);
}

/* Who watches: first a list of numbers, since what is borrowed from the store ends when a message is queued. */
struct watchers {
    uint64_t before; /* in the list since an event before this one */
    uint32_t *numbers;
    size_t count;
    size_t capacity;
};

static bool note_watcher(const struct watch *watch, uint64_t since, void *context)
{
    struct watchers *watchers = context;

    if (since >= watchers->before)
        return true;
    if (watchers->count == watchers->capacity) {
        watchers->capacity = watchers->capacity ? 2 * watchers->capacity : 16;
        watchers->numbers = memory_resize(watchers->numbers, watchers->capacity * sizeof *watchers->numbers);
    }
    watchers->numbers[watchers->count++] = watch->number;
    return true;
}

/* A watch as it stands, its texts copied. */
static bool copy_watch(struct store_txn *txn, uint32_t number, struct buf *hold, struct watch *out)
{
    struct span *const texts[] = {&out->client, &out->domain, &out->purpose};

    if (!watch_find(txn, number, out))
        return false;
    buf_clear(hold);
    buf_reserve(hold, out->client.bytes + out->domain.bytes + out->purpose.bytes);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        size_t at = hold->bytes;

        buf_add_span(hold, *texts[i]);
        *texts[i] = (struct span){buf_text(hold) + at, texts[i]->bytes};
    }
    return true;
}

static bool tell_change(struct telling *telling, const char *uscc)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct watchers watchers = {.before = telling->sequence};
    struct watch watch;
    bool is_good = watch_watchers(telling->txn, span_of(uscc), note_watcher, &watchers, telling->err);

    for (size_t i = 0; i < watchers.count && is_good; i++)
        is_good = copy_watch(telling->txn, watchers.numbers[i], &hold, &watch)
                      ? tell_watch(telling, &watch)
                      : fail(telling->err, ERR_CORRUPT, "a watch is not there any more");
    free(watchers.numbers);
    return is_good;
}

/* --- events --- */

static bool read_event(struct store_txn *txn, uint64_t sequence, struct event *event, struct error *err)
{
    struct span bytes;

    if (!journal_read(txn, sequence, &bytes))
        return store_txn_is_good(txn, err) && fail(err, ERR_CORRUPT, "the journal has a gap");
    return event_parse(bytes, event, err);
}

/* Up to a change of a subject that somebody watches, or the end. */
static bool find_watched(struct following *following, struct store_txn *txn, uint64_t end, bool *is_found,
                         struct error *err)
{
    *is_found = false;
    for (; following->next < end; following->next++) {
        struct event event;
        char uscc[19];

        if (!read_event(txn, following->next, &event, err) || !change_subject(txn, &event, is_found, uscc, err))
            return false;
        following->saw_queued |= span_is(event.by, "api") && span_is(event.type, "delivery.queued");
        *is_found = *is_found && watch_is_watched(txn, span_of(uscc));
        if (*is_found)
            return true;
    }
    return store_txn_is_good(txn, err);
}

static bool followed_add(struct telling *telling, struct error *err)
{
    AUTO(buf_done) struct buf data = BUF_INIT;

    json_count_add(&data, "{\"from\":", watch_followed(telling->txn));
    json_count_add(&data, ",\"to\":", telling->sequence);
    buf_add_byte(&data, '}');
    telling->followed = telling->sequence;
    return ledger_emit(telling->ledger, "keeper", "watch.followed", buf_span(&data), NULL, err);
}

/* Borrowed bytes of an event end when a message is written: the event is kept. */
static bool tell_event(struct telling *telling, struct buf *hold, struct error *err)
{
    struct span bytes;
    bool is_change;
    char uscc[19];

    if (!journal_read(telling->txn, telling->sequence, &bytes))
        return store_txn_is_good(telling->txn, err) && fail(err, ERR_CORRUPT, "the journal has a gap");
    buf_clear(hold);
    buf_add_span(hold, bytes);
    return event_parse(buf_span(hold), &telling->event, err) &&
           change_subject(telling->txn, &telling->event, &is_change, uscc, err) &&
           (!is_change || tell_change(telling, uscc));
}

static bool tell(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct telling *telling = context;

    if (!ledger_new(txn, telling->following->options->clock, &ledger, err))
        return false;
    telling->txn = txn;
    telling->ledger = ledger;
    telling->err = err;
    telling->count = 0;
    telling->sequence = telling->following->next; /* nothing before it is to be told */
    for (; telling->sequence < telling->end && telling->count < FOLLOWING_MESSAGES_MAX; telling->sequence++) {
        if (!tell_event(telling, &hold, err))
            return false;
    }
    return followed_add(telling, err) && ledger_finish(ledger, err);
}

/* --- a turn --- */

static bool know(struct following *following, struct store_txn *txn, struct error *err)
{
    if (following->is_known)
        return true;
    following->followed = following->next = watch_followed(txn);
    following->is_known = store_txn_is_good(txn, err);
    return following->is_known;
}

/* What one look found. */
struct look {
    uint64_t size; /* of the journal */
    uint64_t end;  /* looked at this time to here at most */
    bool is_found; /* there is something to tell at following->next */
};

static bool look_on(struct following *following, struct look *look, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    if (!store_begin(following->options->store, STORE_READ, &txn, err) || !know(following, txn, err))
        return false;
    look->size = journal_size(txn);
    if (look->size < following->next)
        return fail(err, ERR_CORRUPT, "the journal has %" PRIu64 " events, but %" PRIu64 " were followed", look->size,
                    following->next);
    /* Nobody ever watched anything, and nobody who comes later is told of what was before. */
    if (store_txn_is_good(txn, err) && watch_last(txn) == 0 && look->size - following->next > WATCH_LOOKS_MAX)
        following->next = look->size - WATCH_LOOKS_MAX;
    look->end = look->size - following->next > WATCH_LOOKS_MAX ? following->next + WATCH_LOOKS_MAX : look->size;
    look->is_found = false;
    return store_txn_is_good(txn, err) && find_watched(following, txn, look->end, &look->is_found, err);
}

static void wake_courier(const struct following *following)
{
    const uint64_t one = 1;
    int fd = following->options->courier_fd;

    if (fd >= 0 && write(fd, &one, sizeof one) != (ssize_t)sizeof one && errno != EAGAIN)
        log_warning("keeper", "the courier cannot be woken: %s", strerror(errno));
}

static bool commit(struct following *following, uint64_t end, struct error *err)
{
    struct telling telling = {.following = following, .end = end};

    if (!load_rules(following, err))
        return false;
    following->is_known = false;
    if (!store_write(following->options->store, tell, &telling, err))
        return false;
    following->followed = following->next = telling.followed;
    following->is_known = true;
    if (telling.count > 0)
        wake_courier(following);
    return true;
}

static bool follow_once(struct following *following, struct look *look, struct error *err)
{
    if (!look_on(following, look, err))
        return false;
    return (!look->is_found && following->next - following->followed < FOLLOWING_QUIET_EVENTS) ||
           commit(following, look->end, err);
}

bool following_turn(struct following *following, struct error *err)
{
    struct look look = {.size = UINT64_MAX};

    following->saw_queued = false;
    for (unsigned i = 0; i < FOLLOWING_TURN_LOOKS && following->next < look.size; i++) {
        if (!follow_once(following, &look, err))
            return fail_in(err, "watches");
    }
    if (following->saw_queued)
        wake_courier(following);
    return true;
}
