#include "gateway/http/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/* Buffers larger than this are not kept for the next request. */
enum { KEPT_BYTES = 16384 };

struct exchange *exchange_new(size_t header_capacity)
{
    struct exchange *exchange = memory_new(sizeof *exchange + header_capacity * sizeof exchange->headers[0]);

    exchange->header_capacity = header_capacity;
    exchange->request.headers = exchange->headers;
    exchange->request.body_fd = -1;
    exchange->deadline.is_stream = true;
    body_init(&exchange->body);
    exchange_reset_reply(&exchange->reply);
    exchange_reset_reply(&exchange->more);
    return exchange;
}

void exchange_free(struct exchange *exchange)
{
    if (!exchange)
        return;
    file_close(exchange->body.fd);
    buf_done(&exchange->body.memory);
    buf_done(&exchange->text);
    buf_done(&exchange->reply.headers);
    buf_done(&exchange->reply.body);
    buf_done(&exchange->more.headers);
    buf_done(&exchange->more.body);
    free(exchange);
}

static void clear_or_free(struct buf *buf)
{
    if (buf->capacity > KEPT_BYTES)
        buf_done(buf);
    else
        buf_clear(buf);
}

void exchange_reset_reply(struct http_reply *reply)
{
    reply->status = 200;
    reply->content_type = "application/json";
    reply->is_early = false;
    reply->early_key = 0;
    reply->is_stream = false;
    reply->mark = 0;
    reply->is_dropped = false;
    clear_or_free(&reply->headers);
    clear_or_free(&reply->body);
}

void exchange_reset(struct exchange *exchange, struct body_budget *budget)
{
    struct exchange clean = {.text = exchange->text,
                             .body = exchange->body,
                             .reply = exchange->reply,
                             .more = exchange->more,
                             .header_capacity = exchange->header_capacity};

    deadlines_stop(&exchange->deadline);
    body_reset(&clean.body, budget);
    clear_or_free(&clean.text);
    exchange_reset_reply(&clean.reply);
    exchange_reset_reply(&clean.more);
    clean.request.headers = exchange->headers;
    clean.request.body_fd = -1;
    clean.deadline.is_stream = true;
    *exchange = clean;
}

static void rebase(struct span *span, const char *from, const char *to)
{
    if (span->bytes)
        span->at = to + (span->at - from);
}

/* Method and content type are static text, never in the head's bytes. */
static void rebase_all(struct exchange *exchange, const char *from, const char *to)
{
    rebase(&exchange->target, from, to);
    rebase(&exchange->request.path, from, to);
    rebase(&exchange->request.query, from, to);
    for (size_t i = 0; i < exchange->request.header_count; i++) {
        rebase(&exchange->headers[i].name, from, to);
        rebase(&exchange->headers[i].value, from, to);
    }
}

void exchange_keep_text(struct exchange *exchange, const char *from, size_t bytes)
{
    buf_clear(&exchange->text);
    buf_add(&exchange->text, from, bytes);
    rebase_all(exchange, from, exchange->text.data);
}

struct span exchange_copy(struct exchange *exchange, struct span from)
{
    const char *old = exchange->text.data;
    size_t start = exchange->text.bytes;
    /* Only a difference of addresses is taken from `old` after the memory moved. */
    uintptr_t old_address = (uintptr_t)old;

    buf_reserve(&exchange->text, from.bytes);
    if (old && (uintptr_t)exchange->text.data != old_address)
        rebase_all(exchange, (const char *)old_address, exchange->text.data);
    buf_add_span(&exchange->text, from);
    return (struct span){exchange->text.data + start, from.bytes};
}

bool exchange_add_header(struct exchange *exchange, struct span name, struct span value,
                         const struct http_limits *limits, struct refusal *why)
{
    struct http_header *header = &exchange->headers[exchange->request.header_count];

    if (exchange->request.header_count >= exchange->header_capacity)
        return refuse_with(why, 431, "too many headers");
    if (name.bytes + value.bytes + 4 > limits->header_bytes - exchange->text.bytes)
        return refuse_with(why, 431, "the headers are too long");
    *header = (struct http_header){SPAN_NONE, SPAN_NONE};
    exchange->request.header_count++;
    header->name = exchange_copy(exchange, name);
    header->value = exchange_copy(exchange, value);
    return true;
}
