#include "gateway/api/order_version.h"

#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "gateway/access/suspension.h"
#include "gateway/jobs/show_json.h"
#include "gateway/outbox/outbox.h"

/* One order as it is judged: what it is about, and what was seen of it. */
struct judging {
    const struct api *api;
    struct store_txn *txn;
    struct span id; /* empty: it is about none */
    struct span seen;
};

/* --- versions --- */

void order_version_of_client(struct store_txn *txn, struct span client, struct buf *out)
{
    struct suspension found;

    if (suspension_find(txn, client, &found))
        buf_addf(out, "%s %llu", found.is_suspended ? "suspended" : "resumed", (unsigned long long)found.sequence);
    else
        buf_add_text(out, "never suspended");
}

void order_version_of_configuration(const struct api *api, struct buf *out)
{
    hex_add(out, api->config->sha256, sizeof api->config->sha256);
}

/* --- each kind of thing; what is unknown is not stale: the job says so --- */

static bool judge_channel(const struct judging *judging, struct error *err)
{
    AUTO(buf_done) struct buf now = BUF_INIT;
    struct channel_status status;
    enum channel channel;

    if (!channel_find(judging->txn, judging->id, &channel))
        return true;
    if (!outbox_status(judging->txn, channel, &status, err))
        return false;
    status_channel_version(&status, &now);
    if (span_equal(judging->seen, buf_span(&now)))
        return true;
    return refuse(err, ERR_CONFLICT, "order.stale",
                  "the channel %.*s is not as you saw it any more: now it is %s%.0s%s%s; read it again and decide anew",
                  "渠道 %.*s 已与您所见的不同：现为%.0s%s%s%s；请重新读取后再决定", (int)judging->id.bytes,
                  judging->id.at,
                  status.is_draining ? "draining"
                  : status.is_paused ? "paused"
                                     : "running",
                  status.is_draining ? "正在收尾"
                  : status.is_paused ? "已暂停"
                                     : "正常报送",
                  status.is_paused ? ": " : "", status.is_paused ? status.reason : "");
}

static bool judge_client(const struct judging *judging, struct error *err)
{
    AUTO(buf_done) struct buf now = BUF_INIT;
    struct suspension found = {.is_suspended = false};

    order_version_of_client(judging->txn, judging->id, &now);
    if (span_equal(judging->seen, buf_span(&now)))
        return true;
    (void)suspension_find(judging->txn, judging->id, &found);
    return refuse(err, ERR_CONFLICT, "order.stale",
                  "the client %.*s is not as you saw it any more: now it is %s%.0s (event %llu); read it again and "
                  "decide anew",
                  "接入系统 %.*s 已与您所见的不同：现为%.0s%s（事件 %llu）；请重新读取后再决定", (int)judging->id.bytes,
                  judging->id.at, found.is_suspended ? "suspended" : "in use", found.is_suspended ? "已停用" : "正常",
                  (unsigned long long)found.sequence);
}

static bool judge_configuration(const struct judging *judging, struct error *err)
{
    AUTO(buf_done) struct buf now = BUF_INIT;

    order_version_of_configuration(judging->api, &now);
    return span_equal(judging->seen, buf_span(&now)) ||
           refuse(err, ERR_CONFLICT, "order.stale",
                  "another configuration was taken over since you looked (now %.12s…): read it again and decide anew",
                  "在您查看之后，已有另一份配置生效（现为 %.12s…）：请重新读取后再决定", buf_text(&now));
}

static const struct {
    const char *kind;
    bool (*judge)(const struct judging *judging, struct error *err);
} KINDS[] = {{"pause", judge_channel},         {"drain", judge_channel},        {"resume", judge_channel},
             {"client-suspend", judge_client}, {"client-resume", judge_client}, {"reload", judge_configuration}};

/* --- refused deliveries --- */

static bool judge_delivery(const struct judging *judging, struct error *err)
{
    struct delivery delivery;
    int64_t number, attempts;
    struct error unknown;

    if (!integer_parse(judging->seen, &attempts) || attempts < 0)
        return refuse(err, ERR_INVALID, "order.seen", "behind @ stands how many calls had carried the delivery",
                      "@ 之后应为该报送已发出的次数");
    if (!integer_parse(judging->id, &number) || number < 0 ||
        !outbox_find(judging->txn, (uint64_t)number, &delivery, &unknown))
        return store_txn_is_good(judging->txn, err);
    return (delivery.state == DELIVERY_REFUSED && delivery.attempts == (uint64_t)attempts) ||
           refuse(err, ERR_CONFLICT, "order.stale",
                  "the delivery %llu is not the refused one that you saw any more: now %s, after %u calls; read it "
                  "again and decide anew",
                  "报送 %llu 已不是您所见的那次拒收：现为 %s，已发出 %u 次；请重新读取后再决定",
                  (unsigned long long)delivery.number, DELIVERY_STATE_NAMES[delivery.state], delivery.attempts);
}

static bool judge_deliveries(struct judging *judging, json_t *ids, struct error *err)
{
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *text = json_string_value(json_array_get(ids, i));
        const char *mark = text ? strchr(text, '@') : NULL;

        if (!mark)
            continue;
        judging->id = (struct span){text, (size_t)(mark - text)};
        judging->seen = span_of(mark + 1);
        if (!judge_delivery(judging, err))
            return false;
    }
    return true;
}

/* --- an order --- */

static bool judge(struct judging *judging, const char *kind, json_t *arguments, struct error *err)
{
    json_t *ids = json_object_get(arguments, "ids");
    const char *seen = json_text_of(arguments, "seen");
    const char *id = json_string_value(json_array_get(ids, 0));

    if (strcmp(kind, "requeue") == 0)
        return judge_deliveries(judging, ids, err);
    judging->id = id ? span_of(id) : SPAN_NONE;
    judging->seen = seen ? span_of(seen) : SPAN_NONE;
    for (size_t i = 0; seen && i < COUNT_OF(KINDS); i++) {
        if (strcmp(KINDS[i].kind, kind) == 0)
            return KINDS[i].judge(judging, err);
    }
    return true;
}

static bool is_judged(const char *kind)
{
    for (size_t i = 0; i < COUNT_OF(KINDS); i++) {
        if (strcmp(KINDS[i].kind, kind) == 0)
            return true;
    }
    return strcmp(kind, "requeue") == 0;
}

bool order_version_check(struct api *api, const char *kind, json_t *arguments, struct error *err)
{
    struct judging judging = {.api = api};
    bool is_good;

    if (!is_judged(kind))
        return true;
    judging.txn = api_read(api, err);
    if (!judging.txn)
        return false;
    is_good = judge(&judging, kind, arguments, err) && store_txn_is_good(judging.txn, err);
    api_end_read(api);
    return is_good;
}
