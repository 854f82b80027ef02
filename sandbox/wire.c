#include "sandbox/wire.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/file.h"
#include "base/text.h"

/* Without an identifier OpenSSL 3.0 takes an empty one, and every signature of the field would be wrong. */
#define SM2_ID "1234567812345678"

enum { KEY_FILE_BYTES_MAX = 16384, KEY_DIGITS = 32 };

struct wire_keys {
    bool has_sm4;
    uint8_t sm4[WIRE_BLOCK_BYTES];
    EVP_PKEY *gateway[WIRE_GATEWAY_KEYS_MAX];
    size_t gateway_count;
};

static void cipher_free(EVP_CIPHER_CTX *cipher)
{
    EVP_CIPHER_CTX_free(cipher);
}
DEFINE_AUTO(EVP_CIPHER_CTX *, cipher_free)

static void digest_free(EVP_MD_CTX *digest)
{
    EVP_MD_CTX_free(digest);
}
DEFINE_AUTO(EVP_MD_CTX *, digest_free)

static void bio_free(BIO *bio)
{
    BIO_free(bio);
}
DEFINE_AUTO(BIO *, bio_free)

static int nibble(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

bool wire_key_load(const char *path, uint8_t key[WIRE_BLOCK_BYTES], struct error *err)
{
    AUTO(buf_wipe_done) struct buf text = BUF_INIT;
    struct span digits;

    if (!file_read(path, KEY_FILE_BYTES_MAX, &text, err))
        return false;
    digits = span_trim(buf_span(&text));
    if (digits.bytes != KEY_DIGITS)
        return fail(err, ERR_INVALID, "%s: a key is %d hex digits", path, KEY_DIGITS);
    for (size_t i = 0; i < WIRE_BLOCK_BYTES; i++) {
        int high = nibble(digits.at[2 * i]);
        int low = nibble(digits.at[2 * i + 1]);

        if (high < 0 || low < 0)
            return fail(err, ERR_INVALID, "%s: a key is %d hex digits", path, KEY_DIGITS);
        key[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* Whatever stands between and behind the keys is passed over, as PEM has it. */
static bool load_sm2(const char *path, struct wire_keys *keys, struct error *err)
{
    AUTO(buf_done) struct buf pem = BUF_INIT;
    AUTO(bio_free) BIO *bio = NULL;
    EVP_PKEY *key;

    if (!file_read(path, KEY_FILE_BYTES_MAX, &pem, err))
        return false;
    bio = BIO_new_mem_buf(buf_text(&pem), (int)pem.bytes);
    while (bio && (key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL)) != NULL) {
        if (keys->gateway_count == WIRE_GATEWAY_KEYS_MAX || !EVP_PKEY_is_a(key, "SM2")) {
            EVP_PKEY_free(key);
            return fail(err, ERR_INVALID, "%s: only public SM2 keys, at most %d", path, WIRE_GATEWAY_KEYS_MAX);
        }
        keys->gateway[keys->gateway_count++] = key;
    }
    ERR_clear_error();
    return keys->gateway_count > 0 || fail(err, ERR_INVALID, "%s: not a public SM2 key in PEM", path);
}

bool wire_keys_load(const char *sm4_key_file, const char *gateway_key_file, struct wire_keys **out, struct error *err)
{
    AUTO(wire_keys_free) struct wire_keys *keys = memory_new(sizeof(*keys));

    keys->has_sm4 = sm4_key_file != NULL;
    if ((keys->has_sm4 && !wire_key_load(sm4_key_file, keys->sm4, err)) || !load_sm2(gateway_key_file, keys, err))
        return false;
    *out = TAKE(keys);
    return true;
}

void wire_keys_free(struct wire_keys *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->gateway_count; i++)
        EVP_PKEY_free(keys->gateway[i]);
    OPENSSL_cleanse(keys->sm4, sizeof(keys->sm4));
    free(keys);
}

static size_t base64_padding(struct span text)
{
    if (text.at[text.bytes - 1] != '=')
        return 0;
    return text.at[text.bytes - 2] == '=' ? 2 : 1;
}

bool wire_base64(struct span text, struct buf *out)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    AUTO(buf_done) struct buf again = BUF_INIT;
    int bytes;

    if (text.bytes == 0)
        return true;
    if (text.bytes % 4 != 0 || text.bytes > INT_MAX / 2)
        return false;
    buf_reserve(&data, text.bytes);
    bytes = EVP_DecodeBlock((unsigned char *)data.data, (const unsigned char *)text.at, (int)text.bytes);
    if (bytes < 0)
        return false;
    data.bytes = (size_t)bytes - base64_padding(text);
    /* OpenSSL forgives white space at the ends, padding in the middle and stray bits: what does not come back as it
     * was is refused. */
    buf_reserve(&again, text.bytes + 1);
    bytes = EVP_EncodeBlock((unsigned char *)again.data, (const unsigned char *)data.data, (int)data.bytes);
    if ((size_t)bytes != text.bytes || memcmp(again.data, text.at, text.bytes) != 0)
        return false;
    buf_add(out, data.data, data.bytes);
    return true;
}

void wire_base64_add(struct span data, struct buf *out)
{
    int bytes;

    buf_reserve(out, data.bytes / 3 * 4 + 8);
    bytes = EVP_EncodeBlock((unsigned char *)out->data + out->bytes, (const unsigned char *)data.at, (int)data.bytes);
    out->bytes += (size_t)bytes;
}

bool wire_base64url(struct span text, struct buf *out)
{
    AUTO(buf_done) struct buf plain = BUF_INIT;

    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.at[i];

        if (c == '+' || c == '/' || c == '=')
            return false;
        buf_add_byte(&plain, c == '-' ? '+' : c == '_' ? '/' : c);
    }
    while (plain.bytes % 4 != 0)
        buf_add_byte(&plain, '=');
    return wire_base64(buf_span(&plain), out);
}

void wire_base64url_add(struct span data, struct buf *out)
{
    AUTO(buf_done) struct buf plain = BUF_INIT;

    wire_base64_add(data, &plain);
    for (size_t i = 0; i < plain.bytes && plain.data[i] != '='; i++) {
        char c = plain.data[i];

        buf_add_byte(out, c == '+' ? '-' : c == '/' ? '_' : c);
    }
}

bool wire_decrypt(const struct wire_keys *keys, struct span sealed, struct buf *plain)
{
    AUTO(cipher_free) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    AUTO(buf_done) struct buf text = BUF_INIT;
    const uint8_t *iv = (const uint8_t *)sealed.at;
    int bytes = 0;
    int last = 0;

    if (!keys->has_sm4 || sealed.bytes < (size_t)2 * WIRE_BLOCK_BYTES || sealed.bytes % WIRE_BLOCK_BYTES != 0 ||
        sealed.bytes > INT_MAX)
        return false;
    buf_reserve(&text, sealed.bytes);
    if (!cipher || EVP_DecryptInit_ex2(cipher, EVP_sm4_cbc(), keys->sm4, iv, NULL) != 1)
        return false;
    if (EVP_DecryptUpdate(cipher, (uint8_t *)text.data, &bytes, iv + WIRE_BLOCK_BYTES,
                          (int)(sealed.bytes - WIRE_BLOCK_BYTES)) != 1)
        return false;
    /* The padding is checked here. */
    if (EVP_DecryptFinal_ex(cipher, (uint8_t *)text.data + bytes, &last) != 1)
        return false;
    buf_add(plain, text.data, (size_t)bytes + (size_t)last);
    return true;
}

static bool verifies(EVP_PKEY *key, struct span message, struct span signature)
{
    AUTO(digest_free) EVP_MD_CTX *digest = EVP_MD_CTX_new();
    char id[] = SM2_ID;
    const OSSL_PARAM params[] = {OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_DIST_ID, id, sizeof(id) - 1), OSSL_PARAM_END};
    EVP_PKEY_CTX *settings = NULL;

    /* The identifier goes in after the initialisation: OpenSSL 3.0.19 refuses it as a part of that. */
    if (!digest || EVP_DigestVerifyInit_ex(digest, &settings, "SM3", NULL, NULL, key, NULL) != 1 ||
        EVP_PKEY_CTX_set_params(settings, params) != 1)
        return false;
    return EVP_DigestVerify(digest, (const uint8_t *)signature.at, signature.bytes, (const uint8_t *)message.at,
                            message.bytes) == 1;
}

bool wire_verify(const struct wire_keys *keys, struct span message, struct span signature)
{
    bool is_good = false;

    for (size_t i = 0; i < keys->gateway_count && !is_good; i++)
        is_good = verifies(keys->gateway[i], message, signature);
    ERR_clear_error();
    return is_good;
}

static void digest_hex(const EVP_MD *kind, struct span data, char hex[WIRE_HEX_BYTES])
{
    static const char DIGITS[] = "0123456789abcdef";
    uint8_t sum[EVP_MAX_MD_SIZE];
    unsigned bytes = 0;

    if (EVP_Digest(data.at, data.bytes, sum, &bytes, kind, NULL) != 1)
        abort();
    for (size_t i = 0; i < (WIRE_HEX_BYTES - 1) / 2; i++) {
        hex[2 * i] = DIGITS[sum[i] >> 4];
        hex[2 * i + 1] = DIGITS[sum[i] & 15];
    }
    hex[WIRE_HEX_BYTES - 1] = '\0';
}

void wire_sm3(struct span data, char hex[WIRE_HEX_BYTES])
{
    digest_hex(EVP_sm3(), data, hex);
}

void wire_sha256(struct span data, char hex[WIRE_HEX_BYTES])
{
    digest_hex(EVP_sha256(), data, hex);
}

bool wire_same(struct span a, struct span b)
{
    return a.bytes == b.bytes && CRYPTO_memcmp(a.at, b.at, a.bytes) == 0;
}
