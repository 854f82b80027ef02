/* exchange.h - one request as it comes in, with its answer: what HTTP/1.1 and HTTP/2 have in common. */
#ifndef GATEWAY_HTTP_EXCHANGE_H
#define GATEWAY_HTTP_EXCHANGE_H

#include "gateway/http/body.h"
#include "gateway/http/deadlines.h"
#include "gateway/http/http.h"
#include "gateway/http/reply.h"

struct exchange {
    struct http_request request; /* spans point into `text`, or for a while into the connection's input */
    struct span target;
    struct buf text; /* the head, once it must outlive the input */
    struct body body;
    struct http_reply reply;
    bool is_head;
    bool expects_continue;
    bool has_length;
    uint64_t content_length;
    bool is_early;          /* the handler was asked, and wants to be asked again */
    uint64_t early_key;     /* when this is due, or after a while */
    int64_t asked_ms;       /* when first */
    struct http_reply more; /* of a stream that goes on */
    bool is_streaming;      /* its beginning is on its way, and more may come */
    bool has_no_stream;     /* HTTP/1.0, which knows no pieces */
    struct refusal why;     /* HTTP/2: answer with this instead of asking the handler */

    /* HTTP/2 only. */
    struct deadline deadline;
    struct connection *connection;
    struct exchange *next; /* in a queue of its connection */
    struct exchange *next_open;
    struct exchange *previous_open;
    size_t sent_bytes;
    size_t forgotten_bytes;  /* of the request, which came after its answer */
    size_t sent_at_start;    /* of the write deadline */
    uint64_t given_at_start; /* likewise, of the whole connection */
    int32_t stream_id;
    char status_digits[REPLY_NUMBER_BYTES]; /* nghttp2 reads these when the answer's head leaves */
    char length_digits[REPLY_NUMBER_BYTES];
    bool is_whole;  /* the request is complete */
    bool is_queued; /* for the handler */
    bool is_answered;

    size_t header_capacity;
    struct http_header headers[]; /* header_capacity */
};

struct exchange *exchange_new(size_t header_capacity);
void exchange_free(struct exchange *exchange);
/* Ready for another request; big buffers go. */
void exchange_reset(struct exchange *exchange, struct body_budget *budget);

/* Copy what the spans point at (`bytes` at `from`) into the exchange's own text, and let them point there. */
void exchange_keep_text(struct exchange *exchange, const char *from, size_t bytes);
/* Add one header whose bytes are copied into the exchange's text. Refuses with 431. The name must be lower case. */
MUST_CHECK bool exchange_add_header(struct exchange *exchange, struct span name, struct span value,
                                    const struct http_limits *limits, struct refusal *why);
/* Copy into the exchange's text. */
struct span exchange_copy(struct exchange *exchange, struct span from);

/* Of a stream that goes on: may what the handler added last leave? Not when it is a refusal. */
static inline bool exchange_has_more(const struct exchange *exchange)
{
    return exchange->more.status == 200 && exchange->more.body.bytes > 0;
}

/* An answer as a new one. */
void exchange_reset_reply(struct http_reply *reply);

DEFINE_AUTO(struct exchange *, exchange_free)

#endif
