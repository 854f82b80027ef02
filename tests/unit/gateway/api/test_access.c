/* Who may ask, from where, how often: judged alike at every door, told in the answer, and traced when it is refused. */
#include "gate.h"

#include "base/encode.h"
#include "gateway/trace/trace.h"

#define SAMPLE "91440224MAYUCHK485"
#define LENDING "/v1/lookups/lending/" SAMPLE "?purpose=credit-review"
#define BATCH_OF(n) "{\"purpose\":\"credit-review\",\"subjects\":[" n "]}"
#define ONE "{\"uscc\":\"" SAMPLE "\"}"

TestSuite(access, .init = gate_open, .fini = gate_close, .timeout = 60);

/* Every door that is for clients. */
static const char *const DOORS[] = {LENDING,
                                    "/v1/changes?domain=lending&purpose=credit-review",
                                    "/v1/domains",
                                    "/v1/feedback?owed",
                                    "/v1/receipts/0123456789abcdef01234567-0",
                                    "/v1/log/journal/checkpoint"};

static json_t *traced(const char *receipt)
{
    AUTO(text_free) char *folder = path_join(T.folder, "trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    AUTO(buf_done) struct buf text = BUF_INIT;
    uint64_t taken, index;
    json_t *entry;

    cr_assert(trace_log_open(folder, &log, &T.err), "%s", T.err.text);
    cr_assert(trace_log_integrate(log, &taken, &T.err), "%s", T.err.text);
    cr_assert(trace_log_find(log, receipt, &index, &T.err), "%s: %s", receipt, T.err.text);
    cr_assert(trace_log_read(log, index, &text, &T.err), "%s", T.err.text);
    cr_assert(json_read(buf_span(&text), JSON_BYTES_MAX, &entry, &T.err), "%s", T.err.text);
    return entry;
}

/* The last answer was a refusal, of that rule, and stands in the trace. */
static void refused(long status, const char *rule, const char *by)
{
    AUTO(json_release) json_t *entry = NULL;

    cr_assert_eq(G.status, status, "%ld %s", G.status, buf_text(&G.body));
    cr_assert_str_eq(told("rule"), rule, "%s", buf_text(&G.body));
    cr_assert_gt(strlen(told("detail_zh")), 0);
    entry = traced(told("instance"));
    cr_assert_eq(json_integer_of(entry, "status", 0), status);
    cr_assert_str_eq(json_text_of(entry, "refusal"), rule);
    cr_assert_str_eq(json_text_of(entry, "from"), "127.0.0.1");
    if (by)
        cr_assert_str_eq(json_text_of(entry, "by"), by);
    else
        cr_assert_null(json_text_of(entry, "by"));
}

static void listed_sample_of(enum scope scope)
{
    struct proposal proposal = sample_proposal();

    proposal.scope = scope;
    import_row(sample_row());
    cr_assert_str_eq(propose_sample(&proposal), "done");
    cr_assert_str_eq(approve_as("reviewer", T.last.record), "done");
}

Test(access, from_elsewhere_no_door_opens_and_nothing_is_told)
{
    gate_configure("  - {name: away, kind: lender, certificate: stranger.pem, domains: [lending], addresses: "
                   "[10.0.0.0/8, 192.0.2.1, '2001:db8::/32', '::/0']}\n");
    gate_start();
    for (size_t i = 0; i < COUNT_OF(DOORS); i++) {
        ask("stranger", DOORS[i]);
        refused(403, "client.address", "away");
        cr_assert_not(has_header("ratelimit"), "%s", buf_text(&G.headers));
        cr_assert_null(strstr(buf_text(&G.body), "away"));
        cr_assert_null(strstr(buf_text(&G.body), "10.0.0.0"));
    }
    cr_assert_eq(ask("stranger", "/healthz"), 200, "what is no secret stays so");
}

Test(access, from_its_own_addresses_it_is_let_in)
{
    gate_configure("  - {name: here, kind: lender, certificate: stranger.pem, domains: [lending], addresses: "
                   "[10.0.0.0/8, 127.0.0.0/8]}\n");
    gate_start();
    cr_assert_eq(ask("stranger", LENDING), 200, "%s", buf_text(&G.body));
}

Test(access, a_certificate_is_good_on_its_days_only)
{
    gate_configure("  - {name: both, kind: lender, domains: [lending], certificates: [{file: stranger.pem, from: "
                   "2031-01-01}, {file: server.pem, until: 2020-12-31}, {file: ca.pem}]}\n");
    gate_start();
    for (size_t i = 0; i < COUNT_OF(DOORS); i++) {
        ask("stranger", DOORS[i]);
        refused(403, "client.certificate", "both");
        ask("server", DOORS[i]);
        refused(403, "client.certificate", "both");
    }
}

Test(access, two_certificates_of_one_client_are_one_client)
{
    gate_configure("  - {name: both, kind: lender, domains: [lending], daily_quota: 2, certificates: [{file: "
                   "stranger.pem, until: 2031-01-01}, {file: server.pem, from: 2020-12-31}]}\n");
    gate_start();
    cr_assert_eq(ask("stranger", LENDING), 200, "%s", buf_text(&G.body));
    cr_assert_eq(ask("server", LENDING), 200, "%s", buf_text(&G.body));
    ask("server", LENDING);
    refused(429, "client.quota", "both");
}

Test(access, the_days_quota_counts_subjects_and_is_told_with_every_answer)
{
    gate_configure("  - {name: few, kind: lender, certificate: stranger.pem, domains: [lending], daily_quota: 4}\n");
    gate_start();
    cr_assert_eq(ask("stranger", LENDING), 200, "%s", buf_text(&G.body));
    cr_assert(has_header("ratelimit-policy: \"burst\";q=60000;w=60, \"quota\";q=4;w=86400\r\n"), "%s",
              buf_text(&G.headers));
    cr_assert(has_header("ratelimit: \"burst\";r=59999;t=1, \"quota\";r=3;t="), "%s", buf_text(&G.headers));
    ask("stranger", "/v1/lookups/lending/" SAMPLE "?purpose=curiosity");
    refused(400, "purpose.unknown", "few");
    cr_assert(has_header("\"quota\";r=3;"), "what is refused costs nothing of it");
    ask_body("stranger", "/v1/lookups/lending", BATCH_OF(ONE "," ONE "," ONE "," ONE), CURL_HTTP_VERSION_1_1);
    refused(429, "client.quota", "few");
    cr_assert_eq(ask_body("stranger", "/v1/lookups/lending", BATCH_OF(ONE "," ONE), CURL_HTTP_VERSION_2TLS), 200, "%s",
                 buf_text(&G.body));
    cr_assert(has_header("\"quota\";r=1;"), "%s", buf_text(&G.headers));
    cr_assert_eq(ask("stranger", "/v1/changes?domain=lending&purpose=credit-review"), 200);
    ask("stranger", LENDING);
    refused(429, "client.quota", "few");
    cr_assert_str_eq(told("type"), "urn:creditgate:problem:quota-exceeded");
    cr_assert(has_header("retry-after: ") && has_header("\"quota\";r=0;t="), "%s", buf_text(&G.headers));
    cr_assert_eq(ask("stranger", "/v1/domains"), 200, "what asks about nobody is free");
}

Test(access, beyond_the_limit_of_a_minute_every_door_says_so)
{
    gate_configure("  - {name: slow, kind: lender, certificate: stranger.pem, domains: [lending], "
                   "requests_per_minute: 1}\n");
    gate_start();
    cr_assert_eq(ask("stranger", "/v1/domains"), 200);
    cr_assert(has_header("ratelimit-policy: \"burst\";q=1;w=60\r\n"), "%s", buf_text(&G.headers));
    for (size_t i = 0; i < COUNT_OF(DOORS); i++) {
        ask("stranger", DOORS[i]);
        refused(429, "client.limit", "slow");
        cr_assert(has_header("retry-after: ") && has_header("ratelimit: \"burst\";r=0;t="), "%s", buf_text(&G.headers));
    }
}

Test(access, what_is_malformed_or_not_there_is_traced_at_every_door)
{
    static const struct {
        const char *method;
        const char *path;
        long status;
        const char *rule;
    } CASES[] = {{"GET", "/v1/nothing", 404, "http.path"},
                 {"DELETE", "/v1/domains", 405, "http.method"},
                 {"DELETE", LENDING, 405, "http.method"},
                 {"PUT", "/v1/feedback", 405, "http.method"},
                 {"GET", "/v1/domains?x=1", 400, "query.unknown"},
                 {"GET", "/v1/changes?x=1", 400, "query.unknown"},
                 {"GET", "/v1/changes?domain=nowhere", 404, "domain.unknown"},
                 {"GET", "/v1/changes?domain=tax&purpose=x", 403, "client.domain"},
                 {"GET", "/v1/feedback", 400, "query.owed"},
                 {"GET", "/v1/feedback/none", 404, "feedback.receipt"},
                 {"GET", "/v1/receipts/0123456789abcdef01234567-0", 404, "trace.receipt"},
                 {"GET", "/v1/receipts/", 404, "http.path"},
                 {"GET", "/v1/log/elsewhere/checkpoint", 404, "http.path"},
                 {"GET", "/v1/checkpoints/journal", 404, "http.path"}};

    gate_start();
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        ask_as("bank", CASES[i].method, CASES[i].path);
        refused(CASES[i].status, CASES[i].rule, "bank");
        cr_assert(has_header("ratelimit: "), "%s %s", CASES[i].path, buf_text(&G.headers));
    }
    ask("stranger", "/v1/receipts/0123456789abcdef01234567-0");
    refused(403, "client.unknown", NULL);
}

Test(access, a_body_that_is_not_wanted_is_traced_before_it_is_read)
{
    gate_start();
    ask_body("bank", "/v1/domains", "{}", CURL_HTTP_VERSION_1_1);
    refused(405, "http.method", "bank");
    ask_body("bank", "/v1/nothing", "{}", CURL_HTTP_VERSION_2TLS);
    refused(404, "http.path", "bank");
}

/* As a stranger, on one connection. */
static void ask_again(CURL *curl, const char *path)
{
    char url[256];

    snprintf(url, sizeof url, "https://127.0.0.1:%u%s", G.port, path);
    gate_perform(curl, url);
}

static CURL *as_stranger(char name[3][TEST_PATH_BYTES + 32])
{
    CURL *curl = curl_easy_init();

    snprintf(name[0], sizeof name[0], "%s/ca.pem", T.folder);
    snprintf(name[1], sizeof name[1], "%s/stranger.pem", T.folder);
    snprintf(name[2], sizeof name[2], "%s/stranger.key", T.folder);
    curl_easy_setopt(curl, CURLOPT_CAINFO, name[0]);
    curl_easy_setopt(curl, CURLOPT_SSLCERT, name[1]);
    curl_easy_setopt(curl, CURLOPT_SSLKEY, name[2]);
    return curl;
}

/* 600 a minute at once, ten a second afterwards: what is beyond is answered, and not traced. */
Test(access, strangers_fill_the_trace_no_faster_than_their_limit)
{
    AUTO(text_free) char *folder = path_join(T.folder, "trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    char name[3][TEST_PATH_BYTES + 32];
    CURL *curl = as_stranger(name);
    int64_t begun_ms = time_monotonic_ms();
    bool was_limited = false;
    uint64_t taken;

    gate_start();
    for (int i = 0; i < 800; i++) {
        ask_again(curl, "/v1/nothing");
        cr_assert_eq(G.status, 404, "what is public stays what it is: %ld", G.status);
    }
    for (int i = 0; i < 50 && !was_limited; i++) {
        ask_again(curl, LENDING);
        was_limited = G.status == 429 && strcmp(told("instance"), "(none)") == 0;
    }
    curl_easy_cleanup(curl);
    cr_assert(was_limited, "%s", buf_text(&G.body));
    cr_assert_eq(ask("bank", LENDING), 200, "and clients have their own: %s", buf_text(&G.body));
    cr_assert(trace_log_open(folder, &log, &T.err), "%s", T.err.text);
    cr_assert(trace_log_integrate(log, &taken, &T.err), "%s", T.err.text);
    cr_assert_geq(taken, 600);
    cr_assert_leq((int64_t)taken, 600 + (time_monotonic_ms() - begun_ms) / 100 + 2);
}

Test(access, whose_certificate_ends_soon_is_told_so)
{
    gate_configure("  - {name: both, kind: lender, domains: [lending], certificates: [{file: stranger.pem, until: "
                   "2031-01-01}, {file: server.pem}]}\n");
    gate_start();
    cr_assert_eq(ask("stranger", "/v1/domains"), 200, "%s", buf_text(&G.body));
    cr_assert(json_is_object(json_object_get(G.json, "certificate")), "%s", buf_text(&G.body));
    cr_assert_gt(strlen(json_text_of(json_object_get(G.json, "certificate"), "ends")), 0);
}

/* domain.md 5.5: scope 2 opens with a logged authorisation, for whoever may see it at all. */
Test(access, a_use_scope_that_is_withheld_is_not_opened_by_an_authorisation)
{
    gate_configure("  - {name: shut, kind: lender, certificate: stranger.pem, domains: [lending], scopes: [0]}\n");
    listed_sample_of(SCOPE_AUTHORISED);
    gate_start();
    cr_assert_eq(ask("bank", LENDING "&authorisation=A-1"), 200, "%s", buf_text(&G.body));
    cr_assert_str_eq(told("verdict"), "listed");
    cr_assert_eq(ask("stranger", LENDING "&authorisation=A-1"), 200, "%s", buf_text(&G.body));
    cr_assert_str_eq(told("verdict"), "unknown");
    cr_assert_str_eq(json_text_of(json_object_get(G.json, "reason"), "code"), "withheld");
}

Test(access, scope_1_is_for_government_alone)
{
    gate_configure(
        "  - {name: office, kind: government, certificate: stranger.pem, domains: [lending]}\n"
        "  - {name: narrow, kind: government, certificate: server.pem, domains: [lending], scopes: [0, 2]}\n");
    listed_sample_of(SCOPE_GOVERNMENT);
    gate_start();
    ask("stranger", LENDING);
    cr_assert_str_eq(told("verdict"), "listed", "%s", buf_text(&G.body));
    ask("server", LENDING);
    cr_assert_str_eq(told("verdict"), "unknown", "%s", buf_text(&G.body));
    ask("bank", LENDING "&authorisation=A-1");
    cr_assert_str_eq(told("verdict"), "unknown", "%s", buf_text(&G.body));
}
