/* Does a message come from whom it says? Standard Webhooks, "Verifying signatures", over OpenSSL. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/text.h"
#include "sandbox/receiver.h"

enum { TRUSTED_MAX = 16, SIGNATURES_MAX = 32 };

struct receiver_trust {
    struct buf secrets[TRUSTED_MAX];
    size_t secret_count;
    EVP_PKEY *keys[TRUSTED_MAX];
    size_t key_count;
};

void receiver_trust_free(struct receiver_trust *trust)
{
    if (!trust)
        return;
    for (size_t i = 0; i < trust->secret_count; i++)
        buf_wipe_done(&trust->secrets[i]);
    for (size_t i = 0; i < trust->key_count; i++)
        EVP_PKEY_free(trust->keys[i]);
    free(trust);
}

static bool take_secret(struct receiver_trust *trust, struct span text, struct error *err)
{
    size_t prefix = strlen("whsec_");

    if (trust->secret_count == TRUSTED_MAX || !span_starts(text, "whsec_") ||
        !base64_decode((struct span){text.at + prefix, text.bytes - prefix}, &trust->secrets[trust->secret_count]))
        return fail(err, ERR_INVALID, "receiver: a secret is no whsec_…");
    trust->secret_count++;
    return true;
}

static bool take_key(struct receiver_trust *trust, const json_t *key, struct error *err)
{
    const char *pem = json_text_of(key, "pem");
    BIO *bio;

    if (!pem || strcmp(json_text_of(key, "use") ? json_text_of(key, "use") : "", "answer") != 0 ||
        strcmp(json_text_of(key, "alg") ? json_text_of(key, "alg") : "", "EdDSA") != 0)
        return true; /* of another use */
    if (trust->key_count == TRUSTED_MAX)
        return fail(err, ERR_LIMIT, "receiver: too many keys");
    bio = BIO_new_mem_buf(pem, -1);
    trust->keys[trust->key_count] = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    if (!trust->keys[trust->key_count])
        return fail(err, ERR_INVALID, "receiver: a key is no PEM");
    trust->key_count++;
    return true;
}

bool receiver_trust_new(const json_t *secrets, const json_t *keys, struct receiver_trust **out, struct error *err)
{
    AUTO(receiver_trust_free) struct receiver_trust *trust = memory_new(sizeof *trust);
    const json_t *item;
    size_t i;

    json_array_foreach(secrets, i, item)
    {
        if (!take_secret(trust, span_of(json_string_value(item)), err))
            return false;
    }
    json_array_foreach(json_object_get(keys, "keys"), i, item)
    {
        if (!take_key(trust, item, err))
            return false;
    }
    if (keys && trust->key_count == 0)
        return fail(err, ERR_INVALID, "receiver: among the keys is none that answers are signed with");
    if (trust->secret_count + trust->key_count == 0)
        return fail(err, ERR_INVALID, "receiver: neither secrets nor keys of the gateway: nothing can be verified");
    *out = TAKE(trust);
    return true;
}

/* --- one signature --- */

static bool is_of_secret(const struct receiver_trust *trust, struct span message, struct span signature)
{
    for (size_t i = 0; i < trust->secret_count; i++) {
        uint8_t code[EVP_MAX_MD_SIZE];
        unsigned bytes = 0;

        if (HMAC(EVP_sha256(), trust->secrets[i].data, (int)trust->secrets[i].bytes, (const unsigned char *)message.at,
                 message.bytes, code, &bytes) &&
            bytes == signature.bytes && CRYPTO_memcmp(code, signature.at, bytes) == 0)
            return true;
    }
    return false;
}

static bool is_of_key(const struct receiver_trust *trust, struct span message, struct span signature)
{
    for (size_t i = 0; i < trust->key_count; i++) {
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        bool is_good = context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, trust->keys[i]) == 1 &&
                       EVP_DigestVerify(context, (const unsigned char *)signature.at, signature.bytes,
                                        (const unsigned char *)message.at, message.bytes) == 1;

        EVP_MD_CTX_free(context);
        if (is_good)
            return true;
    }
    return false;
}

struct found {
    bool by_secret;
    bool by_key;
};

static void judge(const struct receiver_trust *trust, struct span message, struct span one, struct found *found)
{
    AUTO(buf_done) struct buf raw = BUF_INIT;
    bool is_symmetric = span_starts(one, "v1,");
    size_t prefix = is_symmetric ? strlen("v1,") : strlen("v1a,");

    if ((!is_symmetric && !span_starts(one, "v1a,")) ||
        !base64_decode((struct span){one.at + prefix, one.bytes - prefix}, &raw))
        return; /* of a kind that we do not know */
    if (is_symmetric)
        found->by_secret |= is_of_secret(trust, message, buf_span(&raw));
    else
        found->by_key |= is_of_key(trust, message, buf_span(&raw));
}

bool receiver_verifies(const struct receiver_trust *trust, const struct receiver_message *message, int64_t now_s,
                       int64_t tolerance_s, const char **why)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct span rest = message->signatures;
    struct found found = {false, false};
    int64_t at_s;

    *why = "webhook-id or webhook-timestamp is missing";
    if (message->id.bytes == 0 || memchr(message->id.at, '.', message->id.bytes) ||
        !integer_parse(message->timestamp, &at_s))
        return false;
    *why = "webhook-timestamp is too far from now";
    if (at_s < now_s - tolerance_s || at_s > now_s + tolerance_s)
        return false;
    buf_add_span(&text, message->id);
    buf_add_byte(&text, '.');
    buf_add_span(&text, message->timestamp);
    buf_add_byte(&text, '.');
    buf_add_span(&text, message->body);
    for (size_t i = 0; i < SIGNATURES_MAX && rest.bytes > 0; i++) {
        const char *end = memchr(rest.at, ' ', rest.bytes);
        struct span one = {rest.at, end ? (size_t)(end - rest.at) : rest.bytes};

        rest = end ? (struct span){end + 1, rest.bytes - one.bytes - 1} : SPAN_NONE;
        judge(trust, buf_span(&text), one, &found);
    }
    *why = "no signature verifies";
    return (trust->secret_count == 0 || found.by_secret) && (trust->key_count == 0 || found.by_key);
}
