/* sessions.h - who is signed in, in memory that all processes share: made by the doorkeeper, looked at by the api
 * processes at every request.
 *
 * A session is a token of 256 random bits which only the browser keeps (here is its SHA-256), a person, and a second
 * token against forged requests (CSRF). It ends when nothing was asked for `idle_ms`, at the latest `longest_ms` after
 * it began, when the person signs out, and when the gateway stops. One process opens and closes; any may look. A look
 * never waits: a slot that is being changed meanwhile counts as another's. */
#ifndef GATEWAY_ACCOUNTS_SESSIONS_H
#define GATEWAY_ACCOUNTS_SESSIONS_H

#include "base/buf.h"
#include "gateway/accounts/account.h"

enum {
    SESSIONS_MAX = 1024,    /* in the whole gateway */
    SESSIONS_PERSON_MAX = 4 /* of one person: the one not used for longest ends */
};
enum { SESSION_TOKEN_BYTES = 44 }; /* 32 bytes in Base64url, with the NUL */

struct sessions;
/* In memory that processes forked later share. */
struct sessions *sessions_new(int64_t idle_ms, int64_t longest_ms);
void sessions_free(struct sessions *sessions);

enum session_method { SESSION_PASSWORD = 1, SESSION_CERTIFICATE = 2 };
struct session {
    enum session_method method;
    char person[ACCOUNT_NAME_BYTES];
    char forgery[SESSION_TOKEN_BYTES]; /* what a request that changes something must bring */
    int64_t began_ms;
    int64_t ends_ms; /* when nothing more is asked */
};
/* Open one. When all slots are taken, the one not used for longest ends. `token` gets what the browser keeps. */
void sessions_open(struct sessions *sessions, const char *person, enum session_method method, int64_t now_ms,
                   char token[SESSION_TOKEN_BYTES], struct session *out);
/* The session of a token that is still good; it was used now. */
bool sessions_find(struct sessions *sessions, struct span token, int64_t now_ms, struct session *out);
/* The same, without using it: what a page asks by itself keeps nobody signed in. */
bool sessions_peek(struct sessions *sessions, struct span token, int64_t now_ms, struct session *out);
/* How many of a person are open (perhaps over by now). */
unsigned sessions_count(const struct sessions *sessions, const char *person);
/* End the session of a token. */
void sessions_close(struct sessions *sessions, struct span token);
/* End all of a person: a new password, another role. */
void sessions_close_all(struct sessions *sessions, const char *person);

DEFINE_AUTO(struct sessions *, sessions_free)

#endif
