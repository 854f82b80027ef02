/* Answers that are signed on request, over HTTP/2 as curl speaks it; what is refused; that refusals are traced too. */
#include "gate.h"

#include "gateway/api/signing.h"
#include "gateway/trace/trace.h"
#include "keys/content_digest.h"

#define SAMPLE "91440224MAYUCHK485"
#define TARGET "/v1/lookups/lending/" SAMPLE "?purpose=credit-review"

TestSuite(signing, .init = gate_open, .fini = gate_close, .timeout = 60);

static void ask_signed(const char *method, const char *target, const char *wish)
{
    AUTO(buf_done) struct buf field = BUF_INIT;

    buf_addf(&field, "Accept-Signature: %s", wish);
    ask_with("bank", method, target, buf_text(&field));
}

/* The answer as it came, with the request that was sent. */
struct exchanged {
    struct signatures_field fields[32];
    struct signatures_field request_fields[2];
    struct signatures_message request;
    struct signatures_message answer;
    char host[32];
};

static void take_exchange(const char *method, const char *target, const char *wish, struct exchanged *out)
{
    const char *at = strchr(G.headers.data, '\n') + 1;
    size_t count = 0;

    memset(out, 0, sizeof *out);
    for (const char *end = strchr(at, '\r'); end && end != at; at = end + 2, end = strchr(at, '\r')) {
        const char *colon = memchr(at, ':', (size_t)(end - at));

        cr_assert(colon && count < COUNT_OF(out->fields));
        out->fields[count++] =
            (struct signatures_field){{at, (size_t)(colon - at)}, {colon + 1, (size_t)(end - colon) - 1}};
    }
    snprintf(out->host, sizeof out->host, "127.0.0.1:%u", G.port);
    out->request_fields[0] = (struct signatures_field){SPAN("Accept-Signature"), span_of(wish)};
    out->request = (struct signatures_message){.method = span_of(method),
                                               .scheme = SPAN("https"),
                                               .authority = span_of(out->host),
                                               .target = span_of(target),
                                               .fields = out->request_fields,
                                               .field_count = 1};
    out->answer = (struct signatures_message){
        .status = (int)G.status, .fields = out->fields, .field_count = count, .request = &out->request};
}

static bool is_good(const struct exchanged *exchanged, const char *label, struct signatures_found *found)
{
    const struct signatures_trust trust = {.keyring = T.keyring, .use = KEY_USE_ANSWER, .required = SIGNING_ALWAYS};

    return signatures_verify(&exchanged->answer, label, &trust, found, &T.err);
}

Test(signing, what_cannot_be_done_is_refused_and_said)
{
    static const struct {
        const char *wish;
        const char *rule;
    } BAD[] = {
        {"", "signature.malformed"},
        {"sig", "signature.malformed"},
        {"sig=1", "signature.malformed"},
        {"sig=(\"@status\"", "signature.malformed"},
        {"Sig=()", "signature.malformed"},
        {"a=(), b=(), c=()", "signature.unsupported"},
        {"sig=();created=5", "signature.unsupported"},
        {"sig=();created=?0", "signature.unsupported"},
        {"sig=();expires", "signature.unsupported"},
        {"sig=();alg=\"rsa-pss-sha512\"", "signature.unsupported"},
        {"sig=();alg=\"sm2-sm3\"", "signature.unsupported"},
        {"sig=();alg=ed25519", "signature.unsupported"},
        {"sig=();nonce=5", "signature.unsupported"},
        {"sig=();nonce=\"\"", "signature.unsupported"},
        {"sig=();keyid=\"somebody-else\"", "signature.unsupported"},
        {"sig=();keyid=\"test-answer-p256-1\"", "signature.unsupported"},
        {"sig=();context=\"x\"", "signature.unsupported"},
        {"sig=(\"@method\")", "signature.unsupported"},
        {"sig=(\"date\")", "signature.unsupported"},
        {"sig=(\"x-none\";req)", "signature.unsupported"},
        {"sig=(\"@request-target\";req)", "signature.unsupported"},
        {"sig=(\"@status\" \"@status\")", "signature.unsupported"},
        {"sig=(\"@query-param\";name=\"colour\";req)", "signature.unsupported"},
    };

    gate_start();
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        /* curl leaves a field without a value out unless it ends with a semicolon */
        if (*BAD[i].wish)
            ask_signed("GET", TARGET, BAD[i].wish);
        else
            ask_with("bank", "GET", TARGET, "Accept-Signature;");
        cr_expect_eq(G.status, 400, "%s: %ld %s", BAD[i].wish, G.status, buf_text(&G.body));
        cr_expect_str_eq(told("rule"), BAD[i].rule, "%s: %s", BAD[i].wish, told("detail"));
        cr_expect_str_neq(told("detail_zh"), "(none)");
        cr_expect_str_neq(told("instance"), "(none)", "it is traced");
        cr_expect_not(has_header("\nsignature"), "%s", buf_text(&G.headers));
    }
}

Test(signing, a_path_that_was_encoded_cannot_be_bound)
{
    gate_start();
    ask_signed("GET", "/v1/lookups/lendin%67/" SAMPLE "?purpose=credit-review", "sig=()");
    cr_assert_eq(G.status, 400);
    cr_assert_str_eq(told("rule"), "signature.unsupported");
}

Test(signing, a_refusal_is_traced_without_a_verdict)
{
    AUTO(text_free) char *folder = path_join(T.folder, "trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    AUTO(buf_done) struct buf text = BUF_INIT;
    uint64_t taken, index;

    listed_sample();
    gate_start();
    ask_signed("GET", TARGET, "sig=(\"date\")");
    cr_assert_eq(G.status, 400);
    cr_assert(trace_log_open(folder, &log, &T.err) && trace_log_integrate(log, &taken, &T.err), "%s", T.err.text);
    cr_assert(trace_log_find(log, told("instance"), &index, &T.err), "%s", T.err.text);
    cr_assert(trace_log_read(log, index, &text, &T.err), "%s", T.err.text);
    cr_assert_not_null(strstr(text.data, "\"status\":400"), "%s", text.data);
    cr_assert_not_null(strstr(text.data, "\"verdict\":null"), "%s", text.data);
}

Test(signing, without_a_signer_there_is_no_answer)
{
    AUTO(text_free) char *keys = path_join(T.folder, "keys");
    AUTO(text_free) char *away = path_join(T.folder, "keys-away");

    cr_assert_eq(rename(keys, away), 0);
    gate_start();
    ask_signed("GET", TARGET, "sig=()");
    cr_assert_eq(G.status, 503, "%s", buf_text(&G.body));
    cr_assert(has_header("retry-after:"));
    cr_assert_eq(ask("bank", TARGET), 200, "who asks for none gets an answer");
}

Test(signing, nobody_who_did_not_ask_gets_one)
{
    gate_start();
    cr_assert_eq(ask("bank", TARGET), 200);
    cr_assert_not(has_header("signature"));
    cr_assert_not(has_header("content-digest"));
}

Test(signing, an_answer_is_bound_to_its_request)
{
    static const char WISH[] = "sig=()";
    struct exchanged exchanged;
    struct signatures_found found;

    listed_sample();
    gate_start();
    ask_signed("GET", TARGET, WISH);
    cr_assert_eq(G.status, 200, "%s", buf_text(&G.body));
    take_exchange("GET", TARGET, WISH, &exchanged);
    cr_assert(is_good(&exchanged, "sig", &found), "%s in %s", T.err.text, buf_text(&G.headers));
    cr_expect_str_eq(found.kid, "test-answer-ed25519-1");
    cr_expect_eq(found.created_ms, T.now_ms / 1000 * 1000);
    cr_expect(has_header("cache-control: no-store"));
    exchanged.request.target = SPAN("/v1/lookups/lending/" SAMPLE "?purpose=credit-reviev");
    cr_expect_not(is_good(&exchanged, "sig", &found), "another question");
    exchanged.request.target = SPAN("/v1/lookups/lendinG/" SAMPLE "?purpose=credit-review");
    cr_expect_not(is_good(&exchanged, "sig", &found), "another path");
    exchanged.request.target = SPAN(TARGET);
    exchanged.request.method = SPAN("HEAD");
    cr_expect_not(is_good(&exchanged, "sig", &found), "another method");
    exchanged.request.method = SPAN("GET");
    exchanged.answer.status = 404;
    cr_expect_not(is_good(&exchanged, "sig", &found), "another status");
}

Test(signing, the_digest_is_that_of_the_body)
{
    AUTO(buf_done) struct buf digest = BUF_INIT;
    struct exchanged exchanged;

    gate_start();
    ask_signed("GET", TARGET, "sig=()");
    take_exchange("GET", TARGET, "sig=()", &exchanged);
    cr_assert(signatures_field_value(&exchanged.answer, SPAN("content-digest"), &digest));
    cr_expect(content_digest_check(buf_span(&digest), buf_span(&G.body), &T.err), "%s", T.err.text);
    G.body.data[G.body.bytes / 2] ^= 1;
    cr_expect_not(content_digest_check(buf_span(&digest), buf_span(&G.body), &T.err));
}

Test(signing, what_was_named_is_covered_and_said_as_asked)
{
    static const char WISH[] =
        "bank-1=(\"@target-uri\";req \"accept-signature\";req \"@query-param\";name=\"purpose\";req "
        "\"cache-control\" \"content-digest\";sf \"@authority\";req);created;nonce=\"n-7\";tag=\"t\", "
        "two=(\"@status\");alg=\"ecdsa-p256-sha256\";keyid=\"test-answer-p256-1\"";
    struct exchanged exchanged;
    struct signatures_found found;

    gate_start();
    ask_signed("GET", TARGET, WISH);
    cr_assert_eq(G.status, 200, "%s", buf_text(&G.body));
    take_exchange("GET", TARGET, WISH, &exchanged);
    cr_assert(is_good(&exchanged, "bank-1", &found), "%s in %s", T.err.text, buf_text(&G.headers));
    cr_expect(has_header(";nonce=\"n-7\";tag=\"t\""), "%s", buf_text(&G.headers));
    cr_assert(is_good(&exchanged, "two", &found), "%s", T.err.text);
    cr_expect_str_eq(found.kid, "test-answer-p256-1");
    exchanged.request.authority = SPAN("127.0.0.2");
    cr_expect_not(is_good(&exchanged, "bank-1", &found));
    cr_expect(is_good(&exchanged, "two", &found), "the host was not asked for there");
}

Test(signing, a_head_is_bound_as_one)
{
    struct exchanged exchanged;
    struct signatures_found found;

    gate_start();
    ask_signed("HEAD", TARGET, "sig=()");
    cr_assert_eq(G.status, 200);
    take_exchange("HEAD", TARGET, "sig=()", &exchanged);
    cr_assert(is_good(&exchanged, "sig", &found), "%s in %s", T.err.text, buf_text(&G.headers));
}

Test(signing, a_page_of_changes_is_bound_to_its_request_too)
{
    static const char PAGE[] = "/v1/changes?domain=lending&purpose=credit-review";
    struct exchanged exchanged;
    struct signatures_found found;

    listed_sample();
    gate_start();
    ask_signed("GET", PAGE, "sig=(\"date\")");
    cr_assert_eq(G.status, 400, "%s", buf_text(&G.body));
    cr_assert_str_eq(told("rule"), "signature.unsupported");
    ask_signed("GET", PAGE, "sig=()");
    cr_assert_eq(G.status, 200, "%s", buf_text(&G.body));
    take_exchange("GET", PAGE, "sig=()", &exchanged);
    cr_assert(is_good(&exchanged, "sig", &found), "%s in %s", T.err.text, buf_text(&G.headers));
    exchanged.request.target = SPAN("/v1/changes?domain=lending&purpose=credit-review&after=1");
    cr_expect_not(is_good(&exchanged, "sig", &found), "another page");
}
