#include "gateway/jobs/status_parts.h"

#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/clocks/clocks.h"
#include "gateway/feedback/feedback.h"
#include "gateway/jobs/show_parts.h"
#include "gateway/outbox/stage.h"
#include "gateway/registry/records.h"

enum {
    REFUSAL_BYTES_MAX = 4096, /* a line in Chinese, one in English */
    CALLS_MAX = 256           /* looked at, those that are due first: what answers banks says this, too */
};

static const char *const STATE_MEMBERS[DELIVERY_STATE_COUNT] = {
    [DELIVERY_QUEUED] = "queued",        [DELIVERY_SENDING] = "sending",           [DELIVERY_IN_DOUBT] = "in_doubt",
    [DELIVERY_RECEIVED] = "received",    [DELIVERY_ACKNOWLEDGED] = "acknowledged", [DELIVERY_REFUSED] = "refused",
    [DELIVERY_SUPERSEDED] = "superseded"};

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

struct tries {
    uint32_t most;
    unsigned calls;
};

/* Uploads that led to nothing, of a call that never arrived; questions that did, of one that may have. */
static bool count_tries(const struct call *call, void *context)
{
    struct tries *tries = context;
    uint32_t count = call->state == CALL_PREPARED ? call->attempts : call->state == CALL_IN_DOUBT ? call->asks : 0;

    if (count > tries->most)
        tries->most = count;
    return ++tries->calls < CALLS_MAX;
}

void status_channel_version(const struct channel_status *status, struct buf *out)
{
    if (status->is_paused)
        buf_addf(out, "%s: %s", status->is_draining ? "draining" : "paused", status->reason);
    else
        buf_add_text(out, "running");
}

static bool add_channel(struct store_txn *txn, const struct config *config, enum channel channel, struct buf *out,
                        struct status_totals *totals, struct error *err)
{
    AUTO(buf_done) struct buf version = BUF_INIT;
    char name[CHANNEL_NAME_BYTES];
    struct channel_status status;
    int64_t next_ms = outbox_next_due_ms(txn, channel);
    uint64_t staged;
    uint64_t held;
    struct tries tries = {.most = 0};
    bool uses;

    if (!outbox_status(txn, channel, &status, err) || !outbox_calls_open(txn, channel, count_tries, &tries, err))
        return false;
    tries.most = status.is_paused || tries.most < STATUS_FAILING_FROM ? 0 : tries.most;
    stage_counts(txn, channel, &staged, &held);
    show_text(out, "{\"channel\":", span_of(channel_name(txn, channel, name)));
    for (int i = 0; i < DELIVERY_STATE_COUNT; i++) {
        buf_add_byte(out, ',');
        show_number(out, STATE_MEMBERS[i], (int64_t)status.count[i]);
    }
    uses = is_used(config, channel, name);
    totals->refused += status.count[DELIVERY_REFUSED];
    totals->held += held;
    totals->paused += uses && status.is_paused;
    totals->failing += uses && tries.most > 0;
    buf_addf(out, ",\"oldest_ms\":%lld,\"last_receipt_ms\":%lld,\"next_ms\":%lld,\"paused\":%s,\"draining\":%s",
             (long long)status.oldest_ms, (long long)status.last_receipt_ms,
             (long long)(next_ms == INT64_MAX ? 0 : next_ms), status.is_paused ? "true" : "false",
             status.is_draining ? "true" : "false");
    json_count_add(out, ",\"held\":", held);
    json_count_add(out, ",\"staged\":", staged);
    json_count_add(out, ",\"failing\":", tries.most);
    buf_addf(out, ",\"enabled\":%s", uses ? "true" : "false");
    if (channel == CHANNEL_FEEDBACK && !add_unsent(txn, &status, out, err))
        return false;
    show_text(out, ",\"reason\":", status.is_paused ? span_of(status.reason) : SPAN_NONE);
    status_channel_version(&status, &version);
    show_text(out, ",\"version\":", buf_span(&version));
    buf_add_byte(out, '}');
    return true;
}

bool status_channels_add(struct store_txn *txn, const struct config *config, struct buf *out,
                         struct status_totals *totals, struct error *err)
{
    *totals = (struct status_totals){.refused = 0};
    for (unsigned i = 0; channel_at(txn, i) != CHANNEL_NONE; i++) {
        buf_add_byte(out, i > 0 ? ',' : '[');
        if (!add_channel(txn, config, channel_at(txn, i), out, totals, err))
            return false;
    }
    buf_add_byte(out, ']');
    return true;
}

bool status_clocks_add(struct store_txn *txn, const struct status_source *source, struct buf *out,
                       struct status_clocks *told, struct error *err)
{
    struct clocks_reporting reporting;
    struct clocks_counts counts;

    if (!clocks_counts(txn, &counts, err) ||
        !clocks_reporting(txn, source->calendar, day_of_instant(source->now_ms), &reporting, err))
        return false;
    *told = (struct status_clocks){.late = reporting.late,
                                   .soon = reporting.soon,
                                   .unconfirmed = counts.unconfirmed,
                                   .receipts = counts.receipts,
                                   .is_stale = counts.live != records_count(txn, RECORDS_LIVE)};
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
    buf_addf(out, ",\"stale\":%s", told->is_stale ? "true" : "false");
    return true;
}

bool status_log_refused(const char *state, const char *log, struct buf *zh, struct buf *en)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    AUTO(buf_done) struct buf text = BUF_INIT;
    const char *end;

    buf_addf(&path, "%s/checkpoints/%s.refused", state, log);
    if (!file_read(path.data, REFUSAL_BYTES_MAX, &text, NULL) || !utf8_is_valid(buf_span(&text), NULL) ||
        !(end = strchr(buf_text(&text), '\n')))
        return false;
    buf_add_span(zh, (struct span){text.data, (size_t)(end - text.data)});
    buf_add_span(en, span_trim(span_of(end)));
    return true;
}
