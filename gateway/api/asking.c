#include "gateway/api/asking.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { STRANGERS_PER_MINUTE = 600, STATUS_TOO_MANY = 429, SEQUENCE_DIGITS_MAX = 19 };

/* --- who asks --- */

static int64_t shared_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void fingerprint_text(const struct http_peer *peer, char text[65])
{
    for (size_t i = 0; i < sizeof peer->certificate_sha256; i++)
        snprintf(text + 2 * i, 3, "%02x", peer->certificate_sha256[i]);
}

static bool refuse_stranger(const struct http_peer *peer, struct error *err)
{
    char text[65];

    if (!peer->has_certificate)
        return refuse(err, ERR_FORBIDDEN, "client.unknown", "this needs a client certificate", "须使用客户端证书");
    fingerprint_text(peer, text);
    return refuse(err, ERR_FORBIDDEN, "client.unknown",
                  "no client with this certificate is configured (SHA-256 %s): ask the gateway's operator",
                  "未登记使用该证书（SHA-256 %s）的接入系统：请联系网关管理员", text);
}

static bool take_tokens(struct api *api, const struct client *client, int64_t count, int64_t *wait_ms,
                        struct error *err)
{
    int64_t per_minute = client ? client->config->requests_per_minute : STRANGERS_PER_MINUTE;
    struct limits_wish wish = {client ? client->bucket : clients_strangers_bucket(api->clients), per_minute, count};

    if (limits_take_many(api->limits, &wish, shared_now_ns(), wait_ms))
        return true;
    return refuse(err, ERR_LIMIT, "client.limit", "more than %lld requests in a minute: wait %lld s",
                  "每分钟请求超过 %lld 次：请等待 %lld 秒", (long long)per_minute, (long long)(*wait_ms + 999) / 1000);
}

static void refuse_too_many(struct http_reply *reply, const struct error *err, int64_t wait_ms, const char *instance)
{
    char seconds[24];

    problem_reply_status(reply, STATUS_TOO_MANY, err, instance);
    snprintf(seconds, sizeof seconds, "%lld", (long long)(wait_ms + 999) / 1000);
    http_reply_header(reply, "Retry-After", seconds);
}

const struct client *visit_client(const struct visit *visit)
{
    const struct http_peer *peer = visit->request->peer;
    const struct client *client = clients_find(visit->api->clients, peer->certificate_sha256);
    struct error err;
    int64_t wait_ms = 0;

    if (!take_tokens(visit->api, client, 1, &wait_ms, &err)) {
        refuse_too_many(visit->reply, &err, wait_ms, NULL);
        return NULL;
    }
    if (client)
        return client;
    (void)refuse_stranger(peer, &err);
    problem_reply(visit->reply, &err, NULL);
    return NULL;
}

void asking_begin(struct visit *visit, struct asking *asking)
{
    *asking =
        (struct asking){.visit = visit, .at_ms = clock_now_ms(visit->api->options.clock), .wishes = STRUCTURED_INIT};
    asking->client = clients_find(visit->api->clients, visit->request->peer->certificate_sha256);
}

void asking_end(struct asking *asking)
{
    structured_done(&asking->wishes);
}

bool asking_take(struct asking *asking, int64_t count, struct error *err)
{
    return count <= 0 || take_tokens(asking->visit->api, asking->client, count, &asking->wait_ms, err);
}

bool asking_admit(struct asking *asking, struct error *err)
{
    return asking_take(asking, 1, err) && (asking->client || refuse_stranger(asking->visit->request->peer, err));
}

/* --- what is asked --- */

bool asking_domain(struct asking *asking, struct error *err)
{
    struct span text = utf8_cut(asking->domain_text, ASKED_MAX);

    asking->domain = domains_find(asking->visit->api->domains, asking->domain_text);
    if (!asking->domain)
        return refuse(err, ERR_NOT_FOUND, "domain.unknown", "there is no domain \"%.*s\": see /v1/domains",
                      "没有“%.*s”这个领域：见 /v1/domains", (int)text.bytes, text.at);
    if (!client_may_ask(asking->client, asking->domain))
        return refuse(err, ERR_FORBIDDEN, "client.domain", "client %s may not ask about %s",
                      "接入系统 %s 无权查询领域 %s", asking->client->config->name, domain_name(asking->domain));
    return true;
}

/* As of the end of a day, or of now when it is not over yet. What is still to come is refused by the lookup. */
static void take_day(struct asking *asking, int32_t day)
{
    int64_t end_ms = day_start_ms(day + 1) - 1;

    asking->as_of_ms = day_start_ms(day) <= asking->at_ms && end_ms > asking->at_ms ? asking->at_ms : end_ms;
}

static bool parse_sequence(struct span text, uint64_t *sequence)
{
    uint64_t value = 0;

    if (text.bytes > SEQUENCE_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text.at[i] - '0');
    }
    if (value > 0)
        *sequence = value;
    return value > 0;
}

static bool take_as_of(struct asking *asking, struct error *err)
{
    int32_t day;

    if (!asking->as_of.at || parse_sequence(asking->as_of, &asking->as_of_sequence))
        return true;
    if (!day_parse(asking->as_of, &day))
        return refuse(err, ERR_INVALID, "query.as-of",
                      "as_of is a day (YYYY-MM-DD) or how many events the journal had (1 or more)",
                      "as_of 应为日期（YYYY-MM-DD）或日志的事件数（不小于 1）");
    take_day(asking, day);
    return true;
}

bool asking_check_text(const char *name, struct span text, size_t bytes_max, struct error *err)
{
    if (text.bytes > bytes_max)
        return refuse(err, ERR_INVALID, "query.length", "%s has more than %zu bytes", "%s 超过 %zu 字节", name,
                      bytes_max);
    for (size_t i = 0; i < text.bytes; i++) {
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7F)
            return refuse(err, ERR_INVALID, "query.characters", "%s has control characters", "%s 含控制字符", name);
    }
    return true;
}

static bool check_purpose(const struct asking *asking, struct error *err)
{
    AUTO(buf_done) struct buf accepted = BUF_INIT;
    struct span text = utf8_cut(asking->purpose, ASKED_MAX);

    if (asking->purpose.bytes && client_may_name(asking->client, asking->domain, asking->purpose))
        return true;
    client_purposes(asking->client, asking->domain, &accepted);
    if (asking->purpose.bytes == 0)
        return refuse(err, ERR_INVALID, "purpose.missing", "say what for: purpose=… with one of: %s",
                      "请说明查询目的：purpose=…，可用：%s", buf_text(&accepted));
    return refuse(err, ERR_INVALID, "purpose.unknown", "the purpose \"%.*s\" is not accepted here; accepted: %s",
                  "此处不接受查询目的“%.*s”；可用：%s", (int)text.bytes, text.at, buf_text(&accepted));
}

bool asking_given(struct asking *asking, struct error *err)
{
    const struct domain_given *given = &asking->given;

    return asking_check_text("authorisation", given->authorisation, AUTHORISATION_BYTES_MAX, err) &&
           asking_check_text("matter", given->matter, GIVEN_BYTES_MAX, err) &&
           asking_check_text("case", given->case_number, GIVEN_BYTES_MAX, err) &&
           asking_check_text("operator", given->operator, GIVEN_BYTES_MAX, err) &&
           asking_check_text("department", given->department, GIVEN_BYTES_MAX, err) && take_as_of(asking, err) &&
           check_purpose(asking, err) && signing_read(asking->visit->request, &asking->wishes, err);
}

/* --- what becomes of it --- */

struct lookup_question asking_question(const struct asking *asking)
{
    return (struct lookup_question){.domain = asking->domain,
                                    .purpose = asking->purpose,
                                    .given = asking->given,
                                    .is_government = asking->client->config->kind == CLIENT_GOVERNMENT,
                                    .at_ms = asking->at_ms,
                                    .as_of_ms = asking->as_of_ms,
                                    .as_of_sequence = asking->as_of_sequence,
                                    .shown = &asking->visit->api->shown,
                                    .memory = &asking->visit->api->memory,
                                    .windows = asking->visit->api->windows};
}

/* Texts that were refused for their length are cut here. */
struct trace_entry asking_entry(const struct asking *asking)
{
    const struct http_peer *peer = asking->visit->request->peer;

    return (struct trace_entry){.at_ms = asking->at_ms,
                                .as_of_ms = asking->as_of_ms,
                                .as_of_sequence = asking->as_of_sequence,
                                .by = asking->client ? asking->client->name : SPAN_NONE,
                                .certificate = peer->has_certificate ? peer->certificate_sha256 : NULL,
                                .domain = utf8_cut(asking->domain_text, ASKED_MAX),
                                .purpose = utf8_cut(asking->purpose, ASKED_MAX),
                                .matter = utf8_cut(asking->given.matter, GIVEN_BYTES_MAX),
                                .case_number = utf8_cut(asking->given.case_number, GIVEN_BYTES_MAX),
                                .authorisation = utf8_cut(asking->given.authorisation, AUTHORISATION_BYTES_MAX),
                                .operator= utf8_cut(asking->given.operator, GIVEN_BYTES_MAX),
                                .department = utf8_cut(asking->given.department, GIVEN_BYTES_MAX)};
}

bool asking_sign(const struct asking *asking, struct error *err)
{
    const struct visit *visit = asking->visit;

    buf_add_text(&visit->reply->headers, "Cache-Control: no-store\r\n");
    if (signing_add(visit->request, &asking->wishes, visit->api->options.signer, asking->at_ms, visit->reply, err))
        return true;
    buf_clear(&visit->reply->headers);
    return false;
}

void asking_refuse(const struct asking *asking, const struct error *err, const char *receipt)
{
    if (asking->wait_ms > 0)
        refuse_too_many(asking->visit->reply, err, asking->wait_ms, asking->client ? receipt : NULL);
    else
        problem_reply(asking->visit->reply, err, receipt);
}
