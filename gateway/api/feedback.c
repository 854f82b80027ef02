/* Feedback on answers: what a client owes, what it gave, and giving it. What was shown is read from the trace; that it
 * is owed stands in the journal, where the keeper says it a moment after the answer.
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
    /* Of a list. */
    struct trace_log *log;
    struct span client;
    int64_t count;
    int64_t most;
    bool has_failed;
    struct error *err;
};

/* [{"given","id","version"}…] */
static void add_shown(const struct rows *rows, const struct feedback_answer *answer)
{
    struct feedback_thing thing;
    const char *before = "[";
    struct walk shown;

    if (!walk_begin(&shown, answer->shown))
        return;
    while (feedback_thing_next(&shown, &thing)) {
        uint64_t sequence;
        bool is_given = feedback_given(rows->txn, answer->receipt, thing.id, &sequence);

        buf_addf(rows->out, "%s{\"given\":%s,\"id\":\"%.*s\",\"version\":%u}", before, is_given ? "true" : "false",
                 (int)thing.id.bytes, thing.id.at, thing.version);
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
static void add_answer(const struct rows *rows, const struct feedback_answer *answer, uint32_t left)
{
    struct span entry = buf_span(&answer->entry);

    add_raw(rows->out, "{\"at\":", entry, "at");
    add_raw(rows->out, ",\"domain\":", entry, "domain");
    json_count_add(rows->out, ",\"left\":", left);
    add_raw(rows->out, ",\"purpose\":", entry, "purpose");
    add_raw(rows->out, ",\"receipt\":", entry, "receipt");
    buf_add_text(rows->out, ",\"shown\":");
    add_shown(rows, answer);
    add_raw(rows->out, ",\"uscc\":", entry, "uscc");
    buf_add_byte(rows->out, '}');
}

static bool open_log(const struct visit *visit, struct trace_log **out, struct error *err)
{
    AUTO(text_free) char *folder = config_state_path(visit->api->config, "trace");

    return trace_log_open(folder, out, err);
}

/* --- GET /v1/feedback?owed --- */

static bool list_one(uint64_t position, uint32_t left, void *context)
{
    AUTO(feedback_answer_done) struct feedback_answer answer = {.position = 0};
    struct rows *rows = context;

    if (rows->count == rows->most)
        return false;
    if (!feedback_answer_at(rows->log, rows->client, position, &answer, rows->err)) {
        rows->has_failed = true;
        return false;
    }
    if (rows->count++ > 0)
        buf_add_byte(rows->out, ',');
    add_answer(rows, &answer, left);
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
    if (!hex_decode(buf_span(&from), &mark) || mark.bytes != sizeof page->from)
        return refuse(err, ERR_INVALID, "query.from", "from is what a page before gave as \"next\"",
                      "from 应为上一页给出的 next");
    page->from = store_read_u64(mark.data);
    return true;
}

static void add_next(const struct feedback_page *page, struct buf *out)
{
    uint8_t mark[8];

    if (!page->has_more) {
        buf_add_text(out, "],\"next\":null}");
        return;
    }
    store_key_u64(mark, page->from);
    buf_add_text(out, "],\"next\":\"");
    hex_add(out, mark, sizeof mark);
    buf_add_text(out, "\"}");
}

/* The log is opened behind the transaction: what the store names is in it. */
static bool list(const struct visit *visit, const struct client *client, struct store_txn *txn, struct error *err)
{
    AUTO(trace_log_free) struct trace_log *log = NULL;
    struct buf *out = &visit->reply->body;
    struct feedback_page page = {.client = client->name};
    struct rows rows = {.txn = txn, .out = out, .client = client->name, .err = err};
    struct feedback_counts counts;

    if (!take_page(visit, &page, &rows.most, err) || !open_log(visit, &log, err))
        return false;
    rows.log = log;
    feedback_count(txn, client->name, &counts);
    buf_add_text(out, "{\"client\":");
    json_string_add(out, client->name);
    json_count_add(out, ",\"given\":", counts.given);
    json_count_add(out, ",\"left\":", counts.owed);
    buf_add_text(out, ",\"owed\":[");
    if (!feedback_owed(txn, &page, list_one, &rows, err) || rows.has_failed)
        return false;
    add_next(&page, out);
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
    struct feedback_thing thing;
    struct walk shown;

    if (!walk_begin(&shown, answer->shown))
        return true;
    while (feedback_thing_next(&shown, &thing)) {
        uint64_t sequence;
        bool is_new = true;

        if (!feedback_given(rows->txn, answer->receipt, thing.id, &sequence))
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

/* --- the answer of a receipt --- */

static bool refuse_unknown(const char *receipt, struct error *err)
{
    return refuse(err, ERR_NOT_FOUND, "feedback.receipt", "you were given no answer with the receipt %s",
                  "没有答复贵方的回执号 %s", receipt);
}

static bool read_answer(const struct visit *visit, const char *receipt, struct feedback_answer *answer,
                        struct error *err)
{
    AUTO(trace_log_free) struct trace_log *log = NULL;
    struct error why;

    if (!open_log(visit, &log, err))
        return false;
    if (feedback_answer_find(log, receipt, answer, &why))
        return true;
    if (why.code != ERR_NOT_FOUND)
        *err = why;
    else if (trace_log_awaits(log, receipt))
        (void)refuse(err, ERR_UNAVAILABLE, "feedback.not-yet",
                     "this answer is not in the log yet: try again in a second", "该答复尚未入日志：请一秒后重试");
    else
        (void)refuse_unknown(receipt, err);
    return false;
}

/* This client's, on which a feedback is owed or was given. Of another client's answer nothing is told, not even that it
 * exists. */
static bool find_answer(const struct visit *visit, const struct client *client, const char *receipt,
                        struct feedback_answer *answer, struct error *err)
{
    if (!read_answer(visit, receipt, answer, err))
        return false;
    if (!feedback_answer_is_of(answer, client->name))
        return refuse_unknown(receipt, err);
    if (!answer->owes)
        return refuse(err, ERR_REFUSED, "feedback.not-owed", "the answer %s listed nothing on which a feedback is owed",
                      "答复 %s 未列出须反馈的内容", receipt);
    if (answer->is_test != client_is_test(client))
        return refuse(err, ERR_NOT_FOUND, "feedback.receipt",
                      "the answer %s was %s: you are %s now, and give feedback on such answers alone",
                      "答复 %s %s；贵方目前%s，只能就同类答复反馈", receipt,
                      answer->is_test ? "from the test list · 出自测试名单" : "from the register · 出自正式台账",
                      client_is_test(client) ? "under test · 处于测试状态" : "not under test · 不在测试状态");
    return true;
}

/* --- GET /v1/feedback/{receipt} --- */

static bool show(const struct visit *visit, const struct client *client, struct span receipt, struct error *err)
{
    AUTO(text_free) char *text = memory_copy_span(utf8_cut(receipt, FEEDBACK_RECEIPT_MAX));
    AUTO(feedback_answer_done) struct feedback_answer answer = {.position = 0};
    struct rows rows = {.out = &visit->reply->body};
    uint32_t left;
    bool is_good;

    if (!find_answer(visit, client, text, &answer, err))
        return false;
    rows.txn = client_read(visit->api, client, err);
    if (!rows.txn)
        return false;
    is_good = command_feedback_left(rows.txn, client->name, &answer, &left, err);
    if (is_good) {
        buf_add_text(rows.out, "{\"answer\":");
        add_answer(&rows, &answer, left);
        buf_add_text(rows.out, ",\"given\":[");
        is_good = add_all_given(&rows, &answer, err) && store_txn_is_good(rows.txn, err);
        buf_add_text(rows.out, "]}");
    }
    client_end_read(visit->api, client);
    return is_good;
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

/* Needs the domains, which the rooms below do not know. */
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
    AUTO(feedback_answer_done) struct feedback_answer answer = {.position = 0};
    uint64_t sequence;

    if (!idempotency_key(visit->request, &giving.key, err) ||
        !words_read(visit->request->body, day_of_instant(clock_now_ms(api->options.clock)), words, err) ||
        !find_answer(visit, client, words->receipt, &answer, err) ||
        !check_measures(domains_find(api->domains, walk_plain(feedback_answer_member(&answer, "domain"))),
                        words->details, err))
        return false;
    giving.answer = &answer;
    return command_feedback_give(&desk, &giving, &sequence, err) && tell_given(visit, client, sequence, err);
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
