/* certificates.h - throw-away P-256 authorities and certificates for tests. */
#ifndef TESTS_SUPPORT_CERTIFICATES_H
#define TESTS_SUPPORT_CERTIFICATES_H

#include "base/error.h"

/* Makes `<folder>/<name>.pem` and `.key`. `issuer` NULL: self-signed authority; else the name of an authority made
 * before. `days` may be negative: a certificate that has ended. Names localhost and 127.0.0.1. */
MUST_CHECK bool certificate_make(const char *folder, const char *name, const char *issuer, int days, struct error *err);

#endif
