/* What staff read: the state of the channels, lists of records, one record's whole life, its seal. */
#include <string.h>

#include "base/encode.h"
#include "gateway/api/api_internal.h"
#include "gateway/api/query.h"
#include "gateway/jobs/show_json.h"
#include "gateway/registry/records.h"

/* So many entries are looked at for one page, fit or not: some milliseconds. */
enum { LOOKS_MAX = 5000 };
enum { LISTED_DEFAULT = 100, ID_BYTES_MAX = 64, DIVISION_BYTES_MAX = 6, VERSION_MAX = 1000000 };

static const char *const NO_QUERY[] = {NULL};

void admin_status(struct visit *visit)
{
    struct api *api = visit->api;
    struct status_source source = {api->config, api->calendar, clock_now_ms(api->options.clock)};
    struct store_txn *txn;
    struct error err;

    if (visit->rest.bytes) {
        visit_not_found(visit);
        return;
    }
    if (!visit_is_get(visit) || !visit_takes(visit, NO_QUERY))
        return;
    txn = api_read(api, &err);
    if (!txn || !status_json(txn, &source, &visit->reply->body, &err))
        visit_refuse(visit, &err);
    api_end_read(api);
}

/* --- lists --- */

static const char *const LIST_NAMES[RECORD_LIST_COUNT] = {[RECORDS_WAITING] = "waiting",
                                                          [RECORDS_RETURNED] = "returned",
                                                          [RECORDS_LIVE] = "live",
                                                          [RECORDS_OVER] = "over",
                                                          [RECORDS_UNSENT] = "unsent"};

struct listing {
    struct records_page page;
    struct records_search search;
    char uscc[QUERY_CODE_BYTES];
    struct buf name;
    struct buf region;
    struct buf industry;
    char division[DIVISION_BYTES_MAX + 1];
    uint64_t most;
    uint64_t count;
    struct buf *out;
};

static void listing_done(struct listing *listing)
{
    buf_done(&listing->name);
    buf_done(&listing->region);
    buf_done(&listing->industry);
}
DEFINE_AUTO_IN_PLACE(struct listing, listing_done)

static bool take_list(const struct visit *visit, struct listing *listing, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    (void)http_query_of(visit->request, "list", &text);
    for (size_t i = 0; i < RECORD_LIST_COUNT; i++) {
        if (span_is(buf_span(&text), LIST_NAMES[i])) {
            listing->page.filter.list = (enum record_list)i;
            return true;
        }
    }
    return refuse(err, ERR_INVALID, "query.list", "name a list: list=waiting, returned, live, over or unsent",
                  "请指定列表：list=waiting、returned、live、over、unsent 之一");
}

static bool take_ground(const struct visit *visit, struct listing *listing, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    listing->page.filter.ground = -1;
    if (!http_query_of(visit->request, "ground", &text))
        return true;
    for (int i = 0; i < GROUND_COUNT; i++) {
        if (span_is(buf_span(&text), GROUND_SLUGS[i])) {
            listing->page.filter.ground = i;
            return true;
        }
    }
    return refuse(err, ERR_INVALID, "query.ground", "there is no such ground", "没有这种退出维度");
}

static bool take_limits(const struct visit *visit, struct listing *listing, struct error *err)
{
    AUTO(buf_done) struct buf division = BUF_INIT;
    AUTO(buf_done) struct buf limit = BUF_INIT;
    int64_t number = LISTED_DEFAULT;

    if (http_query_of(visit->request, "limit", &limit) &&
        (!integer_parse(buf_span(&limit), &number) || number < 1 || number > RECORDS_LISTED_MAX))
        return refuse(err, ERR_INVALID, "query.limit", "limit is a number from 1 to %d", "limit 应为 1 至 %d 的整数",
                      RECORDS_LISTED_MAX);
    if (http_query_of(visit->request, "division", &division)) {
        int64_t digits;

        if (division.bytes > DIVISION_BYTES_MAX || !integer_parse(buf_span(&division), &digits))
            return refuse(err, ERR_INVALID, "query.division", "division is a prefix of a division code",
                          "division 应为行政区划代码的前缀");
        memcpy(listing->division, division.data, division.bytes);
        listing->page.filter.division = listing->division;
    }
    listing->most = (uint64_t)number;
    return true;
}

/* Whoever looks for nothing in particular pays nothing for it. */
static bool take_search(const struct visit *visit, struct listing *listing, struct error *err)
{
    const struct http_request *request = visit->request;
    struct records_search *search = &listing->search;

    *search = (struct records_search){.decided_from = DAY_NONE, .decided_to = DAY_NONE};
    if (!query_code(request, "uscc", listing->uscc, err) ||
        !query_folded(request, "name", &listing->name, &search->name, err) ||
        !query_folded(request, "region", &listing->region, &search->region, err) ||
        !query_folded(request, "industry", &listing->industry, &search->industry, err) ||
        !query_day(request, "decided_from", &search->decided_from, err) ||
        !query_day(request, "decided_to", &search->decided_to, err))
        return false;
    search->uscc = listing->uscc;
    if (!listing->uscc[0] && !search->name.bytes && !search->region.bytes && !search->industry.bytes &&
        search->decided_from == DAY_NONE && search->decided_to == DAY_NONE)
        return true;
    listing->page.search = search;
    return true;
}

/* What a page before this one gave as "next". */
static bool take_mark(const struct visit *visit, struct records_page *page, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(buf_done) struct buf mark = BUF_INIT;

    if (!http_query_of(visit->request, "from", &text))
        return true;
    if (!hex_decode(buf_span(&text), &mark) || mark.bytes == 0 || mark.bytes > sizeof page->mark)
        return refuse(err, ERR_INVALID, "query.from", "from is what a page before gave as \"next\"",
                      "from 应为上一页给出的 next");
    memcpy(page->mark, mark.data, mark.bytes);
    page->mark_bytes = mark.bytes;
    return true;
}

static bool list_one(const struct record_version *version, void *context)
{
    struct listing *listing = context;
    struct buf *out = listing->out;

    if (listing->count == listing->most)
        return false;
    if (listing->count++)
        buf_add_byte(out, ',');
    json_count_add(out, "{\"proposal\":", version->proposal);
    buf_add_text(out, ",\"record\":");
    buf_add_span(out, version->json);
    buf_addf(out, ",\"state\":\"%s\"}", RECORD_STATE_SLUGS[version->state]);
    return true;
}

static bool list_records(const struct visit *visit, struct store_txn *txn, struct error *err)
{
    AUTO(listing_done) struct listing listing = {.page.looks_max = LOOKS_MAX, .out = &visit->reply->body};
    struct records_page *page = &listing.page;

    if (!take_list(visit, &listing, err) || !take_ground(visit, &listing, err) || !take_limits(visit, &listing, err) ||
        !take_search(visit, &listing, err) || !take_mark(visit, page, err))
        return false;
    json_count_add(listing.out, "{\"in_list\":", records_count(txn, page->filter.list));
    buf_addf(listing.out, ",\"list\":\"%s\",\"records\":[", LIST_NAMES[page->filter.list]);
    if (!records_page(txn, page, list_one, &listing, err))
        return false;
    buf_add_text(listing.out, "],\"next\":");
    if (page->mark_bytes > 0) {
        buf_add_byte(listing.out, '"');
        hex_add(listing.out, page->mark, page->mark_bytes);
        buf_add_text(listing.out, "\"}");
    } else {
        buf_add_text(listing.out, "null}");
    }
    return true;
}

static void answer_list(struct visit *visit)
{
    static const char *const NAMES[] = {"list",     "ground",       "division",   "uscc",  "name", "region",
                                        "industry", "decided_from", "decided_to", "limit", "from", NULL};
    struct store_txn *txn;
    struct error err;

    if (!visit_takes(visit, NAMES))
        return;
    txn = api_read(visit->api, &err);
    if (!txn || !list_records(visit, txn, &err))
        visit_refuse(visit, &err);
    api_end_read(visit->api);
}

/* --- one record --- */

static void answer_record(struct visit *visit, const char *id)
{
    AUTO(refusals_free) struct refusals *refusals = refusals_new(visit->api->config);
    struct store_txn *txn;
    struct error err;

    if (!visit_takes(visit, NO_QUERY))
        return;
    txn = api_read(visit->api, &err);
    if (!txn || !show_record_json(txn, id, refusals, &visit->reply->body, &err))
        visit_refuse(visit, &err);
    api_end_read(visit->api);
}

static bool take_version(const struct visit *visit, uint32_t *version, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    int64_t number = 0;

    if (http_query_of(visit->request, "version", &text) &&
        (!integer_parse(buf_span(&text), &number) || number < 1 || number > VERSION_MAX))
        return refuse(err, ERR_INVALID, "query.version", "version is a number from 1", "version 应为从 1 起的整数");
    *version = (uint32_t)number;
    return true;
}

static bool find_seal(const struct visit *visit, struct store_txn *txn, const char *prefix, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version found;
    char id[RECORD_ID_BYTES];
    struct span seal;
    uint32_t version;

    if (!take_version(visit, &version, err) || !records_by_prefix(txn, span_of(prefix), id, err))
        return false;
    if (!(version ? records_load(txn, span_of(id), version, &found, &hold, err)
                  : records_load_effective(txn, span_of(id), &found, &hold, err)) ||
        !records_seal(txn, &found, &seal, err))
        return false;
    buf_add_span(&visit->reply->body, seal);
    return true;
}

static void answer_seal(struct visit *visit, const char *id)
{
    static const char *const NAMES[] = {"version", NULL};
    struct store_txn *txn;
    struct error err;

    if (!visit_takes(visit, NAMES))
        return;
    visit->reply->content_type = "application/jose+json";
    txn = api_read(visit->api, &err);
    if (!txn || !find_seal(visit, txn, id, &err))
        visit_refuse(visit, &err);
    api_end_read(visit->api);
}

void admin_records(struct visit *visit)
{
    struct span rest = visit->rest;
    struct span segment;
    char id[ID_BYTES_MAX];

    if (!visit_is_get(visit))
        return;
    if (rest.bytes == 0) {
        answer_list(visit);
        return;
    }
    if (!visit_segment(&rest, &segment) || segment.bytes >= sizeof id) {
        visit_not_found(visit);
        return;
    }
    memcpy(id, segment.at, segment.bytes);
    id[segment.bytes] = '\0';
    if (rest.bytes == 0)
        answer_record(visit, id);
    else if (span_is(rest, "/seal"))
        answer_seal(visit, id);
    else
        visit_not_found(visit);
}
