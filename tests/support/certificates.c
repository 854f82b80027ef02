#include "tests/support/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { PATH_BYTES = 1024, SECONDS_PER_DAY = 86400 };

static FILE *open_pem(const char *folder, const char *name, const char *end, const char *mode)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "%s/%s.%s", folder, name, end);
    return fopen(path, mode);
}

static bool load_pair(const char *folder, const char *name, X509 **certificate, EVP_PKEY **key)
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

static bool add_organisation(X509_NAME *subject, size_t bytes)
{
    unsigned char *text = memory_new(bytes + 1);
    bool is_good;

    /* Not through the tables of OpenSSL, which know how long a name should be. */
    memset(text, 'o', bytes);
    is_good = X509_NAME_add_entry_by_NID(subject, NID_organizationName, V_ASN1_UTF8STRING, text, (int)bytes, -1, 0);
    free(text);
    return is_good;
}

static bool fill(X509 *certificate, X509 *issuer, EVP_PKEY *key, const struct certificate_wish *wish)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    const unsigned char *name = (const unsigned char *)wish->name;

    return X509_set_version(certificate, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), (long)(name[0] * 256 + name[1])) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), (long)wish->from_days * SECONDS_PER_DAY) &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), (long)wish->until_days * SECONDS_PER_DAY) &&
           (wish->organisation_bytes == 0 || add_organisation(subject, wish->organisation_bytes)) &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
           X509_set_pubkey(certificate, key) == 1 &&
           add_extension(certificate, issuer, NID_basic_constraints,
                         issuer == certificate ? "critical,CA:TRUE" : "CA:FALSE") &&
           (!wish->usage || add_extension(certificate, issuer, NID_ext_key_usage, wish->usage)) &&
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

bool certificate_make_wish(const char *folder, const struct certificate_wish *wish, struct error *err)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_PKEY *issuer_key = NULL;
    X509 *certificate = X509_new();
    X509 *issuer = NULL;
    bool is_good = key && certificate && (!wish->issuer || load_pair(folder, wish->issuer, &issuer, &issuer_key)) &&
                   fill(certificate, issuer ? issuer : certificate, key, wish) &&
                   X509_sign(certificate, issuer_key ? issuer_key : key, EVP_sha256()) > 0 &&
                   write_pair(folder, wish->name, certificate, key);

    EVP_PKEY_free(key);
    EVP_PKEY_free(issuer_key);
    X509_free(certificate);
    X509_free(issuer);
    return is_good || fail(err, ERR_INTERNAL, "certificate %s cannot be made", wish->name);
}

bool certificate_make(const char *folder, const char *name, const char *issuer, int days, struct error *err)
{
    struct certificate_wish wish = {
        .name = name, .issuer = issuer, .from_days = days < 0 ? 2 * days : -1, .until_days = days};

    return certificate_make_wish(folder, &wish, err);
}

static bool add_revoked(X509_CRL *list, const char *folder, const char *name)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *since = X509_gmtime_adj(NULL, -SECONDS_PER_DAY);
    EVP_PKEY *key = NULL;
    X509 *certificate = NULL;
    bool is_good = entry && since && load_pair(folder, name, &certificate, &key) &&
                   X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate)) == 1 &&
                   X509_REVOKED_set_revocationDate(entry, since) == 1 && X509_CRL_add0_revoked(list, entry) == 1;

    if (!is_good)
        X509_REVOKED_free(entry);
    ASN1_TIME_free(since);
    EVP_PKEY_free(key);
    X509_free(certificate);
    return is_good;
}

bool certificate_revoke(const char *folder, const char *file, const char *issuer, const char *const *names, int days)
{
    ASN1_TIME *since = X509_gmtime_adj(NULL, -(long)SECONDS_PER_DAY * 10);
    ASN1_TIME *until = X509_gmtime_adj(NULL, (long)days * SECONDS_PER_DAY);
    X509_CRL *list = X509_CRL_new();
    FILE *pem = open_pem(folder, file, "crl", "we");
    EVP_PKEY *key = NULL;
    X509 *authority = NULL;
    bool is_good = pem && list && load_pair(folder, issuer, &authority, &key) && X509_CRL_set_version(list, 1) == 1 &&
                   X509_CRL_set_issuer_name(list, X509_get_subject_name(authority)) == 1 &&
                   X509_CRL_set1_lastUpdate(list, since) == 1 && X509_CRL_set1_nextUpdate(list, until) == 1;

    for (; is_good && *names; names++)
        is_good = add_revoked(list, folder, *names);
    is_good = is_good && X509_CRL_sort(list) == 1 && X509_CRL_sign(list, key, EVP_sha256()) > 0 &&
              PEM_write_X509_CRL(pem, list) == 1;
    if (pem)
        fclose(pem);
    X509_CRL_free(list);
    ASN1_TIME_free(since);
    ASN1_TIME_free(until);
    EVP_PKEY_free(key);
    X509_free(authority);
    return is_good;
}
