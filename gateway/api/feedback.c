/* Feedback on answers: what a client owes, what it gave, and giving it. What was shown is known from the journal, where
 * the keeper says it a moment after the answer; the hot path only writes its trace.
 *
 * Giving waits for the store's one writer, which a large import may hold for a third of a second: so long this process
 * answers nothing else. */
#include <string.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/walk.h"
#include "gateway/api/api_internal.h"
#include "gateway/api/idempotency.h"
#include "gateway/api/query.h"
#include "gateway/command/command_feedback.h"
#include "gateway/courier/feedback_row.h"
#include "gateway/journal/journal.h"

enum { OWED_DEFAULT = 100 };

/* --- the rows of a list --- */

struct rows {
    struct store_txn *txn;
    struct buf *out;
    int64_t count;
    int64_t most;
};

/* [{"given","id","version"}…] */
static void add_shown(const struct rows *rows, const struct feedback_answer *answer)
{
    struct walk list, pair;
    struct span name, raw, id, version;
    const char *before = "[";

    if (!walk_begin(&list, answer->shown))
        return;
    while (walk_next(&list, &name, &raw)) {
        uint64_t sequence;
        bool is_given;

        if (!walk_begin(&pair, raw) || !walk_next(&pair, &name, &id) || !walk_next(&pair, &name, &version) ||
            id.bytes < 2)
            continue;
        is_given = feedback_given(rows->txn, answer->receipt, (struct span){id.at + 1, id.bytes - 2}, &sequence);
        buf_add_text(rows->out, before);
        buf_add_text(rows->out, is_given ? "{\"given\":true,\"id\":" : "{\"given\":false,\"id\":");
        buf_add_span(rows->out, id);
        buf_add_text(rows->out, ",\"version\":");
        buf_add_span(rows->out, version);
        buf_add_byte(rows->out, '}');
        before = ",";
    }
    buf_add_byte(rows->out, ']');
}

static void add_raw(struct buf *out, const char *before, struct span json, const char *member)
{
    buf_add_text(out, before);
    buf_add_span(out, walk_member(json, member));
}

/* {"at","domain","left","purpose","receipt","shown":[…],"uscc"} */
static void add_answer(const struct rows *rows, const struct feedback_answer *answer)
{
    add_raw(rows->out, "{\"at\":", answer->json, "at");
    add_raw(rows->out, ",\"domain\":", answer->json, "domain");
    json_count_add(rows->out, ",\"left\":", answer->left);
    add_raw(rows->out, ",\"purpose\":", answer->json, "purpose");
    add_raw(rows->out, ",\"receipt\":", answer->json, "receipt");
    buf_add_text(rows->out, ",\"shown\":");
    add_shown(rows, answer);
    add_raw(rows->out, ",\"uscc\":", answer->json, "uscc");
    buf_add_byte(rows->out, '}');
}

/* --- GET /v1/feedback?owed --- */

static bool list_one(const struct feedback_answer *answer, void *context)
{
    struct rows *rows = context;

    if (rows->count == rows->most)
        return false;
    if (rows->count++ > 0)
        buf_add_byte(rows->out, ',');
    add_answer(rows, answer);
    return true;
}

static const struct query_number LIMIT = {.name = "limit", .least = 1, .most = RECORDS_LISTED_MAX};

static bool take_page(const struct visit *visit, struct feedback_page *page, int64_t *most, struct error *err)
{
    AUTO(buf_done) struct buf owed = BUF_INIT;
    AUTO(buf_done) struct buf from = BUF_INIT;
    AUTO(buf_done) struct buf mark = BUF_INIT;

    if (!http_query_of(visit->request, "owed", &owed) || (owed.bytes && !span_is(buf_span(&owed), "true")))
        return refuse(err, ERR_INVALID, "query.owed", "ask for /v1/feedback?owed, or for /v1/feedback/{receipt}",
                      "请查询 /v1/feedback?owed（待反馈）或 /v1/feedback/{回执号}");
    *most = OWED_DEFAULT;
    if (!query_number(visit->request, &LIMIT, most, err))
        return false;
    if (!http_query_of(visit->request, "from", &from))
        return true;
    if (!hex_decode(buf_span(&from), &mark) || mark.bytes == 0 || mark.bytes > sizeof page->mark)
        return refuse(err, ERR_INVALID, "query.from", "from is what a page before gave as \"next\"",
                      "from 应为上一页给出的 next");
    memcpy(page->mark, mark.data, mark.bytes);
    page->mark_bytes = mark.bytes;
    return true;
}

static bool list(const struct visit *visit, const struct client *client, struct store_txn *txn, struct error *err)
{
    struct buf *out = &visit->reply->body;
    struct feedback_page page = {.client = client->name};
    struct rows rows = {.txn = txn, .out = out};
    struct feedback_counts counts;

    if (!take_page(visit, &page, &rows.most, err))
        return false;
    feedback_count(txn, client->name, &counts);
    buf_add_text(out, "{\"client\":");
    json_string_add(out, client->name);
    json_count_add(out, ",\"given\":", counts.given);
    json_count_add(out, ",\"left\":", counts.owed);
    buf_add_text(out, ",\"owed\":[");
    if (!feedback_owed(txn, &page, list_one, &rows, err))
        return false;
    buf_add_text(out, "],\"next\":");
    if (page.mark_bytes == 0) {
        buf_add_text(out, "null}");
        return true;
    }
    buf_add_byte(out, '"');
    hex_add(out, page.mark, page.mark_bytes);
    buf_add_text(out, "\"}");
    return true;
}

/* --- what was given --- */

/* {"at","client","details":[…],"key","left","receipt","sequence"}: the answer to whoever gave it, then and ever after.
 */
static bool add_given(struct store_txn *txn, uint64_t sequence, struct buf *out, struct error *err)
{
    static const char *const MEMBERS[][2] = {{",\"client\":", "client"},
                                             {",\"details\":", "details"},
                                             {",\"key\":", "key"},
                                             {",\"left\":", "left"},
                                             {",\"receipt\":", "receipt"}};
    char at[INSTANT_TEXT_BYTES];
    struct event event;
    struct span bytes;

    if (!journal_read(txn, sequence, &bytes))
        return store_txn_is_good(txn, err) && fail(err, ERR_CORRUPT, "a feedback has no event: rebuild");
    if (!event_parse(bytes, &event, err))
        return false;
    buf_addf(out, "{\"at\":\"%s\"", instant_format(event.at_ms, at));
    for (size_t i = 0; i < COUNT_OF(MEMBERS); i++)
        add_raw(out, MEMBERS[i][0], event.data, MEMBERS[i][1]);
    json_count_add(out, ",\"sequence\":", sequence);
    buf_add_byte(out, '}');
    return true;
}

/* The events that have a detail of this answer, each once, in the order of what was shown. */
static bool add_all_given(const struct rows *rows, const struct feedback_answer *answer, struct error *err)
{
    AUTO(buf_done) struct buf seen = BUF_INIT;
    struct walk list, pair;
    struct span name, raw, id;

    if (!walk_begin(&list, answer->shown))
        return true;
    while (walk_next(&list, &name, &raw)) {
        uint64_t sequence;
        bool is_new = true;

        if (!walk_begin(&pair, raw) || !walk_next(&pair, &name, &id) || id.bytes < 2 ||
            !feedback_given(rows->txn, answer->receipt, (struct span){id.at + 1, id.bytes - 2}, &sequence))
            continue;
        for (size_t i = 0; i + sizeof sequence <= seen.bytes; i += sizeof sequence)
            is_new = is_new && memcmp(seen.data + i, &sequence, sizeof sequence) != 0;
        if (!is_new)
            continue;
        if (seen.bytes > 0)
            buf_add_byte(rows->out, ',');
        buf_add(&seen, &sequence, sizeof sequence);
        if (!add_given(rows->txn, sequence, rows->out, err))
            return false;
    }
    return true;
}

/* --- a receipt on which nothing is owed --- */

/* Answered from a test list that is gone: that of now knows nothing of it (testlist.h). True: refused. */
static bool is_of_former_list(const struct visit *visit, const struct client *client, uint64_t index, struct error *err)
{
    struct store_txn *txn;
    bool is_former;

    if (!client_is_test(client))
        return false;
    txn = client_read(visit->api, client, err);
    if (!txn)
        return true;
    is_former = index < feedback_looked_at(txn);
    client_end_read(visit->api, client);
    return is_former &&
           !refuse(err, ERR_NOT_FOUND, "feedback.receipt",
                   "the test list was made anew since that answer: ask again, and give feedback on the new one",
                   "该答复之后测试名单已重新生成：请重新查询，再就新的答复反馈");
}

/* Why: read once, from the trace's log. Of another client's answer nothing is told, not even that it exists. */
static bool explain(const struct visit *visit, const struct client *client, const char *receipt, struct error *err)
{
    AUTO(text_free) char *folder = config_state_path(visit->api->config, "trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    AUTO(buf_done) struct buf entry = BUF_INIT;
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct span by = SPAN_NONE;
    struct error why;
    uint64_t index;

    if (!trace_log_open(folder, &log, err))
        return false;
    if (!trace_log_find(log, receipt, &index, &why)) {
        if (why.code != ERR_NOT_FOUND) {
            *err = why;
            return false;
        }
        if (trace_log_awaits(log, receipt))
            return refuse(err, ERR_UNAVAILABLE, "feedback.not-yet",
                          "this answer is not in the log yet: try again in a second", "该答复尚未入日志：请一秒后重试");
    } else if (!trace_log_read(log, index, &entry, err)) {
        return false;
    }
    if (entry.bytes == 0 || !walk_text(walk_member(buf_span(&entry), "by"), &hold, &by) ||
        !span_equal(by, client->name))
        return refuse(err, ERR_NOT_FOUND, "feedback.receipt", "you were given no answer with the receipt %s",
                      "没有答复贵方的回执号 %s", receipt);
    if (is_of_former_list(visit, client, index, err))
        return false;
    if (span_is(walk_member(buf_span(&entry), "owes"), "true"))
        return refuse(err, ERR_UNAVAILABLE, "feedback.not-yet",
                      "this answer is not entered for feedback yet: try again in a second",
                      "该答复尚未登记待反馈：请一秒后重试");
    return refuse(err, ERR_REFUSED, "feedback.not-owed", "the answer %s listed nothing on which a feedback is owed",
                  "答复 %s 未列出须反馈的内容", receipt);
}

/* --- GET /v1/feedback/{receipt} --- */

static bool show(const struct visit *visit, const struct client *client, struct span receipt, struct error *err)
{
    AUTO(text_free) char *text = NULL;
    struct store_txn *txn = client_read(visit->api, client, err);
    struct rows rows = {.txn = txn, .out = &visit->reply->body};
    struct feedback_answer answer;
    bool is_good = txn;

    if (txn && feedback_find(txn, client->name, receipt, &answer)) {
        buf_add_text(rows.out, "{\"answer\":");
        add_answer(&rows, &answer);
        buf_add_text(rows.out, ",\"given\":[");
        is_good = add_all_given(&rows, &answer, err) && store_txn_is_good(txn, err);
        buf_add_text(rows.out, "]}");
        client_end_read(visit->api, client);
        return is_good;
    }
    is_good = is_good && store_txn_is_good(txn, err);
    client_end_read(visit->api, client);
    text = memory_copy_span(utf8_cut(receipt, FEEDBACK_RECEIPT_MAX));
    return is_good && explain(visit, client, text, err);
}

static void ask(struct visit *visit, const struct client *client)
{
    static const char *const LIST[] = {"owed", "limit", "from", NULL};
    static const char *const NONE[] = {NULL};
    struct span rest = visit->rest;
    struct span receipt = SPAN_NONE;
    struct error err;
    bool is_good;

    if (rest.bytes && (!visit_segment(&rest, &receipt) || rest.bytes)) {
        visit_not_found(visit);
        return;
    }
    if (!visit_takes(visit, receipt.bytes ? NONE : LIST))
        return;
    if (receipt.bytes) {
        is_good = show(visit, client, receipt, &err);
    } else {
        struct store_txn *txn = client_read(visit->api, client, &err);

        is_good = txn && list(visit, client, txn, &err);
        client_end_read(visit->api, client);
    }
    if (!is_good)
        visit_refuse(visit, &err);
}

/* --- POST /v1/feedback --- */

static bool check_measures(const struct domain *domain, const json_t *details, struct error *err)
{
    const json_t *detail, *measure;
    size_t i, j;

    json_array_foreach(details, i, detail)
    {
        json_array_foreach(json_object_get(detail, "measures"), j, measure)
        {
            if (domain && domain_names_measure(domain, json_string_value(measure)))
                continue;
            return refuse(err, ERR_REFUSED, "feedback.measure", "the domain of this answer has no measure \"%.48s\"",
                          "该答复的领域没有“%.48s”这一措施", json_string_value(measure));
        }
    }
    return true;
}

/* What needs the domains, which the rooms below do not know. An answer that is not there is judged there. */
static bool check_domain(const struct visit *visit, const struct client *client, const struct words *words,
                         struct error *err)
{
    struct store_txn *txn = client_read(visit->api, client, err);
    struct feedback_answer answer;
    bool is_good = txn;

    if (txn && feedback_find(txn, client->name, span_of(words->receipt), &answer))
        is_good = check_measures(domains_find(visit->api->domains, walk_plain_of(answer.json, "domain")),
                                 words->details, err);
    is_good = is_good && store_txn_is_good(txn, err);
    client_end_read(visit->api, client);
    return is_good;
}

static bool tell_given(const struct visit *visit, const struct client *client, uint64_t sequence, struct error *err)
{
    struct store_txn *txn = client_read(visit->api, client, err);
    bool is_good = txn && add_given(txn, sequence, &visit->reply->body, err);

    client_end_read(visit->api, client);
    return is_good;
}

static bool give(const struct visit *visit, const struct client *client, struct words *words, struct error *err)
{
    const struct api *api = visit->api;
    bool is_test = client_is_test(client);
    const struct desk desk = {.store = is_test ? testlist_store(api->testlist) : api->options.store,
                              .clock = is_test ? testlist_clock(api->testlist) : api->options.clock};
    /* What a client under test says is said about nobody. */
    struct giving giving = {
        .client = client->name, .words = words, .channel = is_test ? NULL : feedback_rows_channel(api->feedback)};
    uint64_t sequence;

    if (!idempotency_key(visit->request, &giving.key, err) ||
        !words_read(visit->request->body, day_of_instant(clock_now_ms(api->options.clock)), words, err) ||
        !check_domain(visit, client, words, err))
        return false;
    if (command_feedback_give(&desk, &giving, &sequence, err))
        return tell_given(visit, client, sequence, err);
    if (err->code == ERR_NOT_FOUND && strcmp(err->rule, "feedback.receipt") == 0)
        return explain(visit, client, words->receipt, err);
    return false;
}

static void post(struct visit *visit, const struct client *client)
{
    static const char *const NONE[] = {NULL};
    AUTO(words_done) struct words words = {.json = NULL};
    AUTO(buf_done) struct buf location = BUF_INIT;
    struct error err;

    if (visit->rest.bytes) {
        visit_not_found(visit);
        return;
    }
    if (!visit_takes(visit, NONE))
        return;
    if (!give(visit, client, &words, &err)) {
        visit_refuse(visit, &err);
        return;
    }
    visit->reply->status = 201;
    buf_addf(&location, "/v1/feedback/%s", words.receipt);
    http_reply_header(visit->reply, "Location", buf_text(&location));
}

bool feedback_admits(struct visit *visit)
{
    return span_is(visit->request->method, "POST") || span_is(visit->request->method, "GET") ||
           visit_refuse_method(visit, "GET, HEAD, POST");
}

void feedback_handle(struct visit *visit)
{
    const struct client *client;

    if (!feedback_admits(visit))
        return;
    client = visit_client(visit);
    if (!client)
        return;
    http_reply_header(visit->reply, "Cache-Control", "no-store");
    if (span_is(visit->request->method, "POST"))
        post(visit, client);
    else
        ask(visit, client);
}
