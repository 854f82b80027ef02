/* connection.h - one client's connection: its bytes, its protocol, its deadline. Private to this room.
 *
 * A turn has two halves. First connection_read: take what is there and let the protocol answer into `out`, or, when the
 * server gathers, connection_answer once all that has come in this turn was read. Then, when
 * the turn's work is durable (or not), connection_settle: send, wait, or close. Between the two nothing leaves. */
#ifndef GATEWAY_HTTP_CONNECTION_H
#define GATEWAY_HTTP_CONNECTION_H

#include "gateway/http/exchange.h"
#include "gateway/http/http1.h"
#include "gateway/http/server.h"
#include "gateway/http/transport.h"

struct http2;

enum connection_state {
    CONNECTION_HANDSHAKE,
    CONNECTION_OPEN,
    CONNECTION_LINGERING, /* all is said; wait for the client to hear it */
    CONNECTION_DEAD       /* freed at the end of the turn */
};

struct protocol {
    /* Take from `bytes` at `at` (which may be changed); returns how much was used. What is not used comes again, with
     * more behind it. */
    size_t (*feed)(struct connection *connection, char *at, size_t bytes);
    /* The turn is over: put its answers into `out`, or 503s when it is not durable. Called again while more fits. */
    void (*settle)(struct connection *connection, bool is_durable);
    /* May the handler be asked, or wait enough answers to be sent? */
    bool (*can_answer)(const struct connection *connection);
    /* Are there requests the handler could not be asked yet? Then `feed` goes on with them, also without new bytes. */
    bool (*has_waiting)(const struct connection *connection);
    /* The first of them, at most `room`: returns how many. Some that wait for their time may be left out. */
    size_t (*waiting)(const struct connection *connection, const struct http_request **requests, size_t room);
    /* Take input even when no more may be answered: what lets answers leave comes in between requests. */
    bool reads_always;
    /* What should happen next, and thus which deadline runs; DEADLINE_NONE when streams have their own. */
    enum deadline_kind (*waits_for)(const struct connection *connection);
    /* The connection's deadline is over: say what is left to say. */
    void (*expire)(struct connection *connection, enum deadline_kind kind);
    /* Finish what is in flight, take nothing new. */
    void (*drain)(struct connection *connection);
    void (*free)(struct connection *connection);
};

struct connection {
    struct watched watched; /* first: epoll's pointer leads here */
    struct deadline deadline;
    struct http_server *server;
    struct listener *listener; /* that it came by */
    struct transport transport;
    enum connection_state state;
    const struct protocol *protocol;
    struct http1 http1;
    struct http2 *http2;
    struct http_peer peer;

    struct buf in;  /* taken from the socket, not yet used */
    struct buf out; /* to be sent, from out_at on */
    size_t out_at;
    size_t sent_bytes; /* since the write deadline began */
    size_t lingered_bytes;
    uint64_t requests;

    uint32_t interest;  /* what epoll watches for */
    bool is_watched;    /* by epoll; also of no interest, so that a broken connection is noticed */
    bool has_ended;     /* the client sends no more */
    bool is_closing;    /* take no more requests; close when all is sent */
    bool lingers;       /* the client may still be sending: do not cut it off before it has read our answer */
    bool made_progress; /* a request was completed: deadlines start afresh */
    bool has_unread;    /* TLS holds records (not just part of one) which the socket will not announce */
    bool is_touched;    /* in the turn's list */
    struct connection *next_touched;
    struct connection *next;
    struct connection *previous;
};

struct connection *connection_new(struct http_server *server, int fd, SSL *ssl);
void connection_free(struct connection *connection);
/* First half of a turn. */
void connection_read(struct connection *connection);
/* What the handler will be asked for by connection_answer: see struct protocol. */
size_t connection_waiting(const struct connection *connection, const struct http_request **requests, size_t room);
void connection_answer(struct connection *connection);
/* Second half. True when it wants another turn at once. */
bool connection_settle(struct connection *connection, bool is_durable);
/* The client is gone, both ways. What is still to be read or written will find out; who only waits would not. */
void connection_hang_up(struct connection *connection);
void connection_expire(struct connection *connection);
void connection_drain(struct connection *connection);
void connection_kill(struct connection *connection);
/* How much waits to be sent. */
size_t connection_unsent(const struct connection *connection);

#endif
