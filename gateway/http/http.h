/* http.h - an HTTPS server: HTTP/1.1 (RFC 9112) and HTTP/2 (RFC 9113) over TLS 1.2+ with client certificates, and plain
 * HTTP/1.1 on a Unix socket. One event loop, no threads. Knows nothing of records.
 *
 * A turn: the loop takes what the sockets have, then runs the handler for each whole request, then calls `end_of_turn`
 * once if any handler ran; only when that returns true do the turn's answers leave. That is the group commit: whatever
 * handlers promised is made durable in `end_of_turn`. When it fails every answer of the turn becomes a 503 problem.
 *
 * Everything a stranger can send has a limit (struct http_limits); what breaks framing is refused and closes the
 * connection. HEAD reaches the handler as GET and leaves without its body. Targets may be in origin form or absolute
 * form (RFC 9112 section 3.2); CONNECT, TRACE and "OPTIONS *" are refused.
 *
 * Several processes may listen on one socket (EPOLLEXCLUSIVE); each makes its own http_server after the fork. */
#ifndef GATEWAY_HTTP_HTTP_H
#define GATEWAY_HTTP_HTTP_H

#include "base/buf.h"
#include "base/error.h"

/* A field that is 0 takes its default. */
struct http_limits {
    size_t header_bytes; /* request line and all headers; default 16 KiB */
    size_t header_count; /* default 64 */
    size_t target_bytes; /* default 4 KiB */
    size_t body_bytes;   /* one body in memory; default 1 MiB */
    size_t bodies_bytes; /* all bodies in memory together; default 32 MiB; above: 503 */
    size_t unsent_bytes; /* answers waiting for a slow reader, before we take no more of its requests; 256 KiB */
    size_t connections;  /* per process; default 1024 */
    size_t requests_per_connection; /* default 100000 */
    size_t streams;                 /* HTTP/2 concurrent; default 100 (what clients assume before they are told) */
    int64_t handshake_ms;           /* default 10 s */
    int64_t header_ms;              /* from the first byte to the end of the headers; default 10 s */
    int64_t body_ms;                /* for the whole body, or for each further MiB of a spooled one; default 60 s */
    int64_t idle_ms;                /* keep-alive; default 75 s */
    int64_t write_ms;               /* a reader that takes (nearly) nothing; default 30 s */
    int64_t drain_ms;               /* for what is in flight when we are told to stop; default 10 s */
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
    bool is_anonymous;    /* came by a listener that asks for no certificates */
    unsigned door;        /* of the listener it came by: http_tls.door */
    bool has_certificate; /* a verified client certificate */
    uint8_t certificate_sha256[32];
    char certificate_subject[256]; /* RFC 2253 text, printable; ends in "..." when it was longer: for people only */
    int64_t certificate_not_after_ms;
    char address[64];          /* numeric */
    uint8_t address_bytes[16]; /* the same, IPv4 as ::ffff:a.b.c.d; zeroes: none */
    uint16_t port;
};

/* Borrowed: valid during the handler. */
struct http_request {
    struct span method;
    struct span path;     /* percent-encoding undone, valid UTF-8 without control characters, begins with "/"; segments
                           * "." and ".." and an encoded "/" were refused */
    bool is_path_escaped; /* what was sent as the path had percent-encoding: `path` is not what stood there */
    bool is_head;         /* it was HEAD; `method` says GET */
    struct span query;    /* raw, without "?"; at NULL: there was no "?" */
    const struct http_header *headers; /* values are bytes without control characters, perhaps not UTF-8 */
    size_t header_count;
    struct span body;
    int body_fd; /* ≥ 0: the body stands in this unlinked file, at its start (options.spools); closed after the handler
                  * unless the handler dup()s it */
    uint64_t body_bytes;
    int64_t waited_ms;  /* since the handler was first asked for this request (http_reply.is_early); else 0 */
    uint64_t early_key; /* of the reply that was early; else 0 */
    bool is_last_time;  /* the server stops: what is early now leaves as it is */
    bool is_going_on;   /* of a stream the beginning has left (http_reply.is_stream) */
    uint64_t mark;      /* of a stream: what its last reply noted */
    const struct http_peer *peer;
};

/* How soon a request whose answer was early is asked again, about. */
enum { HTTP_AGAIN_MS = 200 };

/* Filled by the handler; owned by the server. Date, Content-Length and Connection are the server's business. */
struct http_reply {
    int status;               /* 200 when untouched */
    const char *content_type; /* static text; "application/json" when untouched; NULL: none */
    struct buf headers;       /* further headers, each "Name: value\r\n": use http_reply_header */
    struct buf body;
    /* There is nothing to say yet (a long poll): the reply is forgotten, and the handler is asked again for the same
     * request after HTTP_AGAIN_MS, until it says otherwise; nothing else waits for that but later requests of the same
     * HTTP/1.1 connection. It is still a whole reply: when the server is told to stop, that is what leaves. A
     * connection that breaks meanwhile, or a stream that is reset, is not asked for again; an HTTP/1.1 client that only
     * closed its end may still be reading, and is found out when the answer leaves. Not for bodies in a file. */
    bool is_early;
    uint64_t early_key; /* what an early reply waits for (http_server_options.is_due): asked again at once when it is
                           there; 0: only the time counts */
    /* There will be more (server-sent events): what stands in the body leaves now, without a length, and the handler is
     * asked again as for an early reply, with an empty body and request->is_going_on; what it adds then leaves as it
     * is added, status and headers count no more. It ends when the handler does not say so again (a status that is no
     * 200 then ends it without a word), when its client is gone, which is found out when something is written, and
     * when the server stops. Of HEAD and of HTTP/1.0 the first piece is the whole. What is added later leaves whether
     * or not its turn was durable: it must promise nothing. */
    bool is_stream;
    uint64_t mark;   /* the handler's own note: comes back as request->mark */
    bool is_dropped; /* no answer leaves: the connection is closed instead (a stand-in that misbehaves on demand) */
};

struct span http_header_of(const struct http_request *request,
                           const char *lower_case_name); /* empty when absent; the first */
/* The value of a query parameter, decoded ("+" is a space) and added to `out`: valid UTF-8 without NUL, since others
 * were refused before. False when absent. The first of several. */
bool http_query_of(const struct http_request *request, const char *name, struct buf *out);
/* Is every query parameter among `names` (NULL-terminated), each at most once? If not `*bad` gets the raw name. */
bool http_query_only(const struct http_request *request, const char *const *names, struct span *bad);
/* Every parameter in one pass. `values[i]` gets what the first one named `names[i]` means (a name that is NULL ends the
 * list of at most HTTP_QUERY_NAMES_MAX): SPAN_NONE when absent, no bytes at a place when empty. They point into the
 * query or into `memory`, which is cleared first. False when one is not among them or comes again: `*bad` gets the raw
 * name of the first such, and the values are there all the same. */
enum { HTTP_QUERY_NAMES_MAX = 64 };
MUST_CHECK bool http_query_read(const struct http_request *request, const struct span *names, struct span *values,
                                struct buf *memory, struct span *bad);
/* A name or value with control characters (a value of a stranger's making) is left out whole. */
void http_reply_header(struct http_reply *reply, const char *name, const char *value);

enum { HTTP_AHEAD_MAX = 64 };

struct http_server_options {
    struct http_limits limits;
    void (*handle)(void *context, const struct http_request *request, struct http_reply *reply);
    /* Answer for what the server itself refuses: 400 malformed, 408 too slow, 411, 413, 414, 417, 431 too much, 501
     * method, 503 end_of_turn failed or too busy, 505 version. May be NULL: an empty body. `detail` is static text. */
    void (*refuse)(void *context, int status, const char *detail, struct http_reply *reply);
    /* May be NULL. */
    bool (*end_of_turn)(void *context, struct error *err);
    /* Is this request worth its body? Asked once the headers are there, if there is a body, before any of it is taken.
     * False: `reply` is the answer (status and body filled), which leaves after end_of_turn like any other; what the
     * client still sends is not read. May be NULL:
     * always. */
    bool (*admits)(void *context, const struct http_request *head, struct http_reply *reply);
    /* Should this request's body go to a file (up to `*limit` bytes)? Asked once the headers are there, if there is a
     * body. May be NULL: never. */
    bool (*spools)(void *context, const struct http_request *head, uint64_t *limit);
    /* Called about every `tick_ms` until it returns false. May be NULL. */
    bool (*tick)(void *context);
    int64_t tick_ms;
    /* When `wake_fd` is readable `woken` is called, which reads what is there; then the handler is asked again for each
     * early reply whose key is due. False: nothing will come there any more. Both NULL: there is no such descriptor. */
    int wake_fd;
    bool (*woken)(void *context);
    bool (*is_due)(void *context, uint64_t early_key);
    /* The requests that the handler will be asked for next, at most HTTP_AHEAD_MAX, before it is asked for the first of
     * them: what they need can be fetched together. A hint: more may come in between, some may not come to be asked
     * for. May be NULL. */
    void (*ahead)(void *context, const struct http_request *const *requests, size_t count);
    const char *spool_folder; /* where body files are made (and unlinked at once) */
    void *context;
};

enum { HTTP_TICKET_KEY_BYTES = 80 };
struct http_tls {
    const char *certificate_file; /* PEM chain */
    const char *key_file;
    const char *client_ca_file; /* NULL: no client certificates asked */
    bool requires_client;       /* refuse a handshake without one */
    /* PEM, certificates that were revoked (RFC 5280 section 5): one list of each authority that issues client
     * certificates. Without one, or with one past its nextUpdate, nobody of that authority gets in. NULL: none asked.
     */
    const char *client_crl_file;
    /* HTTP_TICKET_KEY_BYTES random bytes which sibling processes share, so that a session begun with one resumes with
     * the other; NULL: a key of its own. Borrowed during the call. */
    const uint8_t *ticket_key;
    /* At most so many connections of this listener at a time: one more is closed at once, so that strangers never take
     * the places of others. 0: as many as the server has. */
    size_t connections;
    unsigned door; /* what requests by this listener are marked with (http_peer.door): the application's own numbers */
};

struct http_server;
MUST_CHECK bool http_server_new(const struct http_server_options *options, struct http_server **out, struct error *err);
/* Listen on an already bound and listening socket; the descriptor stays the caller's. With `tls` NULL plain HTTP/1.1.
 * ERR_INVALID: a certificate, key or CA that cannot be used. */
MUST_CHECK bool http_server_add_listener(struct http_server *server, int fd, const struct http_tls *tls,
                                         struct error *err);
/* Take new connections and answer until `stop_fd` becomes readable (-1: for ever); then finish requests in flight (at
 * most `drain_ms`) and return true. Makes the process ignore SIGPIPE, which OpenSSL's writes would raise. */
MUST_CHECK bool http_server_run(struct http_server *server, int stop_fd, struct error *err);
void http_server_free(struct http_server *server);

/* Sockets for the parent to open. `address` numeric; port 0 lets the system choose (`*port` gets it). */
MUST_CHECK bool http_listen_tcp(const char *address, uint16_t *port, int *fd, struct error *err);
/* Removes a stale socket of that name; mode as given. */
MUST_CHECK bool http_listen_unix(const char *path, unsigned mode, int *fd, struct error *err);

DEFINE_AUTO(struct http_server *, http_server_free)

#endif
