/* account.h - what is kept of a person's sign-in to the console: the verifier of the password, the secret of the
 * one-time codes, how often signing in has failed.
 *
 * Who a person is and may do stands in the configuration (staff); this is only how somebody shows to be that person.
 * One file a person, <state>/accounts/<name>.json, mode 0600, never in the journal: it is a secret, and it changes at
 * every sign-in. A person comes to an account by an invitation: a code that an administrator hands over, good once and
 * for INVITATION_MS; a new one is also how a lost password or telephone is dealt with.
 *
 * One process writes here (the doorkeeper); nothing else does. */
#ifndef GATEWAY_ACCOUNTS_ACCOUNT_H
#define GATEWAY_ACCOUNTS_ACCOUNT_H

#include "base/buf.h"
#include "base/error.h"
#include "gateway/accounts/lockout.h"
#include "keys/totp.h"

enum {
    ACCOUNT_NAME_BYTES = 33, /* of config_person.name, with the NUL */
    INVITATION_MS = 24 * 3600 * 1000,
    INVITATION_TEXT_BYTES = 25, /* 24 characters of Base32: 120 random bits; with the NUL */
    ACCOUNT_BROWSERS_MAX = 8    /* remembered per person; the one not seen for longest makes room */
};

struct account_browser {
    uint8_t sha256[32]; /* of the token that the browser keeps */
    int64_t seen_ms;
    struct lockout lockout; /* its own: see lockout.h */
};

struct account {
    char name[ACCOUNT_NAME_BYTES];
    struct buf verifier;               /* keys/password.h; empty: there is no password yet */
    uint8_t secret[TOTP_SECRET_BYTES]; /* keys/totp.h */
    int64_t used_step;                 /* of the last one-time code that was taken */
    uint8_t invitation[32];            /* SHA-256; zeroes: none is open */
    int64_t invited_until_ms;
    struct lockout lockout; /* for browsers that were never here */
    bool is_suspended;      /* by an administrator: right password or not, nobody comes in */
    int64_t signed_in_ms;   /* last; 0: never */
    struct account_browser browsers[ACCOUNT_BROWSERS_MAX];
    size_t browser_count;
};

/* `*out` must be empty. A person without a file has an account without a password. ERR_CORRUPT when the file is none of
 * ours. */
MUST_CHECK bool account_load(const char *folder, const char *name, struct account *out, struct error *err);
/* Durable when true. */
MUST_CHECK bool account_save(const char *folder, const struct account *account, struct error *err);
void account_done(struct account *account); /* wipes it */

/* Open an invitation; one that was open before is not good any more. The password in force stays good until the new one
 * is set. `text` gets the code, which is kept nowhere. */
void account_invite(struct account *account, int64_t now_ms, char text[INVITATION_TEXT_BYTES]);
/* Is it the open invitation? Either case; takes the same time whatever the text is. */
bool account_is_invited(const struct account *account, struct span text, int64_t now_ms);
/* The browser with this token; NULL: never seen. */
struct account_browser *account_browser(struct account *account, struct span token);
/* Remember a browser under a new token (32 random bytes in Base64url, added to `token`). */
void account_remember_browser(struct account *account, int64_t now_ms, struct buf *token);

DEFINE_AUTO_IN_PLACE(struct account, account_done)

#endif
