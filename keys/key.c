#include "keys/key.h"

#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>

#include "base/text.h"
#include "keys/der.h"

enum { PEM_BYTES_MAX = 16 * 1024, POINT_BYTES = 65, ED25519_BYTES = 32, SIGNATURE_BYTES_MAX = 128, SM2_ID_MAX = 8190 };

struct key {
    enum key_algorithm algorithm;
    bool is_private;
    char id[KEY_ID_BYTES];
    EVP_PKEY *pkey;
};

struct algorithm {
    const char *name;   /* JWS "alg" */
    const char *type;   /* OpenSSL's key type */
    const char *group;  /* NULL for Ed25519 */
    const char *digest; /* NULL for Ed25519, which digests by itself */
};

static const struct algorithm ALGORITHMS[KEY_ALGORITHM_COUNT] = {
    [KEY_SM2] = {"SM2-SM3", "SM2", "SM2", "SM3"},
    [KEY_ED25519] = {"EdDSA", "ED25519", NULL, NULL},
    [KEY_P256] = {"ES256", "EC", "prime256v1", "SHA256"},
};

static void pkey_free(EVP_PKEY *pkey)
{
    EVP_PKEY_free(pkey);
}
DEFINE_AUTO(EVP_PKEY *, pkey_free)

static void pkey_context_free(EVP_PKEY_CTX *context)
{
    EVP_PKEY_CTX_free(context);
}
DEFINE_AUTO(EVP_PKEY_CTX *, pkey_context_free)

static void digest_context_free(EVP_MD_CTX *context)
{
    EVP_MD_CTX_free(context);
}
DEFINE_AUTO(EVP_MD_CTX *, digest_context_free)

static void bio_free(BIO *bio)
{
    BIO_free(bio);
}
DEFINE_AUTO(BIO *, bio_free)

/* OpenSSL keeps errors in a queue of the thread; one left behind would later be blamed on a TLS connection. */
#define fail_ssl(err, code, ...) (ERR_clear_error(), fail((err), (code), __VA_ARGS__))

const char *key_algorithm_name(enum key_algorithm algorithm)
{
    return (size_t)algorithm < COUNT_OF(ALGORITHMS) ? ALGORITHMS[algorithm].name : "";
}

bool key_algorithm_parse(const char *name, enum key_algorithm *algorithm)
{
    for (size_t i = 0; name && i < COUNT_OF(ALGORITHMS); i++) {
        if (strcmp(ALGORITHMS[i].name, name) == 0) {
            *algorithm = (enum key_algorithm)i;
            return true;
        }
    }
    return false;
}

static bool check_id(const char *id, struct error *err)
{
    size_t bytes = id ? strnlen(id, KEY_ID_BYTES) : 0;

    if (bytes == 0 || bytes >= KEY_ID_BYTES)
        return fail(err, ERR_INVALID, "a key id has 1 to %d characters", KEY_ID_BYTES - 1);
    for (size_t i = 0; i < bytes; i++) {
        if (id[i] <= ' ' || id[i] > '~' || id[i] == '"' || id[i] == '\\')
            return fail(err, ERR_INVALID, "a key id is printable ASCII without space, quote and backslash");
    }
    return true;
}

/* Takes the pkey. */
static struct key *key_new(EVP_PKEY *pkey, enum key_algorithm algorithm, const char *id, bool is_private)
{
    struct key *key = memory_new(sizeof *key);

    key->algorithm = algorithm;
    key->is_private = is_private;
    key->pkey = pkey;
    snprintf(key->id, sizeof key->id, "%s", id);
    return key;
}

void key_free(struct key *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->pkey);
    text_free((char *)key);
}

const char *key_id(const struct key *key)
{
    return key->id;
}

enum key_algorithm key_algorithm_of(const struct key *key)
{
    return key->algorithm;
}

bool key_is_private(const struct key *key)
{
    return key->is_private;
}

bool key_generate(enum key_algorithm algorithm, const char *id, struct key **out, struct error *err)
{
    EVP_PKEY *pkey;

    if ((size_t)algorithm >= COUNT_OF(ALGORITHMS))
        return fail(err, ERR_INVALID, "no such key algorithm: %d", (int)algorithm);
    if (!check_id(id, err))
        return false;
    pkey = algorithm == KEY_P256 ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", ALGORITHMS[KEY_P256].group)
                                 : EVP_PKEY_Q_keygen(NULL, NULL, ALGORITHMS[algorithm].type);
    if (!pkey)
        return fail_ssl(err, ERR_INTERNAL, "%s: cannot make a %s key", id, ALGORITHMS[algorithm].name);
    *out = key_new(pkey, algorithm, id, true);
    return true;
}

/* Whoever holds a public key of small order "signs" everything: such a key binds nobody. Small-order points are these
 * five values of y with either sign (RFC 7748 section 7 calls their kin on the other curve by name). A y of p or more
 * is a second spelling of a key. */
static bool is_good_ed25519(const uint8_t at[ED25519_BYTES])
{
    static const uint8_t SMALL_ORDER[][ED25519_BYTES] = {
        {0},
        {1},
        {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
         0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
         0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    };
    uint8_t y[ED25519_BYTES];
    bool is_at_least_p;

    memcpy(y, at, sizeof y);
    y[ED25519_BYTES - 1] &= 0x7f;
    for (size_t i = 0; i < COUNT_OF(SMALL_ORDER); i++) {
        if (memcmp(y, SMALL_ORDER[i], sizeof y) == 0)
            return false;
    }
    is_at_least_p = y[0] >= 0xed && y[ED25519_BYTES - 1] == 0x7f;
    for (size_t i = 1; is_at_least_p && i < ED25519_BYTES - 1; i++)
        is_at_least_p = y[i] == 0xff;
    return !is_at_least_p;
}

static bool find_algorithm(const EVP_PKEY *pkey, enum key_algorithm *algorithm)
{
    char group[32] = "";
    int is_explicit = 0;

    for (size_t i = 0; i < COUNT_OF(ALGORITHMS); i++) {
        if (!EVP_PKEY_is_a(pkey, ALGORITHMS[i].type))
            continue;
        /* Parameters written out invite a generator of the attacker's choice (CVE-2020-0601): names only. */
        if (ALGORITHMS[i].group &&
            (EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) != 1 || strcmp(group, ALGORITHMS[i].group) != 0 ||
             (EVP_PKEY_get_int_param(pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit) == 1 &&
              is_explicit)))
            return false;
        *algorithm = (enum key_algorithm)i;
        return true;
    }
    return false;
}

/* The point is on its curve and, for a private key, belongs to the private number. */
static bool check_material(EVP_PKEY *pkey, enum key_algorithm algorithm, bool is_private)
{
    AUTO(pkey_context_free) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    uint8_t raw[ED25519_BYTES];
    size_t bytes = sizeof raw;

    if (!context)
        return false;
    if (algorithm == KEY_ED25519 && (EVP_PKEY_get_raw_public_key(pkey, raw, &bytes) != 1 || !is_good_ed25519(raw)))
        return false;
    if (algorithm != KEY_ED25519 && EVP_PKEY_public_check(context) != 1)
        return false;
    return !is_private || EVP_PKEY_pairwise_check(context) == 1;
}

/* Without this OpenSSL would ask the terminal for a password. */
static int no_password(char *text, int bytes, int writes, void *context)
{
    (void)text;
    (void)bytes;
    (void)writes;
    (void)context;
    return -1;
}

static EVP_PKEY *read_pem(struct span pem, bool is_private)
{
    AUTO(bio_free) BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.bytes);
    AUTO(pkey_free) EVP_PKEY *pkey = NULL;
    char *rest = NULL;

    if (!bio)
        return NULL;
    pkey = is_private ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL)
                      : PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL);
    if (!pkey || BIO_get_mem_data(bio, &rest) != 0)
        return NULL;
    return TAKE(pkey);
}

bool key_parse(struct span pem, const char *id, struct key **out, struct error *err)
{
    AUTO(pkey_free) EVP_PKEY *pkey = NULL;
    enum key_algorithm algorithm;
    struct span text = span_trim(pem);
    bool is_private = span_starts(text, "-----BEGIN PRIVATE KEY-----");

    if (!check_id(id, err))
        return false;
    if (pem.bytes > PEM_BYTES_MAX)
        return fail(err, ERR_LIMIT, "%s: a key file has at most %d bytes", id, PEM_BYTES_MAX);
    if (!is_private && !span_starts(text, "-----BEGIN PUBLIC KEY-----"))
        return fail(err, ERR_INVALID, "%s: not a PEM file with a PRIVATE KEY (PKCS#8) or PUBLIC KEY", id);
    pkey = read_pem(text, is_private);
    if (!pkey)
        return fail_ssl(err, ERR_INVALID, "%s: the PEM block cannot be read, or something follows it", id);
    if (!find_algorithm(pkey, &algorithm))
        return fail_ssl(err, ERR_INVALID, "%s: neither an SM2 nor an Ed25519 nor a P-256 key", id);
    if (!check_material(pkey, algorithm, is_private))
        return fail_ssl(err, ERR_INVALID, "%s: no sound %s key", id, ALGORITHMS[algorithm].name);
    ERR_clear_error();
    *out = key_new(TAKE(pkey), algorithm, id, is_private);
    return true;
}

static EVP_PKEY *point_to_pkey(const struct algorithm *algorithm, struct span bytes)
{
    AUTO(pkey_context_free) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, algorithm->type, NULL);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)algorithm->group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)bytes.at, bytes.bytes),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *pkey = NULL;

    /* Compressed and hybrid points are other spellings of the same key. */
    if (!context || bytes.bytes != POINT_BYTES || bytes.at[0] != 4 || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        return NULL;
    return pkey;
}

bool key_from_public(enum key_algorithm algorithm, struct span bytes, const char *id, struct key **out,
                     struct error *err)
{
    AUTO(pkey_free) EVP_PKEY *pkey = NULL;

    if ((size_t)algorithm >= COUNT_OF(ALGORITHMS))
        return fail(err, ERR_INVALID, "no such key algorithm: %d", (int)algorithm);
    if (!check_id(id, err))
        return false;
    if (algorithm != KEY_ED25519)
        pkey = point_to_pkey(&ALGORITHMS[algorithm], bytes);
    else if (bytes.bytes == ED25519_BYTES)
        pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, (const uint8_t *)bytes.at, bytes.bytes);
    if (!pkey || !check_material(pkey, algorithm, false))
        return fail_ssl(err, ERR_INVALID, "%s: not the bytes of a public %s key", id, ALGORITHMS[algorithm].name);
    *out = key_new(TAKE(pkey), algorithm, id, false);
    return true;
}

static bool write_pem(const struct key *key, bool is_private, struct buf *pem, struct error *err)
{
    AUTO(bio_free) BIO *bio = BIO_new(BIO_s_secmem());
    char *text = NULL;
    long bytes;

    if (!bio || (is_private ? PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL)
                            : PEM_write_bio_PUBKEY(bio, key->pkey)) != 1)
        return fail_ssl(err, ERR_INTERNAL, "%s: cannot write PEM", key->id);
    bytes = BIO_get_mem_data(bio, &text);
    buf_add(pem, text, (size_t)bytes);
    return true;
}

bool key_private_pem(const struct key *key, struct buf *pem, struct error *err)
{
    if (!key->is_private)
        return fail(err, ERR_INVALID, "%s: only the public half of this key is here", key->id);
    return write_pem(key, true, pem, err);
}

bool key_public_pem(const struct key *key, struct buf *pem, struct error *err)
{
    return write_pem(key, false, pem, err);
}

/* OpenSSL's SM2 has the empty identifier unless told otherwise, and signatures made under it verify nowhere else: every
 * use sets one. It is set after the initialisation: OpenSSL 3.0.19 refuses it as a parameter of the initialisation
 * itself, while 3.0.22 takes it either way. */
static bool start(EVP_MD_CTX *context, const struct key *key, struct span sm2_id, bool signs)
{
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_DIST_ID, (void *)sm2_id.at, sm2_id.bytes),
        OSSL_PARAM_construct_end(),
    };
    const char *digest = ALGORITHMS[key->algorithm].digest;
    EVP_PKEY_CTX *settings = NULL; /* owned by `context` */

    if ((signs ? EVP_DigestSignInit_ex(context, &settings, digest, NULL, NULL, key->pkey, NULL)
               : EVP_DigestVerifyInit_ex(context, &settings, digest, NULL, NULL, key->pkey, NULL)) != 1)
        return false;
    return key->algorithm != KEY_SM2 || EVP_PKEY_CTX_set_params(settings, params) == 1;
}

bool key_sign(const struct key *key, struct span message, struct buf *signature, struct error *err)
{
    AUTO(digest_context_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t made[SIGNATURE_BYTES_MAX];
    uint8_t raw[PAIR_RAW_BYTES];
    size_t bytes = sizeof made;

    if (!key->is_private)
        return fail(err, ERR_INVALID, "%s: only the public half of this key is here", key->id);
    if (!context || !start(context, key, SPAN(KEY_SM2_ID), true) ||
        EVP_DigestSign(context, made, &bytes, (const uint8_t *)message.at, message.bytes) != 1)
        return fail_ssl(err, ERR_INTERNAL, "%s: OpenSSL cannot sign", key->id);
    if (key->algorithm == KEY_ED25519) {
        buf_add(signature, made, bytes);
        return true;
    }
    if (!pair_from_der((struct span){(const char *)made, bytes}, raw))
        return fail(err, ERR_INTERNAL, "%s: OpenSSL made a signature that is not canonical", key->id);
    if (key->algorithm == KEY_P256)
        buf_add(signature, raw, sizeof raw);
    else
        buf_add(signature, made, bytes);
    return true;
}

static bool verify(const struct key *key, struct span sm2_id, struct span message, struct span signature)
{
    AUTO(digest_context_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_good = context && start(context, key, sm2_id, false) &&
                   EVP_DigestVerify(context, (const uint8_t *)signature.at, signature.bytes,
                                    (const uint8_t *)message.at, message.bytes) == 1;

    ERR_clear_error();
    return is_good;
}

#define fail_signature(err, key)                                                                                       \
    fail((err), ERR_CORRUPT, "%s: the %s signature is wrong", (key)->id, ALGORITHMS[(key)->algorithm].name)

bool key_verify(const struct key *key, struct span message, struct span signature, struct error *err)
{
    uint8_t raw[PAIR_RAW_BYTES] = {0};
    uint8_t der[PAIR_DER_MAX];

    if (key->algorithm == KEY_SM2)
        return key_verify_sm2_with_id(key, SPAN(KEY_SM2_ID), message, signature, err);
    if (signature.bytes != PAIR_RAW_BYTES)
        return fail(err, ERR_CORRUPT, "%s: %zu bytes are no %s signature", key->id, signature.bytes,
                    ALGORITHMS[key->algorithm].name);
    if (key->algorithm == KEY_P256) {
        memcpy(raw, signature.at, sizeof raw);
        signature = (struct span){(const char *)der, pair_to_der(raw, der)};
    }
    return verify(key, SPAN_NONE, message, signature) || fail_signature(err, key);
}

bool key_verify_sm2_with_id(const struct key *key, struct span id, struct span message, struct span signature,
                            struct error *err)
{
    uint8_t raw[PAIR_RAW_BYTES];

    if (key->algorithm != KEY_SM2 || id.bytes > SM2_ID_MAX)
        return fail(err, ERR_INVALID, "%s: not an SM2 key, or an identifier of more than %d bytes", key->id,
                    SM2_ID_MAX);
    return (pair_from_der(signature, raw) && verify(key, id, message, signature)) || fail_signature(err, key);
}

bool key_verify_p256_der(const struct key *key, struct span message, struct span signature, struct error *err)
{
    uint8_t raw[PAIR_RAW_BYTES];

    if (key->algorithm != KEY_P256)
        return fail(err, ERR_INVALID, "%s: not a P-256 key", key->id);
    return (pair_from_der(signature, raw) && verify(key, SPAN_NONE, message, signature)) || fail_signature(err, key);
}
