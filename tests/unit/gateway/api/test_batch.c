/* Many subjects in one question: each its own result, in order, and its own entry in the trace. */
#include "gate.h"

#include "base/encode.h"
#include "gateway/trace/trace.h"
#include "keys/digest.h"
#include "schemas/schema.h"

#define SAMPLE "91440224MAYUCHK485"
#define OTHER "91440101MAYTEK014M"
#define LENDING "/v1/lookups/lending"

TestSuite(batch, .init = gate_open, .fini = gate_close, .timeout = 120);

static const char *problem(long status)
{
    cr_assert_eq(G.status, status, "%ld: %s", G.status, buf_text(&G.body));
    cr_assert(has_header("content-type: application/problem+json"));
    return told("rule");
}

static long post(const char *body)
{
    return ask_body("bank", LENDING, body, CURL_HTTP_VERSION_1_1);
}

#define QUESTION(subjects) "{\"purpose\":\"credit-review\",\"subjects\":[" subjects "]}"

Test(batch, a_question_that_is_wrong_as_a_whole_is_refused_as_a_whole)
{
    static const struct {
        const char *body, *rule;
    } CASES[] = {
        {"", "batch.body"},
        {"{", "batch.body"},
        {"[]", "batch.body"},
        {"{}", "purpose.missing"},
        {"{\"purpose\":7}", "batch.body"},
        {"{\"purpose\":\"curiosity\",\"subjects\":[]}", "purpose.unknown"},
        {"{\"purpose\":\"credit-review\"}", "batch.body"},
        {"{\"purpose\":\"credit-review\",\"subjects\":{}}", "batch.body"},
        {QUESTION(""), "batch.body"},
        {QUESTION("\"" SAMPLE "\""), "batch.body"},
        {QUESTION("{}"), "batch.body"},
        {QUESTION("{\"uscc\":1}"), "batch.body"},
        {QUESTION("{\"uscc\":\"" SAMPLE "\",\"name\":\"x\"}"), "batch.body"},
        {QUESTION("{\"uscc\":\"" SAMPLE "\",\"colour\":\"red\"}"), "query.unknown"},
        {QUESTION("{\"name\":\"a\\nb\"}"), "query.characters"},
        {"{\"purpose\":\"credit-review\",\"on\":\"2026-08-03\",\"subjects\":[{\"uscc\":\"" SAMPLE "\"}]}",
         "query.unknown"},
        {"{\"purpose\":\"credit-review\",\"as_of\":true,\"subjects\":[{\"uscc\":\"" SAMPLE "\"}]}", "batch.body"},
        {"{\"purpose\":\"credit-review\",\"as_of\":0,\"subjects\":[{\"uscc\":\"" SAMPLE "\"}]}", "query.as-of"},
        {"{\"purpose\":\"credit-review\",\"as_of\":\"2030-01-01\",\"subjects\":[{\"uscc\":\"" SAMPLE "\"}]}",
         "lookup.future"},
        {"{\"purpose\":\"credit-review\",\"as_of\":99999,\"subjects\":[{\"uscc\":\"" SAMPLE "\"}]}", "lookup.future"},
    };

    gate_start();
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        post(CASES[i].body);
        cr_assert_str_eq(problem(400), CASES[i].rule, "case %zu: %s", i, CASES[i].body);
        cr_assert_str_neq(told("instance"), "(none)", "it was traced");
    }
    ask_body("bank", LENDING "?purpose=credit-review", QUESTION("{\"uscc\":\"" SAMPLE "\"}"), CURL_HTTP_VERSION_1_1);
    cr_assert_str_eq(problem(400), "query.unknown");
    ask_body("bank", "/v1/lookups/land-supply", QUESTION("{\"uscc\":\"" SAMPLE "\"}"), CURL_HTTP_VERSION_1_1);
    cr_assert_str_eq(problem(403), "client.domain");
    ask_body("land", "/v1/lookups/land-supply", "{\"purpose\":\"land-grant\",\"subjects\":[{\"uscc\":\"" SAMPLE "\"}]}",
             CURL_HTTP_VERSION_1_1);
    cr_assert_str_eq(problem(400), "query.matter");
    ask_body("stranger", LENDING, QUESTION("{\"uscc\":\"" SAMPLE "\"}"), CURL_HTTP_VERSION_1_1);
    cr_assert_str_eq(problem(403), "client.unknown");
    ask_body("bank", LENDING "/" SAMPLE, QUESTION("{\"uscc\":\"" SAMPLE "\"}"), CURL_HTTP_VERSION_1_1);
    cr_assert_str_eq(problem(405), "http.method");
}

/* `count` subjects; every seventh code is wrong, every fifth is the one on the list. */
static char *many(size_t count)
{
    struct buf body = BUF_INIT;

    buf_add_text(&body, "{\"purpose\":\"credit-review\",\"case\":\"K-1\",\"subjects\":[");
    for (size_t i = 0; i < count; i++)
        buf_addf(&body, "%s{\"uscc\":\"%s\"}", i > 0 ? "," : "",
                 i % 7 == 3   ? "91440101MAYTEK014X"
                 : i % 5 == 0 ? SAMPLE
                              : OTHER);
    buf_add_text(&body, "]}");
    return body.data;
}

static void assert_many(size_t count)
{
    const json_t *results = json_object_get(G.json, "results");

    cr_assert_eq(json_array_size(results), count, "%.300s", buf_text(&G.body));
    for (size_t i = 0; i < count; i++) {
        const json_t *result = json_array_get(results, i);
        const char *rule = json_text_of(result, "rule"), *verdict = json_text_of(result, "verdict");

        if (i % 7 == 3)
            cr_assert(rule && strcmp(rule, "uscc.check") == 0 && !verdict, "%zu", i);
        else
            cr_assert(verdict && strcmp(verdict, i % 5 == 0 ? "listed" : "not-listed") == 0, "%zu", i);
    }
}

Test(batch, more_than_a_thousand_are_too_many_and_a_thousand_are_not)
{
    AUTO(text_free) char *too_many = many(1001);
    AUTO(text_free) char *enough = many(1000);

    listed_sample();
    gate_start();
    post(too_many);
    cr_assert_str_eq(problem(413), "batch.subjects");
    cr_assert_eq(post(enough), 200, "%.300s", buf_text(&G.body));
    assert_many(1000);
    cr_assert_eq(ask_body("bank", LENDING, enough, CURL_HTTP_VERSION_2TLS), 200, "%.300s", buf_text(&G.body));
    cr_assert(has_header("HTTP/2 200"));
    assert_many(1000);
    cr_assert(has_header("cache-control: no-store"));
}

Test(batch, where_nobody_finds_names_they_are_refused_one_by_one_and_codes_answered)
{
    const json_t *results;

    listed_sample();
    gate_start();
    cr_assert_eq(post(QUESTION("{\"name\":\"韶关市璞廪钢铁有限公司\"},{\"uscc\":\"" SAMPLE "\"}")), 200, "%s",
                 buf_text(&G.body));
    results = json_object_get(G.json, "results");
    cr_assert_str_eq(json_text_of(json_array_get(results, 0), "rule"), "names.away");
    cr_assert_eq(json_integer_of(json_array_get(results, 0), "status", 0), 503);
    cr_assert_null(json_text_of(json_array_get(results, 0), "verdict"), "a name never yields a verdict");
    cr_assert_str_eq(json_text_of(json_array_get(results, 1), "verdict"), "listed");
}

Test(batch, many_subjects_take_more_of_the_limit_than_one)
{
    AUTO(text_free) char *body = many(301);

    gate_configure("  - {name: slow, kind: lender, certificate: stranger.pem, domains: [lending], "
                   "requests_per_minute: 6}\n");
    gate_start();
    cr_assert_eq(ask_body("stranger", LENDING, body, CURL_HTTP_VERSION_1_1), 200, "%.300s", buf_text(&G.body));
    ask_body("stranger", LENDING, body, CURL_HTTP_VERSION_1_1);
    cr_assert_str_eq(problem(429), "client.limit");
    cr_assert(has_header("retry-after: "));
}

/* --- the shape --- */

static bool resolve(void *context, const char *uri, json_t **document)
{
    (void)context;
    return json_read_file(strstr(uri, "consumer")       ? TEST_SOURCE "/schemas/consumer.schema.json"
                          : strstr(uri, "names-answer") ? TEST_SOURCE "/schemas/names-answer.schema.json"
                                                        : TEST_SOURCE "/schemas/lookup-answer.schema.json",
                          document, &T.err);
}

static void print_problem(void *context, const struct schema_problem *found)
{
    (void)context;
    fprintf(stderr, "%s: %s\n", found->instance, found->en);
}

static void assert_shape(void)
{
    const struct schema_options options = {.asserts_format = true, .resolve = resolve};
    AUTO(schema_free) struct schema *schema = NULL;
    AUTO(buf_done) struct buf canonical = BUF_INIT;

    cr_assert(schema_load(TEST_SOURCE "/schemas/lookup-batch.schema.json", &options, &schema, &T.err), "%s",
              T.err.text);
    cr_assert(schema_check(schema, G.json, &(struct schema_report){print_problem, NULL, 10}), "%s", buf_text(&G.body));
    cr_assert(json_canonical_add(G.json, &canonical, &T.err), "%s", T.err.text);
    cr_assert_str_eq(buf_text(&G.body), buf_text(&canonical));
}

/* What a result names and what a single answer says is the same. */
Test(batch, a_result_says_what_the_answer_to_one_code_says)
{
    static const char *const SAME[] = {"name", "records", "rules", "supportive", "uscc", "verdict"};
    AUTO(json_release) json_t *batch = NULL;
    const json_t *result, *measures;

    listed_sample();
    gate_start();
    cr_assert_eq(post(QUESTION("{\"uscc\":\"" SAMPLE "\"},{\"uscc\":\"9144\"},{\"uscc\":\"" OTHER "\"}")), 200);
    assert_shape();
    batch = json_incref(G.json);
    result = json_array_get(json_object_get(batch, "results"), 0);
    cr_assert_eq(ask("bank", LENDING "/" SAMPLE "?purpose=credit-review"), 200);
    for (size_t i = 0; i < COUNT_OF(SAME); i++)
        cr_assert(json_equal(json_object_get(result, SAME[i]), json_object_get(G.json, SAME[i])), "%s", SAME[i]);
    measures = json_object_get(result, "measures");
    cr_assert_eq(json_array_size(measures), 2);
    for (size_t i = 0; i < 2; i++)
        cr_assert_str_eq(json_string_value(json_array_get(measures, i)),
                         json_text_of(json_array_get(json_object_get(G.json, "measures"), i), "id"));
    cr_assert(json_equal(json_object_get(batch, "measures"), json_object_get(G.json, "measures")));
}

Test(batch, as_of_a_day_and_as_of_a_sequence)
{
    listed_sample();
    gate_start();
    cr_assert_eq(post("{\"as_of\":1,\"purpose\":\"credit-review\",\"subjects\":[{\"uscc\":\"" SAMPLE "\"}]}"), 200);
    assert_shape();
    cr_assert_str_eq(json_text_of(json_array_get(json_object_get(G.json, "results"), 0), "verdict"), "unknown");
    cr_assert_eq(post("{\"as_of\":\"4\",\"purpose\":\"credit-review\",\"subjects\":[{\"uscc\":\"" SAMPLE "\"}]}"), 200,
                 "%s", buf_text(&G.body));
    cr_assert_str_eq(json_text_of(json_array_get(json_object_get(G.json, "results"), 0), "verdict"), "listed");
    cr_assert_eq(
        post("{\"as_of\":\"2026-08-02\",\"purpose\":\"credit-review\",\"subjects\":[{\"uscc\":\"" SAMPLE "\"}]}"), 200);
    cr_assert_str_eq(json_text_of(json_array_get(json_object_get(G.json, "results"), 0), "verdict"), "unknown");
}

/* --- the trace --- */

static json_t *entry_of(struct trace_log *log, const char *receipt)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    json_t *entry = NULL;
    uint64_t index;

    cr_assert(trace_log_find(log, receipt, &index, &T.err), "%s: %s", receipt, T.err.text);
    cr_assert(trace_log_read(log, index, &text, &T.err), "%s", T.err.text);
    cr_assert(json_read(buf_span(&text), JSON_BYTES_MAX, &entry, &T.err), "%s", T.err.text);
    return entry;
}

/* The hash is of the result's bytes as they left: canonical, so they can be cut out again. */
static void assert_traced(const json_t *result, const json_t *entry)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    AUTO(buf_done) struct buf hex = BUF_INIT;
    uint8_t digest[32];

    cr_assert(json_canonical_add(result, &bytes, &T.err), "%s", T.err.text);
    digest_sha256(buf_span(&bytes), digest);
    hex_add(&hex, digest, sizeof digest);
    cr_assert_str_eq(json_text_of(entry, "answer_sha256"), buf_text(&hex));
}

Test(batch, every_subject_has_an_entry_of_its_own)
{
    AUTO(text_free) char *folder = path_join(T.folder, "trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    AUTO(text_free) char *body = many(40);
    const json_t *results;
    uint64_t taken;

    listed_sample();
    gate_start();
    cr_assert_eq(post(body), 200);
    cr_assert(trace_log_open(folder, &log, &T.err), "%s", T.err.text);
    cr_assert(trace_log_integrate(log, &taken, &T.err), "%s", T.err.text);
    cr_assert_eq(taken, 40);
    results = json_object_get(G.json, "results");
    for (size_t i = 0; i < 40; i++) {
        const json_t *result = json_array_get(results, i);
        const char *receipt = json_text_of(result, i % 7 == 3 ? "instance" : "receipt");
        AUTO(json_release) json_t *entry = entry_of(log, receipt);

        assert_traced(result, entry);
        cr_assert_str_eq(json_text_of(entry, "case"), "K-1");
        cr_assert_eq(json_integer_of(entry, "status", 0), i % 7 == 3 ? 400 : 200);
        if (i % 7 == 3)
            continue;
        cr_assert_str_eq(json_text_of(entry, "uscc"), json_text_of(result, "uscc"));
        cr_assert_str_eq(json_text_of(entry, "verdict"), json_text_of(result, "verdict"));
        cr_assert_eq(json_array_size(json_object_get(entry, "shown")), i % 5 == 0 ? 1 : 0);
    }
}

/* When the trace cannot be written, nothing is answered: all or none of the subjects. */
Test(batch, no_answer_without_a_trace)
{
    AUTO(text_free) char *trace = path_join(T.folder, "trace");
    AUTO(text_free) char *segments = path_join(trace, "segments");

    gate_start();
    cr_assert_eq(ask("bank", "/healthz"), 200);
    cr_assert(file_remove_tree(segments, &T.err), "%s", T.err.text);
    cr_assert_eq(post(QUESTION("{\"uscc\":\"" SAMPLE "\"}")), 503, "%s", buf_text(&G.body));
    cr_assert_null(strstr(buf_text(&G.body), "verdict"));
    cr_assert(file_make_folder(segments, 0700, &T.err), "%s", T.err.text);
    cr_assert_eq(post(QUESTION("{\"uscc\":\"" SAMPLE "\"}")), 200);
}
