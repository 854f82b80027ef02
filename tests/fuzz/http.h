/* http.h - a connection of the HTTP server on a socket pair, moved by hand: no loop, no threads, no TLS, and no time of
 * day: the Date header is empty. */
#ifndef TESTS_FUZZ_HTTP_H
#define TESTS_FUZZ_HTTP_H

#include "fuzz.h"

#include <sys/socket.h>

#include "base/text.h"
#include "gateway/http/connection.h"
#include "gateway/http/http2.h"

enum { FUZZ_NOT_DURABLE = 1, FUZZ_HALF_CLOSES = 2, FUZZ_NEVER_READS = 4, FUZZ_TIME_PASSES = 8, FUZZ_DRAINS = 16 };
/* Whole requests wait until the turn has read everything, as in a server that tells them ahead. */
enum { FUZZ_GATHERS = 32, FUZZ_FLAGS = 64 };

struct fuzz_http {
    struct http_server *server;
    struct connection *connection;
    int client; /* our end */
    unsigned flags;
    struct buf answer;
    size_t handled;
};

/* Everything a handler may look at is looked at. */
static inline void fuzz_handle(void *context, const struct http_request *request, struct http_reply *reply)
{
    struct fuzz_http *http = context;

    http->handled++;
    FUZZ_CHECK(request->path.bytes > 0 && request->path.at[0] == '/' && utf8_is_valid(request->path, NULL), "path");
    FUZZ_CHECK(!memchr(request->path.at, 0, request->path.bytes), "NUL in the path");
    FUZZ_CHECK(request->header_count <= 8, "%zu headers", request->header_count);
    buf_addf(&reply->body, "%.*s %.*s?", (int)request->method.bytes, request->method.at, (int)request->path.bytes,
             request->path.at);
    buf_add_span(&reply->body, request->query);
    for (size_t i = 0; i < request->header_count; i++) {
        struct span value = request->headers[i].value;

        for (size_t at = 0; at < value.bytes; at++)
            FUZZ_CHECK((unsigned char)value.at[at] >= 0x20 || value.at[at] == '\t', "a control character in a value");
        buf_addf(&reply->body, "\n%.*s: %zu", (int)request->headers[i].name.bytes, request->headers[i].name.at,
                 value.bytes);
    }
    buf_addf(&reply->body, "\n%llu:", (unsigned long long)request->body_bytes);
    buf_add_span(&reply->body, request->body);
    if (http_query_of(request, "more", &reply->body))
        buf_reserve(&reply->body, 5000), memset(reply->body.data + reply->body.bytes, 'x', 5000),
            reply->body.bytes += 5000;
    reply->is_dropped = span_is(request->path, "/drop");
}

static inline struct http_limits fuzz_limits(void)
{
    return (struct http_limits){.header_bytes = 2048,
                                .header_count = 8,
                                .target_bytes = 512,
                                .body_bytes = 4096,
                                .bodies_bytes = 8192,
                                .unsent_bytes = 6000,
                                .requests_per_connection = 50,
                                .streams = 8};
}

static inline void fuzz_http_new(struct fuzz_http *http, bool is_http2)
{
    struct http_server_options options = {.limits = fuzz_limits(), .handle = fuzz_handle, .context = http};
    struct error err;
    int ends[2];

    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
    FUZZ_CHECK(http_server_new(&options, &http->server, &err), "%s", err.text);
    http->client = ends[0];
    http->connection = connection_new(http->server, ends[1], NULL);
    if (!is_http2)
        return;
    http->connection->state = CONNECTION_OPEN;
    FUZZ_CHECK(http2_start(http->connection), "HTTP/2");
}

static inline bool fuzz_http_is_open(const struct fuzz_http *http)
{
    return http->connection->state != CONNECTION_DEAD;
}

static inline void fuzz_http_read(struct fuzz_http *http)
{
    char part[16384];
    ssize_t got;

    while ((got = recv(http->client, part, sizeof part, 0)) > 0)
        buf_add(&http->answer, part, (size_t)got);
}

/* Turns, as the loop takes them, until there is nothing more to do. */
static inline void fuzz_http_turn(struct fuzz_http *http)
{
    bool has_more = true;

    for (int i = 0; i < 1000 && has_more && fuzz_http_is_open(http); i++) {
        http->server->gathers = http->flags & FUZZ_GATHERS;
        connection_read(http->connection);
        http->server->gathers = false;
        if ((http->flags & FUZZ_GATHERS) && fuzz_http_is_open(http))
            connection_answer(http->connection);
        has_more = fuzz_http_is_open(http) && connection_settle(http->connection, !(http->flags & FUZZ_NOT_DURABLE));
        if (!(http->flags & FUZZ_NEVER_READS))
            fuzz_http_read(http);
        /* Room in the socket is work, too. */
        has_more = has_more || (fuzz_http_is_open(http) && !(http->flags & FUZZ_NEVER_READS) &&
                                connection_unsent(http->connection) > 0);
        FUZZ_CHECK(i < 999, "it never comes to rest");
    }
}

/* Later. What is over is told so. */
static inline void fuzz_http_pass_time(struct fuzz_http *http)
{
    struct deadline *over;

    http->server->now_ms += 200000;
    for (int i = 0; (over = deadlines_over(&http->server->deadlines, http->server->now_ms)); i++) {
        char *at = (char *)over;

        FUZZ_CHECK(i < 1000, "a deadline that is never over");
        if (over->is_stream)
            http2_expire_stream((struct exchange *)(void *)(at - offsetof(struct exchange, deadline)));
        else
            connection_expire((struct connection *)(void *)(at - offsetof(struct connection, deadline)));
    }
    fuzz_http_turn(http);
}

static inline void fuzz_http_send(struct fuzz_http *http, struct span bytes)
{
    if (fuzz_http_is_open(http) && send(http->client, bytes.at, bytes.bytes, MSG_NOSIGNAL) > 0)
        fuzz_http_turn(http);
    if ((http->flags & FUZZ_TIME_PASSES) && fuzz_http_is_open(http))
        fuzz_http_pass_time(http);
}

/* In pieces; then the end. Nothing may be left of what was held. */
static inline void fuzz_http_talk(struct fuzz_http *http, struct span bytes, size_t piece)
{
    for (size_t at = 0; at < bytes.bytes && fuzz_http_is_open(http); at += piece) {
        size_t now = bytes.bytes - at < piece ? bytes.bytes - at : piece;

        fuzz_http_send(http, (struct span){bytes.at + at, now});
    }
    if ((http->flags & FUZZ_DRAINS) && fuzz_http_is_open(http)) {
        http->server->is_draining = true;
        connection_drain(http->connection);
        fuzz_http_turn(http);
    }
    if (http->flags & FUZZ_HALF_CLOSES)
        shutdown(http->client, SHUT_WR);
    fuzz_http_turn(http);
    if (fuzz_http_is_open(http))
        connection_kill(http->connection);
    FUZZ_CHECK(http->server->exchange_count == 0, "%zu exchanges are left", http->server->exchange_count);
    FUZZ_CHECK(http->server->bodies.held_bytes == 0, "%zu bytes of bodies are left", http->server->bodies.held_bytes);
    FUZZ_CHECK(http->server->connection_count == 0, "%zu connections", http->server->connection_count);
    fuzz_http_read(http);
}

static inline void fuzz_http_free(struct fuzz_http *http)
{
    http_server_free(http->server);
    close(http->client);
    buf_done(&http->answer);
}

#endif
