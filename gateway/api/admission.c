#include "gateway/api/admission.h"

#include <stdio.h>
#include <time.h>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "gateway/api/limits_fields.h"

static const int64_t DAY_MS = 86400000;

void admission_begin(struct admission *admission)
{
    *admission = (struct admission){.client = NULL};
}

static int64_t shared_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* --- who it is --- */

static bool refuse_unknown(const struct http_peer *peer, struct error *err)
{
    char text[65] = "";

    if (!peer->has_certificate)
        return refuse(err, ERR_FORBIDDEN, "client.unknown", "this needs a client certificate", "须使用客户端证书");
    for (size_t i = 0; i < sizeof peer->certificate_sha256; i++)
        snprintf(text + 2 * i, 3, "%02x", peer->certificate_sha256[i]);
    return refuse(err, ERR_FORBIDDEN, "client.unknown",
                  "no client with this certificate is configured (SHA-256 %s): ask the gateway's operator",
                  "未登记使用该证书（SHA-256 %s）的接入系统：请联系网关管理员", text);
}

static bool check_address(const struct client *client, const struct http_peer *peer, struct error *err)
{
    const struct config_client *config = client->config;

    if (config->address_count == 0 ||
        address_is_in(config->addresses, config->address_count, address_of(peer->address_bytes)))
        return true;
    return refuse(err, ERR_FORBIDDEN, "client.address", "this certificate may not be used from this address",
                  "该证书不得从此地址使用");
}

static bool check_term(const struct config_certificate *certificate, int64_t at_ms, struct error *err)
{
    if (at_ms < certificate->from_ms)
        return refuse(err, ERR_FORBIDDEN, "client.certificate", "this certificate may not be used yet: from %s",
                      "该证书尚未启用：自 %s 起可用", certificate->from_text);
    if (at_ms > certificate->until_ms)
        return refuse(err, ERR_FORBIDDEN, "client.certificate",
                      "this certificate may not be used any more: until %s; use the one that followed it",
                      "该证书已停用（至 %s）：请使用其后续证书", certificate->until_text);
    return true;
}

static bool check_suspension(const struct admission_desk *desk, const struct client *client, struct error *err)
{
    return !board_is_suspended(desk->board, client->bucket) ||
           refuse(err, ERR_FORBIDDEN, "client.suspended", "access is suspended: ask the gateway's operator",
                  "接入已被暂停：请联系网关管理员");
}

/* --- limits --- */

static bool take_of(const struct admission_desk *desk, struct admission *admission, const struct limits_wish *wish,
                    struct error *err)
{
    if (limits_take_many(desk->limits, wish, admission->now_ns, &admission->wait_ms))
        return true;
    return refuse(err, ERR_LIMIT, "client.limit", "more than %lld requests in a minute: wait %lld s",
                  "每分钟请求超过 %lld 次：请等待 %lld 秒", (long long)wish->per_minute,
                  (long long)(admission->wait_ms + 999) / 1000);
}

static bool take_tokens(const struct admission_desk *desk, struct admission *admission, bool is_client, int64_t count,
                        struct error *err)
{
    int64_t per_minute = is_client ? admission->client->config->requests_per_minute : STRANGERS_PER_MINUTE;
    struct limits_wish wish = {is_client ? admission->client->bucket : BOARD_STRANGERS, per_minute, count};

    return take_of(desk, admission, &wish, err);
}

bool admission_read(const struct admission_desk *desk, const struct http_peer *peer, struct admission *admission,
                    struct error *err)
{
    const struct client *client = peer->has_certificate ? clients_find(desk->clients, peer->certificate_sha256) : NULL;
    struct limits_wish wish = {LIMITS_READERS, READERS_PER_MINUTE, 1};

    admission->now_ns = shared_now_ns();
    admission->wait_ms = 0;
    if (client)
        wish = (struct limits_wish){client->bucket, client->config->requests_per_minute, 1};
    return take_of(desk, admission, &wish, err);
}

bool admission_take(const struct admission_desk *desk, struct admission *admission, int64_t count, struct error *err)
{
    return count <= 0 || take_tokens(desk, admission, true, count, err);
}

bool admission_charge(const struct admission_desk *desk, struct admission *admission, int64_t count, int64_t at_ms,
                      struct error *err)
{
    const struct client *client = admission->client;
    int32_t day = day_of_instant(at_ms);
    struct board_wish wish = {client->bucket, day, client->config->daily_quota, count};
    int64_t left = 0;

    if (board_take(desk->board, &wish, &left))
        return true;
    admission->wait_ms = day_start_ms(day + 1) - at_ms;
    return refuse(
        err, ERR_LIMIT, "client.quota",
        "this asks about %lld, and of the %lld subjects of a day %lld are left: the next day begins in %lld s",
        "本次查询 %lld 个主体；每日限额 %lld 个，今日尚余 %lld 个：%lld 秒后进入次日", (long long)count,
        (long long)wish.quota, (long long)left, (long long)(admission->wait_ms + 999) / 1000);
}

/* --- the judgement --- */

/* What was refused before the client is known to be itself. */
static bool refuse_stranger(const struct admission_desk *desk, struct admission *admission, struct error *err)
{
    if (take_tokens(desk, admission, false, 1, err))
        return false;
    admission->client = NULL;
    admission->is_untraced = true;
    return false;
}

static bool judge(const struct admission_desk *desk, const struct http_peer *peer, int64_t at_ms,
                  struct admission *admission, struct error *err)
{
    struct error why;

    admission->was_judged = true;
    admission->now_ns = shared_now_ns();
    admission->wait_ms = 0;
    admission->client = clients_find_certificate(desk->clients, peer->certificate_sha256, &admission->certificate);
    if (!admission->client)
        (void)refuse_unknown(peer, &why);
    if (!admission->client || !check_address(admission->client, peer, &why)) {
        *err = why;
        return refuse_stranger(desk, admission, err);
    }
    admission->is_admitted = true;
    board_see(desk->board, admission->client->bucket, at_ms);
    return true;
}

bool admission_enter(const struct admission_desk *desk, const struct http_peer *peer, int64_t at_ms,
                     struct admission *admission, struct error *err)
{
    return judge(desk, peer, at_ms, admission, err) && take_tokens(desk, admission, true, 1, err) &&
           check_term(admission->certificate, at_ms, err) && check_suspension(desk, admission->client, err);
}

bool admission_stay(const struct admission_desk *desk, const struct http_peer *peer, int64_t at_ms,
                    struct admission *admission, struct error *err)
{
    return judge(desk, peer, at_ms, admission, err) && check_term(admission->certificate, at_ms, err) &&
           check_suspension(desk, admission->client, err);
}

/* --- what it is told --- */

/* What the configuration knows only by its hash says its end itself. */
static struct config_certificate certificate_in_use(const struct admission *admission, const struct http_peer *peer)
{
    struct config_certificate certificate = *admission->certificate;

    if (certificate.not_after_ms == 0)
        certificate.not_after_ms = peer->certificate_not_after_ms;
    return certificate;
}

int64_t admission_ends_ms(const struct admission *admission, const struct http_peer *peer)
{
    struct config_certificate certificate = certificate_in_use(admission, peer);

    return config_certificate_ends_ms(&certificate);
}

int64_t admission_days_left(const struct admission *admission, const struct http_peer *peer, int64_t at_ms)
{
    struct config_certificate certificate = certificate_in_use(admission, peer);

    return config_certificate_days_left(&certificate, at_ms);
}

static void tell_limits(const struct admission_desk *desk, const struct admission *admission, int64_t at_ms,
                        struct buf *out)
{
    const struct client *client = admission->client;
    struct limits_state state = {.has_quota = client->config->daily_quota > 0};

    limits_left(desk->limits, client->bucket, client->config->requests_per_minute, admission->now_ns, &state.burst_left,
                &state.burst_full_s);
    if (state.has_quota) {
        int32_t day = day_of_instant(at_ms);
        int64_t left = client->config->daily_quota - board_used(desk->board, client->bucket, day);

        state.quota_left = left > 0 ? left : 0;
        state.quota_anew_s = (day_start_ms(day + 1) - at_ms + 999) / 1000;
    }
    buf_add_span(out, buf_span(&client->policy));
    limits_state_add(&state, out);
}

void admission_tell(const struct admission_desk *desk, const struct admission *admission, const struct http_peer *peer,
                    int64_t at_ms, struct http_reply *reply)
{
    int64_t days;

    if (!admission->is_admitted)
        return;
    tell_limits(desk, admission, at_ms, &reply->headers);
    if (config_certificate_ends_ms(admission->certificate) > at_ms + (CERTIFICATE_WARNING_DAYS + 1) * DAY_MS &&
        admission->certificate->not_after_ms != 0)
        return;
    days = admission_days_left(admission, peer, at_ms);
    if (days > CERTIFICATE_WARNING_DAYS)
        return;
    json_count_add(&reply->headers, "Certificate-Days-Left: ", (uint64_t)(days > 0 ? days : 0));
    buf_add_text(&reply->headers, "\r\n");
}
