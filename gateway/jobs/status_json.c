#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/clocks/clocks.h"
#include "gateway/feedback/feedback.h"
#include "gateway/jobs/show_parts.h"
#include "gateway/jobs/status_clients.h"
#include "gateway/journal/checkpoint.h"
#include "gateway/journal/guard.h"
#include "gateway/journal/journal.h"
#include "gateway/outbox/outbox.h"
#include "gateway/outbox/stage.h"
#include "gateway/registry/records.h"

enum { REFUSAL_BYTES_MAX = 4096, COUNT_MAX = 100000 };

static const char *const STATE_MEMBERS[DELIVERY_STATE_COUNT] = {
    [DELIVERY_QUEUED] = "queued",        [DELIVERY_SENDING] = "sending",           [DELIVERY_IN_DOUBT] = "in_doubt",
    [DELIVERY_RECEIVED] = "received",    [DELIVERY_ACKNOWLEDGED] = "acknowledged", [DELIVERY_REFUSED] = "refused",
    [DELIVERY_SUPERSEDED] = "superseded"};

static const char *const LIST_MEMBERS[RECORD_LIST_COUNT] = {[RECORDS_WAITING] = "waiting",
                                                            [RECORDS_RETURNED] = "returned",
                                                            [RECORDS_LIVE] = "live",
                                                            [RECORDS_OVER] = "over",
                                                            [RECORDS_UNSENT] = "unsent"};

static bool count_held(const struct stage_held *held, void *context)
{
    size_t *count = context;

    (void)held;
    return ++*count < COUNT_MAX;
}

static bool is_used(const struct config *config, enum channel channel, const char *name)
{
    if (!channel_is_webhook(channel))
        return config_channel_is_used(&config->channels[channel]);
    for (size_t i = 0; i < config->client_count; i++) {
        if (config_client_has_webhook(&config->clients[i]) &&
            strcmp(config->clients[i].name, name + strlen(CHANNEL_WEBHOOK_PREFIX)) == 0)
            return true;
    }
    return false;
}

/* What clients gave and was never queued: before there was the channel, or since it cannot be told as it is. */
static bool add_unsent(struct store_txn *txn, const struct channel_status *status, struct buf *out, struct error *err)
{
    uint64_t queued = 0;
    uint64_t given;

    for (int i = 0; i < DELIVERY_STATE_COUNT; i++)
        queued += status->count[i];
    if (!feedback_total_given(txn, &given, err))
        return false;
    buf_add_byte(out, ',');
    show_number(out, "unsent", given > queued ? (int64_t)(given - queued) : 0);
    return true;
}

static bool add_channel(struct store_txn *txn, const struct config *config, enum channel channel, struct buf *out,
                        struct error *err)
{
    char name[CHANNEL_NAME_BYTES];
    struct channel_status status;
    size_t held = 0;

    if (!outbox_status(txn, channel, &status, err) || !stage_held_list(txn, channel, count_held, &held, err))
        return false;
    show_text(out, "{\"channel\":", span_of(channel_name(txn, channel, name)));
    for (int i = 0; i < DELIVERY_STATE_COUNT; i++) {
        buf_add_byte(out, ',');
        show_number(out, STATE_MEMBERS[i], (int64_t)status.count[i]);
    }
    buf_addf(out, ",\"oldest_ms\":%lld,\"last_receipt_ms\":%lld,\"paused\":%s,\"draining\":%s,\"held\":%zu",
             (long long)status.oldest_ms, (long long)status.last_receipt_ms, status.is_paused ? "true" : "false",
             status.is_draining ? "true" : "false", held);
    buf_addf(out, ",\"staged\":%zu,\"enabled\":%s", stage_list(txn, channel, NULL, COUNT_MAX),
             is_used(config, channel, name) ? "true" : "false");
    if (channel == CHANNEL_FEEDBACK && !add_unsent(txn, &status, out, err))
        return false;
    show_text(out, ",\"reason\":", status.is_paused ? span_of(status.reason) : SPAN_NONE);
    buf_add_byte(out, '}');
    return true;
}

static bool add_journal(struct store_txn *txn, struct buf *out, struct error *err)
{
    uint64_t size = journal_size(txn);
    struct event event = {.at_ms = 0};
    struct span bytes;

    if (size > 0 && journal_read(txn, size - 1, &bytes) && !event_parse(bytes, &event, err))
        return false;
    buf_add_text(out, "],\"journal\":{");
    show_number(out, "size", (int64_t)size);
    show_instant(out, ",\"at\":", event.at_ms);
    buf_add_byte(out, '}');
    return true;
}

/* The second line of a checkpoint is its size (C2SP tlog-checkpoint). It is our own file: told, not judged. */
static bool read_checkpoint(const char *path, struct buf *text, struct span *origin, int64_t *size)
{
    const char *end;
    const char *second;

    if (!file_read(path, CHECKPOINT_NOTE_MAX, text, NULL) || text->bytes == 0)
        return false;
    end = strchr(text->data, '\n');
    second = end ? strchr(end + 1, '\n') : NULL;
    if (!second || !utf8_is_valid(buf_span(text), NULL))
        return false;
    *origin = (struct span){text->data, (size_t)(end - text->data)};
    return integer_parse((struct span){end + 1, (size_t)(second - end - 1)}, size);
}

/* What the keeper says against a log: a line in Chinese, one in English. */
static void add_refusal(const char *state, const char *log, struct buf *out)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    AUTO(buf_done) struct buf text = BUF_INIT;
    const char *end;

    buf_addf(&path, "%s/checkpoints/%s.refused", state, log);
    if (!file_read(path.data, REFUSAL_BYTES_MAX, &text, NULL) || !utf8_is_valid(buf_span(&text), NULL) ||
        !(end = strchr(buf_text(&text), '\n')))
        return;
    show_text(out, ",\"refused_zh\":", (struct span){text.data, (size_t)(end - text.data)});
    show_text(out, ",\"refused\":", span_trim(span_of(end)));
}

static void add_checkpoint(const char *state, const char *log, struct buf *out)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct span origin;
    struct stat info;
    int64_t size;

    buf_addf(out, "\"%s\":", log);
    buf_addf(&path, "%s/checkpoints/%s", state, log);
    if (stat(path.data, &info) != 0 || !read_checkpoint(path.data, &text, &origin, &size)) {
        buf_add_text(out, "null");
        return;
    }
    show_text(out, "{\"origin\":", origin);
    buf_add_byte(out, ',');
    show_number(out, "size", size);
    show_instant(out, ",\"at\":", (int64_t)info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1000000);
    add_refusal(state, log, out);
    buf_add_byte(out, '}');
}

static bool add_clocks(struct store_txn *txn, const struct status_source *source, struct buf *out, struct error *err)
{
    struct clocks_reporting reporting;
    struct clocks_counts counts;

    if (!clocks_counts(txn, &counts, err) ||
        !clocks_reporting(txn, source->calendar, day_of_instant(source->now_ms), &reporting, err))
        return false;
    buf_add_text(out, "},\"clocks\":{");
    show_number(out, "report", (int64_t)reporting.open);
    buf_add_byte(out, ',');
    show_number(out, "late", (int64_t)reporting.late);
    buf_add_byte(out, ',');
    show_number(out, "soon", (int64_t)reporting.soon);
    buf_add_byte(out, ',');
    show_number(out, "unconfirmed", (int64_t)counts.unconfirmed);
    buf_add_byte(out, ',');
    show_number(out, "receipts", (int64_t)counts.receipts);
    buf_addf(out, ",\"provisional\":%s", reporting.is_provisional ? "true" : "false");
    buf_addf(out, ",\"stale\":%s", counts.live != records_count(txn, RECORDS_LIVE) ? "true" : "false");
    return true;
}

static bool tell(struct store_txn *txn, const struct status_source *source, struct buf *out, struct error *err)
{
    buf_add_text(out, "{\"channels\":[");
    for (unsigned i = 0; channel_at(txn, i) != CHANNEL_NONE; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        if (!add_channel(txn, source->config, channel_at(txn, i), out, err))
            return false;
    }
    if (!add_journal(txn, out, err))
        return false;
    for (int i = 0; i < RECORD_LIST_COUNT; i++) {
        buf_add_text(out, i ? "," : ",\"records\":{");
        show_number(out, LIST_MEMBERS[i], (int64_t)records_count(txn, (enum record_list)i));
    }
    if (!add_clocks(txn, source, out, err))
        return false;
    buf_add_text(out, "},\"checkpoints\":{");
    for (int i = 0; i < GUARD_LOG_COUNT; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        add_checkpoint(source->config->state, GUARD_LOG_NAMES[i], out);
    }
    buf_add_text(out, "},\"clients\":");
    if (!status_clients_add(txn, source->config, source->now_ms, out, err))
        return false;
    buf_addf(out, ",\"time_ms\":%lld}", (long long)source->now_ms);
    return store_txn_is_good(txn, err);
}

bool status_json(struct store_txn *txn, const struct status_source *source, struct buf *out, struct error *err)
{
    buf_clear(out);
    if (tell(txn, source, out, err))
        return true;
    buf_clear(out);
    return false;
}
