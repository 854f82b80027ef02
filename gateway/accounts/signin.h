/* signin.h - may this person come in? Judged against the account's file, step by step; nothing here speaks HTTP.
 *
 * A password and a one-time code together, or a client certificate that the configuration binds to the person. Whatever
 * was wrong is told in one and the same way, after the same work, so that nobody learns which names exist or which half
 * was right. Every sign-in, and every refusal of a name that exists, is an event of the journal:
 *
 *   account.signed-in   {"account","browser":"known"|"new"|"none","from","method":"password"|"certificate"}
 *   account.refused     {"account","from","reason":"password"|"code"|"suspended","wait_s"}   wait_s: until the next try
 *   account.enrolled, account.signed-out {"account","from"}     account.invited {"account"}
 *   account.reset, account.suspended, account.resumed {"account","reason"}     account.ended {"account"}: his sessions
 *
 * They change no table (account_events.h). `from` is the address of the caller. An attempt during a wait is judged by
 * nobody and is no event, so that who fills the journal does it no faster than he may guess. */
#ifndef GATEWAY_ACCOUNTS_SIGNIN_H
#define GATEWAY_ACCOUNTS_SIGNIN_H

#include "gateway/accounts/account.h"

/* What came with an attempt; borrowed. */
struct signin {
    struct span password;
    struct span code;
    struct span browser; /* the token that this browser keeps; empty: none */
};

enum signin_outcome { SIGNIN_IN, SIGNIN_WRONG_PASSWORD, SIGNIN_WRONG_CODE, SIGNIN_WAIT, SIGNIN_NO_ACCOUNT };

/* Judge and count; the caller saves the account whatever came out of it (but for SIGNIN_WAIT, which changes nothing).
 * `account` may have no password: SIGNIN_NO_ACCOUNT, after the time that a check takes. `*wait_ms` is for SIGNIN_WAIT.
 */
enum signin_outcome signin_judge(struct account *account, const struct signin *signin, int64_t now_ms,
                                 int64_t *wait_ms);

/* What comes with an invitation; borrowed. First without a code: the secret that will be the account's is shown, so
 * that the person's app can have it; then with one, which proves that it does. */
struct enrolment {
    struct span invitation;
    struct span password;
    struct span code;
};
/* A secret made of the invitation itself, so that nothing has to be kept between the two steps. */
void enrolment_secret(const struct account *account, struct span invitation, struct span key,
                      uint8_t secret[TOTP_SECRET_BYTES]);
/* Set password and secret; the invitation is used up, and no browser is remembered any more. `key`: a secret of the
 * gateway. ERR_FORBIDDEN "account.invitation", ERR_INVALID "password.length" or "account.code". */
MUST_CHECK bool enrolment_finish(struct account *account, const struct enrolment *enrolment, struct span key,
                                 int64_t now_ms, struct error *err);

#endif
