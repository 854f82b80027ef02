#include "base/time.h"
#include "keys/jws.h"
#include "tests/unit/keys/vectors.h"

static char folder[TEST_PATH_BYTES];
static struct keyring *ring;
static struct signer *signer;
static struct error err;
static int64_t now_ms;

static void set_up(void)
{
    test_folder_new(folder);
    now_ms = clock_now_ms(&CLOCK_SYSTEM);
    cr_assert(keyring_create(folder, "t", now_ms - 60000, &err), "%s", err.text);
    cr_assert(keyring_load(folder, &ring, &err), "%s", err.text);
    cr_assert(signer_new_local(ring, &signer, &err), "%s", err.text);
}

static void tear_down(void)
{
    signer_free(signer);
    keyring_free(ring);
    test_folder_remove(folder);
}

TestSuite(jws, .init = set_up, .fini = tear_down);

static const enum key_algorithm SEAL[] = {KEY_SM2, KEY_ED25519};

static struct jws_trust seal_trust(void)
{
    return (struct jws_trust){.keyring = ring,
                              .use = KEY_USE_SEAL,
                              .at_ms = now_ms,
                              .required = JWS_REQUIRES(KEY_SM2) | JWS_REQUIRES(KEY_ED25519)};
}

static void seal(struct span payload, struct buf *out)
{
    struct jws_signing signing = {KEY_USE_SEAL, SEAL, COUNT_OF(SEAL)};

    cr_assert(jws_sign_general(signer, &signing, payload, out, &err), "%s", err.text);
}

/* A compact JWS with any header, signed by the seal's Ed25519 key. */
static void sign_header(const char *header, const char *payload_text, struct buf *out)
{
    AUTO(buf_done) struct buf signature = BUF_INIT;
    const struct key *key = keyring_find(ring, "t-seal-ed25519-1");

    base64url_add(out, header, strlen(header));
    buf_addf(out, ".%s", payload_text);
    cr_assert(key_sign(key, buf_span(out), &signature, &err), "%s", err.text);
    buf_add_byte(out, '.');
    base64url_add(out, signature.data, signature.bytes);
}

static bool verifies(struct span text, const struct jws_trust *trust)
{
    AUTO(buf_done) struct buf payload = BUF_INIT;

    return jws_verify_compact(text, trust, &payload, &err);
}

#define HEADER(more) "{\"alg\":\"EdDSA\",\"kid\":\"t-seal-ed25519-1\"" more "}"

Test(jws, headers_that_we_do_not_understand_or_trust_are_refused)
{
    static const char *const BAD[] = {
        HEADER(",\"crit\":[\"exp\"],\"exp\":1"),
        HEADER(",\"crit\":[]"),
        HEADER(",\"crit\":[\"b64\"],\"b64\":false"),
        HEADER(",\"b64\":true"),
        HEADER(",\"b64\":false"),
        HEADER(",\"jwk\":{}"),
        HEADER(",\"jku\":\"https://example.com\""),
        HEADER(",\"x5c\":[]"),
        HEADER(",\"alg\":\"EdDSA\""),
        HEADER(",\"kid\":\"t-seal-ed25519-1\""),
        HEADER("} "
               "{"),
        "{\"alg\":\"none\",\"kid\":\"t-seal-ed25519-1\"}",
        "{\"alg\":\"HS256\",\"kid\":\"t-seal-ed25519-1\"}",
        "{\"alg\":\"eddsa\",\"kid\":\"t-seal-ed25519-1\"}",
        "{\"alg\":\"ES256\",\"kid\":\"t-seal-ed25519-1\"}",
        "{\"alg\":\"SM2-SM3\",\"kid\":\"t-seal-ed25519-1\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"t-seal-sm2-1\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"t-answer-ed25519-1\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"nobody\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"t-seal-ed25519-1\\u0000\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"\"}",
        "{\"alg\":\"EdDSA\",\"kid\":7}",
        "{\"alg\":[\"EdDSA\"],\"kid\":\"t-seal-ed25519-1\"}",
        "{\"alg\":\"EdDSA\"}",
        "{\"kid\":\"t-seal-ed25519-1\"}",
        "[]",
        "\"EdDSA\"",
        "",
    };
    struct jws_trust trust = seal_trust();

    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        AUTO(buf_done) struct buf text = BUF_INIT;

        sign_header(BAD[i], "Zm9v", &text);
        cr_assert_not(verifies(buf_span(&text), &trust), "%s", BAD[i]);
        cr_assert(err.code == ERR_INVALID || err.code == ERR_UNAUTHORIZED, "%s: %s", BAD[i], err.text);
    }
}

Test(jws, other_header_members_are_ignored)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct jws_trust trust = seal_trust();

    sign_header(HEADER(",\"typ\":\"record\""), "Zm9v", &text);
    cr_assert(verifies(buf_span(&text), &trust), "%s", err.text);
}

Test(jws, a_header_over_the_limit_is_refused)
{
    AUTO(buf_done) struct buf header = BUF_INIT;
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct jws_trust trust = seal_trust();

    buf_addf(&header, "{\"alg\":\"EdDSA\",\"kid\":\"t-seal-ed25519-1\",\"typ\":\"%04000d\"}", 0);
    sign_header(header.data, "Zm9v", &text);
    cr_assert_not(verifies(buf_span(&text), &trust));
    cr_assert_eq(err.code, ERR_LIMIT);
}

Test(jws, base64url_is_strict_even_when_the_signature_is_right)
{
    static const char *const BAD[] = {"Zm9v=", "Zm9vYg==", "Zm9vYh", "Zm9vY", "Zm 9v", "Zm9v\n", "+/+/"};
    struct jws_trust trust = seal_trust();

    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        AUTO(buf_done) struct buf text = BUF_INIT;

        sign_header(HEADER(""), BAD[i], &text);
        cr_assert_not(verifies(buf_span(&text), &trust), "%s", BAD[i]);
        cr_assert_eq(err.code, ERR_INVALID);
    }
}

Test(jws, an_expired_or_not_yet_valid_key_is_unauthorized)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(keyring_free) struct keyring *rotated = NULL;
    struct jws_trust trust = seal_trust();

    cr_assert(jws_sign_compact(signer, KEY_USE_SEAL, KEY_ED25519, SPAN("p"), &text, &err), "%s", err.text);
    cr_assert(verifies(buf_span(&text), &trust), "%s", err.text);
    trust.at_ms = now_ms - 120000;
    cr_assert_not(verifies(buf_span(&text), &trust));
    cr_assert_eq(err.code, ERR_UNAUTHORIZED);
    cr_assert(keyring_rotate(folder, KEY_USE_SEAL, KEY_ED25519, now_ms, &err), "%s", err.text);
    cr_assert(keyring_load(folder, &rotated, &err), "%s", err.text);
    trust.keyring = rotated;
    trust.at_ms = now_ms;
    cr_assert(verifies(buf_span(&text), &trust), "%s", err.text);
    trust.at_ms = now_ms + KEYRING_OVERLAP_MS;
    cr_assert_not(verifies(buf_span(&text), &trust));
    cr_assert_eq(err.code, ERR_UNAUTHORIZED);
}

Test(jws, without_anybody_to_trust_nothing_verifies)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct jws_trust nobody = {.use = KEY_USE_SEAL, .at_ms = now_ms};

    cr_assert(jws_sign_compact(signer, KEY_USE_SEAL, KEY_ED25519, SPAN("p"), &text, &err), "%s", err.text);
    cr_assert_not(verifies(buf_span(&text), &nobody));
    cr_assert_eq(err.code, ERR_UNAUTHORIZED);
}

/* Replace the first `old` in the text. */
static void change(struct buf *text, const char *old, const char *new)
{
    AUTO(buf_done) struct buf changed = BUF_INIT;
    const char *at = strstr(text->data, old);

    cr_assert_not_null(at, "%s", old);
    buf_add(&changed, text->data, (size_t)(at - text->data));
    buf_add_text(&changed, new);
    buf_add_text(&changed, at + strlen(old));
    buf_clear(text);
    buf_add_span(text, buf_span(&changed));
}

static void assert_general_refused(struct buf *text, enum error_code code)
{
    AUTO(buf_done) struct buf payload = BUF_INIT;
    struct jws_trust trust = seal_trust();

    cr_assert_not(jws_verify_general(buf_span(text), &trust, &payload, &err), "%s", text->data);
    cr_assert_eq(err.code, code, "%s", err.text);
    cr_assert_eq(payload.bytes, 0);
}

Test(jws, a_sealed_text_that_was_changed_is_refused)
{
    static const struct {
        const char *old;
        const char *new;
        enum error_code code;
    } CHANGES[] = {
        {"\"payload\":\"e", "\"payload\":\"f", ERR_CORRUPT},
        {"{\"payload\"", "{\"header\":{},\"payload\"", ERR_INVALID},
        {"{\"payload\"", "{\"payload\":\"\",\"payload\"", ERR_INVALID},
        {"{\"protected\"", "{\"header\":{\"kid\":\"x\"},\"protected\"", ERR_INVALID},
        {"\"signature\":\"", "\"signature\":\"=", ERR_INVALID},
        {"\"signatures\"", "\"signature\"", ERR_INVALID},
        {"\"signatures\":[", "\"signatures\":[[],", ERR_INVALID},
        {"\"payload\":\"e", "\"payload\":7,\"x\":\"e", ERR_INVALID},
    };

    for (size_t i = 0; i < COUNT_OF(CHANGES); i++) {
        AUTO(buf_done) struct buf text = BUF_INIT;

        seal(SPAN("{\"a\":1}"), &text);
        change(&text, CHANGES[i].old, CHANGES[i].new);
        assert_general_refused(&text, CHANGES[i].code);
    }
}

Test(jws, a_missing_doubled_or_exchanged_signature_is_refused)
{
    static const enum key_algorithm ONLY_SM2[] = {KEY_SM2};
    static const enum key_algorithm TWICE[] = {KEY_SM2, KEY_ED25519, KEY_SM2};
    struct jws_signing signing = {KEY_USE_SEAL, ONLY_SM2, 1};
    AUTO(buf_done) struct buf text = BUF_INIT;

    cr_assert(jws_sign_general(signer, &signing, SPAN("{}"), &text, &err), "%s", err.text);
    assert_general_refused(&text, ERR_UNAUTHORIZED);
    buf_clear(&text);
    signing = (struct jws_signing){KEY_USE_SEAL, TWICE, COUNT_OF(TWICE)};
    cr_assert(jws_sign_general(signer, &signing, SPAN("{}"), &text, &err), "%s", err.text);
    assert_general_refused(&text, ERR_INVALID);
    buf_clear(&text);
    signing = (struct jws_signing){KEY_USE_CHECKPOINT, SEAL, COUNT_OF(SEAL)};
    cr_assert(jws_sign_general(signer, &signing, SPAN("{}"), &text, &err), "%s", err.text);
    assert_general_refused(&text, ERR_UNAUTHORIZED);
    buf_clear(&text);
    buf_add_text(&text, "{\"payload\":\"e30\",\"signatures\":[]}");
    assert_general_refused(&text, ERR_INVALID);
}

Test(jws, no_or_too_many_signatures_are_not_made)
{
    const enum key_algorithm many[JWS_SIGNATURES_MAX + 1] = {KEY_SM2};
    struct jws_signing signing = {KEY_USE_SEAL, many, COUNT_OF(many)};
    AUTO(buf_done) struct buf text = BUF_INIT;

    cr_assert_not(jws_sign_general(signer, &signing, SPAN("{}"), &text, &err));
    signing.count = 0;
    cr_assert_not(jws_sign_general(signer, &signing, SPAN("{}"), &text, &err));
    cr_assert_eq(text.bytes, 0);
}

Test(jws, a_seal_verifies_against_the_ring_and_against_each_key)
{
    static const char *const KIDS[] = {"t-seal-sm2-1", "t-seal-ed25519-1"};
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(buf_done) struct buf canonical = BUF_INIT;
    AUTO(json_release) json_t *value = NULL;
    AUTO(buf_done) struct buf payload = BUF_INIT;
    struct jws_trust trust = seal_trust();

    seal(SPAN("{\"a\":1}"), &text);
    cr_assert(jws_verify_general(buf_span(&text), &trust, &payload, &err), "%s", err.text);
    cr_assert_str_eq(payload.data, "{\"a\":1}");
    for (size_t i = 0; i < COUNT_OF(KIDS); i++) {
        trust = (struct jws_trust){.key = keyring_find(ring, KIDS[i])};
        cr_assert(jws_verify_general(buf_span(&text), &trust, &payload, &err), "%s", err.text);
    }
    trust.key = keyring_find(ring, "t-answer-p256-1");
    cr_assert_not(jws_verify_general(buf_span(&text), &trust, &payload, &err));
    cr_assert_eq(err.code, ERR_UNAUTHORIZED);
    cr_assert(json_read(buf_span(&text), JWS_BYTES_MAX, &value, &err), "%s", err.text);
    cr_assert(json_canonical_add(value, &canonical, &err), "%s", err.text);
    cr_assert_str_eq(canonical.data, text.data);
}

Test(jws, payloads_are_bytes)
{
    static const struct span PAYLOADS[] = {{"", 0}, {"\0", 1}, {"\xff\xfe\0x", 4}};
    struct jws_trust trust = seal_trust();

    for (size_t i = 0; i < COUNT_OF(PAYLOADS); i++) {
        AUTO(buf_done) struct buf text = BUF_INIT;
        AUTO(buf_done) struct buf payload = BUF_INIT;

        cr_assert(jws_sign_compact(signer, KEY_USE_SEAL, KEY_SM2, PAYLOADS[i], &text, &err), "%s", err.text);
        cr_assert(jws_verify_compact(buf_span(&text), &trust, &payload, &err), "%s", err.text);
        cr_assert(span_equal(buf_span(&payload), PAYLOADS[i]));
    }
}

Test(jws, rfc_7515_and_8037_and_their_forgeries)
{
    AUTO(json_release) json_t *file = vectors_shipped("rfc7515-8037.json");
    const json_t *list = json_object_get(file, "vectors");

    cr_assert_eq(json_array_size(list), 22);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const char *why = json_text_of(one, "why");
        AUTO(key_free) struct key *key = NULL;
        struct jws_trust trust = {.use = KEY_USE_SEAL};

        cr_assert(vectors_jwk(json_object_get(one, "jwk"), &key));
        trust.key = key;
        cr_assert_eq(verifies(span_of(json_text_of(one, "compact")), &trust), json_bool_of(one, "valid", false), "%s",
                     why ? why : "valid");
    }
}

/* The Ed25519 example in both forms. The others of the cookbook are RSA, P-521 and HMAC: no key of ours reads them. */
Test(jws, the_cookbooks_ed25519_example)
{
    AUTO(json_release) json_t *file = vectors_borrowed("vectors/jws/cookbook/curve25519_jws.json");
    const json_t *output = json_object_get(file, "output");
    AUTO(key_free) struct key *key = NULL;
    AUTO(buf_done) struct buf payload = BUF_INIT;
    struct jws_trust trust = {.use = KEY_USE_SEAL};
    char *general;

    if (!file)
        cr_skip_test("the vectors are not on this machine");
    cr_assert(vectors_jwk(json_object_get(json_object_get(file, "input"), "key"), &key));
    trust.key = key;
    cr_assert(verifies(span_of(json_text_of(output, "compact")), &trust), "%s", err.text);
    general = json_dumps(json_object_get(output, "json"), JSON_COMPACT);
    cr_assert(jws_verify_general(span_of(general), &trust, &payload, &err), "%s", err.text);
    cr_assert_str_eq(payload.data, json_text_of(json_object_get(file, "input"), "payload"));
    free(general);
}

Test(jws, the_cookbooks_other_algorithms_are_refused)
{
    static const char *const FILES[] = {"4_3.ecdsa_signature", "4_5.signature_with_detached_content",
                                        "4_8.multiple_signatures"};
    AUTO(buf_done) struct buf payload = BUF_INIT;
    struct jws_trust trust = seal_trust();

    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        AUTO(json_release) json_t *file = NULL;
        char name[TEST_PATH_BYTES];
        char *general;

        snprintf(name, sizeof name, "vectors/jws/cookbook/%s.json", FILES[i]);
        file = vectors_borrowed(name);
        if (!file)
            cr_skip_test("the vectors are not on this machine");
        general = json_dumps(json_object_get(json_object_get(file, "output"), "json"), JSON_COMPACT);
        cr_assert_not(jws_verify_general(span_of(general), &trust, &payload, &err), "%s", FILES[i]);
        free(general);
    }
}

/* A keyring of one public key, in force since ever, for a use. */
static struct keyring *ring_of(const struct key *key, const char *use)
{
    AUTO(buf_done) struct buf json = BUF_INIT;
    AUTO(buf_done) struct buf pem = BUF_INIT;
    struct keyring *made = NULL;

    cr_assert(key_public_pem(key, &pem, &err), "%s", err.text);
    buf_addf(&json, "{\"keys\":[{\"kid\":\"%s\",\"alg\":\"ES256\",\"use\":\"%s\",\"from\":\"2020-01-01T00:00:00Z\",",
             key_id(key), use);
    buf_add_text(&json, "\"until\":null,\"pem\":");
    json_string_add(&json, buf_span(&pem));
    buf_add_text(&json, "}]}");
    cr_assert(keyring_parse_public(buf_span(&json), &made, &err), "%s", err.text);
    return made;
}

static bool says_valid(const json_t *one)
{
    return strcmp(json_text_of(one, "result"), "valid") == 0;
}

/* Tests 354 and 356 ask that a JWK's "use" and "key_ops" be heeded. We read no JWKs: a key's use stands in the keyring.
 * There the key verifies for the use it has, and is refused for another. */
static void judge_wrong_use(const struct key *key, const json_t *one)
{
    AUTO(keyring_free) struct keyring *right = ring_of(key, "seal");
    AUTO(keyring_free) struct keyring *wrong = ring_of(key, "answer");
    struct span text = span_of(json_text_of(one, "jws"));

    cr_assert_not(says_valid(one));
    cr_assert(verifies(text, &(struct jws_trust){.keyring = right, .use = KEY_USE_SEAL, .at_ms = now_ms}), "%s",
              err.text);
    cr_assert_not(verifies(text, &(struct jws_trust){.keyring = wrong, .use = KEY_USE_SEAL, .at_ms = now_ms}));
}

static void judge_group(const json_t *group, size_t *ran, size_t *foreign)
{
    const json_t *jwk = json_object_get(group, "public");
    const json_t *tests = json_object_get(group, "tests");
    const char *use = json_text_of(jwk, "use");
    AUTO(key_free) struct key *key = NULL;
    bool is_ours = jwk && vectors_jwk(jwk, &key);

    for (size_t i = 0; i < json_array_size(tests); i++) {
        const json_t *one = json_array_get(tests, i);
        struct span text = span_of(json_text_of(one, "jws"));
        struct jws_trust trust = {.use = KEY_USE_SEAL, .key = key};

        *(is_ours ? ran : foreign) += 1;
        if (!is_ours)
            trust = seal_trust();
        if (is_ours && (!use || strcmp(use, "sig") != 0))
            judge_wrong_use(key, one);
        else
            cr_assert_eq(verifies(text, &trust), is_ours && says_valid(one), "tcId %d: %s",
                         (int)json_integer_of(one, "tcId", 0), json_text_of(one, "comment"));
    }
}

/* Of 401 tests, 41 have a P-256 key: all of them run. None is EdDSA. The other 360 are RSA, HMAC and P-521, which we do
 * not verify: every one of their tokens, good or forged, must be refused. */
Test(jws, wycheproof_json_web_signature)
{
    AUTO(json_release) json_t *file = vectors_borrowed("vectors/wycheproof/json_web_signature_test.json");
    const json_t *groups = json_object_get(file, "testGroups");
    size_t ran = 0;
    size_t foreign = 0;

    if (!file)
        cr_skip_test("the vectors are not on this machine");
    for (size_t i = 0; i < json_array_size(groups); i++)
        judge_group(json_array_get(groups, i), &ran, &foreign);
    cr_assert_eq(ran, 41);
    cr_assert_eq(foreign, 360);
}
