#include "gateway/config/certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/file.h"

enum { CERTIFICATE_BYTES_MAX = 1024 * 1024 };

static bool facts_of(X509 *certificate, struct certificate_facts *facts)
{
    static const int64_t MS_PER_DAY = 86400000;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0;
    int seconds = 0;
    bool is_good;

    is_good = epoch && ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(certificate)) &&
              X509_digest(certificate, EVP_sha256(), facts->sha256, NULL);
    ASN1_TIME_free(epoch);
    facts->not_after_ms = days * MS_PER_DAY + (int64_t)seconds * 1000;
    return is_good;
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
