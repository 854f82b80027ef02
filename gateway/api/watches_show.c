/* GET /v1/watches: what a client watches, page by page. */
#include <stdio.h>

#include "gateway/api/query.h"
#include "gateway/api/watches.h"

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 1000 };

struct page {
    struct buf *out;
    int64_t count;
    int64_t most;
    char last[WATCH_SUBJECT_BYTES + 1]; /* of what was told */
    bool has_more;
};

void watches_add(const struct watch *watch, struct buf *out)
{
    char at[INSTANT_TEXT_BYTES];
    char id[WATCH_ID_BYTES];

    buf_add_text(out, "{\"domain\":");
    json_string_add(out, watch->domain);
    buf_addf(out, ",\"id\":\"%s\",\"opened_at\":\"%s\",\"purpose\":", watch_id_format(watch->number, id),
             instant_format(watch->at_ms, at));
    json_string_add(out, watch->purpose);
    json_count_add(out, ",\"subjects\":", watch->subjects);
    buf_add_byte(out, '}');
}

static bool find_own(struct store_txn *txn, struct watching *watching, struct watch *out, struct error *err)
{
    char id[WATCH_ID_BYTES];

    if (!watch_find(txn, watching->number, out) || !span_equal(out->client, watching->client->name))
        return store_txn_is_good(txn, err) && refuse(err, ERR_NOT_FOUND, "watch.unknown", "you have no watch %s",
                                                     "贵方没有关注名单 %s", watch_id_format(watching->number, id));
    return true;
}

bool watches_tell(const struct watching *watching, struct error *err)
{
    struct store_txn *txn = client_read(watching->visit->api, watching->client, err);
    struct watching finding = *watching;
    struct buf *out = &watching->visit->reply->body;
    struct watch watch;
    bool is_good = txn && find_own(txn, &finding, &watch, err);

    if (is_good) {
        buf_addf(out, "{\"receipt\":\"%s\",\"watch\":", watching->receipt);
        watches_add(&watch, out);
        buf_add_byte(out, '}');
    }
    client_end_read(watching->visit->api, watching->client);
    return is_good;
}

static bool take_limit(const struct visit *visit, int64_t *most, struct error *err)
{
    static const struct query_number LIMIT = {.name = "limit", .least = 1, .most = LIMIT_MAX};

    *most = LIMIT_DEFAULT;
    return query_number(visit->request, &LIMIT, most, err);
}

/* Is there room for one more? Then it is told under `name`. */
static bool page_takes(struct page *page, struct span name)
{
    page->has_more = page->count == page->most;
    if (page->has_more)
        return false;
    if (page->count++ > 0)
        buf_add_byte(page->out, ',');
    snprintf(page->last, sizeof page->last, "%.*s", (int)name.bytes, name.at);
    return true;
}

static void next_add(const struct page *page)
{
    if (page->has_more)
        buf_addf(page->out, "\"next\":\"%s\"", page->last);
    else
        buf_add_text(page->out, "\"next\":null");
}

/* The lists stand in the reply in the order of names, and `next` is known only afterwards: they are made apart. */
static void page_end(const struct watching *watching, struct page *page, const char *name, struct buf *out)
{
    buf_add_byte(out, '{');
    page->out = out;
    next_add(page);
    buf_addf(out, ",\"receipt\":\"%s\",\"%s\":[", watching->receipt, name);
}

static bool list_one(const struct watch *watch, void *context)
{
    struct page *page = context;
    char id[WATCH_ID_BYTES];

    if (!page_takes(page, span_of(watch_id_format(watch->number, id))))
        return false;
    watches_add(watch, page->out);
    return true;
}

bool watches_list(struct watching *watching, struct error *err)
{
    AUTO(buf_done) struct buf from = BUF_INIT;
    AUTO(buf_done) struct buf list = BUF_INIT;
    struct buf *out = &watching->visit->reply->body;
    struct page page = {.out = &list};
    struct store_txn *txn;
    uint32_t after = 0;
    bool is_good;

    if (!take_limit(watching->visit, &page.most, err))
        return false;
    if (http_query_of(watching->visit->request, "from", &from) && !watch_id_parse(buf_span(&from), &after))
        return refuse(err, ERR_INVALID, "query.from", "from is what a page before gave as \"next\"",
                      "from 应为上一页给出的 next");
    txn = client_read(watching->visit->api, watching->client, err);
    is_good = txn && watch_of_client(txn, watching->client->name, after, list_one, &page, err);
    client_end_read(watching->visit->api, watching->client);
    if (!is_good)
        return false;
    page_end(watching, &page, "watches", out);
    buf_add_span(out, buf_span(&list));
    buf_add_text(out, "]}");
    return true;
}

static bool show_one(struct span subject, uint64_t since, void *context)
{
    struct page *page = context;

    if (!page_takes(page, subject))
        return false;
    json_count_add(page->out, "{\"since\":", since);
    buf_addf(page->out, ",\"uscc\":\"%.*s\"}", (int)subject.bytes, subject.at);
    return true;
}

bool watches_show(struct watching *watching, struct error *err)
{
    AUTO(buf_done) struct buf from = BUF_INIT;
    AUTO(buf_done) struct buf list = BUF_INIT;
    struct buf *out = &watching->visit->reply->body;
    struct page page = {.out = &list};
    struct store_txn *txn;
    struct watch watch;
    bool is_good;

    if (!take_limit(watching->visit, &page.most, err))
        return false;
    if (http_query_of(watching->visit->request, "from", &from) && from.bytes != WATCH_SUBJECT_BYTES)
        return refuse(err, ERR_INVALID, "query.from", "from is what a page before gave as \"next\"",
                      "from 应为上一页给出的 next");
    txn = client_read(watching->visit->api, watching->client, err);
    is_good = txn && find_own(txn, watching, &watch, err) &&
              watch_subjects(txn, watching->number, buf_span(&from), show_one, &page, err);
    if (is_good) {
        page_end(watching, &page, "subjects", out);
        buf_add_span(out, buf_span(&list));
        buf_add_text(out, "],\"watch\":");
        watches_add(&watch, out);
        buf_add_byte(out, '}');
    }
    client_end_read(watching->visit->api, watching->client);
    return is_good;
}
