/* GET /v1/lookups/{domain}/{uscc}. What is asked is judged step by step; whatever comes out, an answer or a problem, is
 * added to the trace, and leaves after the turn's flush. This is the hot path: nothing is parsed twice or allocated. */
#include "gateway/api/api_internal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gateway/api/signing.h"
#include "gateway/lookup/lookup.h"

enum { AUTHORISATION_BYTES_MAX = 200, STRANGERS_PER_MINUTE = 600, ASKED_MAX = 64, STATUS_TOO_MANY = 429 };

struct asking {
    struct visit *visit;
    const struct client *client; /* NULL: a stranger */
    const struct domain *domain;
    struct span domain_text; /* as asked */
    struct span uscc;
    struct span purpose;
    struct span authorisation;
    struct structured wishes; /* for a signature: signing.h */
    struct lookup_facts facts;
    bool is_answered;
    int64_t at_ms;
    int64_t as_of_ms; /* 0: the newest state */
    int64_t wait_ms;  /* when beyond the limit */
    char receipt[TRACE_RECEIPT_BYTES];
};

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

static bool take_token(struct api *api, const struct client *client, int64_t *wait_ms, struct error *err)
{
    size_t bucket = client ? client->bucket : clients_strangers_bucket(api->clients);
    int64_t per_minute = client ? client->config->requests_per_minute : STRANGERS_PER_MINUTE;

    if (limits_take(api->limits, bucket, per_minute, shared_now_ns(), wait_ms))
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

    if (!take_token(visit->api, client, &wait_ms, &err)) {
        refuse_too_many(visit->reply, &err, wait_ms, NULL);
        return NULL;
    }
    if (client)
        return client;
    (void)refuse_stranger(peer, &err);
    problem_reply(visit->reply, &err, NULL);
    return NULL;
}

/* --- what is asked --- */

static bool take_path(struct asking *asking, struct error *err)
{
    struct span rest = asking->visit->rest;

    if (visit_segment(&rest, &asking->domain_text) && visit_segment(&rest, &asking->uscc) && rest.bytes == 0)
        return true;
    return refuse(err, ERR_NOT_FOUND, "lookup.path", "ask for /v1/lookups/{domain}/{uscc}?purpose=…",
                  "查询地址应为 /v1/lookups/{领域}/{统一社会信用代码}?purpose=…");
}

static bool take_domain(struct asking *asking, struct error *err)
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

/* As of the end of a day, or of now when it is not over yet. A day to come is refused by lookup_by_code. */
static bool take_day(struct asking *asking, struct error *err)
{
    struct buf *text = &asking->visit->api->day;
    int32_t day;
    int64_t end_ms;

    if (!http_query_of(asking->visit->request, "on", text))
        return true;
    if (!day_parse(buf_span(text), &day))
        return refuse(err, ERR_INVALID, "query.on", "on is a day: YYYY-MM-DD", "on 应为日期：YYYY-MM-DD");
    end_ms = day_start_ms(day + 1) - 1;
    asking->as_of_ms = day_start_ms(day) <= asking->at_ms && end_ms > asking->at_ms ? asking->at_ms : end_ms;
    return true;
}

/* The trace and the answer need what a stranger wrote in one piece of clean text. */
static bool take_query(struct asking *asking, struct error *err)
{
    static const char *const NAMES[] = {"purpose", "authorisation", "on", NULL};
    const struct http_request *request = asking->visit->request;
    struct api *api = asking->visit->api;
    struct span bad = SPAN_NONE;

    if (!http_query_only(request, NAMES, &bad)) {
        bad = utf8_cut(bad, ASKED_MAX);
        return refuse(err, ERR_INVALID, "query.unknown",
                      "the query parameter \"%.*s\" is not known here or came twice: purpose, authorisation, on",
                      "查询参数“%.*s”不可识别或重复：可用 purpose、authorisation、on", (int)bad.bytes, bad.at);
    }
    if (http_query_of(request, "purpose", &api->purpose))
        asking->purpose = buf_span(&api->purpose);
    if (http_query_of(request, "authorisation", &api->authorisation))
        asking->authorisation = buf_span(&api->authorisation);
    if (asking->authorisation.bytes > AUTHORISATION_BYTES_MAX)
        return refuse(err, ERR_INVALID, "query.authorisation", "the authorisation has more than %d bytes",
                      "authorisation 超过 %d 字节", AUTHORISATION_BYTES_MAX);
    return take_day(asking, err);
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

static bool take_question(struct asking *asking, struct error *err)
{
    if (!asking->client)
        return take_token(asking->visit->api, NULL, &asking->wait_ms, err) &&
               refuse_stranger(asking->visit->request->peer, err);
    return take_token(asking->visit->api, asking->client, &asking->wait_ms, err) && take_path(asking, err) &&
           take_domain(asking, err) && take_query(asking, err) && check_purpose(asking, err) &&
           signing_read(asking->visit->request, &asking->wishes, err);
}

/* --- what is answered --- */

static bool answer(struct asking *asking, struct error *err)
{
    struct api *api = asking->visit->api;
    struct store_txn *txn = api_read(api, err);
    struct lookup_question question = {.domain = asking->domain,
                                       .uscc = asking->uscc,
                                       .purpose = asking->purpose,
                                       .is_government = asking->client->config->kind == CLIENT_GOVERNMENT,
                                       .is_authorised = asking->authorisation.bytes > 0,
                                       .at_ms = asking->at_ms,
                                       .as_of_ms = asking->as_of_ms,
                                       .receipt = asking->receipt,
                                       .shown = &api->shown,
                                       .windows = api->windows};

    if (!txn)
        return false;
    asking->is_answered = lookup_by_code(txn, &question, &asking->visit->reply->body, &asking->facts, err);
    api_end_read(api);
    return asking->is_answered;
}

/* What cannot be signed as asked is not answered at all. */
static bool sign(struct asking *asking, struct error *err)
{
    const struct visit *visit = asking->visit;

    buf_add_text(&visit->reply->headers, "Cache-Control: no-store\r\n");
    if (signing_add(visit->request, &asking->wishes, visit->api->options.signer, asking->at_ms, visit->reply, err))
        return true;
    buf_clear(&visit->reply->headers);
    asking->is_answered = false;
    return false;
}

static void add_trace(const struct asking *asking)
{
    const struct visit *visit = asking->visit;
    const struct http_peer *peer = visit->request->peer;
    struct trace_entry entry = {.at_ms = asking->at_ms,
                                .as_of_ms = asking->as_of_ms,
                                .receipt = asking->receipt,
                                .by = asking->client ? asking->client->name : SPAN_NONE,
                                .certificate = peer->has_certificate ? peer->certificate_sha256 : NULL,
                                .domain = utf8_cut(asking->domain_text, ASKED_MAX),
                                .purpose = utf8_cut(asking->purpose, ASKED_MAX),
                                .authorisation = utf8_cut(asking->authorisation, AUTHORISATION_BYTES_MAX),
                                .uscc = utf8_cut(asking->uscc, ASKED_MAX),
                                .verdict = asking->is_answered ? VERDICT_NAMES[asking->facts.verdict] : NULL,
                                .status = visit->reply->status,
                                .sequence = asking->facts.sequence,
                                .shown = asking->is_answered ? buf_span(&visit->api->shown) : SPAN_NONE,
                                .owes = asking->is_answered && asking->facts.owes,
                                .answer = buf_span(&visit->reply->body)};

    trace_add(visit->api->trace, &entry);
}

void lookup_handle(struct visit *visit)
{
    struct api *api = visit->api;
    struct asking asking = {.visit = visit, .wishes = STRUCTURED_INIT, .at_ms = clock_now_ms(api->options.clock)};
    struct error err;

    if (!visit_is_get(visit))
        return;
    buf_clear(&api->purpose);
    buf_clear(&api->authorisation);
    buf_clear(&api->day);
    buf_clear(&api->shown);
    trace_next_receipt(api->trace, asking.receipt);
    asking.client = clients_find(api->clients, visit->request->peer->certificate_sha256);
    if (!take_question(&asking, &err) || !answer(&asking, &err) || !sign(&asking, &err)) {
        if (asking.wait_ms > 0)
            refuse_too_many(visit->reply, &err, asking.wait_ms, asking.client ? asking.receipt : NULL);
        else
            problem_reply(visit->reply, &err, asking.receipt);
    }
    /* Strangers fill the trace no faster than their limit. */
    if (asking.client || asking.wait_ms == 0)
        add_trace(&asking);
    structured_done(&asking.wishes);
}
