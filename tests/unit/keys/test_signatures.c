#include "base/time.h"
#include "keys/content_digest.h"
#include "keys/signatures.h"
#include "tests/unit/keys/vectors.h"

enum { FIELDS_MAX = 16 };

static char folder[TEST_PATH_BYTES];
static struct keyring *ring;
static struct signer *signer;
static struct error err;
static int64_t now_s;

static void set_up(void)
{
    int64_t now_ms = clock_now_ms(&CLOCK_SYSTEM);

    test_folder_new(folder);
    now_s = now_ms / 1000;
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

TestSuite(signatures, .init = set_up, .fini = tear_down);

/* A request of one client, with fields in several lines. */
static const struct signatures_field FIELDS[] = {
    {SPAN("Date"), SPAN(" Tue, 20 Apr 2021 02:07:55 GMT\t")},
    {SPAN("X-Twice"), SPAN("one")},
    {SPAN("x-twice"), SPAN("  two  ")},
    {SPAN("Content-Digest"), SPAN("sha-256=:YQ==:;x,  sha-512=:Yg==:")},
    {SPAN("X-Empty"), SPAN("")},
    {SPAN("X-Bytes"), SPAN("\xc3\xbc")},
    {SPAN("X-Dict"), SPAN("a=1,  b=2;x=1, c=(a   b)")},
};
static const struct signatures_message REQUEST = {
    .method = SPAN("GET"),
    .scheme = SPAN("https"),
    .authority = SPAN("Gate.Example:443"),
    .target = SPAN("/v1/a%2Fb?x=1&y=two+words&y2=%e4%b8%ad&z=&w&dup=1&dup=2"),
    .fields = FIELDS,
    .field_count = COUNT_OF(FIELDS),
};
static const struct signatures_field ANSWER_FIELDS[] = {{SPAN("Content-Type"), SPAN("application/json")}};
static const struct signatures_message ANSWER = {
    .status = 200, .fields = ANSWER_FIELDS, .field_count = 1, .request = &REQUEST};

static bool base_of(const struct signatures_message *message, const char *components, struct buf *out)
{
    AUTO(structured_done) struct structured inputs = STRUCTURED_INIT;
    AUTO(buf_done) struct buf text = BUF_INIT;

    buf_addf(&text, "sig=%s", components);
    cr_assert(structured_parse(STRUCTURED_DICTIONARY, buf_span(&text), &inputs, &err), "%s: %s", components, err.text);
    return signatures_base(message, &inputs, &inputs.members[0], out, &err);
}

static void expect_base(const struct signatures_message *message, const char *components, const char *lines)
{
    AUTO(buf_done) struct buf base = BUF_INIT;
    AUTO(buf_done) struct buf expected = BUF_INIT;

    buf_addf(&expected, "%s\n\"@signature-params\": %s", lines, components);
    cr_assert(base_of(message, components, &base), "%s: %s", components, err.text);
    cr_expect_str_eq(base.data, expected.data);
}

Test(signatures, what_a_message_does_not_have_cannot_be_signed)
{
    static const char *const OF_REQUEST[] = {
        "(\"@status\")",
        "(\"x-absent\")",
        "(\"@method\";req)",
        "(\"@nothing\")",
        "(\"@query-param\")",
        "(\"@query-param\";name=\"q\")",
        "(\"@query-param\";name=\"dup\")",
        "(\"@method\";sf)",
        "(\"@method\";name=\"x\")",
        "(\"date\" \"date\")",
        "(\"date\";sf)",
        "(\"Date\")",
        "(\"x-dict\";key=\"q\")",
        "(\"x-dict\";bs;sf)",
        "(\"x-dict\";bs;key=\"a\")",
        "(\"x-dict\";tr)",
        "(\"x-dict\";key=a)",
        "(\"x-dict\";sf=?0)",
        "(date)",
        "(\"\")",
        "(\"x-bytes\")",
        "\"date\"",
        "(\"x-dict\";name=\"a\")",
        "(\"x-dict\";key)",
        "(\"content-digest\";sf;key=\"sha-256\" \"content-digest\";key=\"sha-256\";sf)"};
    static const char *const OF_ANSWER[] = {"(\"@method\")", "(\"@path\")", "(\"@status\";req)", "(\"date\")",
                                            "(\"x-absent\";req)"};
    AUTO(buf_done) struct buf base = BUF_INIT;

    for (size_t i = 0; i < COUNT_OF(OF_REQUEST); i++) {
        cr_expect(!base_of(&REQUEST, OF_REQUEST[i], &base), "%s", OF_REQUEST[i]);
        cr_expect_eq(err.code, ERR_INVALID, "%s: %s", OF_REQUEST[i], err.text);
    }
    for (size_t i = 0; i < COUNT_OF(OF_ANSWER); i++)
        cr_expect(!base_of(&ANSWER, OF_ANSWER[i], &base), "%s", OF_ANSWER[i]);
    cr_expect_eq(base.bytes, 0);
}

Test(signatures, components_beyond_the_limit_are_refused)
{
    AUTO(buf_done) struct buf components = BUF_INIT;
    AUTO(buf_done) struct buf base = BUF_INIT;

    buf_add_byte(&components, '(');
    for (int i = 0; i <= SIGNATURES_COMPONENTS_MAX; i++)
        buf_addf(&components, "%s\"x-dict\"", i ? " " : "");
    buf_add_byte(&components, ')');
    cr_assert(!base_of(&REQUEST, buf_text(&components), &base));
}

Test(signatures, a_line_break_in_a_value_is_refused)
{
    const struct signatures_field field = {SPAN("x"), SPAN("a\n\"@method\": GET")};
    const struct signatures_message message = {
        .method = SPAN("GET"), .target = SPAN("/"), .fields = &field, .field_count = 1};
    AUTO(buf_done) struct buf base = BUF_INIT;

    cr_assert(!base_of(&message, "(\"x\")", &base));
}

Test(signatures, each_component_has_its_value)
{
    expect_base(&REQUEST, "(\"@method\" \"@authority\" \"@scheme\" \"@path\");created=1",
                "\"@method\": GET\n\"@authority\": gate.example\n\"@scheme\": https\n\"@path\": /v1/a%2Fb");
    expect_base(&REQUEST, "(\"@target-uri\")",
                "\"@target-uri\": "
                "https://gate.example/v1/a%2Fb?x=1&y=two+words&y2=%e4%b8%ad&z=&w&dup=1&dup=2");
    expect_base(&REQUEST, "(\"@request-target\" \"@query\")",
                "\"@request-target\": /v1/a%2Fb?x=1&y=two+words&y2=%e4%b8%ad&z=&w&dup=1&dup=2\n"
                "\"@query\": ?x=1&y=two+words&y2=%e4%b8%ad&z=&w&dup=1&dup=2");
    expect_base(&REQUEST, "(\"@query-param\";name=\"y\" \"@query-param\";name=\"y2\" \"@query-param\";name=\"z\")",
                "\"@query-param\";name=\"y\": two%20words\n\"@query-param\";name=\"y2\": %E4%B8%AD\n"
                "\"@query-param\";name=\"z\": ");
    expect_base(&REQUEST, "(\"date\" \"x-twice\" \"x-empty\")",
                "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"x-twice\": one, two\n\"x-empty\": ");
    expect_base(&REQUEST, "(\"x-twice\";bs \"x-bytes\";bs)", "\"x-twice\";bs: :b25l:, :dHdv:\n\"x-bytes\";bs: :w7w=:");
    expect_base(&REQUEST, "(\"content-digest\" \"content-digest\";sf \"content-digest\";key=\"sha-512\")",
                "\"content-digest\": sha-256=:YQ==:;x,  sha-512=:Yg==:\n"
                "\"content-digest\";sf: sha-256=:YQ==:;x, sha-512=:Yg==:\n"
                "\"content-digest\";key=\"sha-512\": :Yg==:");
    expect_base(&REQUEST, "(\"x-dict\";key=\"b\" \"x-dict\";key=\"c\")",
                "\"x-dict\";key=\"b\": 2;x=1\n\"x-dict\";key=\"c\": (a b)");
    expect_base(&ANSWER, "(\"@status\" \"@method\";req \"x-twice\";req \"content-type\")",
                "\"@status\": 200\n\"@method\";req: GET\n\"x-twice\";req: one, two\n"
                "\"content-type\": application/json");
}

/* --- signing --- */

/* An answer with its signature in it. */
struct signed_answer {
    struct buf input, signature;
    struct signatures_field fields[3];
    struct signatures_message message;
};

static void sign(struct signed_answer *out, enum key_use use, enum key_algorithm algorithm)
{
    struct signatures_signing signing = {.use = use,
                                         .algorithm = algorithm,
                                         .label = "cg",
                                         .components = "(\"@status\" \"content-type\" \"@method\";req)",
                                         .created_s = now_s,
                                         .nonce = SPAN("a\"b"),
                                         .tag = SPAN("t")};

    memset(out, 0, sizeof *out);
    cr_assert(signatures_sign(signer, &signing, &ANSWER, &out->input, &out->signature, &err), "%s", err.text);
    out->fields[0] = ANSWER_FIELDS[0];
    out->fields[1] = (struct signatures_field){SPAN("Signature-Input"), buf_span(&out->input)};
    out->fields[2] = (struct signatures_field){SPAN("Signature"), buf_span(&out->signature)};
    out->message = ANSWER;
    out->message.fields = out->fields;
    out->message.field_count = 3;
}

static void signed_answer_done(struct signed_answer *answer)
{
    buf_done(&answer->input);
    buf_done(&answer->signature);
}
DEFINE_AUTO_IN_PLACE(struct signed_answer, signed_answer_done)

Test(signatures, what_was_signed_is_believed_with_each_algorithm)
{
    static const struct {
        enum key_use use;
        enum key_algorithm algorithm;
    } KEYS[] = {{KEY_USE_ANSWER, KEY_ED25519}, {KEY_USE_ANSWER, KEY_P256}, {KEY_USE_SEAL, KEY_SM2}};
    static const char *const REQUIRED[] = {"\"@status\"", "\"@method\";req", NULL};

    for (size_t i = 0; i < COUNT_OF(KEYS); i++) {
        AUTO(signed_answer_done) struct signed_answer answer;
        struct signatures_trust trust = {.keyring = ring, .use = KEYS[i].use, .required = REQUIRED};
        struct signatures_found found;

        sign(&answer, KEYS[i].use, KEYS[i].algorithm);
        cr_assert(signatures_verify(&answer.message, NULL, &trust, &found, &err), "%s", err.text);
        cr_expect(signatures_verify(&answer.message, "cg", &trust, &found, &err), "%s", err.text);
        cr_expect_str_eq(found.label, "cg");
        cr_expect_eq(found.created_ms, now_s * 1000);
        cr_expect_eq(key_algorithm_of(keyring_find(ring, found.kid)), KEYS[i].algorithm);
    }
}

/* The code of what signatures_verify says of it; ERR_NONE: it believes. */
static enum error_code judged(const struct signed_answer *answer, const struct signatures_trust *trust)
{
    struct signatures_found found;

    return signatures_verify(&answer->message, NULL, trust, &found, &err) ? ERR_NONE : err.code;
}

Test(signatures, any_byte_changed_is_found)
{
    AUTO(signed_answer_done) struct signed_answer answer;
    struct signatures_trust trust = {.keyring = ring, .use = KEY_USE_ANSWER};

    sign(&answer, KEY_USE_ANSWER, KEY_ED25519);
    for (int which = 0; which < 2; which++) {
        struct buf *text = which ? &answer.signature : &answer.input;

        for (size_t i = 0; i < text->bytes; i++) {
            text->data[i] ^= 1;
            cr_expect_neq(judged(&answer, &trust), ERR_NONE, "%s", text->data);
            text->data[i] ^= 1;
        }
    }
    cr_assert_eq(judged(&answer, &trust), ERR_NONE, "%s", err.text);
    answer.message.status = 201;
    cr_expect_eq(judged(&answer, &trust), ERR_CORRUPT);
    answer.message.status = 200;
    answer.fields[0].value = SPAN("application/jsoN");
    cr_expect_eq(judged(&answer, &trust), ERR_CORRUPT);
}

Test(signatures, whom_we_do_not_trust_is_not_believed)
{
    AUTO(signed_answer_done) struct signed_answer answer;
    AUTO(key_free) struct key *other = NULL;
    static const char *const REQUIRED[] = {"\"@path\";req", NULL};
    struct signatures_trust trust = {.keyring = ring, .use = KEY_USE_SEAL};

    sign(&answer, KEY_USE_ANSWER, KEY_ED25519);
    cr_expect_eq(judged(&answer, &trust), ERR_UNAUTHORIZED, "a key for something else");
    trust = (struct signatures_trust){.keyring = ring, .use = KEY_USE_ANSWER, .required = REQUIRED};
    cr_expect_eq(judged(&answer, &trust), ERR_FORBIDDEN, "what is required is not covered");
    cr_assert(key_generate(KEY_ED25519, "t-answer-ed25519-1", &other, &err), "%s", err.text);
    trust = (struct signatures_trust){.key = other};
    cr_expect_eq(judged(&answer, &trust), ERR_CORRUPT, "another key under the same name");
    trust = (struct signatures_trust){.key = keyring_find(ring, "t-answer-p256-1")};
    cr_expect_eq(judged(&answer, &trust), ERR_UNAUTHORIZED);
    trust = (struct signatures_trust){.keyring = NULL};
    cr_expect_eq(judged(&answer, &trust), ERR_UNAUTHORIZED);
}

/* A signature of ours over the given parameters, made without signatures_sign. */
static enum error_code judged_parameters(const char *parameters, const struct signatures_trust *trust)
{
    AUTO(buf_done) struct buf base = BUF_INIT;
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    AUTO(signed_answer_done) struct signed_answer answer = {.message = ANSWER};
    AUTO(buf_done) struct buf components = BUF_INIT;

    buf_addf(&components, "(\"@status\")%s", parameters);
    cr_assert(base_of(&ANSWER, buf_text(&components), &base), "%s", err.text);
    cr_assert(key_sign(keyring_find(ring, "t-answer-ed25519-1"), buf_span(&base), &bytes, &err), "%s", err.text);
    buf_addf(&answer.input, "x=%s", buf_text(&components));
    buf_add_text(&answer.signature, "x=:");
    base64_add(&answer.signature, bytes.data, bytes.bytes);
    buf_add_text(&answer.signature, ":");
    answer.fields[1] = (struct signatures_field){SPAN("signature-input"), buf_span(&answer.input)};
    answer.fields[2] = (struct signatures_field){SPAN("signature"), buf_span(&answer.signature)};
    answer.message.fields = answer.fields + 1;
    answer.message.field_count = 2;
    return judged(&answer, trust);
}

Test(signatures, parameters_that_contradict_the_key_or_the_clock_are_refused)
{
    struct signatures_trust trust = {.keyring = ring, .use = KEY_USE_ANSWER, .now_ms = now_s * 1000};
    AUTO(buf_done) struct buf good = BUF_INIT;
    AUTO(buf_done) struct buf other = BUF_INIT;

    buf_addf(&good, ";created=%lld;keyid=\"t-answer-ed25519-1\"", (long long)now_s);
    cr_expect_eq(judged_parameters(good.data, &trust), ERR_NONE, "%s", err.text);
    cr_expect_eq(judged_parameters("", &trust), ERR_INVALID);
    cr_expect_eq(judged_parameters(";created=1;keyid=\"t-answer-ed25519-1\"", &trust), ERR_UNAUTHORIZED,
                 "before its time");
    cr_expect_eq(judged_parameters(";keyid=\"t-answer-ed25519-1\"", &trust), ERR_INVALID, "without an instant");
    cr_expect_eq(judged_parameters(";created=\"now\";keyid=\"t-answer-ed25519-1\"", &trust), ERR_INVALID);
    cr_expect_eq(judged_parameters(";created=1;keyid=t", &trust), ERR_INVALID);
    cr_expect_eq(judged_parameters(";created=1;keyid=\"\"", &trust), ERR_INVALID);
    buf_addf(&other, "%s;alg=\"ecdsa-p256-sha256\"", good.data);
    cr_expect_eq(judged_parameters(other.data, &trust), ERR_INVALID);
    buf_clear(&other);
    buf_addf(&other, "%s;alg=\"hmac-sha256\"", good.data);
    cr_expect_eq(judged_parameters(other.data, &trust), ERR_INVALID);
    buf_clear(&other);
    buf_addf(&other, "%s;expires=%lld", good.data, (long long)now_s - 1);
    cr_expect_eq(judged_parameters(other.data, &trust), ERR_UNAUTHORIZED);
    trust.now_ms = 0;
    cr_expect_eq(judged_parameters(other.data, &trust), ERR_NONE, "%s", err.text);
}

Test(signatures, a_key_that_began_within_the_second_was_in_force)
{
    static const struct {
        int64_t after_ms;
        enum error_code code;
    } BEGINNINGS[] = {{0, ERR_NONE}, {999, ERR_NONE}, {1000, ERR_UNAUTHORIZED}};
    char path[TEST_PATH_BYTES + 8];

    for (size_t i = 0; i < COUNT_OF(BEGINNINGS); i++) {
        AUTO(keyring_free) struct keyring *young = NULL;
        AUTO(buf_done) struct buf parameters = BUF_INIT;
        struct signatures_trust trust = {.use = KEY_USE_ANSWER};

        snprintf(path, sizeof path, "%s/%zu", folder, i);
        cr_assert(keyring_create(path, "t", now_s * 1000 + BEGINNINGS[i].after_ms, &err) &&
                      keyring_load(path, &young, &err),
                  "%s", err.text);
        trust.keyring = young;
        buf_addf(&parameters, ";created=%lld;keyid=\"t-answer-ed25519-1\"", (long long)now_s);
        /* Signed by the ring of the suite: of a key that is trusted only the signature is wrong then. */
        cr_expect_eq(judged_parameters(parameters.data, &trust), BEGINNINGS[i].code ? BEGINNINGS[i].code : ERR_CORRUPT,
                     "%zu: %s", i, err.text);
    }
}

Test(signatures, of_several_one_must_be_named)
{
    AUTO(signed_answer_done) struct signed_answer answer;
    AUTO(buf_done) struct buf two = BUF_INIT;
    struct signatures_trust trust = {.keyring = ring, .use = KEY_USE_ANSWER};
    struct signatures_found found;

    sign(&answer, KEY_USE_ANSWER, KEY_P256);
    buf_addf(&two, "other=(), %s", answer.input.data);
    answer.fields[1].value = buf_span(&two);
    cr_expect(!signatures_verify(&answer.message, NULL, &trust, &found, &err));
    cr_expect(!signatures_verify(&answer.message, "other", &trust, &found, &err));
    cr_expect(!signatures_verify(&answer.message, "none", &trust, &found, &err));
    cr_expect(signatures_verify(&answer.message, "cg", &trust, &found, &err), "%s", err.text);
}

Test(signatures, a_content_digest_holds_for_its_content_only)
{
    AUTO(buf_done) struct buf field = BUF_INIT;

    content_digest_add(SPAN("{\"hello\": \"world\"}"), &field);
    cr_expect_str_eq(field.data, "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:");
    cr_expect(content_digest_check(buf_span(&field), SPAN("{\"hello\": \"world\"}"), &err), "%s", err.text);
    cr_expect(!content_digest_check(buf_span(&field), SPAN("{\"hello\": \"World\"}"), &err));
    cr_expect_eq(err.code, ERR_CORRUPT);
    cr_expect(!content_digest_check(SPAN("md5=:YQ==:"), SPAN("a"), &err));
    cr_expect(!content_digest_check(SPAN("sha-256=a"), SPAN("a"), &err));
    cr_expect(!content_digest_check(SPAN("sha-256=:YQ==:"), SPAN("a"), &err));
    cr_expect(!content_digest_check(SPAN(""), SPAN("a"), &err));
    buf_add_text(&field, ", sha-512=:YQ==:");
    cr_expect(!content_digest_check(buf_span(&field), SPAN("{\"hello\": \"world\"}"), &err), "one of two is wrong");
}

/* --- the vectors of RFC 9421, Appendix B --- */

struct read_message {
    struct signatures_field fields[FIELDS_MAX];
    struct signatures_message message;
};

static struct span text_of(const json_t *text)
{
    return span_of(json_string_value(text));
}

static void read_message(const json_t *json, struct read_message *out)
{
    const json_t *fields = json_object_get(json, "fields");
    struct span line = text_of(json_object_get(json, "start_line"));
    const char *space = memchr(line.at, ' ', line.bytes);
    const char *second = memchr(space + 1, ' ', line.bytes - (size_t)(space + 1 - line.at));

    *out = (struct read_message){.message = {.scheme = SPAN("https"), .field_count = json_array_size(fields)}};
    cr_assert_leq(out->message.field_count, FIELDS_MAX);
    out->message.fields = out->fields;
    if (span_starts(line, "HTTP/")) {
        out->message.status = 200;
    } else {
        out->message.method = (struct span){line.at, (size_t)(space - line.at)};
        out->message.target = (struct span){space + 1, (size_t)(second - space) - 1};
    }
    for (size_t i = 0; i < out->message.field_count; i++) {
        const json_t *pair = json_array_get(fields, i);

        out->fields[i] = (struct signatures_field){text_of(json_array_get(pair, 0)), text_of(json_array_get(pair, 1))};
        if (span_is(out->fields[i].name, "Host"))
            out->message.authority = out->fields[i].value;
    }
}

static void check_case(const json_t *vectors, const json_t *one)
{
    AUTO(key_free) struct key *key = NULL;
    AUTO(buf_done) struct buf base = BUF_INIT;
    const char *section = json_text_of(one, "section");
    const char *label = json_text_of(one, "label");
    struct read_message read;
    struct structured inputs = STRUCTURED_INIT;
    size_t i;
    const json_t *json;

    read_message(json_object_get(json_object_get(vectors, "messages"), json_text_of(one, "message")), &read);
    cr_assert(structured_parse(STRUCTURED_DICTIONARY, text_of(json_object_get(one, "signature_input")), &inputs, &err));
    cr_assert(signatures_base(&read.message, &inputs, structured_member(&inputs, label), &base, &err), "%s: %s",
              section, err.text);
    cr_expect_str_eq(base.data, json_text_of(one, "signature_base"), "%s", section);
    structured_done(&inputs);
    json_array_foreach(json_object_get(vectors, "keys"), i, json)
    {
        if (strcmp(json_text_of(json, "keyid"), json_text_of(one, "keyid")) == 0 && json_object_get(json, "jwk"))
            (void)vectors_jwk(json_object_get(json, "jwk"), &key);
    }
    if (key) {
        struct signatures_trust trust = {.key = key};
        struct signatures_found found;
        size_t *count = &read.message.field_count;

        /* The signed form may have the fields already: then what it has must be good. */
        read.fields[(*count)++] =
            (struct signatures_field){SPAN("Signature-Input"), text_of(json_object_get(one, "signature_input"))};
        read.fields[(*count)++] =
            (struct signatures_field){SPAN("Signature"), text_of(json_object_get(one, "signature"))};
        cr_expect(signatures_verify(&read.message, label, &trust, &found, &err), "%s: %s", section, err.text);
        read.fields[0].value = SPAN("changed");
        read.message.authority = SPAN("changed");
        read.message.status = read.message.status ? 500 : 0;
        cr_expect(!signatures_verify(&read.message, label, &trust, &found, &err), "%s", section);
    }
}

Test(signatures, the_vectors_of_the_rfc_hold)
{
    AUTO(json_release) json_t *vectors = vectors_borrowed("vectors/rfc9421/appendix-b.json");
    AUTO(key_free) struct key *key = NULL;
    size_t i;
    const json_t *one;

    if (!vectors)
        cr_skip_test("no vectors on this machine");
    json_array_foreach(json_object_get(vectors, "cases"), i, one)
    {
        check_case(vectors, one);
    }
    cr_assert_eq(i, 8);
    cr_assert(vectors_jwk(json_object_get(json_array_get(json_object_get(vectors, "keys"), 3), "jwk"), &key));
    json_array_foreach(json_object_get(vectors, "transforms"), i, one)
    {
        struct signatures_trust trust = {.key = key};
        struct signatures_found found;
        struct read_message read;

        read_message(json_object_get(one, "message"), &read);
        cr_expect_eq(signatures_verify(&read.message, "transform", &trust, &found, &err),
                     json_bool_of(one, "signature_valid", false), "%s", json_text_of(one, "why"));
    }
    cr_assert_eq(i, 5);
}

Test(signatures, the_digests_of_the_rfc_hold)
{
    AUTO(json_release) json_t *vectors = vectors_borrowed("vectors/rfc9421/appendix-b.json");
    const char *name;
    json_t *check;

    if (!vectors)
        cr_skip_test("no vectors on this machine");
    json_object_foreach(json_object_get(vectors, "content_digest_check"), name, check)
    {
        const json_t *message = json_object_get(json_object_get(vectors, "messages"), name);

        cr_expect(content_digest_check(text_of(json_object_get(check, "content_digest_field")),
                                       text_of(json_object_get(message, "body")), &err),
                  "%s: %s", name, err.text);
        cr_expect(!content_digest_check(text_of(json_object_get(check, "content_digest_field")), SPAN("x"), &err));
    }
}
