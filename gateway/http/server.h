/* server.h - what the parts of this room share. Private to this room. */
#ifndef GATEWAY_HTTP_SERVER_H
#define GATEWAY_HTTP_SERVER_H

#include "gateway/http/body.h"
#include "gateway/http/deadlines.h"
#include "gateway/http/http.h"
#include "gateway/http/reply.h"

struct tls;
struct connection;
struct exchange;
struct http2_shared;

enum watched_kind { WATCHED_STOP, WATCHED_WAKE, WATCHED_LISTENER, WATCHED_CONNECTION };

/* What epoll's pointer leads to. */
struct watched {
    enum watched_kind kind;
};

struct listener {
    struct watched watched; /* first */
    int fd;
    bool is_local;
    bool is_anonymous;
    unsigned door;
    struct tls *tls; /* NULL: plain */
    size_t connections_max;
    size_t connection_count;
};

enum { LISTENERS_LIMIT = 8, SCRATCH_BYTES = 65536, EXCHANGES_KEPT = 256 };

struct http_server {
    struct http_server_options options;
    int epoll_fd;
    int stop_fd;
    struct watched stop;
    struct watched wake;
    bool was_woken; /* in this turn */
    struct listener listeners[LISTENERS_LIMIT];
    size_t listener_count;
    bool is_accepting;
    int64_t accept_again_ms; /* when to try again after running out of descriptors; 0: no need */

    struct connection *connections;
    size_t connection_count;
    struct connection *touched; /* have something to do in this turn */
    struct connection *dead;    /* to be freed at the turn's end: until then events may lead to them */
    struct deadlines deadlines;
    int64_t now_ms;
    int64_t next_tick_ms;

    struct exchange *spare; /* ready for use */
    size_t spare_count;
    size_t exchange_count; /* in use */
    struct body_budget bodies;
    struct reply_date date;
    struct http2_shared *http2;
    char *scratch; /* SCRATCH_BYTES: where sockets are read into */

    size_t handled; /* requests handed to the handler in this turn */
    bool gathers;   /* whole requests wait until all that has come was read */
    bool was_durable;
    bool is_draining;
    int64_t drain_until_ms;
};

/* Give it a turn. */
void server_touch(struct http_server *server, struct connection *connection);
/* An exchange ready for use, and back. */
struct exchange *server_take_exchange(struct http_server *server);
void server_give_exchange(struct http_server *server, struct exchange *exchange);
/* The head is good: decide where the body goes, before the first byte of it is taken. False: exchange->why. */
MUST_CHECK bool server_prepare_body(struct http_server *server, struct exchange *exchange, bool has_body);
/* False: exchange->why. */
MUST_CHECK bool server_add_body(struct http_server *server, struct exchange *exchange, struct span piece);
/* Ask the handler. Unless it is HANDLED_WHOLE exchange->is_early: ask again when DEADLINE_AGAIN is over, or when
 * draining begins. HANDLED_PIECE: the beginning of a stream is in exchange->reply, or, once exchange->is_streaming
 * (which the caller sets), more of it in exchange->more; so is the end of one. */
enum handled { HANDLED_EARLY, HANDLED_PIECE, HANDLED_WHOLE };
MUST_CHECK enum handled server_handle(struct http_server *server, struct exchange *exchange);
/* Let the application word a refusal. */
void server_refuse(struct http_server *server, const struct refusal *why, struct http_reply *reply);
/* Which refusal stands for answers that could not be made durable. */
extern const struct refusal SERVER_NOT_DURABLE;

/* acceptor.c */
void acceptor_start(struct http_server *server);
void acceptor_stop(struct http_server *server);
void acceptor_accept(struct http_server *server, struct listener *listener);

#endif
