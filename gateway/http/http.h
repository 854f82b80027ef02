/* http.h - an HTTPS server: HTTP/1.1 (RFC 9112) and HTTP/2 (RFC 9113) over TLS 1.2+ with client certificates, and plain
 * HTTP/1.1 on a Unix socket. One event loop, no threads. Knows nothing of records.
 *
 * A turn: the loop takes what the sockets have, runs the handler for each whole request, then calls `end_of_turn` once
 * if any handler ran; only when that returns true do the turn's answers leave. That is the group commit: whatever
 * handlers promised is made durable in `end_of_turn`. When it fails every answer of the turn becomes a 503 problem.
 *
 * Everything a stranger can send has a limit (struct http_limits); what breaks framing is refused and closes the
 * connection. */
#ifndef GATEWAY_HTTP_HTTP_H
#define GATEWAY_HTTP_HTTP_H

#include "base/buf.h"
#include "base/error.h"

struct http_limits {
    size_t header_bytes;            /* request line and all headers; default 16 KiB */
    size_t header_count;            /* default 64 */
    size_t target_bytes;            /* default 4 KiB */
    size_t body_bytes;              /* in memory; default 1 MiB */
    size_t connections;             /* per process; default 1024 */
    size_t requests_per_connection; /* default 100000 */
    size_t streams;                 /* HTTP/2 concurrent; default 64 */
    int64_t handshake_ms;           /* default 10 s */
    int64_t header_ms;              /* from the first byte to the end of the headers; default 10 s */
    int64_t body_ms;                /* for the whole body; default 60 s */
    int64_t idle_ms;                /* keep-alive; default 75 s */
    int64_t write_ms;               /* a reader that takes nothing; default 30 s */
};
extern const struct http_limits HTTP_LIMITS_DEFAULT;

struct http_header {
    struct span name; /* lower case */
    struct span value;
};

/* Who is at the other end. */
struct http_peer {
    bool is_local; /* came by the Unix socket: uid, pid are the caller's (SO_PEERCRED) */
    unsigned uid;
    int pid;
    bool has_certificate; /* a verified client certificate */
    uint8_t certificate_sha256[32];
    char certificate_subject[256]; /* RFC 2253 text, printable */
    int64_t certificate_not_after_ms;
    char address[64]; /* numeric */
    uint16_t port;
};

/* Borrowed: valid during the handler. */
struct http_request {
    struct span method;
    struct span path;  /* percent-encoding undone, "." and ".." refused, begins with "/" , no NUL */
    struct span query; /* raw, without "?" */
    const struct http_header *headers;
    size_t header_count;
    struct span body;
    int body_fd; /* ≥ 0: the body was too large for memory and stands in this file (see http_route_spools) */
    uint64_t body_bytes;
    const struct http_peer *peer;
};

/* Filled by the handler; owned by the server. */
struct http_reply {
    int status;               /* 200 when untouched */
    const char *content_type; /* static text; "application/json" when untouched */
    struct buf headers;       /* further headers, each "Name: value\r\n" */
    struct buf body;
    bool is_dropped; /* no answer leaves: the connection is closed instead (a stand-in that misbehaves on demand) */
};

struct span http_header_of(const struct http_request *request,
                           const char *lower_case_name); /* empty when absent; the first */
/* The value of a query parameter, decoded into `out`. False when absent. ERR is impossible: bad escapes were refused
 * before. */
bool http_query_of(const struct http_request *request, const char *name, struct buf *out);
/* Is every query parameter among `names` (NULL-terminated), each at most once? If not `*bad` gets the raw name. */
bool http_query_only(const struct http_request *request, const char *const *names, struct span *bad);
void http_reply_header(struct http_reply *reply, const char *name, const char *value);

struct http_server_options {
    struct http_limits limits;
    void (*handle)(void *context, const struct http_request *request, struct http_reply *reply);
    /* Answer for what the server itself refuses (malformed: 400, 408, 411, 413, 414, 431, 501, 503 …). May be NULL: an
     * empty body. */
    void (*refuse)(void *context, int status, const char *detail, struct http_reply *reply);
    /* May be NULL. */
    bool (*end_of_turn)(void *context, struct error *err);
    /* Should this request's body go to a file (up to `*limit` bytes)? Asked once the headers are there. May be NULL:
     * never. */
    bool (*spools)(void *context, const struct http_request *head, uint64_t *limit);
    /* Called about every `tick_ms` (0: never). */
    void (*tick)(void *context);
    int64_t tick_ms;
    const char *spool_folder; /* where body files are made (and unlinked at once) */
    void *context;
};

struct http_tls {
    const char *certificate_file; /* PEM chain */
    const char *key_file;
    const char *client_ca_file; /* NULL: no client certificates asked */
    bool requires_client;       /* refuse a handshake without one */
};

struct http_server;
MUST_CHECK bool http_server_new(const struct http_server_options *options, struct http_server **out, struct error *err);
/* Listen on an already bound and listening socket (shared with sibling processes: EPOLLEXCLUSIVE). With `tls` NULL
 * plain. */
MUST_CHECK bool http_server_add_listener(struct http_server *server, int fd, const struct http_tls *tls,
                                         struct error *err);
/* Take new connections and answer until `stop_fd` becomes readable; then finish requests in flight (at most 10 s) and
 * return true. */
MUST_CHECK bool http_server_run(struct http_server *server, int stop_fd, struct error *err);
void http_server_free(struct http_server *server);

/* Sockets for the parent to open. `address` numeric; port 0 lets the system choose (`*port` gets it). */
MUST_CHECK bool http_listen_tcp(const char *address, uint16_t *port, int *fd, struct error *err);
/* Removes a stale socket of that name; mode as given. */
MUST_CHECK bool http_listen_unix(const char *path, unsigned mode, int *fd, struct error *err);

DEFINE_AUTO(struct http_server *, http_server_free)

#endif
