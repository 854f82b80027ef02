/* password.h - what is kept of a password: an Argon2id verifier (RFC 9106) in the PHC string form,
 * "$argon2id$v=19$m=65536,t=3,p=1$<salt>$<hash>".
 *
 * Checking takes some hundred milliseconds and PASSWORD_MEMORY_KIB: never in a loop that others wait for. Raising the
 * cost later needs nothing but new numbers here: old verifiers say theirs, and password_is_weak asks for a new one. */
#ifndef KEYS_PASSWORD_H
#define KEYS_PASSWORD_H

#include "base/buf.h"
#include "base/error.h"

enum {
    PASSWORD_MEMORY_KIB = 64 * 1024, /* RFC 9106 section 4, second recommended option: 64 MiB, 3 passes */
    PASSWORD_PASSES = 3,
    PASSWORD_BYTES_MIN = 12, /* GB/T 22239-2019 8.1.4.1 wants complexity: length is what gives it */
    PASSWORD_BYTES_MAX = 256
};

/* A new verifier, added to `out`. ERR_INVALID "password.length" for one that is too short or too long. */
MUST_CHECK bool password_keep(struct span password, struct buf *out, struct error *err);
/* Is it the password? A text that is no verifier is nobody's. */
bool password_check(const char *verifier, struct span password);
/* Was it made more cheaply than today's are? */
bool password_is_weak(const char *verifier);

#endif
