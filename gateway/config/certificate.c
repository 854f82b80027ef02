#include "gateway/config/certificate.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/file.h"

enum { CERTIFICATE_BYTES_MAX = 1024 * 1024 };

static bool instant_of(const ASN1_TIME *time, int64_t *instant_ms)
{
    static const int64_t MS_PER_DAY = 86400000;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0;
    int seconds = 0;
    bool is_good = epoch && ASN1_TIME_diff(&days, &seconds, epoch, time) == 1;

    ASN1_TIME_free(epoch);
    *instant_ms = days * MS_PER_DAY + (int64_t)seconds * 1000;
    return is_good;
}

static bool facts_of(X509 *certificate, struct certificate_facts *facts)
{
    return instant_of(X509_get0_notAfter(certificate), &facts->not_after_ms) &&
           X509_digest(certificate, EVP_sha256(), facts->sha256, NULL) == 1;
}

bool certificate_read(const char *path, struct certificate_facts *facts, struct error *err)
{
    AUTO(buf_done) struct buf pem = BUF_INIT;
    struct certificate_facts found = {0};
    BIO *bio;
    X509 *certificate;
    bool is_good;

    if (!file_read(path, CERTIFICATE_BYTES_MAX, &pem, err))
        return refuse(err, ERR_NOT_FOUND, "config.file", "certificate %s cannot be read", "证书文件 %s 无法读取", path);
    bio = BIO_new_mem_buf(pem.data, (int)pem.bytes);
    certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    is_good = certificate && facts_of(certificate, &found);
    X509_free(certificate);
    BIO_free(bio);
    if (!is_good)
        return refuse(err, ERR_INVALID, "config.certificate", "%s holds no certificate (PEM)", "%s 中没有证书（PEM）",
                      path);
    *facts = found;
    return true;
}

/* A daemon cannot be asked for a password. */
static int no_password(char *text, int size, int is_writing, void *context)
{
    (void)text;
    (void)size;
    (void)is_writing;
    (void)context;
    return 0;
}

static bool pair_fits(struct span certificate_pem, struct span key_pem, bool *has_key)
{
    BIO *certificate_bio = BIO_new_mem_buf(certificate_pem.at, (int)certificate_pem.bytes);
    BIO *key_bio = BIO_new_mem_buf(key_pem.at, (int)key_pem.bytes);
    X509 *certificate = certificate_bio ? PEM_read_bio_X509(certificate_bio, NULL, NULL, NULL) : NULL;
    EVP_PKEY *key = key_bio ? PEM_read_bio_PrivateKey(key_bio, NULL, no_password, NULL) : NULL;
    bool fits = certificate && key && X509_check_private_key(certificate, key) == 1;

    *has_key = key != NULL;
    EVP_PKEY_free(key);
    X509_free(certificate);
    BIO_free(key_bio);
    BIO_free(certificate_bio);
    ERR_clear_error();
    return fits;
}

bool certificate_fits_key(const char *path, const char *key_path, struct error *err)
{
    AUTO(buf_done) struct buf pem = BUF_INIT;
    AUTO(buf_wipe_done) struct buf key = BUF_INIT;
    bool has_key = false;

    if (!file_read(path, CERTIFICATE_BYTES_MAX, &pem, err) || !file_read(key_path, CERTIFICATE_BYTES_MAX, &key, err))
        return false;
    if (pair_fits(buf_span(&pem), buf_span(&key), &has_key))
        return true;
    if (!has_key)
        return refuse(err, ERR_INVALID, "config.key", "%s holds no private key without a password (PEM)",
                      "%s 中没有不带口令的私钥（PEM）", key_path);
    return refuse(err, ERR_INVALID, "config.key", "the private key %s is not that of the certificate %s",
                  "私钥 %s 与证书 %s 不成对", key_path, path);
}

bool revocations_read(const char *path, int64_t *next_update_ms, struct error *err)
{
    AUTO(buf_done) struct buf pem = BUF_INIT;
    int64_t first_ms = INT64_MAX;
    X509_CRL *list;
    BIO *bio;

    if (!file_read(path, CERTIFICATE_BYTES_MAX, &pem, err))
        return refuse(err, ERR_NOT_FOUND, "config.file", "list %s cannot be read", "吊销清单 %s 无法读取", path);
    bio = BIO_new_mem_buf(pem.data, (int)pem.bytes);
    while (bio && (list = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL))) {
        int64_t this_ms = 0;

        if (X509_CRL_get0_nextUpdate(list) && instant_of(X509_CRL_get0_nextUpdate(list), &this_ms) &&
            this_ms < first_ms)
            first_ms = this_ms;
        X509_CRL_free(list);
    }
    BIO_free(bio);
    ERR_clear_error(); /* the end of the file is an error to OpenSSL */
    if (first_ms == INT64_MAX)
        return refuse(err, ERR_INVALID, "config.revocations", "%s holds no revocation list with a date (CRL, PEM)",
                      "%s 中没有带期限的吊销清单（CRL，PEM）", path);
    *next_update_ms = first_ms;
    return true;
}
