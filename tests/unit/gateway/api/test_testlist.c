/* A client under test is answered from the test list alone, and nobody else ever is. */
#include "gate.h"

#include "base/walk.h"
#include "gateway/outbox/outbox.h"
#include "gateway/trace/trace.h"
#include "gateway/watch/watch.h"

#define SAMPLE "91440224MAYUCHK485"
#define TEST_LISTED "91440224MAYY000186"
#define TEST_EMPTY "91440224MAYY00990Q"
#define LENDING(code) "/v1/lookups/lending/" code "?purpose=credit-review"
#define CHANGES "/v1/changes?domain=lending&purpose=credit-review"

static void open_gate(void)
{
    gate_open();
    gate_configure("  - {name: trial, kind: lender, certificate: stranger.pem, domains: [lending], test: true}\n");
}

TestSuite(testlist, .init = open_gate, .fini = gate_close, .timeout = 60);

static const char *asked(const char *client, const char *path)
{
    cr_assert_eq(ask(client, path), 200, "%s: %ld %s", path, G.status, buf_text(&G.body));
    return told("verdict");
}

static bool says_test(void)
{
    bool has_member = json_bool_of(G.json, "test", false);

    cr_expect_eq(has_member, has_header("creditgate-test: true"), "member and header say the same");
    return has_member;
}

Test(testlist, nothing_of_the_register_reaches_a_client_under_test)
{
    (void)listed_sample();
    gate_start();
    cr_expect_str_eq(asked("bank", LENDING(SAMPLE)), "listed");
    cr_expect_not(says_test());
    cr_expect_str_eq(asked("stranger", LENDING(SAMPLE)), "not-listed");
    cr_expect(says_test());
    cr_assert_eq(ask("bank", CHANGES), 200);
    cr_expect_not_null(strstr(buf_text(&G.body), SAMPLE));
    cr_assert_eq(ask("stranger", CHANGES), 200);
    cr_expect_null(strstr(buf_text(&G.body), SAMPLE));
    cr_expect(says_test());
}

Test(testlist, nothing_of_the_list_reaches_others)
{
    (void)listed_sample();
    gate_start();
    cr_expect_str_eq(asked("stranger", LENDING(TEST_LISTED)), "listed");
    cr_expect(says_test());
    cr_expect_str_eq(asked("bank", LENDING(TEST_LISTED)), "not-listed");
    cr_expect_not(says_test());
    cr_expect_str_eq(asked("bank", LENDING(TEST_EMPTY)), "not-listed");
    cr_assert_eq(ask("stranger", CHANGES), 200);
    cr_expect_not_null(strstr(buf_text(&G.body), "MAYY"));
    cr_assert_eq(ask("bank", CHANGES), 200);
    cr_expect_null(strstr(buf_text(&G.body), "MAYY"));
}

/* The one after the other, in one process: what is remembered of one register must not be told of the other. */
Test(testlist, both_in_turns_stay_apart)
{
    (void)listed_sample();
    gate_start();
    for (int i = 0; i < 10; i++) {
        cr_expect_str_eq(asked("bank", LENDING(SAMPLE)), "listed");
        cr_expect_str_eq(asked("stranger", LENDING(SAMPLE)), "not-listed");
        cr_expect_str_eq(asked("stranger", LENDING(TEST_EMPTY)), "unknown");
        cr_expect_str_eq(asked("stranger", LENDING(TEST_LISTED)), "listed");
    }
}

Test(testlist, its_day_is_its_own_whatever_day_it_is)
{
    (void)listed_sample();
    set_today("2031-11-25");
    gate_start();
    cr_expect_str_eq(asked("stranger", LENDING(TEST_LISTED)), "listed");
    cr_expect_str_eq(asked("stranger", LENDING(TEST_LISTED) "&as_of=2031-11-24"), "listed");
    cr_expect_str_eq(asked("stranger", LENDING(TEST_LISTED) "&as_of=2031-11-25"), "listed");
    cr_expect_str_eq(asked("stranger", LENDING(TEST_LISTED) "&as_of=2026-03-15"), "not-listed");
    cr_expect_eq(ask("stranger", LENDING(TEST_LISTED) "&as_of=2031-11-26"), 400);
    cr_expect_str_eq(told("rule"), "lookup.future");
    cr_expect(has_header("creditgate-test: true"), "a refusal says it as well");
}

static long batch(const char *client, const char *first, const char *second)
{
    char body[256];

    snprintf(body, sizeof body, "{\"purpose\":\"credit-review\",\"subjects\":[{\"uscc\":\"%s\"},{\"uscc\":\"%s\"}]}",
             first, second);
    return ask_body(client, "/v1/lookups/lending", body, CURL_HTTP_VERSION_1_1);
}

static const char *verdict(size_t index)
{
    const char *text = json_text_of(json_array_get(json_object_get(G.json, "results"), index), "verdict");

    return text ? text : "(none)";
}

Test(testlist, a_batch_says_it_in_each_result)
{
    (void)listed_sample();
    gate_start();
    cr_assert_eq(batch("stranger", TEST_LISTED, SAMPLE), 200, "%s", buf_text(&G.body));
    cr_expect_str_eq(verdict(0), "listed");
    cr_expect_str_eq(verdict(1), "not-listed");
    cr_expect(json_bool_of(json_array_get(json_object_get(G.json, "results"), 1), "test", false));
    cr_assert_eq(batch("stranger", TEST_LISTED, TEST_EMPTY), 200, "%s", buf_text(&G.body));
    cr_expect_str_eq(verdict(0), "unknown");
    cr_expect_str_eq(verdict(1), "unknown");
    cr_assert_eq(batch("bank", TEST_LISTED, SAMPLE), 200, "%s", buf_text(&G.body));
    cr_expect_str_eq(verdict(0), "not-listed");
    cr_expect_str_eq(verdict(1), "listed");
    cr_expect_null(strstr(buf_text(&G.body), "\"test\""));
}

/* What the trace holds under a receipt: does it say test? */
static bool is_traced_as_test(const char *receipt)
{
    AUTO(text_free) char *folder = path_join(T.folder, "trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    AUTO(buf_done) struct buf text = BUF_INIT;
    uint64_t taken, index;

    cr_assert(trace_log_open(folder, &log, &T.err) && trace_log_integrate(log, &taken, &T.err), "%s", T.err.text);
    cr_assert(trace_log_find(log, receipt, &index, &T.err) && trace_log_read(log, index, &text, &T.err), "%s: %s",
              receipt, T.err.text);
    return span_is(walk_member(buf_span(&text), "test"), "true");
}

#define NAMES(q) "/v1/names?domain=lending&purpose=credit-review&q=" q
#define TEST_ONE_BADLY_WRITTEN                                                                                         \
    "%E9%9F%B6%E5%85%B3%E6%B5%8B%E8%AF%95%E4%B8%80%E5%8F%B7%E5%85%AC%E5%8F%B8" /* 韶关测试一号公司 */
#define SAMPLE_NAME                                                                                                                            \
    "%E9%9F%B6%E5%85%B3%E5%B8%82%E7%92%9E%E5%BB%AA%E9%92%A2%E9%93%81%E6%9C%89%E9%99%90%E5%85%AC%E5%8F%B8" /* 韶关市璞廪钢铁有限公司 \
                                                                                                           */

/* A route that is not made for it is closed. */
Test(testlist, what_has_no_test_list_is_closed_to_a_client_under_test)
{
    gate_start();
    cr_expect_eq(ask("stranger", "/v1/trace?reason=x"), 403, "%s", buf_text(&G.body));
    cr_expect_str_eq(told("rule"), "client.test");
    cr_expect(has_header("creditgate-test: true"));
}

static const char *candidate(const json_t *answer, size_t index)
{
    const char *code = json_text_of(json_array_get(json_object_get(answer, "candidates"), index), "uscc");

    return code ? code : "(none)";
}

Test(testlist, a_name_that_is_none_is_refused_as_everywhere)
{
    gate_start();
    cr_expect_eq(ask("stranger", NAMES("%20")), 400, "%s", buf_text(&G.body));
    cr_expect_str_eq(told("rule"), "names.missing");
    cr_expect_eq(ask("stranger", NAMES("%FF")), 400, "%s", buf_text(&G.body));
    cr_expect_eq(ask("stranger", NAMES("x") "&limit=11"), 400);
    cr_expect_eq(ask("stranger", "/v1/names?q=x&domain=tax&purpose=credit-review"), 403);
    cr_expect_str_eq(told("rule"), "client.domain");
}

Test(testlist, a_name_is_looked_for_among_its_enterprises_alone)
{
    (void)listed_sample();
    gate_start();
    cr_assert_eq(ask("stranger", NAMES(SAMPLE_NAME)), 200, "%s", buf_text(&G.body));
    cr_expect(says_test());
    cr_expect_null(strstr(buf_text(&G.body), SAMPLE), "%s", buf_text(&G.body));
    cr_assert_eq(ask("stranger", NAMES(TEST_ONE_BADLY_WRITTEN)), 200, "%s", buf_text(&G.body));
    cr_expect_str_eq(candidate(G.json, 0), TEST_LISTED, "%s", buf_text(&G.body));
    cr_expect(says_test());
    cr_expect(is_traced_as_test(told("receipt")));
    cr_expect_null(json_object_get(G.json, "verdict"));
    cr_expect_eq(ask("bank", NAMES(TEST_ONE_BADLY_WRITTEN)), 503, "a real one asks the finder, and there is none here");
}

Test(testlist, names_of_a_batch_are_looked_for_there_as_well)
{
    const json_t *results;

    gate_start();
    cr_assert_eq(ask_body("stranger", "/v1/lookups/lending",
                          "{\"purpose\":\"credit-review\",\"subjects\":[{\"name\":\"韶关市测试一号有限公司\"},"
                          "{\"uscc\":\"" TEST_LISTED "\"},{\"name\":\" \"},{\"name\":\"韶关市测试二号有限公司\"}]}",
                          CURL_HTTP_VERSION_1_1),
                 200, "%s", buf_text(&G.body));
    results = json_object_get(G.json, "results");
    cr_expect_str_eq(candidate(json_array_get(results, 0), 0), TEST_LISTED, "%s", buf_text(&G.body));
    cr_expect(json_bool_of(json_array_get(results, 0), "test", false));
    cr_expect_str_eq(verdict(0), "(none)");
    cr_expect_str_eq(verdict(1), "listed");
    cr_expect_str_eq(json_text_of(json_array_get(results, 2), "rule"), "names.missing");
    cr_expect_str_eq(candidate(json_array_get(results, 3), 0), "91440224MAYY000261");
    cr_expect(is_traced_as_test(json_text_of(json_array_get(results, 3), "receipt")));
}
/* What the register's own store has of watch lists and of messages to the client under test. */
static uint32_t watches_of_the_register(uint64_t *queued)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    struct channel_status status;
    enum channel channel;
    uint32_t last = watch_last(txn);

    *queued = 0;
    if (channel_find(txn, SPAN("webhook:trial"), &channel)) {
        cr_assert(outbox_status(txn, channel, &status, &T.err), "%s", T.err.text);
        *queued = status.count[DELIVERY_QUEUED];
    }
    cr_assert(store_txn_is_good(txn, &T.err), "%s", T.err.text);
    return last;
}

#define WATCHED "{\"domain\":\"lending\",\"purpose\":\"credit-review\",\"subjects\":[\"" TEST_LISTED "\"]}"

Test(testlist, watch_lists_are_kept_with_the_list_and_a_ping_is_sent)
{
    const char *watch = "/v1/watches/W0000000001";
    uint64_t queued;

    gate_configure("  - {name: trial, kind: lender, certificate: stranger.pem, domains: [lending], test: true,\n"
                   "     webhook: {url: 'https://localhost:9/hook', ca: ca.pem}}\n");
    gate_start();
    cr_assert_eq(ask_body("stranger", "/v1/watches", WATCHED, CURL_HTTP_VERSION_1_1), 201, "%s", buf_text(&G.body));
    cr_expect(has_header("creditgate-test: true"));
    cr_expect(is_traced_as_test(told("receipt")));
    cr_assert_eq(ask_body("stranger", "/v1/watches", WATCHED, CURL_HTTP_VERSION_1_1), 409, "the subject is in a list");
    cr_assert_eq(ask("stranger", watch), 200, "%s", buf_text(&G.body));
    cr_expect_not_null(strstr(buf_text(&G.body), TEST_LISTED));
    cr_assert_eq(ask("stranger", "/v1/watches"), 200);
    cr_expect_eq(json_array_size(json_object_get(G.json, "watches")), 1);
    cr_expect_eq(ask("bank", watch), 404, "nobody else has it");
    cr_assert_eq(ask_body("stranger", "/v1/watches/test", "", CURL_HTTP_VERSION_1_1), 202, "%s", buf_text(&G.body));
    cr_expect_eq(ask_as("stranger", "DELETE", watch), 204, "%s", buf_text(&G.body));
    cr_expect_eq(ask("stranger", watch), 404);
    gate_stop();
    gate_reopen();
    cr_expect_eq(watches_of_the_register(&queued), 0);
    cr_expect_eq(queued, 1, "the courier sends the ping, and nothing else");
}

Test(testlist, a_list_is_ordered_to_be_screened_like_everybodys)
{
    const char *path = "/v1/screenings?domain=lending&purpose=credit-review";

    gate_start();
    cr_expect_eq(ask_sending("stranger", "POST", path, "Content-Type: text/csv", "uscc\n" TEST_LISTED "\n"), 400);
    cr_expect_str_eq(told("rule"), "idempotency.missing");
    cr_expect(is_traced_as_test(told("instance")));
    cr_expect_eq(ask("stranger", "/v1/screenings"), 200, "%s", buf_text(&G.body));
    cr_expect(has_header("creditgate-test: true"));
}

Test(testlist, answers_and_refusals_are_traced_as_tests)
{
    gate_start();
    (void)asked("stranger", LENDING(TEST_LISTED));
    cr_expect(is_traced_as_test(told("receipt")));
    cr_expect_eq(ask("stranger", LENDING(TEST_LISTED) "&colour=red"), 400);
    cr_expect(is_traced_as_test(told("instance")));
    cr_expect_eq(ask("stranger", CHANGES), 200);
    cr_expect(is_traced_as_test(told("receipt")));
    cr_expect_eq(ask("stranger", "/v1/nowhere"), 404);
    cr_expect(is_traced_as_test(told("instance")));
    (void)asked("bank", LENDING(TEST_LISTED));
    cr_expect_not(is_traced_as_test(told("receipt")));
}

Test(testlist, the_list_tells_what_is_answered)
{
    gate_start();
    cr_assert_eq(ask("stranger", "/v1/test-list"), 200);
    cr_expect_str_eq(told("today"), "2026-08-03");
    cr_expect_gt(json_array_size(json_object_get(G.json, "enterprises")), 20);
    cr_expect_eq(ask("bank", "/v1/test-list"), 200);
    cr_expect_eq(ask("stranger", "/v1/test-list?x=1"), 400);
}

Test(testlist, without_a_client_under_test_there_is_none)
{
    gate_configure("");
    gate_start();
    cr_expect_eq(ask("bank", "/v1/test-list"), 404);
    cr_expect_eq(ask("stranger", "/v1/test-list"), 403);
}
