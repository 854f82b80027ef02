/* A request's head is gathered whole before llhttp sees it. Two things follow: what llhttp lets pass (a folded line, a
 * bare line feed in some places) is seen first by the scan below, and llhttp's callbacks get each name and value in one
 * piece, so that the common request is parsed where it stands, without copying.
 *
 * Answers of a turn are written to `out` behind `held_at`. When the turn cannot be made durable they are cut off again
 * and as many 503s take their place. */
#include "gateway/http/http1.h"

#include <string.h>

#include "base/text.h"
#include "gateway/http/connection.h"
#include "gateway/http/head.h"

/* Answers a connection may get in one turn: then others are served, and `held_heads` has a bit for each. */
enum { HELD_LIMIT = 32 };
/* What chunked framing may cost: a fixed part, and so much for each byte of data. */
enum { CHUNK_OVERHEAD_BYTES = 16384, CHUNK_OVERHEAD_FACTOR = 8 };

static int on_url(llhttp_t *parser, const char *at, size_t bytes)
{
    struct http1 *http1 = parser->data;

    http1->exchange->target = (struct span){at, bytes};
    return 0;
}

static int on_header_field(llhttp_t *parser, const char *at, size_t bytes)
{
    struct http1 *http1 = parser->data;
    struct exchange *exchange = http1->exchange;
    char *name = http1->head + (at - http1->head);

    if (exchange->request.header_count == exchange->header_capacity) {
        http1->why = (struct refusal){431, "too many headers"};
        return -1;
    }
    for (size_t i = 0; i < bytes; i++)
        name[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20 : name[i]);
    exchange->headers[exchange->request.header_count++] = (struct http_header){{at, bytes}, {at, 0}};
    return 0;
}

static int on_header_value(llhttp_t *parser, const char *at, size_t bytes)
{
    struct http1 *http1 = parser->data;
    struct exchange *exchange = http1->exchange;

    if (exchange->request.header_count == 0)
        return 0;
    while (bytes && (at[bytes - 1] == ' ' || at[bytes - 1] == '\t'))
        bytes--;
    exchange->headers[exchange->request.header_count - 1].value = (struct span){at, bytes};
    return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
    struct http1 *http1 = parser->data;

    http1->head_is_whole = true;
    http1->keeps = llhttp_should_keep_alive(parser);
    /* An offer to upgrade may be ignored (RFC 9110 section 7.8); CONNECT is refused as a method. */
    parser->upgrade = 0;
    return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t bytes)
{
    struct http1 *http1 = parser->data;
    struct connection *connection = (struct connection *)(void *)((char *)http1 - offsetof(struct connection, http1));

    if (!server_add_body(connection->server, http1->exchange, (struct span){at, bytes})) {
        http1->why = http1->exchange->why;
        return -1;
    }
    if (body_has_advanced(&http1->exchange->body, bytes))
        connection->made_progress = true;
    return 0;
}

static int on_chunk_header(llhttp_t *parser)
{
    struct http1 *http1 = parser->data;

    http1->is_trailing = parser->content_length == 0;
    return http1->is_trailing ? HPE_PAUSED : HPE_OK;
}

static int on_message_complete(llhttp_t *parser)
{
    struct http1 *http1 = parser->data;

    http1->is_complete = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t SETTINGS = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_chunk_header = on_chunk_header,
    .on_message_complete = on_message_complete,
};

enum { REPLY_IS_HEAD = 1, REPLY_CLOSES = 2, REPLY_IS_STREAM = 4 };
static void write_reply(struct connection *connection, const struct http_reply *reply, unsigned how)
{
    struct http1 *http1 = &connection->http1;
    struct reply_frame frame = {.date = &connection->server->date,
                                .is_head = how & REPLY_IS_HEAD,
                                .closes = how & REPLY_CLOSES,
                                .is_stream = how & REPLY_IS_STREAM,
                                .is_old = http1->parser.http_minor == 0};

    if (http1->held == 0) {
        http1->held_at = connection->out.bytes;
        http1->held_heads = 0;
    }
    http1->held_heads |= (uint32_t)frame.is_head << http1->held;
    http1->held++;
    reply_write(reply, &frame, &connection->out);
}

/* Framing is broken or not worth reading on: answer and close. */
static void refuse_and_close(struct connection *connection, struct refusal why)
{
    struct http1 *http1 = &connection->http1;
    struct exchange *exchange = http1->exchange ? http1->exchange : server_take_exchange(connection->server);

    connection->is_closing = connection->lingers = true;
    connection->made_progress = true;
    server_refuse(connection->server, &why, &exchange->reply);
    write_reply(connection, &exchange->reply,
                REPLY_CLOSES | (http1->exchange && exchange->is_head ? REPLY_IS_HEAD : 0));
    server_give_exchange(connection->server, exchange);
    http1->exchange = NULL;
}

static bool check_framing(struct http1 *http1)
{
    const llhttp_t *parser = &http1->parser;
    const struct http_request *request = &http1->exchange->request;
    struct span coding = http_header_of(request, "transfer-encoding");
    bool wants_body =
        span_is(request->method, "POST") || span_is(request->method, "PUT") || span_is(request->method, "PATCH");

    if (coding.at) {
        if (parser->http_minor == 0)
            return refuse_with(&http1->why, 400, "HTTP/1.0 knows no transfer coding");
        if (!head_same_ignoring_case(coding, SPAN("chunked")) || !(parser->flags & F_CHUNKED))
            return refuse_with(&http1->why, 400, "the only transfer coding known is chunked");
        if (http_header_of(request, "content-length").at)
            return refuse_with(&http1->why, 400, "a body has one length");
        return true;
    }
    if (parser->flags & F_CONTENT_LENGTH) {
        http1->exchange->has_length = true;
        http1->exchange->content_length = parser->content_length;
        return true;
    }
    return !wants_body || refuse_with(&http1->why, 411, "the request needs a Content-Length");
}

/* llhttp passes over further spaces, and knows other protocols (RTSP, ICE) whose lines look alike. */
static bool request_line_is_exact(const struct http1 *http1, struct span method)
{
    static const struct span PROTOCOL = {" HTTP/", 6};
    struct span target = http1->exchange->target;

    return target.at == http1->head + method.bytes + 1 &&
           http1->first_line_bytes == method.bytes + 1 + target.bytes + PROTOCOL.bytes + 3 &&
           memcmp(target.at + target.bytes, PROTOCOL.at, PROTOCOL.bytes) == 0;
}

static bool check_head(struct connection *connection)
{
    struct http1 *http1 = &connection->http1;
    struct exchange *exchange = http1->exchange;
    struct span method = span_of(llhttp_method_name((llhttp_method_t)http1->parser.method));
    struct span host;

    if (http1->parser.http_major != 1 || http1->parser.http_minor > 1)
        return refuse_with(&http1->why, 505, "this is a server of HTTP/1.1 and, by TLS, HTTP/2");
    exchange->has_no_stream = http1->parser.http_minor == 0;
    if (!request_line_is_exact(http1, method))
        return refuse_with(&http1->why, 400, "the request line is malformed");
    if (!head_set_method(exchange, method, &http1->why) || !head_check_headers(exchange, &host, &http1->why))
        return false;
    if (!host.at && http1->parser.http_minor == 1)
        return refuse_with(&http1->why, 400, "the Host header is missing");
    return head_set_target(exchange, host, connection->server->options.limits.target_bytes, &http1->why) &&
           check_framing(http1);
}

static bool prepare_body(struct connection *connection)
{
    struct http1 *http1 = &connection->http1;
    struct exchange *exchange = http1->exchange;
    bool has_body = exchange->content_length > 0 || (http1->parser.flags & F_CHUNKED);

    http1->owes_continue = has_body && exchange->expects_continue && http1->parser.http_minor == 1;
    http1->overhead_bytes = 0;
    if (server_prepare_body(connection->server, exchange, has_body))
        return true;
    http1->why = exchange->why;
    return false;
}

static bool parse_head(struct connection *connection, char *at, size_t bytes)
{
    struct http1 *http1 = &connection->http1;
    llhttp_errno_t result;

    http1->exchange = server_take_exchange(connection->server);
    http1->exchange->request.peer = &connection->peer;
    http1->head = at;
    http1->head_is_whole = http1->is_trailing = http1->is_complete = false;
    llhttp_init(&http1->parser, HTTP_REQUEST, &SETTINGS);
    http1->parser.data = http1;
    result = llhttp_execute(&http1->parser, at, bytes);
    if (http1->why.status)
        return false;
    if (result == HPE_INVALID_VERSION)
        return refuse_with(&http1->why, 505, "this is a server of HTTP/1.1 and, by TLS, HTTP/2");
    if (result == HPE_INVALID_METHOD)
        return refuse_with(&http1->why, 400, "the method is malformed");
    if ((result != HPE_OK && result != HPE_PAUSED) || !http1->head_is_whole)
        return refuse_with(&http1->why, 400, "the request is malformed");
    return check_head(connection) && prepare_body(connection);
}

static unsigned how_to_write(const struct connection *connection)
{
    return (connection->http1.exchange->is_head ? REPLY_IS_HEAD : 0) | (connection->is_closing ? REPLY_CLOSES : 0);
}

/* The beginning of a stream, or more of it. */
static void write_stream(struct connection *connection)
{
    struct exchange *exchange = connection->http1.exchange;

    if (!exchange->is_streaming)
        write_reply(connection, &exchange->reply, how_to_write(connection) | REPLY_IS_STREAM);
    else if (exchange_has_more(exchange))
        reply_write_piece(buf_span(&exchange->more.body), &connection->out);
    exchange->is_streaming = true;
}

/* The answer to a request that has come whole, or none yet. */
static void ask_handler(struct connection *connection)
{
    struct http1 *http1 = &connection->http1;
    struct exchange *exchange = http1->exchange;
    struct http_server *server = connection->server;
    enum handled handled;

    http1->asks_again = false;
    connection->made_progress = true;
    handled = server_handle(server, exchange);
    if (handled == HANDLED_PIECE)
        write_stream(connection);
    if (handled != HANDLED_WHOLE)
        return;
    if (!http1->keeps || server->is_draining || connection->requests >= server->options.limits.requests_per_connection)
        connection->is_closing = true;
    if (exchange->is_streaming) {
        write_stream(connection);
        reply_write_end(&connection->out);
    } else if (exchange->reply.is_dropped) {
        connection->is_closing = true;
    } else {
        write_reply(connection, &exchange->reply, how_to_write(connection));
    }
    server_give_exchange(server, exchange);
    http1->exchange = NULL;
}

static void finish_request(struct connection *connection)
{
    struct http1 *http1 = &connection->http1;
    struct exchange *exchange = http1->exchange;

    http1->owes_continue = false;
    if (!body_finish(&exchange->body, &http1->why)) {
        refuse_and_close(connection, http1->why);
        return;
    }
    connection->requests++;
    http1->asks_again = connection->server->gathers;
    if (!http1->asks_again)
        ask_handler(connection);
}

/* What is looked at: however the bytes come in pieces, nothing beyond the limit. */
static struct span cut(const char *at, size_t bytes, size_t limit_bytes)
{
    return (struct span){at, bytes <= limit_bytes ? bytes : limit_bytes + 1};
}

/* Between requests: one empty line is passed over (RFC 9112 section 2.2). Returns how much was used; when nothing could
 * be, `*waits` says that more must come first. */
static size_t feed_head(struct connection *connection, char *at, size_t bytes, bool *waits)
{
    struct http1 *http1 = &connection->http1;
    const struct http_limits *limits = &connection->server->options.limits;
    size_t head_bytes = 0;
    enum http1_scan scan = HTTP1_BAD;

    if (at[0] == '\r' && !http1->skipped_blank && http1->scanned == 0) {
        if (bytes >= 2 && at[1] == '\n') {
            http1->skipped_blank = true;
            return 2;
        }
        *waits = bytes == 1;
        http1->why = (struct refusal){400, "the request is malformed"};
    } else if (at[0] < 'A' || at[0] > 'Z') {
        http1->why = (struct refusal){400, "the request is malformed"};
    } else {
        scan = http1_scan_head(http1, cut(at, bytes, limits->header_bytes), &head_bytes);
        *waits = scan == HTTP1_PARTIAL && bytes <= limits->header_bytes;
    }
    if (*waits) {
        http1->why = (struct refusal){0, NULL};
        return 0;
    }
    if (scan == HTTP1_PARTIAL || head_bytes > limits->header_bytes)
        http1->why = http1->line ? (struct refusal){431, "the headers are too long"}
                                 : (struct refusal){414, "the request target is too long"};
    if (http1->why.status || !parse_head(connection, at, head_bytes)) {
        refuse_and_close(connection, http1->why);
        return bytes;
    }
    http1->scanned = http1->line = 0;
    http1->skipped_blank = false;
    return head_bytes;
}

/* The framing of a chunked body is as much a stranger's as its data. */
static bool overhead_is_fair(const struct http1 *http1)
{
    return !(http1->parser.flags & F_CHUNKED) ||
           http1->overhead_bytes <= CHUNK_OVERHEAD_BYTES + CHUNK_OVERHEAD_FACTOR * http1->exchange->body.bytes;
}

static size_t feed_body(struct connection *connection, char *at, size_t bytes)
{
    struct http1 *http1 = &connection->http1;
    uint64_t before = http1->exchange->body.bytes;
    size_t used = bytes;
    llhttp_errno_t result;

    http1->head = at;
    result = llhttp_execute(&http1->parser, at, bytes);
    if (result == HPE_PAUSED)
        used = (size_t)(llhttp_get_error_pos(&http1->parser) - at);
    http1->overhead_bytes += used - (size_t)(http1->exchange->body.bytes - before);
    if (!http1->why.status && result != HPE_OK && result != HPE_PAUSED)
        http1->why = (struct refusal){400, "the request body is malformed"};
    if (!http1->why.status && !overhead_is_fair(http1))
        http1->why = (struct refusal){413, "the request body is mostly framing"};
    if (!http1->why.status)
        return used;
    refuse_and_close(connection, http1->why);
    return bytes;
}

/* Returns how much was used; nothing when `*waits` says that more must come first. */
static size_t feed_trailer(struct connection *connection, struct span in, bool *waits)
{
    struct http1 *http1 = &connection->http1;
    size_t limit_bytes = connection->server->options.limits.header_bytes;
    size_t trailer_bytes = 0;
    enum http1_scan scan = http1_scan_trailer(http1, cut(in.at, in.bytes, limit_bytes), &trailer_bytes);

    *waits = scan == HTTP1_PARTIAL && in.bytes <= limit_bytes;
    if (*waits)
        return 0;
    http1->scanned = http1->line = 0;
    http1->is_complete = scan == HTTP1_WHOLE && trailer_bytes <= limit_bytes;
    if (http1->is_complete)
        return trailer_bytes;
    refuse_and_close(connection, scan == HTTP1_BAD ? (struct refusal){400, "the trailer is malformed"}
                                                   : (struct refusal){431, "the trailer is too long"});
    return in.bytes;
}

/* Is there a request to which the handler has no answer yet? */
static bool is_early(const struct http1 *http1)
{
    return http1->exchange && http1->exchange->is_early && !http1->asks_again;
}

static bool can_answer(const struct connection *connection)
{
    return !connection->is_closing && !is_early(&connection->http1) && connection->http1.held < HELD_LIMIT &&
           connection_unsent(connection) < connection->server->options.limits.unsent_bytes;
}

static size_t feed(struct connection *connection, char *at, size_t bytes)
{
    struct http1 *http1 = &connection->http1;
    size_t used = 0;
    size_t head = 0; /* where the unfinished request's head stands in `at` */
    size_t head_bytes = 0;
    bool waits = false;

    if (http1->asks_again && !connection->server->gathers)
        ask_handler(connection);
    while (used < bytes && !waits && !http1->asks_again && can_answer(connection)) {
        size_t now;

        if (!http1->exchange) {
            now = feed_head(connection, at + used, bytes - used, &waits);
            head = used;
            head_bytes = now;
        } else if (http1->is_trailing) {
            now = feed_trailer(connection, (struct span){at + used, bytes - used}, &waits);
        } else {
            now = feed_body(connection, at + used, bytes - used);
        }
        used += now;
        if (http1->exchange && http1->is_complete)
            finish_request(connection);
    }
    /* The input goes; a request still waiting for its body needs its head for longer. */
    if (http1->exchange && head_bytes)
        exchange_keep_text(http1->exchange, at + head, head_bytes);
    http1->is_stalled = used < bytes && !waits && !connection->is_closing;
    return connection->is_closing && !http1->exchange ? bytes : used;
}

static bool has_waiting(const struct connection *connection)
{
    return connection->http1.is_stalled || connection->http1.asks_again;
}

static size_t waiting(const struct connection *connection, const struct http_request **requests, size_t room)
{
    if (!connection->http1.asks_again || room == 0)
        return 0;
    requests[0] = &connection->http1.exchange->request;
    return 1;
}

static void write_not_durable(struct connection *connection)
{
    struct http1 *http1 = &connection->http1;
    unsigned count = http1->held;
    uint32_t heads = http1->held_heads;
    struct exchange *exchange = server_take_exchange(connection->server);

    server_refuse(connection->server, &SERVER_NOT_DURABLE, &exchange->reply);
    connection->out.bytes = http1->held_at;
    http1->held = 0;
    for (unsigned i = 0; i < count; i++)
        write_reply(connection, &exchange->reply,
                    (heads & (UINT32_C(1) << i) ? REPLY_IS_HEAD : 0) |
                        (connection->is_closing && i + 1 == count ? REPLY_CLOSES : 0));
    server_give_exchange(connection->server, exchange);
    /* Of a stream the beginning was the last of them: it never began. */
    if (http1->exchange && http1->exchange->is_streaming) {
        server_give_exchange(connection->server, http1->exchange);
        http1->exchange = NULL;
    }
}

static void settle(struct connection *connection, bool is_durable)
{
    struct http1 *http1 = &connection->http1;

    if (!is_durable && http1->held)
        write_not_durable(connection);
    http1->held = 0;
    if (!http1->owes_continue)
        return;
    http1->owes_continue = false;
    if (http1->exchange && http1->exchange->body.bytes == 0)
        buf_add_text(&connection->out, "HTTP/1.1 100 Continue\r\n\r\n");
}

static enum deadline_kind waits_for(const struct connection *connection)
{
    if (is_early(&connection->http1))
        return DEADLINE_AGAIN;
    if (connection->http1.exchange)
        return DEADLINE_BODY;
    return connection->in.bytes ? DEADLINE_HEADER : DEADLINE_IDLE;
}

static void expire(struct connection *connection, enum deadline_kind kind)
{
    if (kind == DEADLINE_AGAIN)
        connection->http1.asks_again = is_early(&connection->http1);
    else if (kind == DEADLINE_IDLE)
        connection->is_closing = true;
    else
        refuse_and_close(connection, (struct refusal){408, "the request took too long to arrive"});
}

static void drain(struct connection *connection)
{
    if (is_early(&connection->http1))
        connection->http1.asks_again = true;
    else if (!connection->http1.exchange && !connection->in.bytes)
        connection->is_closing = true;
}

static void free_http1(struct connection *connection)
{
    if (connection->http1.exchange)
        server_give_exchange(connection->server, connection->http1.exchange);
    connection->http1.exchange = NULL;
}

const struct protocol PROTOCOL_HTTP1 = {
    .feed = feed,
    .settle = settle,
    .can_answer = can_answer,
    .has_waiting = has_waiting,
    .waiting = waiting,
    .waits_for = waits_for,
    .expire = expire,
    .drain = drain,
    .free = free_http1,
};
