/* A connection's side of HTTP/2: bytes in, handlers, bytes out. Requests are only queued while nghttp2 reads; the
 * handlers run after it has returned, and only as long as the answers not yet sent stay within bounds. */
#include "gateway/http/http2.h"

#include <stdlib.h>

#include "gateway/http/connection.h"

enum {
    HELD_LIMIT = 64,            /* answers a connection may get in one turn */
    OUT_BYTES = 65536,          /* bytes made ready before they are sent */
    STREAM_WINDOW = 256 * 1024, /* what a client may send on a stream before we say more */
    CONNECTION_WINDOW = 1024 * 1024,
    SETTINGS_LIMIT = 32, /* entries in one SETTINGS frame */
    ACKS_LIMIT = 100,    /* answers to PING and SETTINGS that wait for a client which does not read */
    RESET_BURST = 200,
    RESET_RATE = 20,              /* a second */
    FORGOTTEN_LIMIT = 1024 * 1024 /* of a body that comes after its answer */
};

struct http2_shared *http2_shared_new(void)
{
    struct http2_shared *shared = memory_new(sizeof *shared);

    shared->memory = http2_memory_new();
    if (nghttp2_session_callbacks_new(&shared->callbacks) != 0 || nghttp2_option_new(&shared->options) != 0) {
        http2_shared_free(shared);
        return NULL;
    }
    http2_set_callbacks(shared->callbacks);
    nghttp2_option_set_no_closed_streams(shared->options, 1);
    nghttp2_option_set_max_outbound_ack(shared->options, ACKS_LIMIT);
    nghttp2_option_set_max_settings(shared->options, SETTINGS_LIMIT);
    nghttp2_option_set_stream_reset_rate_limit(shared->options, RESET_BURST, RESET_RATE);
    return shared;
}

void http2_shared_free(struct http2_shared *shared)
{
    if (!shared)
        return;
    nghttp2_session_callbacks_del(shared->callbacks);
    nghttp2_option_del(shared->options);
    http2_memory_free(shared->memory);
    free(shared);
}

void exchange_queue_add(struct exchange_queue *queue, struct exchange *exchange)
{
    exchange->next = NULL;
    if (queue->last)
        queue->last->next = exchange;
    else
        queue->first = exchange;
    queue->last = exchange;
}

struct exchange *exchange_queue_take(struct exchange_queue *queue)
{
    struct exchange *first = queue->first;

    if (!first)
        return NULL;
    queue->first = first->next;
    if (!queue->first)
        queue->last = NULL;
    first->next = NULL;
    return first;
}

bool exchange_queue_remove(struct exchange_queue *queue, struct exchange *exchange)
{
    struct exchange *before = NULL;

    for (struct exchange *at = queue->first; at; before = at, at = at->next) {
        if (at != exchange)
            continue;
        if (before)
            before->next = at->next;
        else
            queue->first = at->next;
        if (queue->last == at)
            queue->last = before;
        at->next = NULL;
        return true;
    }
    return false;
}

bool http2_start(struct connection *connection)
{
    const struct http_limits *limits = &connection->server->options.limits;
    const struct http2_shared *shared = connection->server->http2;
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, (uint32_t)limits->streams},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)limits->header_bytes},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };
    struct http2 *http2 = memory_new(sizeof *http2);

    connection->http2 = http2;
    connection->protocol = &PROTOCOL_HTTP2;
    http2->credit = HTTP2_CREDIT_LIMIT;
    http2->credit_ms = connection->server->now_ms;
    return nghttp2_session_server_new3(&http2->session, shared->callbacks, connection, shared->options,
                                       http2_memory_of(shared->memory)) == 0 &&
           nghttp2_submit_settings(http2->session, NGHTTP2_FLAG_NONE, settings, COUNT_OF(settings)) == 0 &&
           nghttp2_session_set_local_window_size(http2->session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW) == 0;
}

void http2_charge(struct connection *connection, int cost)
{
    struct http2 *http2 = connection->http2;
    int64_t seconds = (connection->server->now_ms - http2->credit_ms) / 1000;

    if (seconds > 0) {
        http2->credit += seconds * HTTP2_CREDIT_PER_SECOND;
        http2->credit_ms += seconds * 1000;
    }
    http2->credit -= cost;
    if (http2->credit > HTTP2_CREDIT_LIMIT)
        http2->credit = HTTP2_CREDIT_LIMIT;
    if (http2->credit < 0)
        nghttp2_session_terminate_session(http2->session, NGHTTP2_ENHANCE_YOUR_CALM);
}

static bool can_answer(const struct connection *connection)
{
    size_t limit = connection->server->options.limits.unsent_bytes;

    return connection->http2->held_count < HELD_LIMIT && connection->http2->unsent_bytes < limit &&
           connection_unsent(connection) < limit;
}

static void hold(struct connection *connection, struct exchange *exchange)
{
    struct http2 *http2 = connection->http2;

    exchange->is_queued = false;
    exchange->is_answered = true;
    http2->unsent_bytes += exchange->reply.body.bytes;
    http2->held_count++;
    connection->made_progress = true;
    exchange_queue_add(&http2->held, exchange);
}

/* Still the handler's, but in no queue until it is time to ask again. */
static void wait_on(struct exchange *exchange)
{
    struct http_server *server = exchange->connection->server;

    deadlines_start(&server->deadlines, &exchange->deadline, DEADLINE_AGAIN, server->now_ms);
}

static void ask_again(struct exchange *exchange)
{
    deadlines_stop(&exchange->deadline);
    exchange->is_queued = true;
    exchange_queue_add(&exchange->connection->http2->waiting, exchange);
}

void http2_all_is_sent(struct exchange *exchange)
{
    if (!exchange->is_early)
        return; /* it has ended */
    if (exchange->connection->server->is_draining)
        ask_again(exchange);
    else
        wait_on(exchange);
}

/* Ask, and do with the answer what is to be done. */
static void ask(struct connection *connection, struct exchange *exchange)
{
    bool is_going_on = exchange->is_streaming;
    enum handled handled = server_handle(connection->server, exchange);

    if (is_going_on) {
        exchange->is_queued = false;
        http2_submit_more(exchange);
        return;
    }
    exchange->is_streaming = handled == HANDLED_PIECE;
    if (handled == HANDLED_EARLY)
        wait_on(exchange);
    else
        hold(connection, exchange);
}

static void answer_waiting(struct connection *connection)
{
    struct http2 *http2 = connection->http2;
    struct exchange *exchange;

    while (can_answer(connection) && (exchange = exchange_queue_take(&http2->waiting))) {
        deadlines_stop(&exchange->deadline);
        if (exchange->is_early || (!exchange->why.status && body_finish(&exchange->body, &exchange->why))) {
            ask(connection, exchange);
            continue;
        }
        server_refuse(connection->server, &exchange->why, &exchange->reply);
        hold(connection, exchange);
    }
}

static bool has_waiting(const struct connection *connection)
{
    return connection->http2->waiting.first != NULL;
}

static size_t waiting(const struct connection *connection, const struct http_request **requests, size_t room)
{
    size_t count = 0;

    for (const struct exchange *at = connection->http2->waiting.first; at && count < room; at = at->next) {
        if (!at->why.status)
            requests[count++] = &at->request;
    }
    return count;
}

static size_t feed(struct connection *connection, char *at, size_t bytes)
{
    struct http2 *http2 = connection->http2;

    /* Once broken nghttp2 must not be fed again: after a wrong preface it would go on with a right one. */
    if (bytes && !http2->is_broken && nghttp2_session_mem_recv(http2->session, (const uint8_t *)at, bytes) < 0)
        http2->is_broken = true;
    if (!connection->server->gathers)
        answer_waiting(connection);
    return bytes;
}

/* Put what nghttp2 has to say into `out`, up to a bound. */
static void pull(struct connection *connection)
{
    struct http2 *http2 = connection->http2;

    while (connection_unsent(connection) < OUT_BYTES) {
        const uint8_t *data = NULL;
        ssize_t bytes = nghttp2_session_mem_send(http2->session, &data);

        if (bytes < 0)
            http2->is_broken = true;
        if (bytes <= 0)
            return;
        buf_add(&connection->out, data, (size_t)bytes);
    }
}

static void settle(struct connection *connection, bool is_durable)
{
    struct http2 *http2 = connection->http2;
    struct exchange *exchange;

    while ((exchange = exchange_queue_take(&http2->held))) {
        /* Of what was refused, only a refusal with words of its own is the server's alone. */
        if (!is_durable && !(exchange->why.status && exchange->why.detail)) {
            http2->unsent_bytes -= exchange->reply.body.bytes;
            exchange->is_streaming = exchange->is_early = false;
            server_refuse(connection->server, &SERVER_NOT_DURABLE, &exchange->reply);
            http2->unsent_bytes += exchange->reply.body.bytes;
        }
        http2_submit(exchange);
    }
    http2->held_count = 0;
    pull(connection);
    if (http2->is_broken || (connection_unsent(connection) == 0 && !nghttp2_session_want_read(http2->session) &&
                             !nghttp2_session_want_write(http2->session)))
        connection->is_closing = connection->lingers = true;
}

static enum deadline_kind waits_for(const struct connection *connection)
{
    return connection->http2->open ? DEADLINE_NONE : DEADLINE_IDLE;
}

static void expire(struct connection *connection, enum deadline_kind kind)
{
    (void)kind;
    nghttp2_session_terminate_session(connection->http2->session, NGHTTP2_NO_ERROR);
}

static void drain(struct connection *connection)
{
    nghttp2_session *session = connection->http2->session;

    for (struct exchange *exchange = connection->http2->open; exchange; exchange = exchange->next_open) {
        if (exchange->deadline.kind == DEADLINE_AGAIN)
            ask_again(exchange);
    }
    /* Streams above this one were not looked at: the client may send them elsewhere (RFC 9113 section 6.8). */
    if (nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session),
                              NGHTTP2_NO_ERROR, NULL, 0) != 0)
        connection->http2->is_broken = true;
}

static void free_http2(struct connection *connection)
{
    struct http2 *http2 = connection->http2;

    if (!http2)
        return;
    while (http2->open)
        http2_close_stream(http2->open);
    nghttp2_session_del(http2->session);
    buf_done(&http2->pairs);
    free(http2);
    connection->http2 = NULL;
}

static void tell_to_stop(struct exchange *exchange)
{
    deadlines_stop(&exchange->deadline);
    nghttp2_submit_rst_stream(exchange->connection->http2->session, NGHTTP2_FLAG_NONE, exchange->stream_id,
                              NGHTTP2_NO_ERROR);
}

void http2_linger(struct exchange *exchange)
{
    struct http_server *server = exchange->connection->server;

    body_reset(&exchange->body, &server->bodies);
    deadlines_start(&server->deadlines, &exchange->deadline, DEADLINE_LINGER, server->now_ms);
}

void http2_forget_data(struct exchange *exchange, size_t bytes)
{
    bool was_within = exchange->forgotten_bytes <= FORGOTTEN_LIMIT;

    exchange->forgotten_bytes += bytes;
    if (was_within && exchange->forgotten_bytes > FORGOTTEN_LIMIT)
        tell_to_stop(exchange);
}

void http2_expire_stream(struct exchange *exchange)
{
    struct connection *connection = exchange->connection;
    enum deadline_kind kind = exchange->deadline.kind;

    deadlines_stop(&exchange->deadline);
    server_touch(connection->server, connection);
    if (kind == DEADLINE_AGAIN) {
        ask_again(exchange);
        return;
    }
    if (kind == DEADLINE_LINGER) {
        tell_to_stop(exchange);
        return;
    }
    if (kind == DEADLINE_WRITE && http2_waits_its_turn(exchange))
        return;
    if (kind == DEADLINE_WRITE || exchange->is_answered) {
        nghttp2_submit_rst_stream(connection->http2->session, NGHTTP2_FLAG_NONE, exchange->stream_id, NGHTTP2_CANCEL);
        return;
    }
    exchange->why = (struct refusal){408, "the request took too long to arrive"};
    server_refuse(connection->server, &exchange->why, &exchange->reply);
    hold(connection, exchange);
}

const struct protocol PROTOCOL_HTTP2 = {
    .feed = feed,
    .settle = settle,
    .can_answer = can_answer,
    .has_waiting = has_waiting,
    .waiting = waiting,
    /* WINDOW_UPDATE and RST_STREAM, above all. What comes is bounded: streams, bodies, credit. */
    .reads_always = true,
    .waits_for = waits_for,
    .expire = expire,
    .drain = drain,
    .free = free_http2,
};
