#include "keys/digest.h"

#include "keys/sha256_pair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

enum { DIGEST_BYTES = 32, FILE_PIECE_BYTES = 256 * 1024 };
enum { BLOCK_BYTES = 16, SM4_PLAIN_MAX = 64 * 1024 * 1024, AES_CIPHER_MAX = 4096 }; /* SM4 and AES alike: 16 bytes */

/* A digest or random bytes that fail mean a library that lies or is missing: nothing made with it may be trusted. */
static _Noreturn void stop_with_broken_library(const char *doing)
{
    fprintf(stderr, "creditgate: OpenSSL cannot do %s\n", doing);
    abort();
}

static void cipher_free(EVP_CIPHER_CTX *cipher)
{
    EVP_CIPHER_CTX_free(cipher);
}
DEFINE_AUTO(EVP_CIPHER_CTX *, cipher_free)

static void digest_parts(const EVP_MD *algorithm, const struct span *parts, size_t count, uint8_t *out)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_good = context && EVP_DigestInit_ex(context, algorithm, NULL) == 1;

    for (size_t i = 0; is_good && i < count; i++)
        is_good = EVP_DigestUpdate(context, parts[i].at, parts[i].bytes) == 1;
    is_good = is_good && EVP_DigestFinal_ex(context, out, NULL) == 1;
    EVP_MD_CTX_free(context);
    if (!is_good)
        stop_with_broken_library("digests");
}

void digest_sha256(struct span data, uint8_t out[32])
{
    digest_parts(EVP_sha256(), &data, 1, out);
}

void digest_sm3(struct span data, uint8_t out[32])
{
    digest_parts(EVP_sm3(), &data, 1, out);
}

void digest_sha512(struct span data, uint8_t out[64])
{
    digest_parts(EVP_sha512(), &data, 1, out);
}

void digest_sha256_parts(const struct span *parts, size_t count, uint8_t out[32])
{
    digest_parts(EVP_sha256(), parts, count, out);
}

static bool read_all(int fd, EVP_MD_CTX *context, struct error *err)
{
    AUTO(buf_done) struct buf piece = BUF_INIT;
    off_t at = 0;

    buf_reserve(&piece, FILE_PIECE_BYTES);
    for (;;) {
        ssize_t bytes = pread(fd, piece.data, FILE_PIECE_BYTES, at);

        if (bytes < 0 && errno == EINTR)
            continue;
        if (bytes < 0)
            return fail(err, ERR_IO, "cannot read: %s", strerror(errno));
        if (bytes == 0)
            return true;
        if (EVP_DigestUpdate(context, piece.data, (size_t)bytes) != 1)
            stop_with_broken_library("digests");
        at += bytes;
    }
}

bool digest_sha256_file(int fd, uint8_t out[32], struct error *err)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_good;

    if (!context || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
        stop_with_broken_library("digests");
    is_good = read_all(fd, context, err);
    if (is_good && EVP_DigestFinal_ex(context, out, NULL) != 1)
        stop_with_broken_library("digests");
    EVP_MD_CTX_free(context);
    return is_good;
}

struct digester {
    EVP_MD_CTX *context;
    bool makes_pairs;
};

struct digester *digester_new(void)
{
    struct digester *digester = memory_new(sizeof *digester);

    digester->context = EVP_MD_CTX_new();
    if (!digester->context || EVP_DigestInit_ex(digester->context, EVP_sha256(), NULL) != 1)
        stop_with_broken_library("digests");
    digester->makes_pairs = sha256_pair_is_possible();
    return digester;
}

void digester_sha256(struct digester *digester, struct span data, uint8_t out[32])
{
    if (EVP_DigestInit_ex(digester->context, NULL, NULL) != 1 ||
        EVP_DigestUpdate(digester->context, data.at, data.bytes) != 1 ||
        EVP_DigestFinal_ex(digester->context, out, NULL) != 1)
        stop_with_broken_library("digests");
}

void digester_sha256_pair(struct digester *digester, const struct span texts[2], uint8_t out[2][32])
{
    if (digester->makes_pairs) {
        sha256_pair(texts, out);
        return;
    }
    digester_sha256(digester, texts[0], out[0]);
    digester_sha256(digester, texts[1], out[1]);
}

void digester_free(struct digester *digester)
{
    if (!digester)
        return;
    EVP_MD_CTX_free(digester->context);
    free(digester);
}

static void hmac(const char *algorithm, struct span key, struct span data, uint8_t out[DIGEST_BYTES])
{
    size_t bytes = 0;

    /* EVP_Q_mac refuses a NULL key even when it is empty. */
    if (!EVP_Q_mac(NULL, "HMAC", NULL, algorithm, NULL, key.bytes ? key.at : "", key.bytes,
                   (const unsigned char *)data.at, data.bytes, out, DIGEST_BYTES, &bytes) ||
        bytes != DIGEST_BYTES)
        stop_with_broken_library("HMAC");
}

void digest_hmac_sha256(struct span key, struct span data, uint8_t out[32])
{
    hmac("SHA256", key, data, out);
}

void digest_hmac_sm3(struct span key, struct span data, uint8_t out[32])
{
    hmac("SM3", key, data, out);
}

struct cipher_job {
    const EVP_CIPHER *algorithm;
    const uint8_t *key;
    const uint8_t *iv;
    struct span input;
    bool encrypts;
};

/* One buffer, grown once: the output is never more than a block longer than the input. */
static bool run_cipher(const struct cipher_job *job, struct buf *out)
{
    AUTO(cipher_free) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    unsigned char *to;
    int body = 0;
    int tail = 0;

    buf_reserve(out, job->input.bytes + BLOCK_BYTES);
    to = (unsigned char *)out->data + out->bytes;
    if (!cipher || EVP_CipherInit_ex2(cipher, job->algorithm, job->key, job->iv, job->encrypts, NULL) != 1 ||
        EVP_CipherUpdate(cipher, to, &body, (const unsigned char *)job->input.at, (int)job->input.bytes) != 1 ||
        EVP_CipherFinal_ex(cipher, to + body, &tail) != 1) {
        OPENSSL_cleanse(to, job->input.bytes + BLOCK_BYTES);
        return false;
    }
    out->bytes += (size_t)body + (size_t)tail;
    out->data[out->bytes] = '\0';
    return true;
}

bool sm4_encrypt(const uint8_t key[16], const uint8_t iv[16], struct span plain, struct buf *out, struct error *err)
{
    struct cipher_job job = {EVP_sm4_cbc(), key, iv, plain, true};

    if (plain.bytes > SM4_PLAIN_MAX)
        return fail(err, ERR_LIMIT, "SM4: %zu bytes are more than the limit of %d", plain.bytes, SM4_PLAIN_MAX);
    if (!run_cipher(&job, out))
        return fail(err, ERR_INTERNAL, "SM4: cannot encrypt");
    return true;
}

bool sm4_decrypt(const uint8_t key[16], const uint8_t iv[16], struct span cipher, struct buf *out, struct error *err)
{
    struct cipher_job job = {EVP_sm4_cbc(), key, iv, cipher, false};

    if (cipher.bytes > SM4_PLAIN_MAX + BLOCK_BYTES)
        return fail(err, ERR_LIMIT, "SM4: %zu bytes are more than the limit of %d", cipher.bytes, SM4_PLAIN_MAX);
    /* One answer for a wrong length, a wrong key and wrong padding: nobody learns which. */
    if (cipher.bytes == 0 || cipher.bytes % BLOCK_BYTES || !run_cipher(&job, out))
        return fail(err, ERR_CORRUPT, "SM4: the bytes cannot be decrypted");
    return true;
}

bool aes_ecb_decrypt(const uint8_t key[16], struct span cipher, struct buf *out, struct error *err)
{
    struct cipher_job job = {EVP_aes_128_ecb(), key, NULL, cipher, false};

    if (cipher.bytes > AES_CIPHER_MAX)
        return fail(err, ERR_LIMIT, "AES: %zu bytes are more than the limit of %d", cipher.bytes, AES_CIPHER_MAX);
    if (cipher.bytes == 0 || cipher.bytes % BLOCK_BYTES || !run_cipher(&job, out))
        return fail(err, ERR_CORRUPT, "AES: the bytes cannot be decrypted");
    return true;
}

void random_bytes(void *out, size_t bytes)
{
    if (bytes && RAND_priv_bytes_ex(NULL, out, bytes, 0) != 1)
        stop_with_broken_library("random bytes");
}

uint64_t random_below(uint64_t bound)
{
    /* What remains of 2^64 after whole rounds of `bound` would favour small numbers: draw again. */
    uint64_t excess = bound ? (UINT64_MAX % bound + 1) % bound : 0;
    uint64_t drawn;

    do {
        random_bytes(&drawn, sizeof drawn);
    } while (drawn > UINT64_MAX - excess);
    return bound ? drawn % bound : 0;
}
