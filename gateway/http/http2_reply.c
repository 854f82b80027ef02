/* An answer into an HTTP/2 session. */
#include <string.h>

#include "base/text.h"
#include "gateway/http/http2.h"

enum { PROGRESS_BYTES = 4096 };

static nghttp2_nv pair(struct span name, struct span value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name.at, (uint8_t *)(uintptr_t)value.at, name.bytes, value.bytes,
                        NGHTTP2_NV_FLAG_NONE};
}

/* `pairs` is an array of nghttp2_nv. */
static void add_pair(struct buf *pairs, struct span name, struct span value)
{
    nghttp2_nv one = pair(name, value);

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

        for (size_t i = 0; i < name.bytes; i++)
            at[i] = (char)(at[i] >= 'A' && at[i] <= 'Z' ? at[i] | 0x20 : at[i]);
        add_pair(pairs, name, value);
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

static ssize_t read_body(nghttp2_session *session, int32_t stream_id, uint8_t *out, size_t room, uint32_t *flags,
                         nghttp2_data_source *source, void *context)
{
    struct exchange *exchange = source->ptr;
    struct connection *connection = context;
    size_t rest = exchange->reply.body.bytes - exchange->sent_bytes;
    size_t bytes = rest < room ? rest : room;

    (void)session;
    (void)stream_id;
    memcpy(out, buf_text(&exchange->reply.body) + exchange->sent_bytes, bytes);
    exchange->sent_bytes += bytes;
    connection->http2->unsent_bytes -= bytes;
    connection->http2->given_bytes += bytes;
    if (exchange->sent_bytes - exchange->sent_at_start >= PROGRESS_BYTES)
        start_write_deadline(exchange);
    if (bytes == rest)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)bytes;
}

static void fill(struct exchange *exchange, struct buf *pairs, char number[REPLY_NUMBER_BYTES],
                 char status[REPLY_NUMBER_BYTES])
{
    struct http_reply *reply = &exchange->reply;

    add_pair(pairs, SPAN(":status"), reply_number((size_t)reply->status, status));
    add_pair(pairs, SPAN("date"), span_of(exchange->connection->server->date.text));
    if (reply_has_body(reply->status)) {
        if (reply->content_type && reply->body.bytes)
            add_pair(pairs, SPAN("content-type"), span_of(reply->content_type));
        add_pair(pairs, SPAN("content-length"), reply_number(reply->body.bytes, number));
    }
    add_further(reply, pairs);
}

/* False when nghttp2 does not take it. */
static bool submit_answer(struct exchange *exchange, bool has_body)
{
    nghttp2_data_provider provider = {.source.ptr = exchange, .read_callback = read_body};
    struct buf *pairs = &exchange->connection->http2->pairs;
    char number[REPLY_NUMBER_BYTES];
    char status[REPLY_NUMBER_BYTES];

    buf_clear(pairs);
    fill(exchange, pairs, number, status);
    return nghttp2_submit_response(exchange->connection->http2->session, exchange->stream_id,
                                   (const nghttp2_nv *)(const void *)pairs->data, pairs->bytes / sizeof(nghttp2_nv),
                                   has_body ? &provider : NULL) == 0;
}

void http2_submit(struct exchange *exchange)
{
    struct connection *connection = exchange->connection;
    struct http_reply *reply = &exchange->reply;
    bool has_body = reply_has_body(reply->status) && !exchange->is_head && reply->body.bytes > 0;

    http2_charge(connection, -HTTP2_GAIN_ANSWER);
    start_write_deadline(exchange);
    if (!has_body) {
        connection->http2->unsent_bytes -= reply->body.bytes;
        exchange->sent_bytes = reply->body.bytes; /* so that closing the stream takes it off but once */
    }
    if (reply->is_dropped || !submit_answer(exchange, has_body))
        nghttp2_submit_rst_stream(connection->http2->session, NGHTTP2_FLAG_NONE, exchange->stream_id,
                                  NGHTTP2_INTERNAL_ERROR);
}

void http2_submit_continue(struct exchange *exchange)
{
    nghttp2_nv status = pair(SPAN(":status"), SPAN("100"));

    nghttp2_submit_headers(exchange->connection->http2->session, NGHTTP2_FLAG_NONE, exchange->stream_id, NULL, &status,
                           1, NULL);
}
