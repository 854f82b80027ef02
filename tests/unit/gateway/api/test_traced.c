/* Every lookup by a certificate of ours, answered or refused, stands in the trace by the time its answer is read. */
#include "gate.h"

#include "base/encode.h"
#include "gateway/trace/trace.h"
#include "keys/digest.h"

#define SAMPLE "91440224MAYUCHK485"
#define LENDING "/v1/lookups/lending/" SAMPLE "?purpose=credit-review"

TestSuite(traced, .init = gate_open, .fini = gate_close, .timeout = 60);

static json_t *entry;

/* What the trace holds under the receipt that the last answer gave: read from the disk, while the process lives. */
static void find_entry(const char *receipt)
{
    AUTO(text_free) char *folder = path_join(T.folder, "trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    AUTO(buf_done) struct buf text = BUF_INIT;
    uint64_t taken, index;

    cr_assert(trace_log_open(folder, &log, &T.err), "%s", T.err.text);
    cr_assert(trace_log_integrate(log, &taken, &T.err), "%s", T.err.text);
    cr_assert(trace_log_find(log, receipt, &index, &T.err), "%s: %s", receipt, T.err.text);
    cr_assert(trace_log_read(log, index, &text, &T.err), "%s", T.err.text);
    json_decref(entry);
    cr_assert(json_read(buf_span(&text), JSON_BYTES_MAX, &entry, &T.err), "%s", T.err.text);
}

static const char *traced(const char *name)
{
    const char *text = json_text_of(entry, name);

    return text ? text : "(null)";
}

/* The record that the answer showed, in version 1; there is one at most. */
static const char *shown(void)
{
    const json_t *list = json_object_get(entry, "shown");
    const json_t *first = json_array_get(list, 0);

    if (!list || json_is_null(list))
        return "(nothing)";
    cr_assert_eq(json_array_size(list), 1);
    cr_assert_eq(json_integer_value(json_array_get(first, 1)), 1);
    return json_string_value(json_array_get(first, 0));
}

/* The answer that left is the one whose hash was kept. */
static void assert_hash(void)
{
    AUTO(buf_done) struct buf hex = BUF_INIT;
    uint8_t digest[32];

    digest_sha256(buf_span(&G.body), digest);
    hex_add(&hex, digest, sizeof digest);
    cr_assert_str_eq(traced("answer_sha256"), buf_text(&hex));
}

static void ask_and_find(const char *name, const char *path, long status, const char *receipt_member)
{
    cr_assert_eq(ask(name, path), status, "%s: %ld %s", path, G.status, buf_text(&G.body));
    find_entry(told(receipt_member));
    cr_assert_eq(json_integer_of(entry, "status", 0), status);
    assert_hash();
}

static void finish(void)
{
    json_decref(entry);
    entry = NULL;
}

Test(traced, an_answer_with_who_asked_what_and_was_told_what, .fini = finish)
{
    listed_sample();
    gate_start();
    ask_and_find(
        "bank",
        LENDING
        "&authorisation=%E6%8E%88%E6%9D%83-7&case=7&matter=M-1&operator=li%22si&department=%E4%BF%A1%E8%B4%B7%E9%83%A8"
        "&as_of=2026-08-03",
        200, "receipt");
    cr_assert_str_eq(traced("by"), "bank");
    cr_assert_str_eq(traced("kind"), "lender");
    cr_assert_str_eq(traced("domain"), "lending");
    cr_assert_str_eq(traced("purpose"), "credit-review");
    cr_assert_str_eq(traced("authorisation"), "授权-7");
    cr_assert_str_eq(traced("matter"), "M-1");
    cr_assert_str_eq(traced("case"), "7");
    cr_assert_str_eq(traced("operator"), "li\"si");
    cr_assert_str_eq(traced("department"), "信贷部");
    cr_assert_not(json_bool_of(entry, "test", true));
    cr_assert_str_eq(traced("rules"), told("rules"));
    cr_assert_str_eq(traced("uscc"), SAMPLE);
    cr_assert_str_eq(traced("verdict"), "listed");
    cr_assert_eq(strncmp(traced("as_of"), "2026-08-03T", 11), 0, "%s", traced("as_of"));
    cr_assert_eq(strlen(traced("certificate")), 64);
    cr_assert_gt(json_integer_of(entry, "sequence", 0), 0);
    cr_assert_str_eq(shown(), T.last.record, "a feedback must be able to name what was shown");
    cr_assert(json_bool_of(entry, "owes", false));
    ask_and_find("bank", LENDING "&as_of=2026-08-02", 200, "receipt");
    cr_assert_str_eq(shown(), "(nothing)");
    cr_assert_not(json_bool_of(entry, "owes", true));
}

Test(traced, every_kind_of_refusal, .fini = finish)
{
    static const struct {
        const char *client;
        const char *path;
        long status;
    } CASES[] = {
        {"bank", "/v1/lookups/land-supply/" SAMPLE "?purpose=x", 403},
        {"bank", "/v1/lookups/none/" SAMPLE "?purpose=x", 404},
        {"bank", "/v1/lookups/lending/" SAMPLE, 400},
        {"bank", "/v1/lookups/lending/" SAMPLE "?purpose=curiosity", 400},
        {"bank", "/v1/lookups/lending/" SAMPLE "?purpose=credit-review&colour=red", 400},
        {"bank", "/v1/lookups/lending/9144?purpose=credit-review", 400},
        {"bank", "/v1/lookups/lending/" SAMPLE "?purpose=credit-review&as_of=2030-01-01", 400},
        {"bank", "/v1/lookups", 404},
    };

    gate_start();
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        ask_and_find(CASES[i].client, CASES[i].path, CASES[i].status, "instance");
        cr_assert_str_eq(traced("by"), CASES[i].client);
        cr_assert_str_eq(traced("kind"), "lender", "%s", CASES[i].path);
        cr_assert_str_eq(traced("verdict"), "(null)");
    }
}

/* What was asked stands in the trace whatever the refusal is for: who asks, what for, or how often. */
Test(traced, a_refusal_with_all_that_was_asked, .fini = finish)
{
    static const struct {
        const char *client;
        const char *domain;
        long status;
    } CASES[] = {
        {"land", "lending", 403}, {"land", "nowhere", 404}, {"stranger", "lending", 403}, {"bank", "tax", 403}};
    static const char *const ASKED[][2] = {
        {"purpose", "credit-review"}, {"matter", "M-1"},    {"case", "7"},   {"authorisation", "A-1"},
        {"operator", "lisi"},         {"department", "XD"}, {"uscc", SAMPLE}};
    char path[512];

    gate_start();
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        snprintf(path, sizeof path,
                 "/v1/lookups/%s/" SAMPLE
                 "?purpose=credit-review&matter=M-1&case=7&authorisation=A-1&operator=lisi&department=XD",
                 CASES[i].domain);
        ask_and_find(CASES[i].client, path, CASES[i].status, "instance");
        cr_expect_str_eq(traced("domain"), CASES[i].domain);
        for (size_t j = 0; j < COUNT_OF(ASKED); j++)
            cr_expect_str_eq(traced(ASKED[j][0]), ASKED[j][1], "%s of %s as %s", ASKED[j][0], path, CASES[i].client);
    }
}

Test(traced, a_refused_batch_with_what_it_was_for, .fini = finish)
{
    gate_start();
    cr_assert_eq(
        ask_body("bank", "/v1/lookups/tax",
                 "{\"purpose\":\"tax-preference\",\"operator\":\"lisi\",\"department\":\"XD\",\"subjects\":[]}",
                 CURL_HTTP_VERSION_1_1),
        403, "%s", buf_text(&G.body));
    find_entry(told("instance"));
    cr_expect_str_eq(traced("purpose"), "tax-preference");
    cr_expect_str_eq(traced("operator"), "lisi");
    cr_expect_str_eq(traced("department"), "XD");
    cr_expect_str_eq(traced("domain"), "tax");
}

Test(traced, operator_and_department_of_a_batch_and_of_changes, .fini = finish)
{
    static const char TOO_LONG[] = "/v1/changes?domain=lending&purpose=credit-review&department="
                                   "01234567890123456789012345678901234567890123456789"
                                   "012345678901234567890123456789012345678901234567890";

    gate_start();
    cr_assert_eq(ask_body("bank", "/v1/lookups/lending",
                          "{\"purpose\":\"credit-review\",\"operator\":\"lisi\",\"department\":\"XD\",\"subjects\":"
                          "[{\"uscc\":\"" SAMPLE "\"}]}",
                          CURL_HTTP_VERSION_1_1),
                 200, "%s", buf_text(&G.body));
    find_entry(json_text_of(json_array_get(json_object_get(G.json, "results"), 0), "receipt"));
    cr_expect_str_eq(traced("kind"), "lender");
    cr_expect_str_eq(traced("operator"), "lisi");
    cr_expect_str_eq(traced("department"), "XD");
    ask_and_find("bank", "/v1/changes?domain=lending&purpose=credit-review&operator=lisi&department=XD", 200,
                 "receipt");
    cr_expect_str_eq(traced("kind"), "lender");
    cr_expect_str_eq(traced("operator"), "lisi");
    cr_expect_str_eq(traced("department"), "XD");
    ask_and_find("bank", TOO_LONG, 400, "instance");
    cr_expect_str_eq(told("rule"), "query.length");
    ask_and_find("bank", LENDING "&operator=a%01", 400, "instance");
    cr_expect_str_eq(told("rule"), "query.characters");
}

Test(traced, a_stranger_by_the_fingerprint, .fini = finish)
{
    gate_start();
    ask_and_find("stranger", LENDING, 403, "instance");
    cr_assert_str_eq(traced("by"), "(null)");
    cr_assert_null(json_object_get(entry, "kind"));
    cr_assert_not_null(strstr(told("detail"), traced("certificate")), "%s", told("detail"));
}

Test(traced, who_asks_too_often, .fini = finish)
{
    gate_configure("  - {name: slow, kind: lender, certificate: stranger.pem, domains: [lending], "
                   "requests_per_minute: 1}\n");
    gate_start();
    ask_and_find("stranger", LENDING, 200, "receipt");
    ask_and_find("stranger", LENDING, 429, "instance");
    cr_assert_str_eq(traced("by"), "slow");
}

/* The other side of the promise: when the trace cannot be written, nothing is answered. */
Test(traced, no_answer_without_a_trace, .fini = finish)
{
    AUTO(text_free) char *trace = path_join(T.folder, "trace");
    AUTO(text_free) char *segments = path_join(trace, "segments");

    gate_start();
    cr_assert_eq(ask("bank", "/healthz"), 200, "it is up: %s", buf_text(&G.body));
    cr_assert(file_remove_tree(segments, &T.err), "%s", T.err.text);
    cr_assert_eq(ask("bank", LENDING), 503, "%s", buf_text(&G.body));
    cr_assert(has_header("content-type: application/problem+json"));
    cr_assert(has_header("retry-after: "));
    cr_assert_null(strstr(buf_text(&G.body), "verdict"));
    cr_assert_eq(ask("bank", "/healthz"), 200, "what needs no trace still works");
    cr_assert(file_make_folder(segments, 0700, &T.err), "%s", T.err.text);
    cr_assert_eq(ask("bank", LENDING), 200, "and it gets well by itself: %s", buf_text(&G.body));
}
