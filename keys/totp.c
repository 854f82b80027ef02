#include "keys/totp.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/encode.h"

enum { SHA1_BYTES = 20, CODES = 1000000 };

void totp_code(struct span secret, int64_t step, char code[TOTP_CODE_BYTES])
{
    unsigned char moment[8], mac[SHA1_BYTES];
    unsigned bytes = sizeof mac;
    unsigned offset;
    uint32_t number;

    for (int i = 0; i < 8; i++)
        moment[i] = (unsigned char)((uint64_t)step >> (56 - 8 * i));
    if (!HMAC(EVP_sha1(), secret.at, (int)secret.bytes, moment, sizeof moment, mac, &bytes) || bytes != sizeof mac) {
        fprintf(stderr, "creditgate: OpenSSL cannot do HMAC-SHA-1\n");
        abort();
    }
    /* RFC 4226 section 5.3 */
    offset = mac[SHA1_BYTES - 1] & 15;
    number = ((uint32_t)mac[offset] & 127) << 24 | (uint32_t)mac[offset + 1] << 16 | (uint32_t)mac[offset + 2] << 8 |
             mac[offset + 3];
    snprintf(code, TOTP_CODE_BYTES, "%06u", number % CODES);
    OPENSSL_cleanse(mac, sizeof mac);
}

bool totp_check(struct span secret, struct span code, int64_t now_ms, int64_t *used)
{
    int64_t now = now_ms / TOTP_STEP_MS;
    int64_t found = INT64_MIN;

    if (code.bytes != TOTP_CODE_BYTES - 1)
        return false;
    for (int64_t step = now - TOTP_SKEW_STEPS; step <= now + TOTP_SKEW_STEPS; step++) {
        char right[TOTP_CODE_BYTES];

        totp_code(secret, step, right);
        if (CRYPTO_memcmp(right, code.at, code.bytes) == 0)
            found = step;
        OPENSSL_cleanse(right, sizeof right);
    }
    if (found <= *used)
        return false;
    *used = found;
    return true;
}

static void add_escaped(const char *text, struct buf *out)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (isalnum(c) || strchr("-._~", c))
            buf_add_byte(out, (char)c);
        else
            buf_addf(out, "%%%02X", c);
    }
}

void totp_address_add(struct span secret, const char *issuer, const char *account, struct buf *out)
{
    buf_add_text(out, "otpauth://totp/");
    add_escaped(issuer, out);
    buf_add_byte(out, ':');
    add_escaped(account, out);
    buf_add_text(out, "?secret=");
    base32_add(out, secret.at, secret.bytes);
    buf_add_text(out, "&issuer=");
    add_escaped(issuer, out);
}
