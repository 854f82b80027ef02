#include "keys/signatures.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* The key's id is inside what is signed, so it is asked for first; a rotation in between shows at once. */
enum { KID_TRIES = 3, SECOND_MS = 1000 };

static const char *const NAMES[KEY_ALGORITHM_COUNT] = {
    [KEY_SM2] = "sm2-sm3", [KEY_ED25519] = "ed25519", [KEY_P256] = "ecdsa-p256-sha256"};

const char *signatures_algorithm_name(enum key_algorithm algorithm)
{
    return NAMES[algorithm];
}

bool signatures_algorithm_parse(struct span name, enum key_algorithm *algorithm)
{
    for (int i = 0; i < KEY_ALGORITHM_COUNT; i++) {
        if (!span_is(name, NAMES[i]))
            continue;
        *algorithm = (enum key_algorithm)i;
        return true;
    }
    return false;
}

/* --- signing --- */

static bool add_text_parameter(struct buf *out, const char *name, struct span text, struct error *err)
{
    struct structured_value value = {.kind = STRUCTURED_STRING, .text = text};

    buf_addf(out, ";%s=", name);
    return structured_value_add(&value, out, err);
}

static bool write_input(const struct signatures_signing *signing, const char *kid, struct buf *out, struct error *err)
{
    buf_clear(out);
    buf_addf(out, "%s=%s;created=%lld", signing->label, signing->components, (long long)signing->created_s);
    if (!add_text_parameter(out, "keyid", span_of(kid), err) ||
        !add_text_parameter(out, "alg", span_of(signatures_algorithm_name(signing->algorithm)), err))
        return false;
    return (signing->nonce.bytes == 0 || add_text_parameter(out, "nonce", signing->nonce, err)) &&
           (signing->tag.bytes == 0 || add_text_parameter(out, "tag", signing->tag, err));
}

/* The base of what was just written: read again, so that what is signed is what others will read. */
static bool base_of(const struct signatures_message *message, const struct signatures_signing *signing,
                    const struct buf *input, struct buf *base, struct error *err)
{
    AUTO(structured_done) struct structured inputs = STRUCTURED_INIT;
    const struct structured_item *member;

    if (!structured_parse(STRUCTURED_DICTIONARY, buf_span(input), &inputs, err))
        return false;
    member = structured_member(&inputs, signing->label);
    if (!member || inputs.count != 1)
        return fail(err, ERR_INVALID, "the components are no inner list");
    buf_clear(base);
    return signatures_base(message, &inputs, member, base, err);
}

bool signatures_sign(struct signer *signer, const struct signatures_signing *signing,
                     const struct signatures_message *message, struct buf *input, struct buf *signature,
                     struct error *err)
{
    AUTO(buf_done) struct buf written = BUF_INIT;
    AUTO(buf_done) struct buf base = BUF_INIT;
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    struct structured_value value = {.kind = STRUCTURED_BYTES};
    char kid[KEY_ID_BYTES];
    char used[KEY_ID_BYTES];

    if (!signer_kid(signer, signing->use, signing->algorithm, kid, err))
        return false;
    for (int i = 0; i < KID_TRIES; i++) {
        buf_clear(&bytes);
        if (!write_input(signing, kid, &written, err) || !base_of(message, signing, &written, &base, err) ||
            !signer_sign(signer, signing->use, signing->algorithm, buf_span(&base), &bytes, used, err))
            return false;
        if (strcmp(kid, used) == 0) {
            buf_clear(input);
            buf_add_span(input, buf_span(&written));
            buf_clear(signature);
            buf_addf(signature, "%s=", signing->label);
            value.text = buf_span(&bytes);
            return structured_value_add(&value, signature, err);
        }
        memcpy(kid, used, sizeof kid);
    }
    return fail(err, ERR_UNAVAILABLE, "the signing key changes faster than we can sign");
}

/* --- checking --- */

struct checking {
    const struct signatures_message *message;
    const struct signatures_trust *trust;
    struct structured inputs;
    struct structured signatures;
    const struct structured_item *input;
    struct span signature;
    struct signatures_found found;
    int64_t expires_s; /* INT64_MAX: never */
    struct error *err;
};

static void checking_done(struct checking *checking)
{
    structured_done(&checking->inputs);
    structured_done(&checking->signatures);
}
DEFINE_AUTO_IN_PLACE(struct checking, checking_done)

static bool read_dictionary(const struct signatures_message *message, struct span name, struct structured *out,
                            struct error *err)
{
    AUTO(buf_done) struct buf value = BUF_INIT;

    if (!signatures_field_value(message, name, &value))
        return fail(err, ERR_INVALID, "the message has no field %.*s", (int)name.bytes, name.at);
    return structured_parse(STRUCTURED_DICTIONARY, buf_span(&value), out, err) ||
           fail_in(err, "%.*s", (int)name.bytes, name.at);
}

static bool choose(struct checking *checking, const char *label)
{
    const struct structured_item *signature;

    if (!read_dictionary(checking->message, SPAN("signature-input"), &checking->inputs, checking->err) ||
        !read_dictionary(checking->message, SPAN("signature"), &checking->signatures, checking->err))
        return false;
    if (!label && checking->inputs.count != 1)
        return fail(checking->err, ERR_INVALID, "the message has %zu signatures: say which", checking->inputs.count);
    checking->input = label ? structured_member(&checking->inputs, label) : &checking->inputs.members[0];
    if (!checking->input)
        return fail(checking->err, ERR_INVALID, "the message has no signature \"%s\"", label);
    snprintf(checking->found.label, sizeof checking->found.label, "%.*s", (int)checking->input->key.bytes,
             checking->input->key.at);
    signature = structured_member(&checking->signatures, checking->found.label);
    if (!signature || signature->is_inner_list || signature->value.kind != STRUCTURED_BYTES)
        return fail(checking->err, ERR_INVALID, "the signature \"%s\" has no bytes", checking->found.label);
    checking->signature = signature->value.text;
    return true;
}

/* NULL when it is not there; false when it is of another kind. */
static bool parameter_of(const struct checking *checking, const char *name, enum structured_kind kind,
                         const struct structured_value **out)
{
    *out = structured_parameter(&checking->inputs, checking->input, name);
    return !*out || (*out)->kind == kind || fail(checking->err, ERR_INVALID, "\"%s\" is of the wrong kind", name);
}

static bool read_parameters(struct checking *checking)
{
    const struct structured_value *created, *expires, *keyid;

    if (!parameter_of(checking, "created", STRUCTURED_INTEGER, &created) ||
        !parameter_of(checking, "expires", STRUCTURED_INTEGER, &expires) ||
        !parameter_of(checking, "keyid", STRUCTURED_STRING, &keyid))
        return false;
    if (keyid && (keyid->text.bytes == 0 || keyid->text.bytes >= KEY_ID_BYTES))
        return fail(checking->err, ERR_INVALID, "\"keyid\" must be a text of 1 to %d bytes", KEY_ID_BYTES - 1);
    if (keyid)
        snprintf(checking->found.kid, sizeof checking->found.kid, "%.*s", (int)keyid->text.bytes, keyid->text.at);
    checking->found.created_ms = created ? created->number * SECOND_MS : 0;
    checking->expires_s = expires ? expires->number : INT64_MAX;
    return true;
}

/* "created" is a whole second: the key may have begun, or ended, within it. */
static bool was_in_force(const struct signatures_trust *trust, const char *kid, int64_t created_ms)
{
    return keyring_was_valid(trust->keyring, kid, trust->use, created_ms) ||
           keyring_was_valid(trust->keyring, kid, trust->use, created_ms + SECOND_MS - 1);
}

static bool find_key(const struct checking *checking, const struct key **out)
{
    const struct signatures_trust *trust = checking->trust;
    const char *kid = checking->found.kid;

    if (trust->key) {
        if (*kid && strcmp(kid, key_id(trust->key)) != 0)
            return fail(checking->err, ERR_UNAUTHORIZED, "signed by %s, not by %s", kid, key_id(trust->key));
        *out = trust->key;
        return true;
    }
    if (!*kid || !checking->found.created_ms)
        return fail(checking->err, ERR_INVALID, "the signature says neither by which key nor when, or only one");
    *out = trust->keyring ? keyring_find(trust->keyring, kid) : NULL;
    if (!*out || !was_in_force(trust, kid, checking->found.created_ms))
        return fail(checking->err, ERR_UNAUTHORIZED, "%s is no key of ours that was in force then", kid);
    return true;
}

static bool check_algorithm(const struct checking *checking, const struct key *key)
{
    const struct structured_value *alg;
    enum key_algorithm algorithm;

    if (!parameter_of(checking, "alg", STRUCTURED_STRING, &alg))
        return false;
    if (!alg)
        return true;
    return (signatures_algorithm_parse(alg->text, &algorithm) && algorithm == key_algorithm_of(key)) ||
           fail(checking->err, ERR_INVALID, "\"alg\" is not that of the key");
}

static bool covers(const struct checking *checking, const char *required)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    for (size_t i = 0; i < checking->input->inner_count; i++) {
        buf_clear(&text);
        if (structured_item_add(&checking->inputs, &checking->inputs.inner[checking->input->first_inner + i], &text,
                                NULL) &&
            span_is(buf_span(&text), required))
            return true;
    }
    return fail(checking->err, ERR_FORBIDDEN, "the signature does not cover %s", required);
}

static bool covers_all(const struct checking *checking)
{
    const char *const *required = checking->trust->required;

    if (!checking->input->is_inner_list)
        return fail(checking->err, ERR_INVALID, "what is signed is a list of components");
    for (size_t i = 0; required && required[i]; i++) {
        if (!covers(checking, required[i]))
            return false;
    }
    return true;
}

static bool check_time(const struct checking *checking)
{
    const struct signatures_trust *trust = checking->trust;

    return trust->now_ms == 0 || checking->expires_s >= trust->now_ms / SECOND_MS ||
           fail(checking->err, ERR_UNAUTHORIZED, "the signature has expired");
}

bool signatures_verify(const struct signatures_message *message, const char *label,
                       const struct signatures_trust *trust, struct signatures_found *out, struct error *err)
{
    AUTO(checking_done)
    struct checking checking = {
        .message = message, .trust = trust, .inputs = STRUCTURED_INIT, .signatures = STRUCTURED_INIT, .err = err};
    AUTO(buf_done) struct buf base = BUF_INIT;
    const struct key *key = NULL;

    if (!choose(&checking, label) || !read_parameters(&checking) || !find_key(&checking, &key) ||
        !check_algorithm(&checking, key) || !covers_all(&checking) || !check_time(&checking) ||
        !signatures_base(message, &checking.inputs, checking.input, &base, err) ||
        !key_verify(key, buf_span(&base), checking.signature, err))
        return false;
    *out = checking.found;
    return true;
}
