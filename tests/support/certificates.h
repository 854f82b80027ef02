/* certificates.h - throw-away P-256 authorities and certificates for tests. */
#ifndef TESTS_SUPPORT_CERTIFICATES_H
#define TESTS_SUPPORT_CERTIFICATES_H

#include "base/error.h"

/* Makes `<folder>/<name>.pem` and `.key`. `issuer` NULL: self-signed authority; else the name of an authority made
 * before. `days` may be negative: a certificate that has ended. Names localhost and 127.0.0.1. */
MUST_CHECK bool certificate_make(const char *folder, const char *name, const char *issuer, int days, struct error *err);

/* The same with what is unusual. */
struct certificate_wish {
    const char *name;
    const char *issuer;
    int from_days;             /* from today; may be negative */
    int until_days;            /* likewise */
    size_t organisation_bytes; /* of an O in the subject; 0: none */
    const char *usage;         /* extendedKeyUsage, "serverAuth"; NULL: none said */
};
MUST_CHECK bool certificate_make_wish(const char *folder, const struct certificate_wish *wish, struct error *err);

/* Makes `<folder>/<file>.crl`: the list of what `issuer` has revoked, namely the certificates `names` (NULL behind the
 * last), good for `days` (negative: past its date). */
MUST_CHECK bool certificate_revoke(const char *folder, const char *file, const char *issuer, const char *const *names,
                                   int days);

#endif
