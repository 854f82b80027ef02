#include "gateway/command/seal.h"

#include "base/encode.h"
#include "base/json.h"
#include "base/text.h"
#include "keys/jws.h"

static const enum key_algorithm ALGORITHMS[] = {KEY_SM2, KEY_ED25519};

bool seal_make(struct signer *signer, const struct record *record, struct buf *out, struct error *err)
{
    static const struct jws_signing SIGNING = {KEY_USE_SEAL, ALGORITHMS, COUNT_OF(ALGORITHMS)};
    AUTO(buf_done) struct buf payload = BUF_INIT;

    if (record->approved_ms == 0 || record->approved_by.bytes == 0)
        return fail(err, ERR_INTERNAL, "%s: only what was approved is sealed", record->id);
    record_json_add(record, &payload);
    return jws_sign_general(signer, &SIGNING, buf_span(&payload), out, err) || fail_in(err, "seal of %s", record->id);
}

/* What the seal says of itself, before anything is believed: the instant it must be judged at is inside. */
static bool read_payload(struct span seal, struct record *record, struct buf *hold, struct error *err)
{
    AUTO(json_release) json_t *jws = NULL;
    AUTO(buf_done) struct buf payload = BUF_INIT;
    AUTO(buf_done) struct buf again = BUF_INIT;
    const char *text;

    if (!json_read(seal, JWS_BYTES_MAX, &jws, err))
        return false;
    text = json_text_of(jws, "payload");
    if (!text || !base64url_decode(span_of(text), &payload))
        return fail(err, ERR_CORRUPT, "a seal without a payload");
    if (!record_from_json(buf_span(&payload), record, hold, err))
        return false;
    record_json_add(record, &again);
    if (!span_equal(buf_span(&payload), buf_span(&again)))
        return fail(err, ERR_CORRUPT, "what is sealed is not the canonical form of a record");
    return true;
}

/* The one exception from the second person: what says itself that its publication is over, and was made after that. */
static bool is_made_by_law(const struct record *record)
{
    return span_is(record->approved_by, STATUTE_PUBLICATION_END) &&
           span_equal(record->proposed_by, record->approved_by) && record->statute.bytes > 0 &&
           record->op == OP_WITHDRAWN && record->version > 1 && record->proposed_ms == record->approved_ms &&
           day_of_instant(record->approved_ms) > record->publication_end;
}

static bool is_approved(const struct record *record)
{
    if (record->approved_ms == 0 || record->approved_by.bytes == 0)
        return false;
    if (record->statute.bytes > 0 || span_starts(record->approved_by, "statute:") ||
        span_starts(record->proposed_by, "statute:"))
        return is_made_by_law(record);
    return !span_equal(record->approved_by, record->proposed_by);
}

bool seal_verify(struct span seal, const struct keyring *keyring, struct record *record, struct buf *hold,
                 struct error *err)
{
    struct jws_trust trust = {
        .keyring = keyring, .use = KEY_USE_SEAL, .required = JWS_REQUIRES(KEY_SM2) | JWS_REQUIRES(KEY_ED25519)};
    AUTO(buf_done) struct buf payload = BUF_INIT;
    struct record sealed;

    if (!read_payload(seal, &sealed, hold, err))
        return false;
    trust.at_ms = sealed.approved_ms;
    if (!jws_verify_general(seal, &trust, &payload, err))
        return false;
    if (!is_approved(&sealed))
        return fail(err, ERR_CORRUPT, "%s: sealed without the approval of a second person", sealed.id);
    *record = sealed;
    return true;
}
