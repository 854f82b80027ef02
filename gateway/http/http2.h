/* http2.h - HTTP/2 (RFC 9113) on one connection, by nghttp2. Private to this room.
 *
 * nghttp2 keeps the framing, HPACK, flow control and the checks of RFC 9113 section 8. Ours: the limits, the deadlines
 * of each stream, and that no answer is submitted before its turn is durable. */
#ifndef GATEWAY_HTTP_HTTP2_H
#define GATEWAY_HTTP_HTTP2_H

#include <nghttp2/nghttp2.h>

#include "gateway/http/connection.h"
#include "gateway/http/http2_memory.h"

/* What all connections of a server use. */
struct http2_shared {
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *options;
    struct http2_memory *memory; /* outlives every session */
};

/* Exchanges in the order they came. */
struct exchange_queue {
    struct exchange *first;
    struct exchange *last;
};

struct http2 {
    nghttp2_session *session;
    struct exchange *open;         /* all that have a stream */
    struct exchange_queue waiting; /* for the handler */
    struct exchange_queue held;    /* answered in this turn */
    size_t held_count;
    size_t unsent_bytes;  /* of all answers not yet given to nghttp2 */
    uint64_t given_bytes; /* of answers, so far */
    int64_t credit;       /* see http2_charge */
    int64_t credit_ms;
    struct buf pairs; /* headers of an answer, while it is given to nghttp2 */
    bool is_broken;   /* nghttp2 will not go on */
};

extern const struct protocol PROTOCOL_HTTP2;

struct http2_shared *http2_shared_new(void);
void http2_shared_free(struct http2_shared *shared);

/* The client chose HTTP/2: a session, and our settings into it. False when nghttp2 refuses. */
MUST_CHECK bool http2_start(struct connection *connection);
/* A stream's deadline is over. */
void http2_expire_stream(struct exchange *exchange);

/* The answer has left while the client still sends what nobody will read: let it see the answer first. Clients that are
 * told at once to stop (RST_STREAM with NO_ERROR, RFC 9113 section 8.1) may lose it; libcurl 7.88 does. */
void http2_linger(struct exchange *exchange);
/* So much more of it has come. */
void http2_forget_data(struct exchange *exchange, size_t bytes);

/* http2_stream.c: what nghttp2 tells us of streams. */
void http2_set_callbacks(nghttp2_session_callbacks *callbacks);
/* Queue for an answer: by the handler, or by `why` when that is set. */
void http2_enqueue(struct exchange *exchange);
void http2_close_stream(struct exchange *exchange);
/* Every frame costs credit but data that is wanted; it comes back with time and with answers. Without any left the
 * connection ends (rapid reset CVE-2023-44487, streams that draw resets CVE-2019-9514, floods of PING, SETTINGS,
 * WINDOW_UPDATE and of DATA that holds nothing). Frames of unknown types never reach us: they cost nothing but their
 * bytes, and do not keep a connection from being idle. */
enum {
    HTTP2_CREDIT_LIMIT = 1000,
    HTTP2_CREDIT_PER_SECOND = 100,
    HTTP2_COST_FRAME = 1,
    HTTP2_COST_RESET = 10,
    HTTP2_GAIN_ANSWER = 4,
    HTTP2_GAIN_DATA = 2
};
void http2_charge(struct connection *connection, int cost);

/* http2_reply.c: put the answer into the session. Its headers are not copied: until the stream is closed the reply
 * stays as it is. */
void http2_submit(struct exchange *exchange);
/* More of a stream, or its end (unless exchange->is_early). */
void http2_submit_more(struct exchange *exchange);
/* Nothing of a stream is left to be sent: it is time to ask for more, in a while. */
void http2_all_is_sent(struct exchange *exchange);
/* nghttp2_send_data_callback: a DATA frame, straight into the connection's output. */
int http2_give_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head, size_t bytes,
                    nghttp2_data_source *source, void *context);
/* The time for writing is over. Does the stream only wait behind others, which the client does take? Then it may wait
 * on: nghttp2 sends one answer after the other. */
bool http2_waits_its_turn(struct exchange *exchange);
void http2_submit_continue(struct exchange *exchange);

/* Lists. */
void exchange_queue_add(struct exchange_queue *queue, struct exchange *exchange);
struct exchange *exchange_queue_take(struct exchange_queue *queue); /* NULL when empty */
bool exchange_queue_remove(struct exchange_queue *queue, struct exchange *exchange);

#endif
