/* GET /v1/changes: for systems that keep a copy. A page without changes may be waited for: the server asks again
 * meanwhile, so nobody is in the way of anybody. Every page that leaves is in the trace. */
#include "gateway/lookup/changes.h"
#include "gateway/api/asking.h"
#include "gateway/api/query.h"
#include "gateway/api/refused.h"
#include "gateway/api/signing.h"

enum { WAIT_MAX_S = 30, QUIET_EVENTS_MAX = 100 };

struct following {
    struct visit *visit;
    const struct client *client;
    const struct domain *domain;
    struct buf purpose;
    struct buf operator;
    struct buf department;
    struct structured wishes; /* for signatures */
    int64_t at_ms;
    int64_t after;
    int64_t limit;
    int64_t wait_s;
    struct changes_page page;
    bool is_early; /* nothing to tell, and the client is willing to wait */
    char receipt[TRACE_RECEIPT_BYTES];
};

static const struct query_number AFTER = {.name = "after", .most = INT64_MAX};
static const struct query_number LIMIT = {.name = "limit", .least = 1, .most = CHANGES_MAX};
static const struct query_number WAIT = {.name = "wait", .most = WAIT_MAX_S};

static bool take_domain(struct following *following, struct error *err)
{
    const struct visit *visit = following->visit;
    AUTO(buf_done) struct buf name = BUF_INIT;
    AUTO(buf_done) struct buf accepted = BUF_INIT;

    if (!http_query_of(visit->request, "domain", &name) ||
        !(following->domain = domains_find(visit->api->domains, buf_span(&name))))
        return refuse(err, ERR_NOT_FOUND, "domain.unknown", "name a domain: domain=…, see /v1/domains",
                      "请指明领域：domain=…，见 /v1/domains");
    if (!client_may_ask(following->client, following->domain))
        return refuse(err, ERR_FORBIDDEN, "client.domain", "client %s may not ask about %s",
                      "接入系统 %s 无权查询领域 %s", following->client->config->name, domain_name(following->domain));
    if (following->purpose.bytes &&
        client_may_name(following->client, following->domain, buf_span(&following->purpose)))
        return true;
    client_purposes(following->client, following->domain, &accepted);
    return refuse(err, ERR_INVALID, "purpose.unknown", "say what for: purpose=… with one of: %s",
                  "请说明查询目的：purpose=…，可用：%s", buf_text(&accepted));
}

static bool take_question(struct following *following, struct error *err)
{
    const struct http_request *request = following->visit->request;

    following->limit = CHANGES_MAX;
    (void)http_query_of(request, "purpose", &following->purpose);
    (void)http_query_of(request, "operator", &following->operator);
    (void)http_query_of(request, "department", &following->department);
    if (!take_domain(following, err) ||
        !asking_check_text("operator", buf_span(&following->operator), GIVEN_BYTES_MAX, err) ||
        !asking_check_text("department", buf_span(&following->department), GIVEN_BYTES_MAX, err) ||
        !query_number(request, &AFTER, &following->after, err) ||
        !query_number(request, &LIMIT, &following->limit, err) ||
        !query_number(request, &WAIT, &following->wait_s, err))
        return false;
    return signing_read(request, &following->wishes, err);
}

/* Where many events brought nothing, the client goes on from behind them instead of our looking at them again. */
static bool may_wait(const struct following *following)
{
    const struct changes_page *page = &following->page;

    return page->count == 0 && !page->has_more && page->next - (uint64_t)following->after < QUIET_EVENTS_MAX &&
           following->visit->request->waited_ms < following->wait_s * 1000;
}

static bool add_page(struct following *following, struct error *err)
{
    struct api *api = following->visit->api;
    struct buf *out = &following->visit->reply->body;
    bool is_test = client_is_test(following->client);
    struct lookup_question question = {.domain = following->domain,
                                       .is_government = following->client->config->kind == CLIENT_GOVERNMENT,
                                       .withheld_scopes = following->client->withheld_scopes,
                                       .at_ms =
                                           is_test ? clock_now_ms(testlist_clock(api->testlist)) : following->at_ms,
                                       .shown = &api->shown,
                                       .windows = api->windows};
    struct store_txn *txn = client_read(api, following->client, err);
    bool is_good;

    buf_add_text(out, "{\"changes\":[");
    is_good = txn && changes_add(txn, &question, (uint64_t)following->after, (uint32_t)following->limit, out,
                                 &following->page, err);
    client_end_read(api, following->client);
    if (!is_good)
        return false;
    buf_addf(out, "],\"domain\":\"%s\",\"more\":%s", domain_name(following->domain),
             following->page.has_more ? "true" : "false");
    json_count_add(out, ",\"next\":", following->page.next);
    following->is_early = may_wait(following);
    if (following->is_early)
        buf_add_text(out, ",\"receipt\":null");
    else
        buf_addf(out, ",\"receipt\":\"%s\"", following->receipt);
    buf_add_text(out, is_test ? ",\"test\":true}" : "}");
    return true;
}

/* What is early stays here, but for the last time. */
static bool sign(struct following *following, struct error *err)
{
    const struct visit *visit = following->visit;

    buf_add_text(&visit->reply->headers, "Cache-Control: no-store\r\n");
    if ((following->is_early && !visit->request->is_last_time) ||
        signing_add(visit->request, &following->wishes, visit->api->options.signer, following->at_ms, visit->reply,
                    err))
        return true;
    buf_clear(&visit->reply->headers);
    return false;
}

static void add_trace(const struct following *following, bool is_answered)
{
    const struct visit *visit = following->visit;
    struct trace_entry entry = {.at_ms = following->at_ms,
                                .receipt = following->receipt,
                                .by = following->client ? following->client->name : SPAN_NONE,
                                .kind = client_kind_text(following->client),
                                .certificate = visit->request->peer->certificate_sha256,
                                .domain = following->domain ? span_of(domain_name(following->domain)) : SPAN_NONE,
                                .purpose = utf8_cut(buf_span(&following->purpose), TRACE_TEXT_MAX),
                                .operator= utf8_cut(buf_span(&following->operator), GIVEN_BYTES_MAX),
                                .department = utf8_cut(buf_span(&following->department), GIVEN_BYTES_MAX),
                                .is_test = client_is_test(following->client),
                                .status = visit->reply->status,
                                .sequence = is_answered ? following->page.next : 0,
                                .shown = is_answered ? buf_span(&visit->api->shown) : SPAN_NONE,
                                .answer = buf_span(&visit->reply->body)};

    if (!is_answered)
        refused_fill(visit, &entry);
    trace_add(visit->api->trace, &entry);
}

/* Asking again is not another request of the client's; but it may have been suspended meanwhile. */
static bool admit(struct following *following, struct error *err)
{
    const struct visit *visit = following->visit;
    struct api *api = visit->api;
    const struct http_peer *peer = visit->request->peer;
    bool is_good = visit->request->waited_ms > 0
                       ? admission_stay(&api->desk, peer, following->at_ms, &api->admission, err)
                       : admission_enter(&api->desk, peer, following->at_ms, &api->admission, err);

    following->client = api->admission.client;
    return is_good;
}

/* A page is as one subject, however long it was waited for. */
static bool charge(struct following *following, struct error *err)
{
    struct api *api = following->visit->api;

    return following->visit->request->waited_ms > 0 ||
           admission_charge(&api->desk, &api->admission, 1, following->at_ms, err);
}

void changes_handle(struct visit *visit)
{
    static const char *const NAMES[] = {"domain", "purpose", "operator", "department", "after", "limit", "wait", NULL};
    struct api *api = visit->api;
    struct following following = {.visit = visit, .at_ms = clock_now_ms(api->options.clock), .wishes = STRUCTURED_INIT};
    struct error err;
    bool is_good;

    if (visit->rest.bytes) {
        visit_not_found(visit);
        return;
    }
    if (!visit_is_get(visit) || !visit_takes(visit, NAMES))
        return;
    following.client = clients_find(api->clients, visit->request->peer->certificate_sha256);
    buf_clear(&api->shown);
    trace_next_receipt(api->trace, following.receipt);
    is_good = admit(&following, &err) && take_question(&following, &err) && charge(&following, &err) &&
              add_page(&following, &err) && sign(&following, &err);
    visit->reply->is_early = is_good && following.is_early;
    if (!is_good)
        visit_refuse_admission(visit, &err, following.receipt);
    /* What is early shows nothing, and is mostly forgotten. */
    if (!visit->reply->is_early && !api->admission.is_untraced)
        add_trace(&following, is_good);
    structured_done(&following.wishes);
    buf_done(&following.purpose);
    buf_done(&following.operator);
    buf_done(&following.department);
}
