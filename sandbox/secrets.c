#include "sandbox/secrets.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/text.h"
#include "sandbox/wire.h"

enum { HMAC_BYTES = 32, WRAPPED_BYTES = 48 };

struct secret {
    char text[SECRET_BYTES];
    int64_t until_ms;
};

struct secrets {
    uint8_t app_key[WIRE_BLOCK_BYTES];
    const char *requester;
    const char *service;
    struct secret known[SECRETS_MAX];
    size_t count; /* ever: the newest stands at (count - 1) % SECRETS_MAX */
};

bool secrets_new(const char *app_key_file, const char *requester, const char *service, struct secrets **out,
                 struct error *err)
{
    AUTO(secrets_free) struct secrets *secrets = memory_new(sizeof(*secrets));

    secrets->requester = requester;
    secrets->service = service;
    if (!wire_key_load(app_key_file, secrets->app_key, err))
        return false;
    *out = TAKE(secrets);
    return true;
}

void secrets_free(struct secrets *secrets)
{
    if (!secrets)
        return;
    OPENSSL_cleanse(secrets, sizeof(*secrets));
    free(secrets);
}

static bool is_signed_with(struct span key, const struct secret_claim *claim)
{
    AUTO(buf_done) struct buf message = BUF_INIT;
    AUTO(buf_done) struct buf expected = BUF_INIT;
    uint8_t code[HMAC_BYTES];
    unsigned bytes = 0;

    buf_add_span(&message, claim->sid);
    buf_add_span(&message, claim->rid);
    buf_add_span(&message, claim->rtime);
    if (!HMAC(EVP_sha256(), key.at, (int)key.bytes, (const uint8_t *)buf_text(&message), message.bytes, code, &bytes) ||
        bytes != sizeof(code))
        abort();
    wire_base64_add((struct span){(const char *)code, sizeof(code)}, &expected);
    return wire_same(claim->sign, buf_span(&expected));
}

static const char *check_secret(const struct secrets *secrets, const struct secret_claim *claim, int64_t now_ms,
                                const char **why)
{
    size_t oldest = secrets->count > SECRETS_MAX ? secrets->count - SECRETS_MAX : 0;

    for (size_t i = secrets->count; i > oldest; i--) {
        const struct secret *secret = &secrets->known[(i - 1) % SECRETS_MAX];

        if (!is_signed_with(span_of(secret->text), claim))
            continue;
        if (now_ms < secret->until_ms)
            return NATIONAL_OK;
        *why = "密钥已过期";
        return NATIONAL_EXPIRED;
    }
    *why = "签名错误";
    return NATIONAL_SIGNATURE;
}

static bool is_recent(struct span rtime, int64_t now_ms)
{
    int64_t at_ms = 0;
    int64_t limit_ms = SECRET_CLOCK_S * INT64_C(1000);

    return rtime.bytes == 13 && rtime.at[0] != '0' && integer_parse(rtime, &at_ms) && at_ms >= now_ms - limit_ms &&
           at_ms <= now_ms + limit_ms;
}

const char *secrets_check(const struct secrets *secrets, const struct secret_claim *claim, bool with_app_key,
                          int64_t now_ms, const char **why)
{
    *why = "";
    if (!span_is(claim->rid, secrets->requester) || !span_is(claim->sid, secrets->service)) {
        *why = "请求方或服务不在授权名单内";
        return NATIONAL_FORBIDDEN;
    }
    if (!is_recent(claim->rtime, now_ms)) {
        *why = "gjgxjhpt_rtime：不是毫秒时间戳，或与平台时钟相差超过 300 秒";
        return NATIONAL_SIGNATURE;
    }
    if (!with_app_key)
        return check_secret(secrets, claim, now_ms, why);
    if (is_signed_with((struct span){(const char *)secrets->app_key, sizeof(secrets->app_key)}, claim))
        return NATIONAL_OK;
    *why = "签名错误";
    return NATIONAL_SIGNATURE;
}

bool secrets_make(char secret[SECRET_BYTES], struct error *err)
{
    static const char DIGITS[] = "0123456789abcdef";
    uint8_t random[(SECRET_BYTES - 1) / 2];

    if (RAND_bytes(random, sizeof(random)) != 1)
        return fail(err, ERR_INTERNAL, "no random bytes");
    for (size_t i = 0; i < sizeof(random); i++) {
        secret[2 * i] = DIGITS[random[i] >> 4];
        secret[2 * i + 1] = DIGITS[random[i] & 15];
    }
    secret[SECRET_BYTES - 1] = '\0';
    return true;
}

void secrets_remember(struct secrets *secrets, const char *secret, int64_t until_ms)
{
    struct secret *place = &secrets->known[secrets->count++ % SECRETS_MAX];

    *place = (struct secret){.until_ms = until_ms};
    memcpy(place->text, secret, strnlen(secret, SECRET_BYTES - 1));
}

void secrets_expire(struct secrets *secrets)
{
    for (size_t i = 0; i < SECRETS_MAX; i++)
        secrets->known[i].until_ms = 0;
}

bool secrets_wrap(const struct secrets *secrets, const char *secret, struct buf *out)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    uint8_t wrapped[WRAPPED_BYTES];
    int bytes = 0;
    int last = 0;
    /* PKCS#5 padding is OpenSSL's default. */
    bool ok = cipher && EVP_EncryptInit_ex2(cipher, EVP_aes_128_ecb(), secrets->app_key, NULL, NULL) == 1 &&
              EVP_EncryptUpdate(cipher, wrapped, &bytes, (const uint8_t *)secret, SECRET_BYTES - 1) == 1 &&
              EVP_EncryptFinal_ex(cipher, wrapped + bytes, &last) == 1;

    EVP_CIPHER_CTX_free(cipher);
    if (ok)
        wire_base64_add((struct span){(const char *)wrapped, (size_t)(bytes + last)}, out);
    return ok;
}
