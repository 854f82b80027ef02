/* GET
 * /admin/v1/trace?[uscc=…][&by=…][&operator=…][&department=…][&domain=…][&since=DAY][&until=DAY][&reason=…][&from=N][&end=N]:
 * what stands in the log of the trace, in its order, for auditors: who asked about an enterprise, what a bank asked in
 * a time.
 *
 * {"end","entries":[…],"next","receipt"}: a page of what fits. So many entries are looked at for one, fit or not;
 * `next` (null: that was all) is what `from` wants for the next page, `end` what it wants so that the search ends where
 * the log ended when it began. Reading is traced like asking: each page is an entry of its own in the domain "(trace)",
 * durable before the page leaves, with the person, the reason (as the purpose), what was searched for (as the
 * authorisation) and the page's SHA-256. */
#include <string.h>

#include "base/walk.h"
#include "gateway/api/api_internal.h"

enum { LOOKS_MAX = 5000, PAGE_BYTES_MAX = 4 * 1024 * 1024, SEARCHED_BYTES_MAX = 100, DAY_BYTES = 10 };

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
    struct buf searched[SEARCHED_COUNT];
    struct buf reason;
    uint64_t from;
    uint64_t end;
    bool has_end;
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
    bool has_from;
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
    return take_number(search->visit, "from", &search->from, &has_from, err) &&
           take_number(search->visit, "end", &search->end, &search->has_end, err);
}

static bool is_equal_or_any(const struct buf *wanted, struct span entry, const char *name)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct span text;

    return wanted->bytes == 0 ||
           (walk_text(walk_member(entry, name), &hold, &text) && span_equal(text, buf_span(wanted)));
}

/* Instants stand in local time, so days compare as texts. */
static bool fits(const struct search *search, struct span entry)
{
    struct span at = walk_plain_of(entry, "at");
    const struct buf *since = &search->searched[SEARCHED_SINCE];
    const struct buf *until = &search->searched[SEARCHED_UNTIL];

    for (size_t i = 0; i < SEARCHED_SINCE; i++) {
        if (!is_equal_or_any(&search->searched[i], entry, SEARCHED_NAMES[i]))
            return false;
    }
    if (since->bytes == 0 && until->bytes == 0)
        return true;
    return at.bytes >= DAY_BYTES && (since->bytes == 0 || memcmp(at.at, since->data, DAY_BYTES) >= 0) &&
           (until->bytes == 0 || memcmp(at.at, until->data, DAY_BYTES) <= 0);
}

static bool add_entries(struct search *search, struct trace_log *log, uint64_t *next, struct error *err)
{
    AUTO(buf_done) struct buf entry = BUF_INIT;
    struct buf *body = &search->visit->reply->body;
    const char *comma = "";
    uint64_t index = search->from;

    for (uint64_t looks = 0; index < search->end && looks < LOOKS_MAX && body->bytes < PAGE_BYTES_MAX;
         index++, looks++) {
        buf_clear(&entry);
        if (!trace_log_read(log, index, &entry, err))
            return false;
        if (!fits(search, buf_span(&entry)))
            continue;
        buf_add_text(body, comma);
        buf_add_span(body, buf_span(&entry));
        comma = ",";
    }
    *next = index;
    return true;
}

static bool add_page(struct search *search, struct error *err)
{
    struct buf *body = &search->visit->reply->body;
    AUTO(text_free) char *folder = config_state_path(search->visit->api->config, "trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    uint64_t next = 0;

    if (!trace_log_open(folder, &log, err))
        return false;
    if (!search->has_end || search->end > trace_log_size(log))
        search->end = trace_log_size(log);
    json_count_add(body, "{\"end\":", search->end);
    buf_add_text(body, ",\"entries\":[");
    if (!add_entries(search, log, &next, err))
        return false;
    if (next < search->end)
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
                                .by = span_of(visit->person->name),
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

void admin_trace_search(struct visit *visit)
{
    static const char *const NAMES[] = {"uscc",  "by",     "operator", "department", "domain", "since",
                                        "until", "reason", "from",     "end",        NULL};
    AUTO(search_done) struct search search = {.visit = visit, .at_ms = clock_now_ms(visit->api->options.clock)};
    struct error err;

    if (!visit_is_get(visit) || !visit_takes(visit, NAMES) || !admin_has_role(visit, ROLE_AUDITOR))
        return;
    if (!take_search(&search, &err)) {
        visit_refuse(visit, &err);
        return;
    }
    trace_next_receipt(visit->api->trace, search.receipt);
    if (!add_page(&search, &err))
        visit_refuse(visit, &err);
    add_trace(&search);
}
