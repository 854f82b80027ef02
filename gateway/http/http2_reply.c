/* An answer into an HTTP/2 session. */
#include <string.h>

#include "base/text.h"
#include "gateway/http/http2.h"

enum { PROGRESS_BYTES = 4096, FRAME_HEAD_BYTES = 9 };

/* Fields whose value is hardly ever the same twice. In the table of HPACK they would push out those that are, and every
 * search for a name goes past all its values. nghttp2 knows by itself of Content-Length, ETag and Location. Date stays
 * in: it is the same for a second, and then one byte. */
static const struct span VOLATILE[] = {
    {"ratelimit", 9}, {"signature", 9}, {"content-digest", 14}, {"signature-input", 15}, {"content-range", 13}};

static uint8_t indexing(struct span name)
{
    for (size_t i = 0; i < COUNT_OF(VOLATILE); i++) {
        if (span_equal(VOLATILE[i], name))
            return NGHTTP2_NV_FLAG_NO_INDEX;
    }
    return NGHTTP2_NV_FLAG_NONE;
}

/* Nothing is copied: names and values stand in static text, in the exchange or in the server. nghttp2 reads them when
 * the frame leaves; of a stream that was closed before, none does. */
static nghttp2_nv pair(struct span name, struct span value, uint8_t flags)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name.at, (uint8_t *)(uintptr_t)value.at, name.bytes, value.bytes,
                        flags | NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

/* `pairs` is an array of nghttp2_nv. */
static void add_pair(struct buf *pairs, struct span name, struct span value)
{
    nghttp2_nv one = pair(name, value, NGHTTP2_NV_FLAG_NONE);

    buf_add(pairs, &one, sizeof one);
}

/* The further headers, names in lower case in place (RFC 9113 section 8.2). */
static void add_further(struct http_reply *reply, struct buf *pairs)
{
    struct span rest = buf_span(&reply->headers);
    struct span name;
    struct span value;

    while (reply_next_header(&rest, &name, &value)) {
        char *at = reply->headers.data + (name.at - reply->headers.data);
        nghttp2_nv one;

        for (size_t i = 0; i < name.bytes; i++)
            at[i] = (char)(at[i] >= 'A' && at[i] <= 'Z' ? at[i] | 0x20 : at[i]);
        one = pair(name, value, indexing(name));
        buf_add(pairs, &one, sizeof one);
    }
}

static void start_write_deadline(struct exchange *exchange)
{
    struct http_server *server = exchange->connection->server;

    exchange->sent_at_start = exchange->sent_bytes;
    exchange->given_at_start = exchange->connection->http2->given_bytes;
    deadlines_start(&server->deadlines, &exchange->deadline, DEADLINE_WRITE, server->now_ms);
}

bool http2_waits_its_turn(struct exchange *exchange)
{
    struct http2 *http2 = exchange->connection->http2;

    if (nghttp2_session_get_stream_remote_window_size(http2->session, exchange->stream_id) <= 0 ||
        http2->given_bytes - exchange->given_at_start < PROGRESS_BYTES)
        return false;
    start_write_deadline(exchange);
    return true;
}

/* nghttp2 is told how much; the bytes go straight to where they are sent from. */
static ssize_t read_body(nghttp2_session *session, int32_t stream_id, uint8_t *out, size_t room, uint32_t *flags,
                         nghttp2_data_source *source, void *context)
{
    const struct exchange *exchange = source->ptr;
    size_t rest = exchange->reply.body.bytes - exchange->sent_bytes;
    bool has_more = exchange->is_streaming && exchange->is_early;

    (void)session;
    (void)stream_id;
    (void)out;
    (void)context;
    if (rest == 0 && has_more)
        return NGHTTP2_ERR_DEFERRED;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY | (rest <= room && !has_more ? NGHTTP2_DATA_FLAG_EOF : 0);
    return (ssize_t)(rest < room ? rest : room);
}

int http2_give_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head, size_t bytes,
                    nghttp2_data_source *source, void *context)
{
    struct exchange *exchange = source->ptr;
    struct connection *connection = context;

    (void)session;
    (void)frame; /* never padded */
    buf_reserve(&connection->out, FRAME_HEAD_BYTES + bytes);
    buf_add(&connection->out, head, FRAME_HEAD_BYTES);
    if (bytes > 0)
        buf_add(&connection->out, exchange->reply.body.data + exchange->sent_bytes, bytes);
    exchange->sent_bytes += bytes;
    connection->http2->unsent_bytes -= bytes;
    connection->http2->given_bytes += bytes;
    if (exchange->is_streaming && exchange->sent_bytes == exchange->reply.body.bytes)
        http2_all_is_sent(exchange);
    else if (exchange->sent_bytes - exchange->sent_at_start >= PROGRESS_BYTES)
        start_write_deadline(exchange);
    return 0;
}

static void fill(struct exchange *exchange, struct buf *pairs)
{
    struct http_reply *reply = &exchange->reply;

    add_pair(pairs, SPAN(":status"), reply_number((size_t)reply->status, exchange->status_digits));
    add_pair(pairs, SPAN("date"), reply_date_span(&exchange->connection->server->date));
    if (reply_has_body(reply->status)) {
        if (reply->content_type && (reply->body.bytes || exchange->is_streaming))
            add_pair(pairs, SPAN("content-type"), span_of(reply->content_type));
        if (!exchange->is_streaming)
            add_pair(pairs, SPAN("content-length"), reply_number(reply->body.bytes, exchange->length_digits));
    }
    add_further(reply, pairs);
}

/* False when nghttp2 does not take it. */
static bool submit_answer(struct exchange *exchange, bool has_body)
{
    nghttp2_data_provider provider = {.source.ptr = exchange, .read_callback = read_body};
    struct buf *pairs = &exchange->connection->http2->pairs;

    buf_clear(pairs);
    fill(exchange, pairs);
    return nghttp2_submit_response(exchange->connection->http2->session, exchange->stream_id,
                                   (const nghttp2_nv *)(const void *)pairs->data, pairs->bytes / sizeof(nghttp2_nv),
                                   has_body ? &provider : NULL) == 0;
}

void http2_submit(struct exchange *exchange)
{
    struct connection *connection = exchange->connection;
    struct http_reply *reply = &exchange->reply;
    bool has_body =
        exchange->is_streaming || (reply_has_body(reply->status) && !exchange->is_head && reply->body.bytes > 0);

    http2_charge(connection, -HTTP2_GAIN_ANSWER);
    start_write_deadline(exchange);
    if (!has_body) {
        connection->http2->unsent_bytes -= reply->body.bytes;
        exchange->sent_bytes = reply->body.bytes; /* so that closing the stream takes it off but once */
    }
    if (reply->is_dropped || !submit_answer(exchange, has_body))
        nghttp2_submit_rst_stream(connection->http2->session, NGHTTP2_FLAG_NONE, exchange->stream_id,
                                  NGHTTP2_INTERNAL_ERROR);
    else if (exchange->is_streaming && reply->body.bytes == 0)
        http2_all_is_sent(exchange);
}

void http2_submit_more(struct exchange *exchange)
{
    struct http2 *http2 = exchange->connection->http2;
    struct buf *body = &exchange->reply.body;
    size_t before = body->bytes - exchange->sent_bytes;

    if (before == 0) {
        buf_clear(body);
        exchange->sent_bytes = 0;
    }
    if (exchange_has_more(exchange)) {
        buf_add_span(body, buf_span(&exchange->more.body));
        http2->unsent_bytes += exchange->more.body.bytes;
    }
    if (exchange->is_early && body->bytes == exchange->sent_bytes) {
        http2_all_is_sent(exchange);
        return;
    }
    start_write_deadline(exchange);
    /* Refused when nghttp2 has not asked since: then it asks by itself. */
    if (nghttp2_is_fatal(nghttp2_session_resume_data(http2->session, exchange->stream_id)))
        http2->is_broken = true;
}

void http2_submit_continue(struct exchange *exchange)
{
    nghttp2_nv status = pair(SPAN(":status"), SPAN("100"), NGHTTP2_NV_FLAG_NONE);

    nghttp2_submit_headers(exchange->connection->http2->session, NGHTTP2_FLAG_NONE, exchange->stream_id, NULL, &status,
                           1, NULL);
}
