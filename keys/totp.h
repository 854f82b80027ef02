/* totp.h - one-time codes by time: RFC 6238 over HMAC-SHA-1, 6 digits, steps of 30 seconds from 1970 on, which is what
 * every authenticator app computes. */
#ifndef KEYS_TOTP_H
#define KEYS_TOTP_H

#include "base/buf.h"

enum {
    TOTP_SECRET_BYTES = 20, /* RFC 4226 section 4, R6: at least 16, 20 are recommended */
    TOTP_CODE_BYTES = 7,    /* with the NUL */
    TOTP_STEP_MS = 30000,
    TOTP_SKEW_STEPS = 1 /* RFC 6238 section 5.2: one step for the time it takes to type, and for clocks that differ */
};

/* The code of a step (instant / TOTP_STEP_MS). */
void totp_code(struct span secret, int64_t step, char code[TOTP_CODE_BYTES]);
/* Is it the code of now, give or take TOTP_SKEW_STEPS, and of a step after `*used`? Then `*used` is that step: keep it,
 * so that a code that somebody looked at over a shoulder is worth nothing (section 5.2). Takes the same time whatever
 * the code is. */
bool totp_check(struct span secret, struct span code, int64_t now_ms, int64_t *used);
/* Add the otpauth:// address that an app reads as a picture; `issuer` and `account` are escaped. */
void totp_address_add(struct span secret, const char *issuer, const char *account, struct buf *out);

#endif
