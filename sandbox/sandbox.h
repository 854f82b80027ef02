/* sandbox.h - `creditgate sandbox`: the other side. A stand-in for the three platforms of upstreams.md, 信用广东,
 * 全国信用信息共享平台 and 信用中国, in one process on one port, that checks what it is sent as strictly as a real
 * platform, remembers it on disk, and misbehaves on demand.
 *
 * It is written from that page alone and shares no encoding or decoding code with adapters/ and keys/. */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include "base/buf.h"
#include "base/error.h"
#include "base/time.h"

enum sandbox_choice { CHOICE_DEFAULT, CHOICE_YES, CHOICE_NO };

/* 全国信用信息共享平台. */
struct national_options {
    char *base;                 /* default "/national-platform" */
    char *state;                /* folder of what is held; default: "national-platform" in that of 信用广东 */
    char *requester;            /* gjgxjhpt_rid */
    char *service;              /* gjgxjhpt_sid */
    char *app_key_file;         /* 32 hex digits */
    char *gateway_key_file;     /* PEM of the gateway's public SM2 key; default: that of 信用广东 */
    int64_t secret_ms;          /* how long a secret is good; default two hours */
    int64_t result_delay_polls; /* rows stay in state 0 for so many polls */
    int64_t result_delay_ms;    /* and for so long */
};

/* 信用中国. */
struct china_options {
    char *base;                 /* default "/credit-china" */
    char *state;                /* default: "credit-china" in that of 信用广东 */
    char *file_code;            /* 报文号, six digits */
    char *gateway_key_file;     /* default: that of 信用广东 */
    int64_t result_delay_polls; /* the receipt is not there for so many polls */
    int64_t result_delay_ms;    /* and for so long */
    int64_t result_steps;       /* the receipt comes in so many steps, all but the last complete="false"; default 1 */
};

/* Chance that makes faults (chaos.h). */
struct chaos_options {
    int64_t seed;
    int64_t rate;               /* faults in a hundred requests; default 20 */
    enum sandbox_choice people; /* also those that only a person can repair; default no */
};

/* Texts are owned; end with sandbox_options_done. */
struct sandbox_options {
    char *address;        /* numeric; default 127.0.0.1 */
    uint16_t port;        /* 0: the system chooses, `ready` tells */
    char *state;          /* folder of what is held; made when missing */
    char *control_socket; /* path of the Unix socket for tests and people; NULL: none */

    char *certificate; /* TLS: PEM files; a client certificate of `client_ca` is always asked for */
    char *key;
    char *client_ca;
    char **client_sha256; /* allow-list of certificates, 64 hex digits each; empty: any of that CA */
    size_t client_count;

    /* 信用广东 */
    char *base; /* path before /upload, "" or "/x"; default "" */
    char *paasid;
    char *token;
    char *table_code;
    char *table_version_id;
    char *feedback_table_code; /* the table of feedback, same version and department; NULL: it takes none */
    char *department_code;
    char *sm4_key_file;     /* 32 hex digits */
    char *gateway_key_file; /* PEM of the gateway's public SM2 key */

    int64_t result_delay_polls; /* outcomes stay "0" for so many polls */
    int64_t result_delay_ms;    /* and for so long */

    struct national_options *national; /* NULL: not there; owned */
    struct china_options *china;

    /* Faults: sandbox/README.md. */
    enum sandbox_choice relay; /* by itself: with a control socket or chaos */
    char *expired_certificate; /* what the server shows when that is ordered; NULL: it cannot */
    char *expired_key;
    char *wrong_certificate;
    char *wrong_key;
    struct chaos_options *chaos; /* NULL: none; owned */

    const struct clock *clock; /* borrowed; NULL: the system's. Not in the file: for tests that live on another day */
};

/* Read the options from a JSON file; the names are in sandbox/README.md. Unknown, missing and wrong members are
 * ERR_INVALID. Relative paths count from the file's folder. */
MUST_CHECK bool sandbox_options_load(const char *path, struct sandbox_options *out, struct error *err);
/* Switch faults of chance on, with a seed of at least 0; what the file says of them else stays. ERR_INVALID when there
 * may be no relay. */
MUST_CHECK bool sandbox_options_set_chaos(struct sandbox_options *options, int64_t seed, struct error *err);
void sandbox_options_done(struct sandbox_options *options);

/* Called once, when the platforms can be reached; `port` is the one they listen on. */
struct sandbox_ready {
    void (*call)(void *context, uint16_t port);
    void *context;
};

/* Be the platforms until `stop_fd` becomes readable. `ready` may be NULL. */
MUST_CHECK bool sandbox_run(const struct sandbox_options *options, int stop_fd, const struct sandbox_ready *ready,
                            struct error *err);

DEFINE_AUTO_IN_PLACE(struct sandbox_options, sandbox_options_done)

#endif
