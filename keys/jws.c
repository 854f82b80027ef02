#include "keys/jws.h"

#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/text.h"

/* The kid is inside what is signed, so it is asked for first; a rotation in between shows at once, and once is enough.
 */
enum { KID_TRIES = 3 };

/* Header members that we do not understand and that would change what the signature means, or bring a key along. */
static const char *const REFUSED_MEMBERS[] = {"crit", "b64", "jwk", "jku", "x5c", "x5u"};

struct header {
    enum key_algorithm algorithm;
    char kid[KEY_ID_BYTES]; /* "" when there is none */
};

struct part {
    struct span protected_text; /* Base64url, as signed */
    struct span payload_text;
    struct span signature_text;
};

static void add_header(struct buf *out, enum key_algorithm algorithm, const char *kid)
{
    AUTO(buf_done) struct buf header = BUF_INIT;

    buf_addf(&header, "{\"alg\":\"%s\",\"kid\":", key_algorithm_name(algorithm));
    json_string_add(&header, span_of(kid));
    buf_add_byte(&header, '}');
    base64url_add(out, header.data, header.bytes);
}

struct signed_part {
    struct buf input; /* protected + "." + payload */
    size_t protected_bytes;
    struct buf signature;
};

static void signed_part_done(struct signed_part *part)
{
    buf_done(&part->input);
    buf_done(&part->signature);
}
DEFINE_AUTO_IN_PLACE(struct signed_part, signed_part_done)

/* `algorithms` has one. */
static bool sign_part(struct signer *signer, const struct jws_signing *one, struct span payload_text,
                      struct signed_part *part, struct error *err)
{
    enum key_algorithm algorithm = one->algorithms[0];
    char kid[KEY_ID_BYTES];
    char used[KEY_ID_BYTES];

    if (!signer_kid(signer, one->use, algorithm, kid, err))
        return false;
    for (int i = 0; i < KID_TRIES; i++) {
        buf_clear(&part->input);
        buf_clear(&part->signature);
        add_header(&part->input, algorithm, kid);
        part->protected_bytes = part->input.bytes;
        buf_add_byte(&part->input, '.');
        buf_add_span(&part->input, payload_text);
        if (!signer_sign(signer, one->use, algorithm, buf_span(&part->input), &part->signature, used, err))
            return false;
        if (strcmp(kid, used) == 0)
            return true;
        memcpy(kid, used, sizeof kid);
    }
    return fail(err, ERR_UNAVAILABLE, "the signing key changes faster than we can sign");
}

bool jws_sign_compact(struct signer *signer, enum key_use use, enum key_algorithm algorithm, struct span payload,
                      struct buf *out, struct error *err)
{
    AUTO(buf_done) struct buf payload_text = BUF_INIT;
    AUTO(signed_part_done) struct signed_part part = {.protected_bytes = 0};
    struct jws_signing one = {use, &algorithm, 1};

    base64url_add(&payload_text, payload.at, payload.bytes);
    if (!sign_part(signer, &one, buf_span(&payload_text), &part, err))
        return false;
    buf_add_span(out, buf_span(&part.input));
    buf_add_byte(out, '.');
    base64url_add(out, part.signature.data, part.signature.bytes);
    return true;
}

bool jws_sign_general(struct signer *signer, const struct jws_signing *signing, struct span payload, struct buf *out,
                      struct error *err)
{
    AUTO(buf_done) struct buf payload_text = BUF_INIT;
    AUTO(buf_done) struct buf json = BUF_INIT;

    if (signing->count == 0 || signing->count > JWS_SIGNATURES_MAX)
        return fail(err, ERR_INVALID, "a JWS has 1 to %d signatures", JWS_SIGNATURES_MAX);
    base64url_add(&payload_text, payload.at, payload.bytes);
    buf_addf(&json, "{\"payload\":\"%s\",\"signatures\":[", buf_text(&payload_text));
    for (size_t i = 0; i < signing->count; i++) {
        AUTO(signed_part_done) struct signed_part part = {.protected_bytes = 0};
        struct jws_signing one = {signing->use, &signing->algorithms[i], 1};

        if (!sign_part(signer, &one, buf_span(&payload_text), &part, err))
            return false;
        buf_addf(&json, "%s{\"protected\":\"%.*s\",\"signature\":\"", i ? "," : "", (int)part.protected_bytes,
                 part.input.data);
        base64url_add(&json, part.signature.data, part.signature.bytes);
        buf_add_text(&json, "\"}");
    }
    buf_add_text(&json, "]}");
    buf_add_span(out, buf_span(&json));
    return true;
}

static bool read_header_object(const json_t *object, struct header *header, struct error *err)
{
    const json_t *kid = json_object_get(object, "kid");
    const char *kid_text = json_string_value(kid);

    if (!json_is_object(object))
        return fail(err, ERR_INVALID, "the protected header is no JSON object");
    for (size_t i = 0; i < COUNT_OF(REFUSED_MEMBERS); i++) {
        if (json_object_get(object, REFUSED_MEMBERS[i]))
            return fail(err, ERR_INVALID, "the protected header has \"%s\", which is refused", REFUSED_MEMBERS[i]);
    }
    if (!key_algorithm_parse(json_text_of(object, "alg"), &header->algorithm))
        return fail(err, ERR_INVALID, "\"alg\" must be SM2-SM3, EdDSA or ES256");
    if (kid && (!kid_text || json_string_length(kid) == 0 || json_string_length(kid) >= KEY_ID_BYTES))
        return fail(err, ERR_INVALID, "\"kid\" must be a text of 1 to %d bytes", KEY_ID_BYTES - 1);
    /* A NUL inside would end the comparison early. */
    if (kid && strlen(kid_text) != json_string_length(kid))
        return fail(err, ERR_INVALID, "\"kid\" holds a NUL");
    header->kid[0] = '\0';
    if (kid)
        memcpy(header->kid, kid_text, json_string_length(kid) + 1);
    return true;
}

static bool read_header(struct span text, struct header *header, struct error *err)
{
    AUTO(buf_done) struct buf json = BUF_INIT;
    AUTO(json_release) json_t *object = NULL;

    if (text.bytes > JWS_HEADER_BYTES_MAX)
        return fail(err, ERR_LIMIT, "the protected header is over %d bytes", JWS_HEADER_BYTES_MAX);
    if (!base64url_decode(text, &json))
        return fail(err, ERR_INVALID, "the protected header is not base64url");
    if (!json_read(buf_span(&json), JWS_HEADER_BYTES_MAX, &object, err))
        return fail_in(err, "protected header");
    return read_header_object(object, header, err);
}

static bool find_key(const struct jws_trust *trust, const struct header *header, const struct key **key,
                     struct error *err)
{
    const struct key *found = trust->key;

    if (!found && trust->keyring) {
        if (!keyring_was_valid(trust->keyring, header->kid, trust->use, trust->at_ms))
            return fail(err, ERR_UNAUTHORIZED, "no key of that kid was in force for %s", key_use_name(trust->use));
        found = keyring_find(trust->keyring, header->kid);
    }
    if (!found || (header->kid[0] && strcmp(header->kid, key_id(found)) != 0))
        return fail(err, ERR_UNAUTHORIZED, "signed by a key that is not asked for");
    if (key_algorithm_of(found) != header->algorithm)
        return fail(err, ERR_UNAUTHORIZED, "%s is not a key for \"alg\" %s", key_id(found),
                    key_algorithm_name(header->algorithm));
    *key = found;
    return true;
}

static bool verify_part(const struct key *key, const struct part *part, struct error *err)
{
    AUTO(buf_done) struct buf input = BUF_INIT;
    AUTO(buf_done) struct buf signature = BUF_INIT;

    if (!base64url_decode(part->signature_text, &signature))
        return fail(err, ERR_INVALID, "the signature is not base64url");
    buf_add_span(&input, part->protected_text);
    buf_add_byte(&input, '.');
    buf_add_span(&input, part->payload_text);
    return key_verify(key, buf_span(&input), buf_span(&signature), err);
}

/* Two dots, no more. */
static bool split_compact(struct span text, struct part *part)
{
    const char *end = text.at + text.bytes;
    const char *first = text.bytes ? memchr(text.at, '.', text.bytes) : NULL;
    const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;

    if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
        return false;
    part->protected_text = (struct span){text.at, (size_t)(first - text.at)};
    part->payload_text = (struct span){first + 1, (size_t)(second - first - 1)};
    part->signature_text = (struct span){second + 1, (size_t)(end - second - 1)};
    return true;
}

bool jws_verify_compact(struct span text, const struct jws_trust *trust, struct buf *payload, struct error *err)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    const struct key *key;
    struct header header;
    struct part part;

    if (text.bytes > JWS_BYTES_MAX)
        return fail(err, ERR_LIMIT, "a JWS of more than %d bytes", JWS_BYTES_MAX);
    if (!split_compact(text, &part))
        return fail(err, ERR_INVALID, "a compact JWS has three parts");
    if (!read_header(part.protected_text, &header, err) || !find_key(trust, &header, &key, err) ||
        !verify_part(key, &part, err))
        return false;
    if (!base64url_decode(part.payload_text, &bytes))
        return fail(err, ERR_INVALID, "the payload is not base64url");
    buf_add_span(payload, buf_span(&bytes));
    return true;
}

static struct span member_span(const json_t *object, const char *name)
{
    const json_t *member = json_object_get(object, name);

    return (struct span){json_string_value(member), json_string_length(member)};
}

/* An object of exactly the text `text_name` and another member. */
static bool has_only(const json_t *object, const char *text_name, const char *other_name)
{
    return json_object_size(object) == 2 && json_is_string(json_object_get(object, text_name)) &&
           json_object_get(object, other_name);
}

struct tally {
    unsigned algorithms; /* seen and good */
    size_t count;
    const struct key *keys[JWS_SIGNATURES_MAX];
};

static bool tally_key(struct tally *tally, const struct key *key, struct error *err)
{
    for (size_t i = 0; i < tally->count; i++) {
        if (tally->keys[i] == key)
            return fail(err, ERR_INVALID, "%s signed twice", key_id(key));
    }
    tally->keys[tally->count++] = key;
    tally->algorithms |= JWS_REQUIRES(key_algorithm_of(key));
    return true;
}

static bool verify_one(const json_t *item, struct span payload_text, const struct jws_trust *trust, struct tally *tally,
                       struct error *err)
{
    struct part part = {member_span(item, "protected"), payload_text, member_span(item, "signature")};
    const struct key *key;
    struct header header;

    if (!has_only(item, "protected", "signature") || !part.signature_text.at)
        return fail(err, ERR_INVALID, "exactly the texts \"protected\" and \"signature\" are expected");
    if (!read_header(part.protected_text, &header, err) || !find_key(trust, &header, &key, err))
        /* Somebody else's signature beside the one asked for; what follows in the list may be the one. */
        return trust->key != NULL;
    return verify_part(key, &part, err) && tally_key(tally, key, err);
}

static bool verify_signatures(const json_t *whole, const struct jws_trust *trust, struct error *err)
{
    const json_t *signatures = json_object_get(whole, "signatures");
    size_t count = json_array_size(signatures);
    struct tally tally = {.count = 0};

    if (count == 0 || count > JWS_SIGNATURES_MAX)
        return fail(err, ERR_INVALID, "\"signatures\" must be a list of 1 to %d", JWS_SIGNATURES_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!verify_one(json_array_get(signatures, i), member_span(whole, "payload"), trust, &tally, err))
            return fail_in(err, "signatures[%zu]", i);
    }
    if (tally.count == 0)
        return fail(err, ERR_UNAUTHORIZED, "none of the signatures is by the key that is asked for");
    if ((tally.algorithms & trust->required) != trust->required)
        return fail(err, ERR_UNAUTHORIZED, "a signature that must be there is missing");
    return true;
}

bool jws_verify_general(struct span json, const struct jws_trust *trust, struct buf *payload, struct error *err)
{
    AUTO(json_release) json_t *whole = NULL;
    AUTO(buf_done) struct buf bytes = BUF_INIT;

    if (!json_read(json, JWS_BYTES_MAX, &whole, err))
        return false;
    if (!has_only(whole, "payload", "signatures"))
        return fail(err, ERR_INVALID, "exactly \"payload\" and \"signatures\" are expected");
    if (!verify_signatures(whole, trust, err))
        return false;
    if (!base64url_decode(member_span(whole, "payload"), &bytes))
        return fail(err, ERR_INVALID, "the payload is not base64url");
    buf_add_span(payload, buf_span(&bytes));
    return true;
}
