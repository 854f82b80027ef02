#include "tests/support/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

enum { PATH_BYTES = 1024, SECONDS_PER_DAY = 86400 };

static FILE *open_pem(const char *folder, const char *name, const char *end, const char *mode)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "%s/%s.%s", folder, name, end);
    return fopen(path, mode);
}

static bool load_issuer(const char *folder, const char *name, X509 **certificate, EVP_PKEY **key)
{
    FILE *pem = open_pem(folder, name, "pem", "re");
    FILE *secret = open_pem(folder, name, "key", "re");

    *certificate = pem ? PEM_read_X509(pem, NULL, NULL, NULL) : NULL;
    *key = secret ? PEM_read_PrivateKey(secret, NULL, NULL, NULL) : NULL;
    if (pem)
        fclose(pem);
    if (secret)
        fclose(secret);
    return *certificate && *key;
}

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool is_good;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    is_good = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_good;
}

static bool fill(X509 *certificate, X509 *issuer, EVP_PKEY *key, const char *name, int days)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    int begin = days < 0 ? 2 * days * SECONDS_PER_DAY : -SECONDS_PER_DAY;

    return X509_set_version(certificate, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), (long)(name[0] * 256 + name[1])) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), begin) &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), (long)days * SECONDS_PER_DAY) &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
           X509_set_pubkey(certificate, key) == 1 &&
           add_extension(certificate, issuer, NID_basic_constraints,
                         issuer == certificate ? "critical,CA:TRUE" : "CA:FALSE") &&
           add_extension(certificate, issuer, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
}

static bool write_pair(const char *folder, const char *name, X509 *certificate, EVP_PKEY *key)
{
    FILE *pem = open_pem(folder, name, "pem", "we");
    FILE *secret = open_pem(folder, name, "key", "we");
    bool is_good = pem && secret && PEM_write_X509(pem, certificate) == 1 &&
                   PEM_write_PKCS8PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL) == 1;

    if (pem)
        fclose(pem);
    if (secret)
        fclose(secret);
    return is_good;
}

bool certificate_make(const char *folder, const char *name, const char *issuer, int days, struct error *err)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_PKEY *issuer_key = NULL;
    X509 *certificate = X509_new();
    X509 *issuer_certificate = NULL;
    bool is_good = key && certificate && (!issuer || load_issuer(folder, issuer, &issuer_certificate, &issuer_key)) &&
                   fill(certificate, issuer ? issuer_certificate : certificate, key, name, days) &&
                   X509_sign(certificate, issuer ? issuer_key : key, EVP_sha256()) > 0 &&
                   write_pair(folder, name, certificate, key);

    EVP_PKEY_free(key);
    EVP_PKEY_free(issuer_key);
    X509_free(certificate);
    X509_free(issuer_certificate);
    return is_good || fail(err, ERR_INTERNAL, "certificate %s cannot be made", name);
}
