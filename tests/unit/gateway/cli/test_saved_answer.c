/* An answer that somebody kept: what is told of it is what was signed, whatever was changed in the file. */
#include "gateway/cli/saved_answer.h"

#include "base/json.h"
#include "gateway/cli/verify.h"
#include "tests/unit/gateway/command/desk.h"

#define TARGET "/v1/lookups/lending/91440224MAYUCHK485?purpose=credit-review"
#define BODY "{\"receipt\":\"r-1\",\"verdict\":\"listed\"}"

static struct keyring *public_keys;
static struct buf file;

static void make_file(const char *request_line, const char *wish)
{
    const struct http_header header = {SPAN("accept-signature"), span_of(wish)};
    const struct http_header headers[] = {header, {SPAN("host"), SPAN("gate.example")}};
    const struct http_request request = {.method = SPAN("GET"),
                                         .path = SPAN("/v1/lookups/lending/91440224MAYUCHK485"),
                                         .query = SPAN("purpose=credit-review"),
                                         .headers = headers,
                                         .header_count = 2};
    struct http_reply reply = {.status = 200, .content_type = "application/json"};
    AUTO(structured_done) struct structured wishes = STRUCTURED_INIT;

    buf_add_text(&reply.body, BODY);
    cr_assert(signing_read(&request, &wishes, &T.err), "%s", T.err.text);
    cr_assert(signing_add(&request, &wishes, T.signer, T.now_ms, &reply, &T.err), "%s", T.err.text);
    buf_clear(&file);
    buf_addf(&file, "%s\r\n\r\nHTTP/1.1 200 OK\r\nDate: today\r\nContent-Type: application/json\r\n%s\r\n%s",
             request_line, reply.headers.data, BODY);
    buf_done(&reply.headers);
    buf_done(&reply.body);
}

static void setup(void)
{
    AUTO(buf_done) struct buf json = BUF_INIT;

    desk_open();
    cr_assert(keyring_public_json(T.keyring, &json, &T.err), "%s", T.err.text);
    cr_assert(keyring_parse_public(buf_span(&json), &public_keys, &T.err), "%s", T.err.text);
    make_file("GET " TARGET " HTTP/1.1", "sig=()");
}

static void teardown(void)
{
    buf_done(&file);
    keyring_free(public_keys);
    desk_close();
}

TestSuite(saved_answer, .init = setup, .fini = teardown, .timeout = 120);

static int verify(json_t **report)
{
    return verify_bytes(buf_span(&file), public_keys, report, &T.err);
}

/* What stands in the file instead of `old`. */
static void replace(const char *old, const char *other)
{
    AUTO(buf_done) struct buf changed = BUF_INIT;
    const char *at = strstr(file.data, old);

    cr_assert_not_null(at, "%s", old);
    buf_add(&changed, file.data, (size_t)(at - file.data));
    buf_addf(&changed, "%s%s", other, at + strlen(old));
    buf_clear(&file);
    buf_add_span(&file, buf_span(&changed));
}

static int verify_replaced(const char *old, const char *other)
{
    AUTO(json_release) json_t *report = NULL;

    make_file("GET " TARGET " HTTP/1.1", "sig=()");
    replace(old, other);
    return verify(&report);
}

Test(saved_answer, what_lacks_a_part_is_not_good)
{
    static const char *const PARTS[] = {"GET " TARGET " HTTP/1.1\r\n\r\n",
                                        "HTTP/1.1 200 OK\r\n",
                                        "Content-Type: application/json\r\n",
                                        "Signature: ",
                                        "Signature-Input: ",
                                        "Content-Digest: ",
                                        "\"@path\";req ",
                                        "\"content-digest\" ",
                                        BODY};
    static const char *const FILES[] = {"GET ",
                                        "GET /\n",
                                        "GET / HTTP/1.1\n\n",
                                        "GET / x\n\nHTTP/1.1 200 OK\n\n",
                                        "GET x\n\nHTTP/1.1 200 OK\n\n",
                                        "GET /\nno field\n\nHTTP/1.1 200\n\n",
                                        "GET /\n\nHTTP/1.1 2000\n\n",
                                        "GET /\n\nHTTP/1.1 200\n\n",
                                        "GET /\n\nHTTP/1.1 200\na: b"};

    for (size_t i = 0; i < COUNT_OF(PARTS); i++)
        cr_expect_neq(verify_replaced(PARTS[i], ""), CLI_OK, "%s", PARTS[i]);
    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        AUTO(json_release) json_t *report = NULL;

        cr_expect_eq(verify_bytes(span_of(FILES[i]), public_keys, &report, &T.err), CLI_SOME_REFUSED, "%s", FILES[i]);
        cr_expect_eq(T.err.code, ERR_INVALID);
    }
}

Test(saved_answer, a_key_of_somebody_else_is_not_believed)
{
    AUTO(json_release) json_t *report = NULL;
    AUTO(text_free) char *folder = path_join(T.folder, "other");
    AUTO(keyring_free) struct keyring *other = NULL;

    cr_assert(keyring_create(folder, "test", day_start_ms(on("2020-01-01")), &T.err) &&
              keyring_load(folder, &other, &T.err));
    cr_assert_eq(verify_bytes(buf_span(&file), other, &report, &T.err), CLI_SOME_REFUSED);
    cr_assert_eq(T.err.code, ERR_CORRUPT, "%s", T.err.text);
}

/* Every bit of every byte but one: either it is found, or what is told is the same to the last letter. */
Test(saved_answer, a_byte_that_is_changed_is_found_or_changes_nothing_that_is_told)
{
    AUTO(json_release) json_t *good = NULL;
    size_t harmless = 0;

    cr_assert_eq(verify(&good), CLI_OK, "%s", T.err.text);
    for (size_t i = 0; i < file.bytes; i++) {
        for (int bit = 0; bit < 8; bit += 5) {
            AUTO(json_release) json_t *report = NULL;

            file.data[i] ^= (char)(1 << bit);
            if (verify(&report) == CLI_OK) {
                harmless++;
                cr_expect(json_equal(report, good), "byte %zu", i);
                cr_expect_lt(i, file.bytes - strlen(BODY), "a byte of the body");
            }
            file.data[i] ^= (char)(1 << bit);
        }
    }
    /* The versions, the reason phrase, Date, and letters of field names whose other case is the same name. */
    cr_expect_lt(harmless, 120, "%zu", harmless);
}

Test(saved_answer, a_good_one_says_what_was_asked_and_answered)
{
    AUTO(json_release) json_t *report = NULL;
    const json_t *content;

    cr_assert_eq(verify(&report), CLI_OK, "%s", T.err.text);
    content = json_object_get(report, "content");
    cr_expect_str_eq(json_text_of(report, "kind"), "answer");
    cr_expect_str_eq(json_text_of(content, "target"), TARGET);
    cr_expect_str_eq(json_text_of(content, "answer"), BODY);
    cr_expect_eq(json_integer_of(content, "status", 0), 200);
    cr_expect_str_eq(json_text_of(json_array_get(json_object_get(report, "keys"), 0), "kid"), "test-answer-ed25519-1");
}

Test(saved_answer, an_absolute_target_and_line_feeds_will_do)
{
    AUTO(json_release) json_t *report = NULL;

    make_file("GET https://Gate.example" TARGET "\nAccept-Signature: sig=(\"@authority\";req)",
              "sig=(\"@authority\";req)");
    cr_assert_eq(verify(&report), CLI_OK, "%s", T.err.text);
    replace("https://Gate.example", "https://gate.example.org");
    json_decref(report);
    cr_assert_eq(verify(&report), CLI_SOME_REFUSED);
}

Test(saved_answer, both_of_two_signatures_must_be_good)
{
    AUTO(json_release) json_t *report = NULL;
    char *second;

    make_file("GET " TARGET, "a=(), b=();alg=\"ecdsa-p256-sha256\"");
    cr_assert_eq(verify(&report), CLI_OK, "%s", T.err.text);
    cr_assert_eq(json_array_size(json_object_get(report, "keys")), 2);
    second = strstr(file.data, ", b=:") + 5;
    *second = *second == 'A' ? 'B' : 'A';
    json_decref(report);
    cr_assert_eq(verify(&report), CLI_SOME_REFUSED);
}
