/* http1.h - HTTP/1.1 (RFC 9112) on one connection: llhttp's strict parser behind our own look at the head. Private to
 * this room. */
#ifndef GATEWAY_HTTP_HTTP1_H
#define GATEWAY_HTTP_HTTP1_H

#include <llhttp.h>

#include "gateway/http/exchange.h"

struct protocol;

struct http1 {
    llhttp_t parser;
    struct exchange *exchange; /* the request being received; NULL between requests */
    char *head;                /* what is being parsed; only during a call */
    size_t scanned;            /* bytes of an incomplete head or trailer already looked at */
    size_t line;               /* where its last line begins */
    size_t first_line_bytes;   /* of the request line */
    size_t overhead_bytes;     /* of a chunked body: what is not data */
    size_t held_at;            /* where this turn's answers begin in `out` */
    unsigned held;             /* answers of this turn */
    uint32_t held_heads;       /* which of them answer HEAD: a bit each */
    bool is_stalled;           /* input was left because enough answers wait to be sent */
    bool asks_again;           /* the exchange is whole, and the handler is to be asked: for the first time, or again */
    bool skipped_blank;
    bool head_is_whole;
    bool is_trailing; /* the last chunk has come: only the trailer is missing */
    bool is_complete;
    bool keeps; /* the client wants the connection kept */
    bool owes_continue;
    struct refusal why;
};

extern const struct protocol PROTOCOL_HTTP1;

enum http1_scan { HTTP1_PARTIAL, HTTP1_WHOLE, HTTP1_BAD };
/* Look for the end of a head or a trailer, going on where the last call stopped. A bad head sets http1->why. */
enum http1_scan http1_scan_head(struct http1 *http1, struct span in, size_t *head_bytes);
enum http1_scan http1_scan_trailer(struct http1 *http1, struct span in, size_t *trailer_bytes);

#endif
