#include "gateway/command/command_watch.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "base/walk.h"
#include "gateway/command/ledger.h"
#include "gateway/journal/journal.h"
#include "keys/digest.h"

#define PING_LANE "ping--------------"

static void codes_add(struct buf *out, const struct watch_codes *codes)
{
    buf_add_byte(out, '[');
    for (size_t i = 0; i < codes->count; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        json_string_add(out, codes->list[i]);
    }
    buf_add_byte(out, ']');
}

static void watch_add(struct buf *out, uint32_t number)
{
    char id[WATCH_ID_BYTES];

    buf_addf(out, ",\"watch\":\"%s\"}", watch_id_format(number, id));
}

/* --- in another list? --- */

struct elsewhere {
    struct span client;
    struct span domain;
    uint32_t but; /* this list does not count */
    uint32_t found;
};

static bool see_watcher(const struct watch *watch, uint64_t since, void *context)
{
    struct elsewhere *elsewhere = context;

    (void)since;
    if (watch->number == elsewhere->but || !span_equal(watch->client, elsewhere->client) ||
        !span_equal(watch->domain, elsewhere->domain))
        return true;
    elsewhere->found = watch->number;
    return false;
}

static bool check_elsewhere(struct store_txn *txn, const struct elsewhere *of, const struct watch_codes *codes,
                            struct error *err)
{
    char id[WATCH_ID_BYTES];

    for (size_t i = 0; i < codes->count; i++) {
        struct elsewhere elsewhere = *of;

        if (!watch_watchers(txn, codes->list[i], see_watcher, &elsewhere, err))
            return false;
        if (elsewhere.found)
            return refuse(err, ERR_CONFLICT, "watch.subject-watched", "%.*s is in %s already, for the same domain",
                          "%.*s 已在同一领域的关注名单 %s 中", (int)codes->list[i].bytes, codes->list[i].at,
                          watch_id_format(elsewhere.found, id));
    }
    return true;
}

/* --- open --- */

struct open_work {
    const struct desk *desk;
    const struct watch_opening *opening;
    uint32_t number;
};

/* True when the request was answered already. */
static bool find_repeat(struct store_txn *txn, struct open_work *work, bool *is_repeat, struct error *err)
{
    const struct watch_opening *opening = work->opening;
    struct event event;
    struct span bytes;
    struct watch watch;
    uint64_t sequence;

    *is_repeat = opening->key.bytes > 0 && watch_by_key(txn, opening->client, opening->key, &sequence);
    if (!*is_repeat)
        return store_txn_is_good(txn, err);
    if (!journal_read(txn, sequence, &bytes))
        return store_txn_is_good(txn, err) && fail(err, ERR_CORRUPT, "a key of the watches names no event: rebuild");
    if (!event_parse(bytes, &event, err))
        return false;
    if (!span_is(walk_plain_of(event.data, "sha256"), opening->sha256))
        return refuse(err, ERR_REFUSED, "idempotency.other-request",
                      "this Idempotency-Key was used with another request: take a new one",
                      "该 Idempotency-Key 已用于另一请求：请换用新的");
    if (!watch_id_parse(walk_plain_of(event.data, "watch"), &work->number) || !watch_find(txn, work->number, &watch))
        return store_txn_is_good(txn, err) &&
               refuse(err, ERR_CONFLICT, "watch.closed", "the watch that came with this Idempotency-Key was closed",
                      "以该 Idempotency-Key 建立的关注名单已撤销");
    return true;
}

static bool count_one(const struct watch *watch, void *context)
{
    size_t *count = context;

    (void)watch;
    return ++*count < WATCHES_MAX;
}

static void opened_data(const struct watch_opening *opening, uint32_t number, struct buf *out)
{
    buf_add_text(out, "{\"client\":");
    json_string_add(out, opening->client);
    buf_add_text(out, ",\"domain\":");
    json_string_add(out, opening->domain);
    buf_add_text(out, ",\"key\":");
    if (opening->key.bytes > 0)
        json_string_add(out, opening->key);
    else
        buf_add_text(out, "null");
    buf_add_text(out, ",\"purpose\":");
    json_string_add(out, opening->purpose);
    buf_addf(out, ",\"sha256\":\"%s\",\"subjects\":", opening->sha256);
    codes_add(out, &opening->subjects);
    watch_add(out, number);
}

static bool open_one(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    AUTO(buf_done) struct buf data = BUF_INIT;
    struct open_work *work = context;
    const struct watch_opening *opening = work->opening;
    const struct elsewhere elsewhere = {.client = opening->client, .domain = opening->domain};
    bool is_repeat;
    size_t count = 0;

    if (!find_repeat(txn, work, &is_repeat, err))
        return false;
    if (is_repeat)
        return true;
    if (!watch_of_client(txn, opening->client, 0, count_one, &count, err))
        return false;
    if (count >= WATCHES_MAX)
        return refuse(err, ERR_LIMIT, "watch.too-many", "a client has at most %d watches: close one",
                      "每个接入系统最多 %d 个关注名单：请先撤销", WATCHES_MAX);
    if (!check_elsewhere(txn, &elsewhere, &opening->subjects, err))
        return false;
    work->number = watch_last(txn) + 1;
    opened_data(opening, work->number, &data);
    return ledger_new(txn, work->desk->clock, &ledger, err) &&
           ledger_emit(ledger, "api", "watch.opened", buf_span(&data), NULL, err) && ledger_finish(ledger, err);
}

bool command_watch_open(const struct desk *desk, const struct watch_opening *opening, uint32_t *number,
                        struct error *err)
{
    struct open_work work = {desk, opening, 0};

    if (!store_write(desk->store, open_one, &work, err))
        return false;
    *number = work.number;
    return true;
}

/* --- change and close --- */

/* Of another client nothing is told, not even that it is there. */
static bool find_own(struct store_txn *txn, struct span client, uint32_t number, struct watch *out, struct error *err)
{
    char id[WATCH_ID_BYTES];

    if (watch_find(txn, number, out) && span_equal(out->client, client))
        return true;
    return store_txn_is_good(txn, err) && refuse(err, ERR_NOT_FOUND, "watch.unknown", "you have no watch %s",
                                                 "贵方没有关注名单 %s", watch_id_format(number, id));
}

struct change_work {
    const struct desk *desk;
    const struct watch_change *change;
};

/* Those of `codes` that are there (or not), as a list of their own. */
static struct watch_codes pick(struct store_txn *txn, uint32_t number, const struct watch_codes *codes, bool are_there,
                               struct span *list)
{
    struct watch_codes picked = {list, 0};
    uint64_t since;

    for (size_t i = 0; i < codes->count; i++) {
        if (watch_has(txn, number, codes->list[i], &since) == are_there)
            list[picked.count++] = codes->list[i];
    }
    return picked;
}

static bool change_one(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    AUTO(buf_done) struct buf data = BUF_INIT;
    const struct change_work *work = context;
    const struct watch_change *change = work->change;
    struct span lists[2][WATCH_SUBJECTS_EVENT_MAX];
    struct watch_codes added, removed;
    struct elsewhere elsewhere;
    struct watch watch;

    if (!find_own(txn, change->client, change->number, &watch, err))
        return false;
    added = pick(txn, change->number, &change->added, false, lists[0]);
    removed = pick(txn, change->number, &change->removed, true, lists[1]);
    if (added.count + removed.count == 0)
        return store_txn_is_good(txn, err);
    if (watch.subjects + added.count > WATCH_SUBJECTS_MAX + removed.count)
        return refuse(err, ERR_LIMIT, "watch.subjects", "a watch has at most %d subjects: open another",
                      "每个关注名单最多 %d 个主体：请另建", WATCH_SUBJECTS_MAX);
    elsewhere = (struct elsewhere){.client = watch.client, .domain = watch.domain, .but = change->number};
    if (!check_elsewhere(txn, &elsewhere, &added, err))
        return false;
    buf_add_text(&data, "{\"added\":");
    codes_add(&data, &added);
    buf_add_text(&data, ",\"removed\":");
    codes_add(&data, &removed);
    watch_add(&data, change->number);
    return ledger_new(txn, work->desk->clock, &ledger, err) &&
           ledger_emit(ledger, "api", "watch.changed", buf_span(&data), NULL, err) && ledger_finish(ledger, err);
}

bool command_watch_change(const struct desk *desk, const struct watch_change *change, struct error *err)
{
    struct change_work work = {desk, change};

    if (change->added.count > WATCH_SUBJECTS_EVENT_MAX || change->removed.count > WATCH_SUBJECTS_EVENT_MAX)
        return fail(err, ERR_LIMIT, "too many subjects at once");
    return store_write(desk->store, change_one, &work, err);
}

struct close_work {
    const struct desk *desk;
    struct span client;
    uint32_t number;
};

static bool close_one(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    AUTO(buf_done) struct buf data = BUF_INIT;
    const struct close_work *work = context;
    char id[WATCH_ID_BYTES];
    struct watch watch;

    buf_addf(&data, "{\"watch\":\"%s\"}", watch_id_format(work->number, id));
    return find_own(txn, work->client, work->number, &watch, err) && ledger_new(txn, work->desk->clock, &ledger, err) &&
           ledger_emit(ledger, "api", "watch.closed", buf_span(&data), NULL, err) && ledger_finish(ledger, err);
}

bool command_watch_close(const struct desk *desk, struct span client, uint32_t number, struct error *err)
{
    struct close_work work = {desk, client, number};

    return store_write(desk->store, close_one, &work, err);
}

/* --- messages --- */

static bool open_channel(struct store_txn *txn, struct ledger *ledger, const char *by, const char *name,
                         enum channel *channel, struct error *err)
{
    AUTO(buf_done) struct buf data = BUF_INIT;

    if (channel_find(txn, span_of(name), channel))
        return true;
    buf_add_text(&data, "{\"channel\":");
    json_string_add(&data, span_of(name));
    buf_add_byte(&data, '}');
    return store_txn_is_good(txn, err) && ledger_emit(ledger, by, "channel.opened", buf_span(&data), NULL, err) &&
           (channel_find(txn, span_of(name), channel) || fail(err, ERR_INTERNAL, "%s was not opened", name));
}

static bool queue(struct store_txn *txn, struct ledger *ledger, const char *by, const struct watch_message *message,
                  uint64_t *delivery, struct error *err)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    const struct outbox_queued queued = {message->channel, message->record, message->version, span_of(message->subject),
                                         buf_span(&message->row)};
    struct delivery before;
    enum channel channel;

    if (!open_channel(txn, ledger, by, message->channel, &channel, err))
        return false;
    if (outbox_of_version(txn, channel, message->record, message->version, &before)) {
        *delivery = before.number;
        return true;
    }
    outbox_queued_add(&queued, &data);
    return store_txn_is_good(txn, err) && ledger_emit(ledger, by, "delivery.queued", buf_span(&data), delivery, err);
}

bool command_watch_queue(struct store_txn *txn, struct ledger *ledger, const char *by,
                         const struct watch_message *message, struct error *err)
{
    uint64_t delivery;

    return queue(txn, ledger, by, message, &delivery, err);
}

/* --- ping --- */

enum { PING_KEY_BYTES = 10 }; /* of the key's digest: 80 bits, within one channel */

struct ping_work {
    const struct desk *desk;
    struct span client;
    struct span key;
    uint64_t delivery;
};

/* With a key the same name each time, so that it is queued once; without one a name of its own. */
static void name_ping(const struct ping_work *work, struct store_txn *txn, struct watch_message *message)
{
    AUTO(buf_done) struct buf name = BUF_INIT;
    uint8_t digest[32];

    if (work->key.bytes > 0) {
        digest_sha256(work->key, digest);
        buf_add_text(&name, "K");
        hex_add(&name, digest, PING_KEY_BYTES);
    } else {
        buf_addf(&name, "P%llu", (unsigned long long)journal_size(txn));
    }
    snprintf(message->record, sizeof message->record, "%s", buf_text(&name));
}

static bool ping(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    AUTO(buf_done) struct buf channel = BUF_INIT;
    struct watch_message message = {.version = 1, .subject = PING_LANE};
    struct ping_work *work = context;
    char at[INSTANT_TEXT_BYTES];
    bool is_good;

    buf_add_text(&channel, CHANNEL_WEBHOOK_PREFIX);
    buf_add_span(&channel, work->client);
    message.channel = buf_text(&channel);
    name_ping(work, txn, &message);
    buf_add_text(&message.row, "{\"data\":{\"client\":");
    json_string_add(&message.row, work->client);
    buf_addf(&message.row, "},\"timestamp\":\"%s\",\"type\":\"ping\"}",
             instant_format(clock_now_ms(work->desk->clock), at));
    is_good = ledger_new(txn, work->desk->clock, &ledger, err) &&
              queue(txn, ledger, "api", &message, &work->delivery, err) && ledger_finish(ledger, err);
    buf_done(&message.row);
    return is_good;
}

bool command_watch_ping(const struct desk *desk, struct span client, struct span key, uint64_t *delivery,
                        struct error *err)
{
    struct ping_work work = {.desk = desk, .client = client, .key = key};

    if (!store_write(desk->store, ping, &work, err))
        return false;
    *delivery = work.delivery;
    return true;
}
