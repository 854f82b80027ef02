/* The loop. A turn: wait; read from what is ready; run the handlers; make it all durable at once (end_of_turn); only
 * then send. A connection that has more to do than its share is touched again for the next turn, which then does not
 * wait. */
#include "gateway/http/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/time.h"
#include "gateway/http/http2.h"
#include "gateway/http/tls.h"

enum { EVENTS_PER_TURN = 256, LINGER_MS = 2000 };

const struct http_limits HTTP_LIMITS_DEFAULT = {
    .header_bytes = 16384,
    .header_count = 64,
    .target_bytes = 4096,
    .body_bytes = 1 << 20,
    .bodies_bytes = 32 << 20,
    .unsent_bytes = 256 << 10,
    .connections = 1024,
    .requests_per_connection = 100000,
    .streams = 100,
    .handshake_ms = 10000,
    .header_ms = 10000,
    .body_ms = 60000,
    .idle_ms = 75000,
    .write_ms = 30000,
    .drain_ms = 10000,
};

const struct refusal SERVER_NOT_DURABLE = {503, "the answer could not be made durable; try again"};

#define or_default(limits, field) ((limits)->field = (limits)->field ? (limits)->field : HTTP_LIMITS_DEFAULT.field)

static void fill_limits(struct http_limits *limits)
{
    or_default(limits, header_bytes);
    or_default(limits, header_count);
    or_default(limits, target_bytes);
    or_default(limits, body_bytes);
    or_default(limits, bodies_bytes);
    or_default(limits, unsent_bytes);
    or_default(limits, connections);
    or_default(limits, requests_per_connection);
    or_default(limits, streams);
    or_default(limits, handshake_ms);
    or_default(limits, header_ms);
    or_default(limits, body_ms);
    or_default(limits, idle_ms);
    or_default(limits, write_ms);
    or_default(limits, drain_ms);
}

bool http_server_new(const struct http_server_options *options, struct http_server **out, struct error *err)
{
    AUTO(http_server_free) struct http_server *server = memory_new(sizeof *server);
    const struct http_limits *limits = &server->options.limits;

    server->epoll_fd = -1;
    server->options = *options;
    fill_limits(&server->options.limits);
    deadlines_init(&server->deadlines, (const int64_t[DEADLINE_KINDS]){[DEADLINE_HANDSHAKE] = limits->handshake_ms,
                                                                       [DEADLINE_HEADER] = limits->header_ms,
                                                                       [DEADLINE_BODY] = limits->body_ms,
                                                                       [DEADLINE_IDLE] = limits->idle_ms,
                                                                       [DEADLINE_WRITE] = limits->write_ms,
                                                                       [DEADLINE_LINGER] = LINGER_MS,
                                                                       [DEADLINE_AGAIN] = HTTP_AGAIN_MS});
    server->bodies = (struct body_budget){.limit_bytes = limits->bodies_bytes, .spool_folder = options->spool_folder};
    server->scratch = memory_new(SCRATCH_BYTES);
    server->stop.kind = WATCHED_STOP;
    server->wake.kind = WATCHED_WAKE;
    server->was_durable = true;
    server->http2 = http2_shared_new();
    if (!server->http2)
        return fail(err, ERR_INTERNAL, "nghttp2 cannot be set up");
    server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (server->epoll_fd < 0)
        return fail(err, ERR_IO, "epoll: errno %d", errno);
    *out = TAKE(server);
    return true;
}

static void free_dead(struct http_server *server)
{
    struct connection **link = &server->dead;

    while (*link) {
        struct connection *connection = *link;

        if (connection->is_touched) {
            link = &connection->next;
            continue;
        }
        *link = connection->next;
        connection_free(connection);
    }
}

void http_server_free(struct http_server *server)
{
    if (!server)
        return;
    while (server->connections)
        connection_kill(server->connections);
    for (struct connection *connection = server->touched; connection; connection = connection->next_touched)
        connection->is_touched = false;
    free_dead(server);
    while (server->spare) {
        struct exchange *exchange = server->spare;

        server->spare = exchange->next;
        exchange_free(exchange);
    }
    for (size_t i = 0; i < server->listener_count; i++)
        tls_free(server->listeners[i].tls);
    http2_shared_free(server->http2);
    free(server->scratch);
    file_close(server->epoll_fd);
    free(server);
}

bool http_server_add_listener(struct http_server *server, int fd, const struct http_tls *tls, struct error *err)
{
    struct listener *listener = &server->listeners[server->listener_count];
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t bytes = sizeof address;
    int on = 1;

    if (server->listener_count == LISTENERS_LIMIT)
        return fail(err, ERR_LIMIT, "more than %d listening sockets", LISTENERS_LIMIT);
    if (getsockname(fd, (struct sockaddr *)&address, &bytes) != 0)
        return fail(err, ERR_IO, "listening socket: errno %d", errno);
    *listener = (struct listener){.watched.kind = WATCHED_LISTENER, .fd = fd};
    listener->is_local = address.ss_family == AF_UNIX;
    listener->is_anonymous = tls && !tls->client_ca_file;
    listener->door = tls ? tls->door : 0;
    listener->connections_max = tls && tls->connections > 0 ? tls->connections : SIZE_MAX;
    if (tls && !tls_new(tls, &listener->tls, err))
        return false;
    /* Accepted sockets inherit this: answers leave at once. */
    if (!listener->is_local)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    server->listener_count++;
    return true;
}

void server_touch(struct http_server *server, struct connection *connection)
{
    if (connection->is_touched)
        return;
    connection->is_touched = true;
    connection->next_touched = server->touched;
    server->touched = connection;
}

struct exchange *server_take_exchange(struct http_server *server)
{
    struct exchange *exchange = server->spare;

    server->exchange_count++;
    if (!exchange)
        return exchange_new(server->options.limits.header_count);
    server->spare = exchange->next;
    server->spare_count--;
    exchange->next = NULL;
    return exchange;
}

void server_give_exchange(struct http_server *server, struct exchange *exchange)
{
    exchange_reset(exchange, &server->bodies);
    server->exchange_count--;
    if (server->spare_count >= EXCHANGES_KEPT) {
        exchange_free(exchange);
        return;
    }
    exchange->next = server->spare;
    server->spare = exchange;
    server->spare_count++;
}

bool server_prepare_body(struct http_server *server, struct exchange *exchange, bool has_body)
{
    const struct http_server_options *options = &server->options;
    uint64_t limit = options->limits.body_bytes;
    bool spools;

    if (has_body && options->admits && !options->admits(options->context, &exchange->request, &exchange->reply)) {
        server->handled++; /* what it promised is kept as a handler's promises are */
        return refuse_with(&exchange->why, exchange->reply.status, NULL);
    }
    spools = has_body && options->spools && options->spools(options->context, &exchange->request, &limit);
    if (exchange->content_length > limit)
        return refuse_with(&exchange->why, 413, "the request body is larger than allowed");
    if (spools)
        return body_start_spool(&exchange->body, &server->bodies, limit, &exchange->why);
    body_start(&exchange->body, limit);
    return true;
}

bool server_add_body(struct http_server *server, struct exchange *exchange, struct span piece)
{
    return body_add(&exchange->body, &server->bodies, piece, &exchange->why);
}

/* What the handler is told of a request beside the request itself. */
static void fill_request(const struct http_server *server, struct exchange *exchange)
{
    struct http_request *request = &exchange->request;

    request->body = buf_span(&exchange->body.memory);
    request->body_fd = exchange->body.fd;
    request->body_bytes = exchange->body.bytes;
    request->is_last_time = server->is_draining;
    request->is_going_on = exchange->is_streaming;
    if (!exchange->is_early) {
        exchange->asked_ms = server->now_ms;
        return;
    }
    request->waited_ms = server->now_ms - exchange->asked_ms;
    request->early_key = exchange->early_key;
}

enum handled server_handle(struct http_server *server, struct exchange *exchange)
{
    struct http_reply *reply = exchange->is_streaming ? &exchange->more : &exchange->reply;
    bool may_go_on = !server->is_draining && !exchange->is_head && !exchange->has_no_stream;

    if (exchange->is_streaming)
        exchange_reset_reply(reply);
    fill_request(server, exchange);
    exchange->is_early = false;
    server->handled++;
    server->options.handle(server->options.context, &exchange->request, reply);
    exchange->request.mark = reply->mark;
    exchange->early_key = reply->early_key;
    if (reply->is_stream && reply->status == 200 && may_go_on) {
        exchange->is_early = true;
        return HANDLED_PIECE;
    }
    if (!reply->is_early || exchange->is_streaming || server->is_draining)
        return HANDLED_WHOLE;
    exchange_reset_reply(&exchange->reply);
    exchange->is_early = true;
    return HANDLED_EARLY;
}

void server_refuse(struct http_server *server, const struct refusal *why, struct http_reply *reply)
{
    if (!why->detail)
        return;
    exchange_reset_reply(reply);
    reply->status = why->status;
    if (server->options.refuse)
        (server->options.refuse)(server->options.context, why->status, why->detail, reply);
    if (why->status == 503)
        http_reply_header(reply, "Retry-After", "1");
}

/* Keeps what the handlers promised. One line in the log when it stops working, one when it works again. */
static bool make_durable(struct http_server *server)
{
    struct error err = {.code = ERR_NONE};
    bool is_durable;

    if (server->handled == 0 || !server->options.end_of_turn)
        return true;
    server->handled = 0;
    is_durable = server->options.end_of_turn(server->options.context, &err);
    if (!is_durable && server->was_durable)
        log_error("http", "answers are refused until this ends: %s", err.text);
    if (is_durable && !server->was_durable)
        log_notice("http", "answers are durable again");
    server->was_durable = is_durable;
    return is_durable;
}

static void settle_all(struct http_server *server)
{
    bool is_durable = make_durable(server);
    struct connection *connection = server->touched;

    server->touched = NULL;
    while (connection) {
        struct connection *next = connection->next_touched;

        connection->is_touched = false;
        if (connection->state != CONNECTION_DEAD && connection_settle(connection, is_durable))
            server_touch(server, connection);
        connection = next;
    }
}

static void expire(struct deadline *over)
{
    char *at = (char *)over;

    if (over->is_stream)
        http2_expire_stream((struct exchange *)(void *)(at - offsetof(struct exchange, deadline)));
    else
        connection_expire((struct connection *)(void *)(at - offsetof(struct connection, deadline)));
}

static void expire_all(struct http_server *server)
{
    struct deadline *over;

    while ((over = deadlines_over(&server->deadlines, server->now_ms)))
        expire(over);
}

/* Early replies whose key is due: as if their time were over. */
static void ask_due(struct http_server *server)
{
    struct deadline *list = &server->deadlines.lists[DEADLINE_AGAIN];
    struct deadline *next;

    if (!server->was_woken)
        return;
    server->was_woken = false;
    for (struct deadline *at = list->next; at != list; at = next) {
        char *whole = (char *)at;
        const struct exchange *exchange =
            at->is_stream
                ? (struct exchange *)(void *)(whole - offsetof(struct exchange, deadline))
                : ((struct connection *)(void *)(whole - offsetof(struct connection, deadline)))->http1.exchange;

        next = at->next;
        if (exchange && exchange->early_key && server->options.is_due(server->options.context, exchange->early_key))
            expire(at);
    }
}

static void wake(struct http_server *server)
{
    server->was_woken = true;
    if (!server->options.woken(server->options.context))
        epoll_ctl(server->epoll_fd, EPOLL_CTL_DEL, server->options.wake_fd, NULL);
}

static void begin_drain(struct http_server *server)
{
    struct connection *next;

    if (server->is_draining)
        return;
    server->is_draining = true;
    server->drain_until_ms = server->now_ms + server->options.limits.drain_ms;
    acceptor_stop(server);
    epoll_ctl(server->epoll_fd, EPOLL_CTL_DEL, server->stop_fd, NULL);
    for (struct connection *connection = server->connections; connection; connection = next) {
        next = connection->next;
        connection_drain(connection);
    }
}

/* What was gathered, so many requests at a time that what was fetched for them is still near when they are handled. */
static void answer_all(struct http_server *server)
{
    const struct http_request *requests[HTTP_AHEAD_MAX];
    struct connection *from = server->touched;

    while (from) {
        struct connection *to = from;
        size_t count = 0;

        for (; to && count < HTTP_AHEAD_MAX; to = to->next_touched)
            count += connection_waiting(to, requests + count, HTTP_AHEAD_MAX - count);
        if (count > 1)
            server->options.ahead(server->options.context, requests, count);
        for (; from != to; from = from->next_touched)
            connection_answer(from);
    }
}

static void dispatch(struct http_server *server, struct epoll_event *events, int count)
{
    bool stops = false;

    server->gathers = server->options.ahead != NULL;
    for (struct connection *connection = server->touched; connection; connection = connection->next_touched)
        connection_read(connection);
    for (int i = 0; i < count; i++) {
        struct watched *watched = events[i].data.ptr;

        if (watched->kind == WATCHED_STOP)
            stops = true;
        if (watched->kind == WATCHED_WAKE)
            wake(server);
        if (watched->kind == WATCHED_LISTENER)
            acceptor_accept(server, (struct listener *)watched);
        if (watched->kind == WATCHED_CONNECTION && ((struct connection *)watched)->state != CONNECTION_DEAD) {
            server_touch(server, (struct connection *)watched);
            if (events[i].events & (EPOLLHUP | EPOLLERR))
                connection_hang_up((struct connection *)watched);
            connection_read((struct connection *)watched);
        }
    }
    server->gathers = false;
    if (server->options.ahead)
        answer_all(server);
    if (stops)
        begin_drain(server);
}

static void look_after(struct http_server *server)
{
    if (server->options.tick && server->options.tick_ms > 0 && server->now_ms >= server->next_tick_ms) {
        server->next_tick_ms = server->now_ms + server->options.tick_ms;
        if (!server->options.tick(server->options.context))
            server->options.tick = NULL;
    }
    if (!server->is_accepting && !server->is_draining && server->now_ms >= server->accept_again_ms)
        acceptor_start(server);
}

static int wait_ms(const struct http_server *server)
{
    int64_t next_ms = deadlines_next_ms(&server->deadlines);

    if (server->touched)
        return 0;
    if (server->options.tick && server->options.tick_ms > 0 && server->next_tick_ms < next_ms)
        next_ms = server->next_tick_ms;
    if (!server->is_accepting && !server->is_draining && server->accept_again_ms < next_ms)
        next_ms = server->accept_again_ms;
    if (server->is_draining && server->drain_until_ms < next_ms)
        next_ms = server->drain_until_ms;
    if (next_ms == INT64_MAX)
        return -1;
    next_ms -= time_monotonic_ms();
    return next_ms < 0 ? 0 : next_ms > 60000 ? 60000 : (int)next_ms;
}

static bool take_turn(struct http_server *server, struct error *err)
{
    struct epoll_event events[EVENTS_PER_TURN];
    int count = epoll_wait(server->epoll_fd, events, EVENTS_PER_TURN, wait_ms(server));

    if (count < 0 && errno != EINTR)
        return fail(err, ERR_IO, "epoll_wait: errno %d", errno);
    server->now_ms = time_monotonic_ms();
    reply_date_update(&server->date);
    dispatch(server, events, count < 0 ? 0 : count);
    settle_all(server);
    ask_due(server);
    expire_all(server);
    look_after(server);
    free_dead(server);
    return true;
}

bool http_server_run(struct http_server *server, int stop_fd, struct error *err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &server->stop};
    struct epoll_event wakes = {.events = EPOLLIN, .data.ptr = &server->wake};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    sigaction(SIGPIPE, &ignore, NULL);
    server->stop_fd = stop_fd;
    if (stop_fd >= 0 && epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, stop_fd, &event) != 0)
        return fail(err, ERR_IO, "the descriptor that tells us to stop: errno %d", errno);
    if (server->options.woken && epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, server->options.wake_fd, &wakes) != 0)
        return fail(err, ERR_IO, "the descriptor that wakes us: errno %d", errno);
    server->now_ms = time_monotonic_ms();
    acceptor_start(server);
    while (!server->is_draining || (server->connections && server->now_ms < server->drain_until_ms)) {
        if (!take_turn(server, err))
            return false;
    }
    return true;
}
