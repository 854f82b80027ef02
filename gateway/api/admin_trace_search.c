/* GET
 * /admin/v1/trace?[uscc=…][&by=…][&operator=…][&department=…][&domain=…][&since=DAY][&until=DAY][&reason=…][&from=N]
 * [&end=N]: what stands in the log of the trace, in its order, for auditors: who asked about an enterprise, what a bank
 * asked in a time. GET /v1/trace?… with the same parameters, `reason` required: for the authority that supervises
 * lenders (a client of the kind supervisor), by its own certificate: what lenders asked in the domains that it has,
 * nothing of others, nothing of tests.
 *
 * GET /console/api/enterprises/{uscc}/lookups?reason=…[&from=N][&end=N]: the same about one enterprise, the newest
 * first.
 *
 * {"end","entries":[…],"next","receipt"}: a page of what fits. So many entries are looked at for one, fit or not;
 * `next` (null: that was all) is what `from` wants for the next page, `end` what it wants so that the search ends where
 * the log ended when it began. Reading is traced like asking: each page is an entry of its own in the domain "(trace)",
 * durable before the page leaves, with who reads, the reason (as the purpose), what was searched for (as the
 * authorisation) and the page's SHA-256. */
#include <string.h>

#include "base/walk.h"
#include "gateway/api/api_internal.h"
#include "gateway/trace/match.h"

enum { LOOKS_MAX = 5000, ABOUT_LOOKS_MAX = 10000, PAGE_BYTES_MAX = 4 * 1024 * 1024, SEARCHED_BYTES_MAX = 100 };

/* What an entry must have; empty: anything. */
enum searched {
    SEARCHED_USCC,
    SEARCHED_BY,
    SEARCHED_OPERATOR,
    SEARCHED_DEPARTMENT,
    SEARCHED_DOMAIN,
    SEARCHED_SINCE,
    SEARCHED_UNTIL,
    SEARCHED_COUNT
};
static const char *const SEARCHED_NAMES[SEARCHED_COUNT] = {"uscc",   "by",    "operator", "department",
                                                           "domain", "since", "until"};

struct search {
    struct visit *visit;
    const struct client *supervisor; /* NULL: a person of ours, who may read all */
    struct buf searched[SEARCHED_COUNT];
    struct buf reason;
    uint64_t from;
    uint64_t end;
    bool has_end;
    bool has_from;
    bool is_newest_first; /* then `from` is behind the first entry that is looked at */
    int64_t at_ms;
    char receipt[TRACE_RECEIPT_BYTES];
};

static void search_done(struct search *search)
{
    for (size_t i = 0; i < SEARCHED_COUNT; i++)
        buf_done(&search->searched[i]);
    buf_done(&search->reason);
}
DEFINE_AUTO_IN_PLACE(struct search, search_done)

static bool take_number(const struct visit *visit, const char *name, uint64_t *value, bool *is_there, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    int64_t number;

    *is_there = http_query_of(visit->request, name, &text);
    if (!*is_there)
        return true;
    if (!integer_parse(buf_span(&text), &number))
        return refuse(err, ERR_INVALID, "query.number", "%s is a number", "%s 应为数字", name);
    *value = (uint64_t)number;
    return true;
}

static bool take_search(struct search *search, struct error *err)
{
    const struct http_request *request = search->visit->request;
    int32_t day;

    for (size_t i = 0; i < SEARCHED_COUNT; i++) {
        struct buf *text = &search->searched[i];

        (void)http_query_of(request, SEARCHED_NAMES[i], text);
        if (text->bytes > SEARCHED_BYTES_MAX)
            return refuse(err, ERR_INVALID, "query.long", "%s has more than %d bytes", "%s 超过 %d 字节",
                          SEARCHED_NAMES[i], SEARCHED_BYTES_MAX);
        if (i >= SEARCHED_SINCE && text->bytes && !day_parse(buf_span(text), &day))
            return refuse(err, ERR_INVALID, "query.day", "%s is a day: YYYY-MM-DD", "%s 应为日期：YYYY-MM-DD",
                          SEARCHED_NAMES[i]);
    }
    (void)http_query_of(request, "reason", &search->reason);
    return take_number(search->visit, "from", &search->from, &search->has_from, err) &&
           take_number(search->visit, "end", &search->end, &search->has_end, err);
}

/* The entry says of which kind its asker was then. Older ones do not: of them the configuration of today tells. */
static bool is_lender(const struct config *config, struct span entry)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct span kind = walk_member(entry, "kind");
    struct span name;

    if (kind.bytes > 0)
        return span_is(kind, "\"lender\"");
    if (!walk_text(walk_member(entry, "by"), &hold, &name))
        return false;
    for (size_t i = 0; i < config->client_count; i++) {
        if (config->clients[i].kind == CLIENT_LENDER && span_is(name, config->clients[i].name))
            return true;
    }
    return false;
}

/* What lenders of ours asked, in the domains that the supervisor has. */
static bool is_in_remit(const struct search *search, struct span entry)
{
    const struct client *supervisor = search->supervisor;
    struct span domain = walk_plain_of(entry, "domain");
    bool has_domain = false;

    for (size_t i = 0; supervisor->domains[i]; i++)
        has_domain = has_domain || span_is(domain, domain_name(supervisor->domains[i]));
    return has_domain && !span_is(walk_member(entry, "test"), "true") && is_lender(search->visit->api->config, entry);
}

static bool fits(const struct search *search, struct span entry)
{
    const struct buf *searched = search->searched;
    const struct trace_wanted wanted = {.uscc = buf_span(&searched[SEARCHED_USCC]),
                                        .by = buf_span(&searched[SEARCHED_BY]),
                                        .operator= buf_span(&searched[SEARCHED_OPERATOR]),
                                        .department = buf_span(&searched[SEARCHED_DEPARTMENT]),
                                        .domain = buf_span(&searched[SEARCHED_DOMAIN]),
                                        .since = buf_span(&searched[SEARCHED_SINCE]),
                                        .until = buf_span(&searched[SEARCHED_UNTIL])};

    return trace_fits(&wanted, entry) && (!search->supervisor || is_in_remit(search, entry));
}

/* How many entries from `index` on are still to be looked at. */
static uint64_t left(const struct search *search, uint64_t index)
{
    if (search->is_newest_first)
        return index;
    return index < search->end ? search->end - index : 0;
}

/* `*index`: where to begin; afterwards where the next page begins. */
static bool add_entries(struct search *search, struct trace_log *log, uint64_t *index, struct error *err)
{
    AUTO(buf_done) struct buf entry = BUF_INIT;
    struct buf *body = &search->visit->reply->body;
    const char *comma = "";
    uint64_t looks_max = search->is_newest_first ? ABOUT_LOOKS_MAX : LOOKS_MAX;

    for (uint64_t looks = 0; left(search, *index) > 0 && looks < looks_max && body->bytes < PAGE_BYTES_MAX; looks++) {
        uint64_t place = search->is_newest_first ? --*index : (*index)++;

        buf_clear(&entry);
        if (!trace_log_read(log, place, &entry, err))
            return false;
        if (!fits(search, buf_span(&entry)))
            continue;
        buf_add_text(body, comma);
        buf_add_span(body, buf_span(&entry));
        comma = ",";
    }
    return true;
}

static bool add_page(struct search *search, struct error *err)
{
    struct buf *body = &search->visit->reply->body;
    AUTO(text_free) char *folder = config_state_path(search->visit->api->config, "trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    uint64_t next;

    if (!trace_log_open(folder, &log, err))
        return false;
    if (!search->has_end || search->end > trace_log_size(log))
        search->end = trace_log_size(log);
    next = search->from;
    if (search->is_newest_first && (!search->has_from || next > search->end))
        next = search->end;
    json_count_add(body, "{\"end\":", search->end);
    buf_add_text(body, ",\"entries\":[");
    if (!add_entries(search, log, &next, err))
        return false;
    if (left(search, next) > 0)
        json_count_add(body, "],\"next\":", next);
    else
        buf_add_text(body, "],\"next\":null");
    buf_addf(body, ",\"receipt\":\"%s\"}", search->receipt);
    return true;
}

static void add_trace(const struct search *search)
{
    const struct visit *visit = search->visit;
    AUTO(buf_done) struct buf what = BUF_INIT;
    struct trace_entry entry = {.at_ms = search->at_ms,
                                .receipt = search->receipt,
                                .by = search->supervisor ? search->supervisor->name : span_of(visit->person->name),
                                .kind = client_kind_text(search->supervisor),
                                .certificate = search->supervisor ? visit->request->peer->certificate_sha256 : NULL,
                                .domain = SPAN("(trace)"),
                                .purpose = buf_span(&search->reason),
                                .uscc = buf_span(&search->searched[SEARCHED_USCC]),
                                .status = visit->reply->status,
                                .answer = buf_span(&visit->reply->body)};

    buf_addf(&what, "from=%llu", (unsigned long long)search->from);
    for (size_t i = 0; i < SEARCHED_COUNT; i++) {
        if (search->searched[i].bytes && i != SEARCHED_USCC)
            buf_addf(&what, " %s=%s", SEARCHED_NAMES[i], search->searched[i].data);
    }
    entry.authorisation = buf_span(&what);
    trace_add(visit->api->trace, &entry);
}

static const char *const NAMES[] = {"uscc",  "by",     "operator", "department", "domain", "since",
                                    "until", "reason", "from",     "end",        NULL};

static void answer(struct search *search)
{
    struct visit *visit = search->visit;
    struct error err;

    trace_next_receipt(visit->api->trace, search->receipt);
    if (!add_page(search, &err))
        visit_refuse(visit, &err);
    add_trace(search);
}

void admin_trace_search(struct visit *visit)
{
    AUTO(search_done) struct search search = {.visit = visit, .at_ms = clock_now_ms(visit->api->options.clock)};
    struct error err;

    if (!visit_is_get(visit) || !visit_takes(visit, NAMES) || !admin_has_role(visit, ROLE_AUDITOR))
        return;
    if (take_search(&search, &err))
        answer(&search);
    else
        visit_refuse(visit, &err);
}

static bool check_reason(const struct search *search, struct error *err)
{
    return span_trim(buf_span(&search->reason)).bytes > 0 ||
           refuse(err, ERR_INVALID, "purpose.missing", "say why you read it: reason=…", "请说明查阅理由：reason=…");
}

/* The newest first, for the page of an enterprise: also for administrators, always with a reason, and traced like any
 * search. */
void trace_about(struct visit *visit, struct span uscc)
{
    static const char *const ABOUT[] = {"reason", "from", "end", NULL};
    AUTO(search_done)
    struct search search = {.visit = visit, .is_newest_first = true, .at_ms = clock_now_ms(visit->api->options.clock)};
    struct error err;

    if (!visit_takes(visit, ABOUT) || !admin_has_role(visit, ROLE_AUDITOR | ROLE_ADMINISTRATOR))
        return;
    if (!take_search(&search, &err) || !check_reason(&search, &err)) {
        visit_refuse(visit, &err);
        return;
    }
    buf_add_span(&search.searched[SEARCHED_USCC], uscc);
    answer(&search);
}

static bool check_supervisor(const struct search *search, struct error *err)
{
    const struct client *client = search->supervisor;

    if (client->config->kind != CLIENT_SUPERVISOR)
        return refuse(err, ERR_FORBIDDEN, "client.kind", "client %s is no supervising authority",
                      "接入系统 %s 不是监管部门", client->config->name);
    return check_reason(search, err);
}

void trace_handle(struct visit *visit)
{
    AUTO(search_done) struct search search = {.visit = visit, .at_ms = clock_now_ms(visit->api->options.clock)};
    struct error err;

    if (visit->rest.bytes) {
        visit_not_found(visit);
        return;
    }
    if (!visit_is_get(visit) || !visit_takes(visit, NAMES) || !(search.supervisor = visit_client(visit)))
        return;
    if (take_search(&search, &err) && check_supervisor(&search, &err)) {
        http_reply_header(visit->reply, "Cache-Control", "no-store");
        answer(&search);
    } else {
        visit_refuse(visit, &err);
    }
}
