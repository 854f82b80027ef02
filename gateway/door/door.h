/* door.h - the process that lets people in (the doorkeeper), and its side of the api processes.
 *
 * It alone writes accounts (gateway/accounts), opens and closes sessions, and tells the journal of it. Checking a
 * password takes long on purpose; here nobody else waits for it. What costs little is done first; then whoever signs in
 * from a browser that was here before, then the others in their order, so that strangers who try passwords keep nobody
 * out whom the gateway knows. Strangers are limited by their network (an IPv4 address, an IPv6 /64), too.
 *
 * An answer is given when everything it says is durable. When the process dies, what was under way is answered
 * ERR_TIMEOUT at once when the next begins: it may have happened. */
#ifndef GATEWAY_DOOR_DOOR_H
#define GATEWAY_DOOR_DOOR_H

#include "base/time.h"
#include "gateway/accounts/sessions.h"
#include "gateway/config/config.h"
#include "gateway/store/store.h"

enum door_ask {
    DOOR_SIGN_IN = 1,  /* ACCOUNT, PASSWORD, CODE, BROWSER; or ACCOUNT and the certificate */
    DOOR_SIGN_OUT,     /* TOKEN */
    DOOR_ENROL_BEGIN,  /* ACCOUNT, INVITATION → text {"address","secret"} */
    DOOR_ENROL_FINISH, /* ACCOUNT, INVITATION, PASSWORD, CODE */
    /* Of these five SEEN, too: ERR_CONFLICT "order.stale" when the account is not so any more. */
    DOOR_INVITE,  /* ACCOUNT, BY → text {"account","invitation","until"} */
    DOOR_RESET,   /* ACCOUNT, BY, REASON → the same */
    DOOR_SUSPEND, /* ACCOUNT, BY, REASON */
    DOOR_RESUME,  /* ACCOUNT, BY, REASON */
    DOOR_END,     /* ACCOUNT, BY: all sessions of the person */
    DOOR_LIST     /* → text: GET /admin/v1/staff */
};
enum door_field {
    DOOR_ACCOUNT,
    DOOR_PASSWORD,
    DOOR_CODE,
    DOOR_BROWSER,
    DOOR_INVITATION,
    DOOR_TOKEN,
    DOOR_BY,
    DOOR_REASON,
    DOOR_SEEN, /* the account's "version" that the page showed; empty: whatever it is */
    DOOR_FIELDS
};
enum { DOOR_FIELD_BYTES_MAX = 512, DOOR_TEXT_BYTES_MAX = 128 * 1024 };

struct door_options {
    const struct config *config;
    struct store *store;
    struct sessions *sessions;
    const struct clock *clock;
    const int *fds; /* where questions come from, one each api process; borrowed */
    size_t fd_count;
};
/* Until `stop_fd` is readable. */
MUST_CHECK bool door_run(const struct door_options *options, int stop_fd, struct error *err);

/* --- asking: nothing here waits --- */

enum { DOOR_ASKED_MAX = 64, DOOR_PATIENCE_MS = 20 * 1000 };

struct door_question {
    enum door_ask ask;
    struct span field[DOOR_FIELDS];
    const char *from;           /* the caller's address */
    const uint8_t *network;     /* 16 bytes, as http_peer.address_bytes */
    const uint8_t *certificate; /* SHA-256 of a client certificate that was verified; NULL: none */
};

struct door_answer {
    struct error why; /* code ERR_NONE: done */
    int64_t wait_ms;  /* > 0: try again then */
    char token[SESSION_TOKEN_BYTES];
    char browser[SESSION_TOKEN_BYTES]; /* "": keep the one that is there */
    struct session session;
    uint32_t text_bytes;
};

struct door_client;
/* `fd` -1: there is nobody to ask. */
struct door_client *door_client_new(int fd);
void door_client_free(struct door_client *client);
/* `*key` names it, never 0. ERR_UNAVAILABLE "account.busy" when too much is under way; ERR_INVALID "account.long". */
MUST_CHECK bool door_ask(struct door_client *client, const struct door_question *question, int64_t now_ms,
                         uint64_t *key, struct error *err);
/* Read what came. False: nothing will ever come. */
bool door_pump(struct door_client *client);
bool door_has(const struct door_client *client, uint64_t key);
/* On whose word it was asked (DOOR_BY); empty: nobody's. Borrowed until door_end. */
struct span door_by(const struct door_client *client, uint64_t key);
bool door_is_due(const struct door_client *client, uint64_t key);
/* NULL: not answered yet. `text` borrowed until door_end. */
const struct door_answer *door_answer(const struct door_client *client, uint64_t key, struct span *text);
void door_end(struct door_client *client, uint64_t key);

DEFINE_AUTO(struct door_client *, door_client_free)

#endif
