/* What nghttp2 tells us while it reads. No handler runs here: callbacks only fill the stream's exchange, and queue it
 * when it is whole or must be refused. */
#include <string.h>

#include "base/text.h"
#include "gateway/http/head.h"
#include "gateway/http/http2.h"

static struct exchange *of_stream(nghttp2_session *session, int32_t stream_id)
{
    return nghttp2_session_get_stream_user_data(session, stream_id);
}

void http2_enqueue(struct exchange *exchange)
{
    if (exchange->is_queued || exchange->is_answered)
        return;
    deadlines_stop(&exchange->deadline);
    exchange->is_queued = true;
    exchange_queue_add(&exchange->connection->http2->waiting, exchange);
}

static void open_stream(struct connection *connection, struct exchange *exchange, int32_t stream_id)
{
    struct http2 *http2 = connection->http2;

    exchange->connection = connection;
    exchange->stream_id = stream_id;
    exchange->request.peer = &connection->peer;
    exchange->next_open = http2->open;
    if (http2->open)
        http2->open->previous_open = exchange;
    http2->open = exchange;
    deadlines_start(&connection->server->deadlines, &exchange->deadline, DEADLINE_HEADER, connection->server->now_ms);
}

void http2_close_stream(struct exchange *exchange)
{
    struct http2 *http2 = exchange->connection->http2;

    if (exchange->is_queued)
        exchange_queue_remove(&http2->waiting, exchange);
    if (exchange->is_answered) {
        http2->held_count -= exchange_queue_remove(&http2->held, exchange) ? 1 : 0;
        http2->unsent_bytes -= exchange->reply.body.bytes - exchange->sent_bytes;
    }
    if (exchange->next_open)
        exchange->next_open->previous_open = exchange->previous_open;
    if (exchange->previous_open)
        exchange->previous_open->next_open = exchange->next_open;
    else
        http2->open = exchange->next_open;
    server_give_exchange(exchange->connection->server, exchange);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct connection *connection = context;
    struct http_server *server = connection->server;
    struct exchange *exchange;

    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    if (server->exchange_count > 2 * server->options.limits.connections)
        return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
    exchange = server_take_exchange(server);
    open_stream(connection, exchange, frame->hd.stream_id);
    nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, exchange);
    if (++connection->requests == server->options.limits.requests_per_connection)
        connection->protocol->drain(connection);
    return 0;
}

/* These set exchange->why when they refuse. */
static bool set_pseudo_header(struct exchange *exchange, struct span name, struct span value,
                              const struct http_limits *limits)
{
    if (span_is(name, ":method"))
        return head_set_method(exchange, value, &exchange->why);
    if (span_is(name, ":authority"))
        return exchange_add_header(exchange, SPAN("host"), value, limits, &exchange->why);
    if (span_is(name, ":scheme"))
        return span_is(value, "https") || span_is(value, "http") ||
               refuse_with(&exchange->why, 400, "the scheme is not http");
    if (!span_is(name, ":path"))
        return true;
    if (value.bytes > limits->target_bytes || value.bytes > limits->header_bytes - exchange->text.bytes)
        return refuse_with(&exchange->why, 414, "the request target is too long");
    exchange->target = exchange_copy(exchange, value);
    return true;
}

static bool add_header(struct exchange *exchange, struct span name, struct span value, const struct http_limits *limits)
{
    struct span host;

    if (name.bytes && name.at[0] == ':')
        return set_pseudo_header(exchange, name, value, limits);
    host = span_is(name, "host") ? http_header_of(&exchange->request, "host") : SPAN_NONE;
    if (host.at) /* beside :authority: the same, or one of them lies (RFC 9113 section 8.3.1) */
        return span_equal(host, value) || refuse_with(&exchange->why, 400, "Host and :authority differ");
    return exchange_add_header(exchange, name, value, limits, &exchange->why);
}

/* After the first thing refused nothing more is kept of this head: HPACK can unfold a few bytes into very many. */
static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_bytes,
                     const uint8_t *value, size_t value_bytes, uint8_t flags, void *context)
{
    struct exchange *exchange = of_stream(session, frame->hd.stream_id);
    struct connection *connection = context;

    (void)flags;
    if (exchange && frame->headers.cat == NGHTTP2_HCAT_REQUEST && !exchange->why.status)
        add_header(exchange, (struct span){(const char *)name, name_bytes},
                   (struct span){(const char *)value, value_bytes}, &connection->server->options.limits);
    return 0;
}

static bool find_length(struct exchange *exchange)
{
    struct span text = http_header_of(&exchange->request, "content-length");
    int64_t length = 0;

    if (!text.at)
        return true;
    if (!integer_parse(text, &length))
        return refuse_with(&exchange->why, 400, "the Content-Length is malformed");
    exchange->has_length = true;
    exchange->content_length = (uint64_t)length;
    return true;
}

static bool check_head(struct exchange *exchange)
{
    const struct http_limits *limits = &exchange->connection->server->options.limits;
    struct span host;

    if (exchange->why.status || !head_check_headers(exchange, &host, &exchange->why) ||
        !head_set_target(exchange, host, limits->target_bytes, &exchange->why))
        return false;
    if (!host.at)
        return refuse_with(&exchange->why, 400, "the request names no host");
    return find_length(exchange);
}

static void end_head(struct exchange *exchange, bool is_end)
{
    struct http_server *server = exchange->connection->server;

    exchange->is_whole = is_end;
    if (!check_head(exchange) || !server_prepare_body(server, exchange, !is_end) || is_end) {
        http2_enqueue(exchange);
        return;
    }
    deadlines_start(&server->deadlines, &exchange->deadline, DEADLINE_BODY, server->now_ms);
    if (exchange->expects_continue)
        http2_submit_continue(exchange);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct exchange *exchange = of_stream(session, frame->hd.stream_id);
    bool is_end = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;

    if (frame->hd.type == NGHTTP2_DATA && frame->hd.length > 0 && frame->hd.length == frame->data.padlen)
        http2_charge(context, HTTP2_COST_FRAME); /* nothing but padding */
    if (!exchange || (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
        return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
        end_head(exchange, is_end);
    } else if (is_end) {
        exchange->is_whole = true;
        http2_enqueue(exchange);
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *data, size_t bytes,
                   void *context)
{
    struct exchange *exchange = of_stream(session, stream_id);
    struct connection *connection = context;

    (void)flags;
    if (exchange && exchange->is_answered)
        http2_forget_data(exchange, bytes);
    if (!exchange || exchange->is_answered || exchange->is_queued)
        return 0;
    if (!server_add_body(connection->server, exchange, (struct span){(const char *)data, bytes}))
        http2_enqueue(exchange);
    else if (body_has_advanced(&exchange->body, bytes))
        deadlines_start(&connection->server->deadlines, &exchange->deadline, DEADLINE_BODY, connection->server->now_ms);
    return 0;
}

static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *head, void *context)
{
    const struct exchange *exchange = of_stream(session, head->stream_id);
    bool brings = head->length > 0 || (head->flags & NGHTTP2_FLAG_END_STREAM);
    bool is_wanted = exchange && !exchange->is_whole;

    if (head->type == NGHTTP2_RST_STREAM)
        http2_charge(context, HTTP2_COST_RESET);
    else if (head->type != NGHTTP2_DATA || !brings || !is_wanted)
        http2_charge(context, HTTP2_COST_FRAME);
    return 0;
}

static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct exchange *exchange = of_stream(session, frame->hd.stream_id);

    if (frame->hd.type == NGHTTP2_DATA)
        http2_charge(context, -HTTP2_GAIN_DATA);
    if (exchange && !exchange->is_whole && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) &&
        (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS))
        http2_linger(exchange);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t code, void *context)
{
    struct exchange *exchange = of_stream(session, stream_id);

    (void)code;
    (void)context;
    if (exchange) {
        nghttp2_session_set_stream_user_data(session, stream_id, NULL);
        http2_close_stream(exchange);
    }
    return 0;
}

void http2_set_callbacks(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, http2_give_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
}
