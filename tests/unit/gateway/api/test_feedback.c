/* Feedback over the whole way: an answer, the keeper's look at the trace, what is owed, what is given. Every test ends
 * with a rebuild that must give the same bytes. */
#include "gate.h"

#include "gateway/keeper/owed.h"

#define SAMPLE "91440224MAYUCHK485"
#define LENDING "/v1/lookups/lending/" SAMPLE "?purpose=credit-review"
#define LAND "/v1/lookups/land-supply/" SAMPLE "?purpose=decision-review"

static char record[RECORD_ID_BYTES];
static char receipt[TRACE_RECEIPT_BYTES];

static void setup(void)
{
    gate_open();
    memcpy(record, listed_sample(), sizeof record);
    gate_start();
}

TestSuite(feedback, .init = setup, .fini = gate_close, .timeout = 60);

/* What the keeper does in its turn. */
static void keeper_looks(void)
{
    AUTO(text_free) char *folder = path_join(T.folder, "trace");
    struct keeper_options options = {.config = G.config, .clock = &T.clock, .courier_fd = -1};
    AUTO(trace_log_free) struct trace_log *log = NULL;
    AUTO(owed_free) struct owed *owed = owed_new(&options, false);
    uint64_t taken;

    gate_reopen();
    options.store = T.store;
    cr_assert(trace_log_open(folder, &log, &T.err) && trace_log_integrate(log, &taken, &T.err), "%s", T.err.text);
    cr_assert(owed_turn(owed, log, &T.err), "%s", T.err.text);
}

static const char *answered(const char *client, const char *path)
{
    cr_assert_eq(ask(client, path), 200, "%s", buf_text(&G.body));
    snprintf(receipt, sizeof receipt, "%s", told("receipt"));
    return receipt;
}

static const char *owed_answer(void)
{
    (void)answered("bank", LENDING);
    cr_assert_str_eq(told("verdict"), "listed");
    keeper_looks();
    return receipt;
}

/* A request with a body, and a key when there is one. */
static long post_as(const char *name, const char *key, const char *body)
{
    AUTO(buf_done) struct buf header = BUF_INIT;

    if (key)
        buf_addf(&header, "Idempotency-Key: %s", key);
    return ask_sending(name, "POST", "/v1/feedback", key ? buf_text(&header) : NULL, body);
}

static long give(const char *name, const char *key, const char *of, const char *detail)
{
    AUTO(buf_done) struct buf body = BUF_INIT;

    buf_addf(&body, "{\"receipt\":\"%s\",\"details\":[%s]}", of, detail);
    return post_as(name, key, buf_text(&body));
}

/* {"id":"R…",…} */
static const char *detail(const char *rest)
{
    static char text[4096];

    snprintf(text, sizeof text, "{\"id\":\"%s\",%s}", record, rest);
    return text;
}

#define DONE "\"result\":\"implemented\",\"measures\":[\"lending.1\"],\"acted_on\":\"2026-08-03\""

static const char *refused(long status)
{
    cr_assert_eq(G.status, status, "%ld %s", G.status, buf_text(&G.body));
    cr_assert(has_header("content-type: application/problem+json"));
    cr_assert_str_neq(told("detail_zh"), "(none)");
    return told("rule");
}

static const char *refusal_of(const char *text)
{
    (void)give("bank", NULL, receipt, text);
    return refused(400);
}

static long left(const char *name)
{
    cr_assert_eq(ask(name, "/v1/feedback?owed"), 200, "%s", buf_text(&G.body));
    return (long)json_integer_of(G.json, "left", -1);
}

/* --- failures and limits --- */

Test(feedback, a_receipt_that_is_unknown_or_no_receipt_at_all)
{
    (void)owed_answer();
    (void)give("bank", NULL, "6b0628002c0c2be0ba5b3ae3-0", detail(DONE));
    cr_assert_str_eq(refused(404), "feedback.receipt");
    (void)give("bank", NULL, "x\\\"../y", detail(DONE));
    cr_assert_str_eq(refused(404), "feedback.receipt");
    (void)ask("bank", "/v1/feedback/6b0628002c0c2be0ba5b3ae3-0");
    cr_assert_str_eq(refused(404), "feedback.receipt");
    (void)ask("bank", "/v1/feedback/a/b");
    cr_assert_str_eq(refused(404), "http.path");
}

Test(feedback, of_another_clients_answer_nothing_is_told)
{
    AUTO(buf_done) struct buf unknown = BUF_INIT;

    (void)owed_answer();
    (void)give("land", NULL, receipt, detail(DONE));
    cr_assert_str_eq(refused(404), "feedback.receipt");
    (void)ask("land", "/v1/feedback/6b0628002c0c2be0ba5b3ae3-0");
    buf_add_text(&unknown, told("rule"));
    (void)ask("land", LAND); /* its own is another matter */
    (void)give("land", NULL, receipt, detail(DONE));
    cr_assert_str_eq(told("rule"), buf_text(&unknown));
    cr_assert_eq(left("land"), 0);
    cr_assert_eq(left("bank"), 1);
}

Test(feedback, an_answer_that_listed_nothing_owes_nothing)
{
    (void)answered("bank", LENDING "&as_of=2026-08-02");
    keeper_looks();
    (void)give("bank", NULL, receipt, detail(DONE));
    cr_assert_str_eq(refused(422), "feedback.not-owed");
    cr_assert_eq(left("bank"), 0);
}

Test(feedback, an_answer_that_just_left_wants_a_moment)
{
    (void)answered("bank", LENDING);
    (void)give("bank", NULL, receipt, detail(DONE));
    cr_assert_str_eq(refused(503), "feedback.not-yet");
    cr_assert(has_header("retry-after: "));
    keeper_looks();
    cr_assert_eq(give("bank", NULL, receipt, detail(DONE)), 201, "%s", buf_text(&G.body));
}

Test(feedback, what_was_not_shown_or_in_another_version)
{
    (void)owed_answer();
    (void)give("bank", NULL, receipt, "{\"id\":\"R00000000000000000000\",\"result\":\"other\",\"action\":\"x\"}");
    cr_assert_str_eq(refused(422), "feedback.not-shown");
    (void)give("bank", NULL, receipt, detail("\"version\":2," DONE));
    cr_assert_str_eq(refused(422), "feedback.version");
    (void)give("bank", NULL, receipt, detail("\"result\":\"implemented\",\"measures\":[\"tax.1\"]"));
    cr_assert_str_eq(refused(422), "feedback.measure");
    cr_assert_eq(left("bank"), 1);
}

Test(feedback, one_bad_detail_spoils_them_all)
{
    AUTO(buf_done) struct buf details = BUF_INIT;

    (void)owed_answer();
    buf_addf(&details, "%s,{\"id\":\"R00000000000000000000\",\"result\":\"other\",\"action\":\"x\"}", detail(DONE));
    (void)give("bank", NULL, receipt, buf_text(&details));
    cr_assert_str_eq(refused(422), "feedback.not-shown");
    cr_assert_eq(left("bank"), 1);
}

Test(feedback, words_that_say_too_little_or_too_much)
{
    AUTO(buf_done) struct buf twice = BUF_INIT;
    AUTO(buf_done) struct buf large = BUF_INIT;

    (void)owed_answer();
    cr_assert_str_eq(refusal_of(detail("\"result\":\"done\"")), "feedback.result");
    cr_assert_str_eq(refusal_of(detail("\"result\":\"implemented\"")), "feedback.action");
    cr_assert_str_eq(refusal_of(detail("\"result\":\"other\"")), "feedback.action");
    cr_assert_str_eq(refusal_of(detail("\"result\":\"not-applicable\"")), "feedback.reason");
    cr_assert_str_eq(refusal_of(detail(DONE ",\"colour\":1")), "feedback.form");
    cr_assert_str_eq(refusal_of(detail("\"result\":\"other\",\"action\":\"a\\u0000b\"")), "feedback.form");
    cr_assert_str_eq(refusal_of(detail("\"result\":\"other\",\"action\":\"x\",\"acted_on\":\"2026-08-04\"")),
                     "feedback.day");
    cr_assert_str_eq(refusal_of(""), "feedback.form");
    cr_assert_str_eq(refusal_of("7"), "feedback.form");
    cr_assert_str_eq(refusal_of(detail("\"version\":0," DONE)), "feedback.form");
    buf_addf(&twice, "%s,", detail(DONE));
    buf_add_text(&twice, detail(DONE));
    cr_assert_str_eq(refusal_of(buf_text(&twice)), "feedback.twice");
    cr_assert_eq(post_as("bank", NULL, "{"), 400);
    cr_assert_eq(post_as("bank", NULL, "[]"), 400);
    cr_assert_str_eq(refused(400), "feedback.form");
    for (int i = 0; i < 41 * 1024; i++)
        buf_add_byte(&large, ' ');
    (void)post_as("bank", NULL, buf_text(&large));
    cr_assert_str_eq(refused(413), "feedback.size");
    cr_assert_eq(left("bank"), 1);
}

Test(feedback, what_is_given_is_given)
{
    (void)owed_answer();
    cr_assert_eq(give("bank", NULL, receipt, detail(DONE)), 201, "%s", buf_text(&G.body));
    (void)give("bank", NULL, receipt, detail(DONE));
    cr_assert_str_eq(refused(409), "feedback.given");
    (void)give("bank", "\"k2\"", receipt, detail("\"result\":\"not-applicable\",\"reason\":\"x\""));
    cr_assert_str_eq(refused(409), "feedback.given");
}

Test(feedback, only_clients_and_only_these_methods_and_parameters)
{
    (void)give("stranger", NULL, "6b0628002c0c2be0ba5b3ae3-0", detail(DONE));
    cr_assert_str_eq(refused(403), "client.unknown");
    (void)ask_as("bank", "DELETE", "/v1/feedback");
    cr_assert_str_eq(refused(405), "http.method");
    cr_assert(has_header("allow: GET, HEAD, POST"));
    (void)ask("bank", "/v1/feedback");
    cr_assert_str_eq(refused(400), "query.owed");
    (void)ask("bank", "/v1/feedback?owed&limit=0");
    cr_assert_str_eq(refused(400), "query.number");
    (void)ask("bank", "/v1/feedback?owed&limit=");
    cr_assert_str_eq(refused(400), "query.number");
    (void)ask("bank", "/v1/feedback?owed&from=zz");
    cr_assert_str_eq(refused(400), "query.from");
    (void)ask("bank", "/v1/feedback?owed&since=2026");
    cr_assert_str_eq(refused(400), "query.unknown");
    (void)ask_as("bank", "HEAD", "/v1/feedback?owed");
    cr_assert_eq(G.status, 200);
    cr_assert_eq(G.body.bytes, 0);
}

Test(feedback, a_key_that_cannot_be_one)
{
    char longer[200];

    (void)owed_answer();
    memset(longer, 'k', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    (void)give("bank", longer, receipt, detail(DONE));
    cr_assert_str_eq(refused(400), "idempotency.key");
    (void)give("bank", "\"\"", receipt, detail(DONE));
    cr_assert_str_eq(refused(400), "idempotency.key");
    (void)give("bank", "\"a b\"", receipt, detail(DONE));
    cr_assert_str_eq(refused(400), "idempotency.key");
}

/* --- what works --- */

Test(feedback, the_same_key_and_words_get_the_same_answer_and_count_once)
{
    AUTO(buf_done) struct buf first = BUF_INIT;

    (void)owed_answer();
    cr_assert_eq(give("bank", "\"k-1\"", receipt, detail(DONE)), 201, "%s", buf_text(&G.body));
    buf_add_span(&first, buf_span(&G.body));
    cr_assert_eq(give("bank", "k-1", receipt, detail(DONE)), 201, "%s", buf_text(&G.body));
    cr_assert_str_eq(buf_text(&G.body), buf_text(&first));
    (void)give("bank", "\"k-1\"", receipt, detail("\"result\":\"other\",\"action\":\"x\""));
    cr_assert_str_eq(refused(422), "idempotency.other-request");
    (void)give("land", "\"k-1\"", receipt, detail(DONE));
    cr_assert_str_eq(refused(404), "feedback.receipt", "a key is its client's");
    cr_assert_eq(left("bank"), 0);
    cr_assert_eq(json_integer_of(G.json, "given", -1), 1);
}

Test(feedback, what_is_owed_is_listed_until_it_is_given)
{
    const json_t *answer, *shown;

    cr_assert_eq(left("bank"), 0);
    (void)owed_answer();
    cr_assert_eq(left("bank"), 1);
    cr_assert_eq(left("land"), 0);
    (void)left("bank");
    answer = json_array_get(json_object_get(G.json, "owed"), 0);
    shown = json_array_get(json_object_get(answer, "shown"), 0);
    cr_assert_str_eq(json_text_of(answer, "receipt"), receipt);
    cr_assert_str_eq(json_text_of(answer, "uscc"), SAMPLE);
    cr_assert_str_eq(json_text_of(shown, "id"), record);
    cr_assert_not(json_bool_of(shown, "given", true));
    cr_assert_eq(give("bank", NULL, receipt, detail("\"result\":\"not-applicable\",\"reason\":\"该户无授信余额\"")),
                 201, "%s", buf_text(&G.body));
    cr_assert(has_header("location: /v1/feedback/"));
    cr_assert_eq(json_integer_of(G.json, "left", -1), 0);
    cr_assert_eq(left("bank"), 0);
    cr_assert_eq(json_array_size(json_object_get(G.json, "owed")), 0);
}

Test(feedback, what_was_given_can_be_read_again)
{
    char path[128];
    const json_t *given;

    (void)owed_answer();
    snprintf(path, sizeof path, "/v1/feedback/%s", receipt);
    cr_assert_eq(ask("bank", path), 200);
    cr_assert_eq(json_array_size(json_object_get(G.json, "given")), 0);
    cr_assert_eq(give("bank", NULL, receipt, detail(DONE)), 201);
    cr_assert_eq(ask("bank", path), 200);
    given = json_array_get(json_object_get(G.json, "given"), 0);
    given = json_array_get(json_object_get(given, "details"), 0);
    cr_assert_str_eq(json_text_of(given, "result"), "implemented");
    cr_assert_eq(json_integer_of(given, "version", 0), 1);
}

Test(feedback, long_lists_come_in_pages)
{
    char path[256] = "/v1/feedback?owed&limit=2";
    size_t seen = 0;

    for (int i = 0; i < 5; i++)
        (void)answered("bank", LENDING);
    keeper_looks();
    keeper_looks(); /* nothing is owed twice */
    cr_assert_eq(left("bank"), 5);
    for (int pages = 0; pages < 3; pages++) {
        cr_assert_eq(ask("bank", path), 200, "%s", buf_text(&G.body));
        seen += json_array_size(json_object_get(G.json, "owed"));
        snprintf(path, sizeof path, "/v1/feedback?owed&limit=2&from=%s", told("next"));
    }
    cr_assert_eq(seen, 5);
    cr_assert_str_eq(told("next"), "(none)");
}
