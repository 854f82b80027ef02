#include "gateway/screening/summary.h"

#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/time.h"
#include "keys/jws.h"

static const enum key_algorithm ALGORITHMS[] = {KEY_ED25519, KEY_P256};

bool screening_summary_sign(struct signer *signer, struct span payload, struct buf *out, struct error *err)
{
    static const struct jws_signing SIGNING = {KEY_USE_ANSWER, ALGORITHMS, COUNT_OF(ALGORITHMS)};

    return jws_sign_general(signer, &SIGNING, payload, out, err) || fail_in(err, "the summary's signature");
}

/* What it says of itself, before anything is believed. */
static bool read_payload(struct span text, json_t **jws, json_t **payload, struct error *err)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    const char *encoded;

    if (!json_read(text, SCREENING_SUMMARY_BYTES_MAX, jws, err))
        return false;
    encoded = json_text_of(*jws, "payload");
    if (!encoded || !base64url_decode(span_of(encoded), &bytes))
        return fail(err, ERR_CORRUPT, "a summary without a payload");
    return json_read(buf_span(&bytes), SCREENING_SUMMARY_BYTES_MAX, payload, err);
}

static bool is_summary(const json_t *payload)
{
    const char *kind = json_text_of(payload, "kind");

    return kind && strcmp(kind, SCREENING_SUMMARY_KIND) == 0;
}

bool screening_summary_is(struct span text)
{
    AUTO(json_release) json_t *jws = NULL;
    AUTO(json_release) json_t *payload = NULL;

    return read_payload(text, &jws, &payload, NULL) && is_summary(payload);
}

static bool list_kids(const json_t *jws, json_t *kids, struct error *err)
{
    const json_t *signature;
    size_t i;

    json_array_foreach(json_object_get(jws, "signatures"), i, signature)
    {
        AUTO(buf_done) struct buf header = BUF_INIT;
        AUTO(json_release) json_t *json = NULL;
        const char *text = json_text_of(signature, "protected");

        if (!text || !base64url_decode(span_of(text), &header) ||
            !json_read(buf_span(&header), JWS_HEADER_BYTES_MAX, &json, err))
            return fail(err, ERR_CORRUPT, "a signature has no header");
        (void)json_array_append(kids, json_object_get(json, "kid"));
    }
    return true;
}

bool screening_summary_verify(struct span text, const struct keyring *keys, json_t **summary, json_t **kids,
                              struct error *err)
{
    struct jws_trust trust = {
        .keyring = keys, .use = KEY_USE_ANSWER, .required = JWS_REQUIRES(KEY_ED25519) | JWS_REQUIRES(KEY_P256)};
    AUTO(json_release) json_t *jws = NULL;
    AUTO(json_release) json_t *said = NULL;
    AUTO(json_release) json_t *signers = json_array();
    AUTO(buf_done) struct buf signed_bytes = BUF_INIT;
    AUTO(buf_done) struct buf canonical = BUF_INIT;
    const char *finished;

    if (!read_payload(text, &jws, &said, err))
        return false;
    finished = json_text_of(said, "finished_at");
    if (!is_summary(said) || !finished || !instant_parse(span_of(finished), &trust.at_ms))
        return fail(err, ERR_CORRUPT, "what is signed is no summary of a screening");
    if (!jws_verify_general(text, &trust, &signed_bytes, err) || !list_kids(jws, signers, err) ||
        !json_canonical_add(said, &canonical, err))
        return false;
    if (!span_equal(buf_span(&signed_bytes), buf_span(&canonical)))
        return fail(err, ERR_CORRUPT, "what is signed is not in canonical form");
    *summary = TAKE(said);
    *kids = TAKE(signers);
    return true;
}
