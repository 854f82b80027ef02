/* secrets.h - the rotating secrets of the national platform: who may ask for one, what it looks like on the way, and
 * which calls it signs (upstreams.md section 2, domain.md 1.6 (a)).
 *
 *   sign = Base64(HMAC-SHA256(secret, sid + rid + rtime)), rtime in epoch milliseconds
 *
 * Every call of the key service gives out a fresh secret; those given out before stay good until their own end. The
 * caller keeps them on disk: secrets_remember brings them back. */
#ifndef SANDBOX_SECRETS_H
#define SANDBOX_SECRETS_H

#include "base/buf.h"
#include "base/error.h"

enum {
    SECRET_CLOCK_S = 300, /* between rtime and the platform's clock */
    SECRET_BYTES = 33,    /* 32 hex digits and a NUL: the text itself is the HMAC key */
    SECRETS_MAX = 1024    /* the oldest are forgotten */
};

/* Codes of calls. */
#define NATIONAL_OK "0"
#define NATIONAL_FAILED "-1"
#define NATIONAL_SIGNATURE "E-101"
#define NATIONAL_EXPIRED "E-102"
#define NATIONAL_FORBIDDEN "E-106"
#define NATIONAL_UNKNOWN "E-201"
#define NATIONAL_MALFORMED "E-301"

struct secrets;

/* `requester` and `service` are borrowed: the only ones on the list. */
MUST_CHECK bool secrets_new(const char *app_key_file, const char *requester, const char *service, struct secrets **out,
                            struct error *err);
void secrets_free(struct secrets *secrets);

/* The four values of one call. */
struct secret_claim {
    struct span rid;
    struct span sid;
    struct span rtime;
    struct span sign;
};
/* NATIONAL_OK, or the code that refuses it; `why` gets a sentence. Signed with the app key (`with_app_key`), else with
 * a secret. */
const char *secrets_check(const struct secrets *secrets, const struct secret_claim *claim, bool with_app_key,
                          int64_t now_ms, const char **why);

/* A fresh secret, not yet known: secrets_remember it once it is on disk. */
MUST_CHECK bool secrets_make(char secret[SECRET_BYTES], struct error *err);
void secrets_remember(struct secrets *secrets, const char *secret, int64_t until_ms);
/* Every secret ends now. */
void secrets_expire(struct secrets *secrets);

/* Add the secret as it travels: Base64 of AES-128-ECB with PKCS#5 padding under the app key. */
MUST_CHECK bool secrets_wrap(const struct secrets *secrets, const char *secret, struct buf *out);

DEFINE_AUTO(struct secrets *, secrets_free)

#endif
