/* /v1/watches: a client says which subjects it wants to be told about (gateway/watch); where it is told stands in the
 * configuration. Every call is in the trace before its answer leaves, what changes something is an event, too. */
#include <stdio.h>
#include <string.h>

#include "gateway/api/idempotency.h"
#include "gateway/api/refused.h"
#include "gateway/api/watches.h"
#include "gateway/command/command_watch.h"
#include "gateway/lookup/changes.h"

/* Lists of a client under test are kept with the test list. */
static struct desk desk_of(const struct watching *watching)
{
    const struct api *api = watching->visit->api;

    if (client_is_test(watching->client))
        return (struct desk){.store = testlist_store(api->testlist), .clock = testlist_clock(api->testlist)};
    return (struct desk){.store = api->options.store, .clock = api->options.clock};
}

static void reply_status(const struct watching *watching, int status)
{
    watching->visit->reply->status = status;
}

/* --- what may be asked --- */

static bool check_webhook(const struct watching *watching, struct error *err)
{
    return config_client_has_webhook(watching->client->config) ||
           refuse(err, ERR_REFUSED, "watch.no-webhook",
                  "no endpoint is configured for this client: ask the gateway's operator",
                  "未为该系统配置回调端点：请联系网关管理员");
}

static bool check_domain(struct watching *watching, const struct watches_words *words, struct error *err)
{
    AUTO(buf_done) struct buf accepted = BUF_INIT;

    snprintf(watching->purpose, sizeof watching->purpose, "%s", words->purpose);
    watching->domain = domains_find(watching->visit->api->domains, span_of(words->domain));
    if (!watching->domain)
        return refuse(err, ERR_NOT_FOUND, "domain.unknown", "there is no domain \"%s\": see /v1/domains",
                      "没有“%s”这个领域：见 /v1/domains", words->domain);
    if (!client_may_ask(watching->client, watching->domain))
        return refuse(err, ERR_FORBIDDEN, "client.domain", "client %s may not ask about %s",
                      "接入系统 %s 无权查询领域 %s", watching->client->config->name, words->domain);
    if (!changes_check_domain(watching->domain, err))
        return false;
    if (client_may_name(watching->client, watching->domain, span_of(words->purpose)))
        return true;
    client_purposes(watching->client, watching->domain, &accepted);
    return refuse(err, ERR_INVALID, "purpose.unknown", "the purpose \"%s\" is not accepted here; accepted: %s",
                  "此处不接受查询目的“%s”；可用：%s", words->purpose, buf_text(&accepted));
}

/* --- the calls --- */

static bool open_watch(struct watching *watching, struct error *err)
{
    AUTO(watches_words_done) struct watches_words words = {.json = NULL};
    AUTO(buf_done) struct buf location = BUF_INIT;
    const struct desk desk = desk_of(watching);
    struct watch_opening opening = {.client = watching->client->name};
    char id[WATCH_ID_BYTES];

    if (!check_webhook(watching, err) || !idempotency_key(watching->visit->request, &opening.key, err) ||
        !watches_words_opening(watching->visit->request->body, &words, err) || !check_domain(watching, &words, err))
        return false;
    opening.domain = span_of(words.domain);
    opening.purpose = span_of(words.purpose);
    opening.subjects = (struct watch_codes){words.subjects, words.subject_count};
    opening.sha256 = words.sha256;
    if (!command_watch_open(&desk, &opening, &watching->number, err) || !watches_tell(watching, err))
        return false;
    reply_status(watching, 201);
    buf_addf(&location, "/v1/watches/%s", watch_id_format(watching->number, id));
    http_reply_header(watching->visit->reply, "Location", buf_text(&location));
    return true;
}

static bool close_watch(struct watching *watching, struct error *err)
{
    const struct desk desk = desk_of(watching);

    if (!command_watch_close(&desk, watching->client->name, watching->number, err))
        return false;
    reply_status(watching, 204);
    watching->visit->reply->content_type = NULL;
    return true;
}

static bool change_many(struct watching *watching, struct error *err)
{
    AUTO(watches_words_done) struct watches_words words = {.json = NULL};
    const struct desk desk = desk_of(watching);
    struct watch_change change = {.client = watching->client->name, .number = watching->number};

    if (!watches_words_change(watching->visit->request->body, &words, err))
        return false;
    change.added = (struct watch_codes){words.subjects, words.subject_count};
    change.removed = (struct watch_codes){words.removed, words.removed_count};
    return command_watch_change(&desk, &change, err) && watches_tell(watching, err);
}

static bool change_one(struct watching *watching, struct error *err)
{
    const struct desk desk = desk_of(watching);
    const struct watch_codes one = {&watching->uscc, 1};
    struct watch_change change = {.client = watching->client->name, .number = watching->number};

    if (!lookup_check_code(watching->uscc, err))
        return false;
    if (span_is(watching->visit->request->method, "PUT"))
        change.added = one;
    else
        change.removed = one;
    return command_watch_change(&desk, &change, err) && watches_tell(watching, err);
}

static bool ping(struct watching *watching, struct error *err)
{
    struct buf *out = &watching->visit->reply->body;
    const struct api_options *options = &watching->visit->api->options;
    /* It says nothing of anybody and is to arrive: also that of a client under test goes by the courier. */
    const struct desk desk = {.store = options->store, .clock = options->clock};
    uint64_t delivery;
    struct span key;

    if (!check_webhook(watching, err) || !idempotency_key(watching->visit->request, &key, err) ||
        !command_watch_ping(&desk, watching->client->name, key, &delivery, err))
        return false;
    buf_add_text(out, "{\"channel\":\"" CHANNEL_WEBHOOK_PREFIX);
    buf_addf(out, "%s\"", watching->client->config->name);
    json_count_add(out, ",\"delivery\":", delivery);
    buf_addf(out, ",\"receipt\":\"%s\"}", watching->receipt);
    reply_status(watching, 202);
    return true;
}

/* --- which of them --- */

enum watch_place { PLACE_ALL, PLACE_TEST, PLACE_ONE, PLACE_SUBJECTS, PLACE_SUBJECT, PLACE_NONE };

static const struct watch_call {
    const char *method;
    bool (*act)(struct watching *watching, struct error *err);
    enum watch_place place;
    bool is_paged;
} CALLS[] = {
    {"GET", watches_list, PLACE_ALL, true},    {"POST", open_watch, PLACE_ALL, false},
    {"POST", ping, PLACE_TEST, false},         {"GET", watches_show, PLACE_ONE, true},
    {"DELETE", close_watch, PLACE_ONE, false}, {"POST", change_many, PLACE_SUBJECTS, false},
    {"PUT", change_one, PLACE_SUBJECT, false}, {"DELETE", change_one, PLACE_SUBJECT, false},
};
static const char *const ALLOWED[] = {[PLACE_ALL] = "GET, HEAD, POST",
                                      [PLACE_TEST] = "POST",
                                      [PLACE_ONE] = "GET, HEAD, DELETE",
                                      [PLACE_SUBJECTS] = "POST",
                                      [PLACE_SUBJECT] = "PUT, DELETE"};

static enum watch_place find_place(struct span rest, uint32_t *number, struct span *uscc)
{
    struct span segment;

    if (rest.bytes == 0)
        return PLACE_ALL;
    if (!visit_segment(&rest, &segment))
        return PLACE_NONE;
    if (rest.bytes == 0 && span_is(segment, "test"))
        return PLACE_TEST;
    if (!watch_id_parse(segment, number))
        return PLACE_NONE;
    if (rest.bytes == 0)
        return PLACE_ONE;
    if (!visit_segment(&rest, &segment) || !span_is(segment, "subjects"))
        return PLACE_NONE;
    if (rest.bytes == 0)
        return PLACE_SUBJECTS;
    return visit_segment(&rest, uscc) && rest.bytes == 0 ? PLACE_SUBJECT : PLACE_NONE;
}

/* NULL: refused. */
static const struct watch_call *find_call(struct visit *visit, uint32_t *number, struct span *uscc)
{
    enum watch_place place = find_place(visit->rest, number, uscc);

    if (place == PLACE_NONE) {
        visit_not_found(visit);
        return NULL;
    }
    for (size_t i = 0; i < COUNT_OF(CALLS); i++) {
        if (CALLS[i].place == place && span_is(visit->request->method, CALLS[i].method))
            return &CALLS[i];
    }
    (void)visit_refuse_method(visit, ALLOWED[place]);
    return NULL;
}

bool watches_admits(struct visit *visit)
{
    struct span uscc;
    uint32_t number;

    return find_call(visit, &number, &uscc) != NULL;
}

/* What a stranger sent as a code is traced only when it is one. */
static void add_trace(const struct watching *watching)
{
    const struct visit *visit = watching->visit;
    struct error ignored;
    bool is_code = watching->uscc.bytes > 0 && lookup_check_code(watching->uscc, &ignored);
    struct trace_entry entry = {.at_ms = watching->at_ms,
                                .receipt = watching->receipt,
                                .by = watching->client->name,
                                .kind = client_kind_text(watching->client),
                                .certificate = visit->request->peer->certificate_sha256,
                                .domain = watching->domain ? span_of(domain_name(watching->domain)) : SPAN_NONE,
                                .purpose = span_of(watching->purpose),
                                .uscc = is_code ? watching->uscc : SPAN_NONE,
                                .is_test = client_is_test(watching->client),
                                .status = visit->reply->status,
                                .answer = buf_span(&visit->reply->body)};

    if (entry.status >= 400)
        refused_fill(visit, &entry);
    trace_add(visit->api->trace, &entry);
}

void watches_handle(struct visit *visit)
{
    static const char *const PAGED[] = {"limit", "from", NULL};
    static const char *const NONE[] = {NULL};
    struct watching watching = {.visit = visit, .at_ms = clock_now_ms(visit->api->options.clock)};
    const struct watch_call *call = find_call(visit, &watching.number, &watching.uscc);
    struct error err;

    if (!call || !visit_takes(visit, call->is_paged ? PAGED : NONE))
        return;
    watching.client = visit_client(visit);
    if (!watching.client)
        return;
    trace_next_receipt(visit->api->trace, watching.receipt);
    http_reply_header(visit->reply, "Cache-Control", "no-store");
    if (!call->act(&watching, &err)) {
        buf_clear(&visit->reply->body);
        problem_reply(visit->reply, &err, watching.receipt);
    }
    add_trace(&watching);
}
