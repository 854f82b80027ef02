/* GET /console/api/obligations: the register as staff look through it, one slice of a look (obligations_list.h). A page
 * asks slice after slice and keeps the best of what they found: no slice keeps a bank waiting. */
#include <string.h>

#include "base/encode.h"
#include "gateway/api/console.h"
#include "gateway/api/query.h"
#include "gateway/jobs/show_obligation.h"
#include "gateway/journal/journal.h"
#include "gateway/registry/obligations_list.h"

/* So many obligations are looked at in one slice, fit or not: a few milliseconds. */
enum { LOOKS_MAX = 25000, LISTED_DEFAULT = 50, LISTED_MAX = 200 };
enum { DIVISION_BYTES = 6 };

struct looking {
    struct visit *visit;
    struct obligations_search search;
    uint8_t from[OBLIGATION_ID_BYTES];
    bool has_from;
    int64_t as_of;
    int32_t today;
    char uscc[QUERY_CODE_BYTES];
    char division[DIVISION_BYTES + 1];
    struct buf name;
    struct buf region;
    struct buf industry;
};

static void looking_done(struct looking *looking)
{
    buf_done(&looking->name);
    buf_done(&looking->region);
    buf_done(&looking->industry);
}
DEFINE_AUTO_IN_PLACE(struct looking, looking_done)

/* --- what is asked --- */

/* Digits: the beginning of a division's code. */
static bool take_division(struct looking *looking, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct span text = query_text(looking->visit->request, "division", &hold);
    int64_t digits;

    if (text.bytes > DIVISION_BYTES || (text.bytes > 0 && !integer_parse(text, &digits)))
        return query_refuse("division", err);
    if (text.bytes > 0)
        memcpy(looking->division, text.at, text.bytes);
    return true;
}

static bool take_choice(const struct looking *looking, const char *name, const char *const *choices, size_t count,
                        int *out)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct span text = query_text(looking->visit->request, name, &hold);

    for (size_t i = 0; i < count; i++) {
        if (span_is(text, choices[i]))
            *out = (int)i;
    }
    return text.bytes == 0 || *out >= 0;
}

static bool take_filter(struct looking *looking, struct error *err)
{
    static const char *const ON[] = {"on"};
    const struct http_request *request = looking->visit->request;
    struct obligations_search *search = &looking->search;
    int unproposed = -1;

    if (!query_code(request, "uscc", looking->uscc, err) || !take_division(looking, err) ||
        !query_folded(request, "name", &looking->name, &search->name, err) ||
        !query_folded(request, "region", &looking->region, &search->region, err) ||
        !query_folded(request, "industry", &looking->industry, &search->industry, err))
        return false;
    search->uscc = looking->uscc;
    search->filter.division = looking->division;
    if (!take_choice(looking, "ground", GROUND_SLUGS, GROUND_COUNT, &search->filter.ground))
        return refuse(err, ERR_INVALID, "query.ground", "there is no such ground", "没有这种退出维度");
    if (!take_choice(looking, "state", STATE_SLUGS, STATE_COUNT, &search->filter.state))
        return refuse(err, ERR_INVALID, "query.state", "there is no such state", "没有这种任务状态");
    if (!take_choice(looking, "unproposed", ON, 1, &unproposed))
        return query_refuse("unproposed", err);
    search->is_unproposed = unproposed == 0;
    return query_day(request, "due_from", &search->due_from, err) &&
           query_day(request, "due_to", &search->due_to, err) &&
           query_day(request, "overdue_on", &search->filter.overdue_on, err);
}

static bool take_hex(const struct looking *looking, const char *name, uint8_t *at, size_t *bytes, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    AUTO(buf_done) struct buf raw = BUF_INIT;
    struct span text = query_text(looking->visit->request, name, &hold);

    if (text.bytes == 0) {
        *bytes = 0;
        return true;
    }
    if (!hex_decode(text, &raw) || raw.bytes != *bytes)
        return refuse(err, ERR_INVALID, "query.from", "%s is what a page before gave", "%s 应为上一页给出的标记", name);
    memcpy(at, raw.data, raw.bytes);
    return true;
}

static bool take_place(struct looking *looking, struct error *err)
{
    struct query_number limit = {"limit", 1, LISTED_MAX, true};
    struct query_number as_of = {"as_of", 0, INT64_MAX, true};
    struct obligations_search *search = &looking->search;
    int64_t most = LISTED_DEFAULT;
    size_t from_bytes = sizeof looking->from;
    int order = -1;

    if (!take_choice(looking, "order", OBLIGATIONS_ORDER_NAMES, OBLIGATIONS_ORDER_COUNT, &order))
        return query_refuse("order", err);
    search->order = order < 0 ? OBLIGATIONS_BY_CHANGE : (enum obligations_order)order;
    search->after.bytes = obligations_place_bytes(search->order);
    looking->as_of = -1;
    if (!take_hex(looking, "after", search->after.at, &search->after.bytes, err) ||
        !take_hex(looking, "from", looking->from, &from_bytes, err) ||
        !query_number(looking->visit->request, &limit, &most, err) ||
        !query_number(looking->visit->request, &as_of, &looking->as_of, err))
        return false;
    looking->has_from = from_bytes > 0;
    search->most = (size_t)most;
    return true;
}

/* --- what is answered --- */

static bool add_one(const struct looking *looking, struct store_txn *txn, const struct obligations_found *found,
                    struct shown_obligation *shown, struct error *err)
{
    struct buf *out = &looking->visit->reply->body;

    if (!shown_obligation_load(txn, found->id, found->version, shown, err))
        return false;
    buf_add_byte(out, '{');
    shown_obligation_add(shown, looking->today, out);
    buf_add_text(out, ",\"place\":\"");
    hex_add(out, found->place.at, found->place.bytes);
    buf_add_text(out, "\"}");
    return true;
}

static bool add_slice(const struct looking *looking, struct store_txn *txn, const struct obligations_slice *slice,
                      struct error *err)
{
    AUTO(shown_obligation_done) struct shown_obligation shown = {.row_hold = BUF_INIT, .record_hold = BUF_INIT};
    struct buf *out = &looking->visit->reply->body;
    char today[DAY_TEXT_BYTES];

    json_count_add(out, "{\"as_of\":", looking->search.as_of);
    json_count_add(out, ",\"looked\":", slice->looked);
    json_count_add(out, ",\"matched\":", slice->matched);
    buf_add_text(out, ",\"next\":");
    if (slice->has_next) {
        buf_add_byte(out, '"');
        hex_add(out, slice->next, sizeof slice->next);
        buf_add_byte(out, '"');
    } else {
        buf_add_text(out, "null");
    }
    buf_addf(out, ",\"on\":\"%s\",\"obligations\":[", day_format(looking->today, today));
    for (size_t i = 0; i < slice->count; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        if (!add_one(looking, txn, &slice->found[i], &shown, err))
            return false;
    }
    buf_add_text(out, "]}");
    return true;
}

static bool answer(struct looking *looking, struct store_txn *txn, struct error *err)
{
    AUTO(obligations_slice_done) struct obligations_slice slice = {.found = NULL};
    uint64_t size = journal_size(txn);

    /* A list that begins later than now would change under whoever reads it. */
    if (looking->as_of >= 0 && (uint64_t)looking->as_of > size)
        return query_refuse("as_of", err);
    looking->search.as_of = looking->as_of < 0 ? size : (uint64_t)looking->as_of;
    return obligations_slice(txn, &looking->search, looking->has_from ? looking->from : NULL, &slice, err) &&
           add_slice(looking, txn, &slice, err) && store_txn_is_good(txn, err);
}

void console_obligations(struct visit *visit)
{
    static const char *const NAMES[] = {"uscc",     "name",     "region", "industry",   "ground",     "state",
                                        "division", "due_from", "due_to", "overdue_on", "unproposed", "order",
                                        "limit",    "after",    "from",   "as_of",      NULL};
    AUTO(looking_done) struct looking looking = {.visit = visit, .search = OBLIGATIONS_SEARCH_ALL};
    struct store_txn *txn;
    struct error err;

    if (!visit_takes(visit, NAMES))
        return;
    looking.search.looks_max = LOOKS_MAX;
    looking.today = day_of_instant(clock_now_ms(visit->api->options.clock));
    if (!take_filter(&looking, &err) || !take_place(&looking, &err)) {
        visit_refuse(visit, &err);
        return;
    }
    txn = api_read(visit->api, &err);
    if (!txn || !answer(&looking, txn, &err))
        visit_refuse(visit, &err);
    api_end_read(visit->api);
}
