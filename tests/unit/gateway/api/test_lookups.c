/* Who may ask what, and what they are told when they may not. The answers themselves: gateway/lookup. */
#include "gate.h"

#define SAMPLE "91440224MAYUCHK485"
#define LENDING "/v1/lookups/lending/" SAMPLE "?purpose=credit-review"

TestSuite(lookups, .init = gate_open, .fini = gate_close, .timeout = 60);

/* As RFC 9457 wants it, in both languages; returns the rule. */
static const char *problem(long status)
{
    cr_assert_eq(G.status, status, "%ld: %s", G.status, buf_text(&G.body));
    cr_assert(has_header("content-type: application/problem+json"));
    cr_assert_eq(json_integer_of(G.json, "status", 0), status);
    cr_assert_str_neq(told("detail"), "(none)");
    cr_assert_str_neq(told("detail_zh"), "(none)");
    cr_assert_not_null(strstr(told("type"), "urn:creditgate:problem:"));
    return told("rule");
}

Test(lookups, without_a_certificate_nobody_is_answered)
{
    gate_start();
    cr_assert_eq(ask(NULL, LENDING), 0, "%s", buf_text(&G.body));
    cr_assert_eq(ask(NULL, "/healthz"), 0);
}

Test(lookups, a_certificate_that_is_not_configured_is_refused_with_its_fingerprint)
{
    gate_start();
    ask("stranger", LENDING);
    cr_assert_str_eq(problem(403), "client.unknown");
    cr_assert_not_null(strstr(told("detail"), "SHA-256 "));
    cr_assert_str_neq(told("instance"), "(none)", "it was traced");
    ask("stranger", "/v1/domains");
    cr_assert_str_eq(problem(403), "client.unknown");
}

Test(lookups, a_client_is_answered_for_its_own_domains_only)
{
    gate_start();
    ask("bank", "/v1/lookups/land-supply/" SAMPLE "?purpose=x");
    cr_assert_str_eq(problem(403), "client.domain");
    ask("land", LENDING);
    cr_assert_str_eq(problem(403), "client.domain");
    ask("bank", "/v1/lookups/no-such/" SAMPLE "?purpose=x");
    cr_assert_str_eq(problem(404), "domain.unknown");
}

Test(lookups, a_purpose_is_needed_and_the_accepted_ones_are_named)
{
    gate_start();
    ask("bank", "/v1/lookups/lending/" SAMPLE);
    cr_assert_str_eq(problem(400), "purpose.missing");
    cr_assert_not_null(strstr(told("detail"), "credit-review"), "%s", told("detail"));
    cr_assert_not_null(strstr(told("detail_zh"), "credit-review"));
    ask("bank", "/v1/lookups/lending/" SAMPLE "?purpose=curiosity");
    cr_assert_str_eq(problem(400), "purpose.unknown");
    cr_assert_not_null(strstr(told("detail"), "credit-review"));
}

Test(lookups, a_purpose_withheld_from_the_client_is_not_accepted_either)
{
    gate_configure("  - {name: narrow, kind: lender, certificate: stranger.pem, domains: [lending], "
                   "purposes: [post-loan]}\n");
    gate_start();
    ask("stranger", LENDING);
    cr_assert_str_eq(problem(400), "purpose.unknown");
    cr_assert_null(strstr(told("detail"), "accepted: credit-review"));
    ask("bank", LENDING);
    cr_assert_eq(G.status, 200, "%s", buf_text(&G.body));
}

Test(lookups, a_wrong_code_says_which_check_failed)
{
    gate_start();
    ask("bank", "/v1/lookups/lending/9144?purpose=credit-review");
    cr_assert_str_eq(problem(400), "uscc.length");
    ask("bank", "/v1/lookups/lending/91440224MAYUCHK48I?purpose=credit-review");
    cr_assert_str_eq(problem(400), "uscc.character");
    ask("bank", "/v1/lookups/lending/91440224MAYUCHK486?purpose=credit-review");
    cr_assert_str_eq(problem(400), "uscc.check");
}

Test(lookups, what_is_not_understood_is_refused)
{
    gate_start();
    ask("bank", LENDING "&color=red");
    cr_assert_str_eq(problem(400), "query.unknown");
    cr_assert_not_null(strstr(told("detail"), "\"color\""));
    ask("bank", LENDING "&purpose=post-loan");
    cr_assert_str_eq(problem(400), "query.unknown");
    ask("bank", "/v1/lookups/lending?purpose=credit-review");
    cr_assert_str_eq(problem(405), "http.method");
    cr_assert(has_header("allow: POST"));
    ask("bank", "/v1/lookups?purpose=credit-review");
    cr_assert_str_eq(problem(404), "lookup.path");
    ask("bank", "/v1/lookups/lending/" SAMPLE "/more?purpose=credit-review");
    cr_assert_str_eq(problem(404), "lookup.path");
    ask("bank", LENDING "&on=2026-08-03");
    cr_assert_str_eq(problem(400), "query.unknown");
    ask("bank", LENDING "&as_of=2030-01-01");
    cr_assert_str_eq(problem(400), "lookup.future");
    ask("bank", "/v1/lookups/lending/%00?purpose=credit-review");
    cr_assert_eq(G.status, 400);
    cr_assert(has_header("content-type: application/problem+json"), "what the server refuses is a problem, too");
    ask("bank", "/v2");
    cr_assert_str_eq(problem(404), "http.path");
    ask("bank", "/admin/v1/whoami");
    cr_assert_str_eq(problem(404), "http.path");
}

Test(lookups, as_of_is_a_day_or_a_number_of_events_and_nothing_else)
{
    static const char *const WRONG[] = {
        "", "yesterday", "2026-02-30", "0", "-1", "%2B1", "1.5", "12345678901234567890", "2026-08-03T10:00:00Z"};
    char path[256];

    gate_start();
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        snprintf(path, sizeof path, "%s&as_of=%s", LENDING, WRONG[i]);
        ask("bank", path);
        cr_assert_str_eq(problem(400), "query.as-of", "%s", WRONG[i]);
    }
    ask("bank", LENDING "&as_of=999999");
    cr_assert_str_eq(problem(400), "lookup.future");
}

Test(lookups, what_must_come_with_a_question_is_asked_for)
{
    static const char LAND[] = "/v1/lookups/land-supply/" SAMPLE "?purpose=land-grant";
    char path[1024];

    gate_start();
    ask("land", LAND);
    cr_assert_str_eq(problem(400), "query.matter");
    snprintf(path, sizeof path, "%s&matter=", LAND);
    ask("land", path);
    cr_assert_str_eq(problem(400), "query.matter", "an empty one is none");
    snprintf(path, sizeof path, "%s&matter=%%E5%%85%%B6%%E4%%BB%%96-1", LAND);
    ask("land", path);
    cr_assert_str_eq(problem(400), "query.case");
    snprintf(path, sizeof path, "%s&matter=x&case=%%0A", LAND);
    ask("land", path);
    cr_assert_str_eq(problem(400), "query.characters");
    snprintf(path, sizeof path, "%s&matter=x&case=%0101d", LAND, 1);
    ask("land", path);
    cr_assert_str_eq(problem(400), "query.length");
    snprintf(path, sizeof path, "%s&matter=x&case=1", LAND);
    cr_assert_eq(ask("land", path), 200, "%s", buf_text(&G.body));
}

/* An answer says which events it rests on: asked as of that number it is the same again, whatever came later. */
Test(lookups, as_of_the_sequence_that_an_answer_names_it_is_the_same_again)
{
    struct proposal proposal = sample_proposal();
    char record[RECORD_ID_BYTES], path[256];
    long long before;

    import_row(sample_row());
    cr_assert_str_eq(propose_sample(&proposal), "done");
    memcpy(record, T.last.record, sizeof record);
    gate_start();
    gate_reopen();
    cr_assert_eq(ask("bank", LENDING), 200);
    before = json_integer_of(json_object_get(G.json, "as_of"), "sequence", 0);
    cr_assert_str_eq(approve_as("reviewer", record), "done");
    snprintf(path, sizeof path, "%s&as_of=%lld", LENDING, before);
    cr_assert_eq(ask("bank", path), 200, "%s", buf_text(&G.body));
    cr_assert_str_eq(told("verdict"), "not-listed");
    cr_assert_eq(json_integer_of(json_object_get(G.json, "as_of"), "sequence", 0), before);
    snprintf(path, sizeof path, "%s&as_of=%lld", LENDING, before + 1);
    cr_assert_eq(ask("bank", path), 200, "%s", buf_text(&G.body));
    cr_assert_str_eq(told("verdict"), "listed");
    ask("bank", LENDING "&as_of=1");
    cr_assert_str_eq(told("verdict"), "unknown");
}

Test(lookups, only_get_and_head)
{
    gate_start();
    ask_as("bank", "DELETE", LENDING);
    cr_assert_str_eq(problem(405), "http.method");
    cr_assert(has_header("allow: GET, HEAD"));
    cr_assert_eq(ask_as("bank", "HEAD", LENDING), 200);
    cr_assert_eq(G.body.bytes, 0);
}

Test(lookups, beyond_its_limit_a_client_is_told_to_wait_and_others_are_not)
{
    gate_configure("  - {name: slow, kind: lender, certificate: stranger.pem, domains: [lending], "
                   "requests_per_minute: 3}\n");
    gate_start();
    for (int i = 0; i < 3; i++)
        cr_assert_eq(ask("stranger", LENDING), 200, "%s", buf_text(&G.body));
    ask("stranger", LENDING);
    cr_assert_str_eq(problem(429), "client.limit");
    cr_assert(has_header("retry-after: 20") || has_header("retry-after: 19") || has_header("retry-after: 18"), "%s",
              buf_text(&G.headers));
    cr_assert_eq(ask("bank", LENDING), 200);
}

Test(lookups, an_enterprise_on_the_list_is_found_and_another_is_not)
{
    listed_sample();
    gate_start();
    cr_assert_eq(ask("bank", LENDING), 200, "%s", buf_text(&G.body));
    cr_assert_str_eq(told("verdict"), "listed");
    cr_assert_str_eq(told("domain"), "lending");
    cr_assert_str_eq(told("uscc"), SAMPLE);
    cr_assert_str_neq(told("receipt"), "(none)");
    cr_assert(has_header("cache-control: no-store"));
    cr_assert_eq(ask("bank", LENDING "&as_of=2026-08-02"), 200, "%s", buf_text(&G.body));
    cr_assert_str_neq(told("verdict"), "listed", "on the day before it was not");
}

Test(lookups, an_approval_is_seen_by_the_next_request)
{
    struct proposal proposal = sample_proposal();
    char record[RECORD_ID_BYTES];

    import_row(sample_row());
    cr_assert_str_eq(propose_sample(&proposal), "done");
    memcpy(record, T.last.record, sizeof record);
    gate_start();
    gate_reopen();
    cr_assert_eq(ask("bank", LENDING), 200);
    cr_assert_str_eq(told("verdict"), "not-listed", "%s", buf_text(&G.body));
    cr_assert_str_eq(approve_as("reviewer", record), "done");
    cr_assert_eq(ask("bank", LENDING), 200);
    cr_assert_str_eq(told("verdict"), "listed");
}

/* On a connection that is kept, too: the read of the request before must not be held. */
Test(lookups, an_approval_is_seen_on_a_connection_that_was_open_before)
{
    CURL *curl = curl_easy_init();
    struct proposal proposal = sample_proposal();
    char record[RECORD_ID_BYTES], url[512], path[3][TEST_PATH_BYTES + 32];
    long connections = -1;

    import_row(sample_row());
    cr_assert_str_eq(propose_sample(&proposal), "done");
    memcpy(record, T.last.record, sizeof record);
    gate_start();
    gate_reopen();
    snprintf(url, sizeof url, "https://127.0.0.1:%u" LENDING, G.port);
    snprintf(path[0], sizeof path[0], "%s/ca.pem", T.folder);
    snprintf(path[1], sizeof path[1], "%s/bank.pem", T.folder);
    snprintf(path[2], sizeof path[2], "%s/bank.key", T.folder);
    curl_easy_setopt(curl, CURLOPT_CAINFO, path[0]);
    curl_easy_setopt(curl, CURLOPT_SSLCERT, path[1]);
    curl_easy_setopt(curl, CURLOPT_SSLKEY, path[2]);
    gate_perform(curl, url);
    cr_assert_str_eq(told("verdict"), "not-listed", "%s", buf_text(&G.body));
    cr_assert_str_eq(approve_as("reviewer", record), "done");
    gate_perform(curl, url);
    curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &connections);
    cr_assert_str_eq(told("verdict"), "listed");
    cr_assert_eq(connections, 0);
    curl_easy_cleanup(curl);
}

Test(lookups, a_client_learns_what_it_may_ask)
{
    const json_t *domains;

    gate_start();
    cr_assert_eq(ask("bank", "/v1/domains"), 200, "%s", buf_text(&G.body));
    domains = json_object_get(G.json, "domains");
    cr_assert_eq(json_array_size(domains), 2);
    cr_assert_str_eq(json_text_of(json_array_get(domains, 0), "domain"), "lending");
    cr_assert_gt(json_array_size(json_object_get(json_array_get(domains, 0), "accepted_purposes")), 0);
}

Test(lookups, what_is_no_secret_is_there_for_every_certificate)
{
    gate_write("public-keys.json", "{\"keys\": []}");
    gate_start();
    cr_assert_eq(ask("stranger", "/healthz"), 200);
    cr_assert_eq(ask("stranger", "/v1/keys"), 200);
    cr_assert_str_eq(buf_text(&G.body), "{\"keys\": []}");
    cr_assert_eq(ask("stranger", "/v1/checkpoints/journal"), 404);
    cr_assert_eq(ask("stranger", "/v1/checkpoints/../keys/keyring.json"), 404);
}
