#include "gateway/http/connection.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "gateway/http/http2.h"
#include "gateway/http/tls.h"

enum {
    READS_PER_TURN = 4,            /* then the others have their turn */
    SENDS_PER_TURN = 16,           /* the same for a fast reader of large answers */
    KEPT_BYTES = 65536,            /* larger buffers are not kept */
    PROGRESS_BYTES = 4096,         /* a reader that takes less in write_ms takes nothing */
    LINGER_BYTES = 4 * 1024 * 1024 /* what a refused client may still send before it is cut off */
};

struct connection *connection_new(struct http_server *server, int fd, SSL *ssl)
{
    struct connection *connection = memory_new(sizeof *connection);

    connection->watched.kind = WATCHED_CONNECTION;
    connection->server = server;
    connection->transport = (struct transport){.fd = fd, .ssl = ssl};
    connection->next = server->connections;
    if (connection->next)
        connection->next->previous = connection;
    server->connections = connection;
    server->connection_count++;
    deadlines_start(&server->deadlines, &connection->deadline, DEADLINE_HANDSHAKE, server->now_ms);
    return connection;
}

void connection_kill(struct connection *connection)
{
    struct http_server *server = connection->server;

    if (connection->state == CONNECTION_DEAD)
        return;
    connection->state = CONNECTION_DEAD;
    if (connection->protocol)
        connection->protocol->free(connection);
    deadlines_stop(&connection->deadline);
    transport_close(&connection->transport);
    if (connection->next)
        connection->next->previous = connection->previous;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        server->connections = connection->next;
    server->connection_count--;
    if (connection->listener)
        connection->listener->connection_count--;
    connection->next = server->dead;
    server->dead = connection;
}

void connection_free(struct connection *connection)
{
    buf_done(&connection->in);
    buf_done(&connection->out);
    free(connection);
}

size_t connection_unsent(const struct connection *connection)
{
    return connection->out.bytes - connection->out_at;
}

static void open_connection(struct connection *connection)
{
    if (connection->transport.ssl && !tls_fill_peer(connection->transport.ssl, &connection->peer)) {
        connection_kill(connection);
        return;
    }
    connection->protocol = &PROTOCOL_HTTP1;
    connection->state = CONNECTION_OPEN;
    connection->made_progress = true;
    if (connection->transport.ssl && tls_is_http2(connection->transport.ssl) && !http2_start(connection))
        connection_kill(connection);
}

static void shake_hands(struct connection *connection)
{
    enum transport_result result = transport_handshake(&connection->transport);

    if (result == TRANSPORT_MOVED)
        open_connection(connection);
    else if (result != TRANSPORT_AGAIN)
        connection_kill(connection);
}

/* The answer is on its way. Closing now, with bytes of the client unread, would make TCP throw it away. */
static void read_and_forget(struct connection *connection)
{
    enum transport_result result = TRANSPORT_MOVED;

    for (int i = 0; i < READS_PER_TURN && result == TRANSPORT_MOVED; i++) {
        size_t bytes = 0;

        result = transport_read(&connection->transport, connection->server->scratch, SCRATCH_BYTES, &bytes);
        connection->lingered_bytes += bytes;
    }
    if ((result != TRANSPORT_MOVED && result != TRANSPORT_AGAIN) || connection->lingered_bytes > LINGER_BYTES)
        connection_kill(connection);
}

static void drop_used(struct buf *in, size_t used)
{
    if (used >= in->bytes && in->capacity > KEPT_BYTES) {
        buf_done(in);
        return;
    }
    if (used == 0)
        return;
    in->bytes -= used;
    memmove(in->data, in->data + used, in->bytes);
}

/* The common request is used where it was read; only what is incomplete is kept. */
static void feed(struct connection *connection, char *at, size_t bytes)
{
    struct buf *in = &connection->in;
    size_t used;

    if (in->bytes == 0) {
        used = connection->protocol->feed(connection, at, bytes);
        if (used < bytes)
            buf_add(in, at + used, bytes - used);
        return;
    }
    buf_add(in, at, bytes);
    used = connection->protocol->feed(connection, in->data, in->bytes);
    drop_used(in, used);
}

static bool can_feed(const struct connection *connection)
{
    return connection->state == CONNECTION_OPEN && !connection->is_closing &&
           (connection->protocol->reads_always || connection->protocol->can_answer(connection));
}

/* Is there work that needs nothing from the client? */
static bool can_resume(const struct connection *connection)
{
    return connection->state == CONNECTION_OPEN && !connection->is_closing &&
           connection->protocol->has_waiting(connection) && connection->protocol->can_answer(connection);
}

static void read_on(struct connection *connection)
{
    struct transport *transport = &connection->transport;
    char *scratch = connection->server->scratch;

    connection->has_unread = false;
    for (int i = 0; i < READS_PER_TURN && can_feed(connection); i++) {
        size_t bytes = 0;
        enum transport_result result = transport_read(transport, scratch, SCRATCH_BYTES, &bytes);

        if (result == TRANSPORT_BROKEN) {
            connection_kill(connection);
            return;
        }
        connection->has_ended = connection->has_ended || result == TRANSPORT_END;
        if (result != TRANSPORT_MOVED)
            return;
        feed(connection, scratch, bytes);
        /* The socket is level-triggered: it will say when there is more. */
        if (!transport_has_more(transport) && (transport->ssl || bytes < SCRATCH_BYTES))
            return;
    }
    connection->has_unread = connection->state == CONNECTION_OPEN && transport_has_more(transport);
}

static void resume(struct connection *connection)
{
    struct buf *in = &connection->in;

    drop_used(in, connection->protocol->feed(connection, in->data, in->bytes));
}

size_t connection_waiting(const struct connection *connection, const struct http_request **requests, size_t room)
{
    return can_resume(connection) ? connection->protocol->waiting(connection, requests, room) : 0;
}

void connection_answer(struct connection *connection)
{
    if (can_resume(connection))
        resume(connection);
}

void connection_read(struct connection *connection)
{
    if (connection->state == CONNECTION_HANDSHAKE)
        shake_hands(connection);
    if (connection->state == CONNECTION_LINGERING)
        read_and_forget(connection);
    if (connection->state != CONNECTION_OPEN)
        return;
    if (can_resume(connection))
        resume(connection);
    if (!connection->has_ended)
        read_on(connection);
}

/* A reader that is never quite up with us must not make `out` grow. */
static void drop_sent(struct connection *connection)
{
    struct buf *out = &connection->out;

    if (connection->out_at < KEPT_BYTES)
        return;
    out->bytes -= connection->out_at;
    memmove(out->data, out->data + connection->out_at, out->bytes);
    connection->out_at = 0;
}

/* False when the connection broke. */
static bool send_all(struct connection *connection)
{
    struct buf *out = &connection->out;

    while (connection->out_at < out->bytes) {
        size_t bytes = 0;
        struct span rest = {out->data + connection->out_at, out->bytes - connection->out_at};
        enum transport_result result = transport_write(&connection->transport, rest, &bytes);

        if (result == TRANSPORT_AGAIN) {
            drop_sent(connection);
            return true;
        }
        if (result != TRANSPORT_MOVED)
            return false;
        connection->out_at += bytes;
        connection->sent_bytes += bytes;
    }
    connection->out_at = 0;
    if (out->capacity > KEPT_BYTES)
        buf_done(out);
    else
        buf_clear(out);
    return true;
}

/* OpenSSL writes each record by itself: one way through the network for all of them is much cheaper. */
static bool send_out(struct connection *connection)
{
    bool is_many = connection->transport.ssl && connection_unsent(connection) > SSL3_RT_MAX_PLAIN_LENGTH;
    bool is_good;

    if (!is_many)
        return send_all(connection);
    transport_hold(&connection->transport, true);
    is_good = send_all(connection);
    transport_hold(&connection->transport, false);
    return is_good;
}

/* True when there may be more to send at once. */
static bool send_turn(struct connection *connection, bool is_durable)
{
    for (int i = 0; i < SENDS_PER_TURN; i++) {
        connection->protocol->settle(connection, is_durable);
        if (connection_unsent(connection) == 0)
            return false;
        if (!send_out(connection)) {
            connection_kill(connection);
            return false;
        }
        if (connection_unsent(connection) > 0)
            return false;
    }
    return true;
}

static void finish(struct connection *connection)
{
    transport_end_writing(&connection->transport);
    if (!connection->lingers || connection->has_ended || connection->transport.is_broken) {
        connection_kill(connection);
        return;
    }
    connection->state = CONNECTION_LINGERING;
    deadlines_start(&connection->server->deadlines, &connection->deadline, DEADLINE_LINGER, connection->server->now_ms);
}

static void set_deadline(struct connection *connection)
{
    struct deadlines *deadlines = &connection->server->deadlines;
    int64_t now_ms = connection->server->now_ms;

    if (connection_unsent(connection)) {
        if (connection->deadline.kind != DEADLINE_WRITE || connection->sent_bytes >= PROGRESS_BYTES) {
            connection->sent_bytes = 0;
            deadlines_start(deadlines, &connection->deadline, DEADLINE_WRITE, now_ms);
        }
        return;
    }
    if (connection->made_progress)
        deadlines_stop(&connection->deadline);
    connection->made_progress = false;
    deadlines_keep(deadlines, &connection->deadline, connection->protocol->waits_for(connection), now_ms);
}

static void set_interest(struct connection *connection)
{
    struct epoll_event event = {.data.ptr = &connection->watched};

    if (connection->state != CONNECTION_OPEN || can_feed(connection))
        event.events |= EPOLLIN;
    if ((connection->state == CONNECTION_OPEN && connection_unsent(connection)) || connection->transport.reads_on_write)
        event.events |= EPOLLOUT;
    if (connection->has_ended)
        event.events &= ~(uint32_t)EPOLLIN;
    if (event.events == connection->interest && connection->is_watched)
        return;
    if (epoll_ctl(connection->server->epoll_fd, connection->is_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
                  connection->transport.fd, &event) != 0) {
        connection_kill(connection);
        return;
    }
    connection->interest = event.events;
    connection->is_watched = true;
}

bool connection_settle(struct connection *connection, bool is_durable)
{
    bool has_more = false;

    if (connection->state == CONNECTION_OPEN) {
        has_more = send_turn(connection, is_durable);
        has_more = has_more || can_resume(connection) || (can_feed(connection) && connection->has_unread);
        /* Who sends no more still gets all answers, if only it takes those that are ready. */
        if (connection->state == CONNECTION_OPEN && connection->has_ended && !has_more &&
            connection->protocol->waits_for(connection) != DEADLINE_AGAIN &&
            (connection_unsent(connection) == 0 || !connection->protocol->has_waiting(connection)))
            connection->is_closing = true;
    }
    if (connection->state == CONNECTION_OPEN && connection->is_closing && connection_unsent(connection) == 0)
        finish(connection);
    if (connection->state == CONNECTION_OPEN)
        set_deadline(connection);
    if (connection->state != CONNECTION_DEAD)
        set_interest(connection);
    return has_more && connection->state == CONNECTION_OPEN;
}

void connection_hang_up(struct connection *connection)
{
    if (connection->state == CONNECTION_OPEN && connection->protocol->waits_for(connection) == DEADLINE_AGAIN)
        connection_kill(connection);
}

void connection_expire(struct connection *connection)
{
    enum deadline_kind kind = connection->deadline.kind;

    deadlines_stop(&connection->deadline);
    if (connection->state != CONNECTION_OPEN || kind == DEADLINE_WRITE || kind == DEADLINE_HANDSHAKE) {
        connection_kill(connection);
        return;
    }
    connection->protocol->expire(connection, kind);
    server_touch(connection->server, connection);
}

void connection_drain(struct connection *connection)
{
    /* It may be one of a reload: whoever is just arriving is answered once. The drain's end is his end. */
    if (connection->state == CONNECTION_HANDSHAKE)
        return;
    /* What has come already shall be answered. */
    connection_read(connection);
    if (connection->state == CONNECTION_OPEN)
        connection->protocol->drain(connection);
    server_touch(connection->server, connection);
}
