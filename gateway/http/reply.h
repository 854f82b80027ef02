/* reply.h - an answer as the bytes of HTTP/1.1 (RFC 9112), and what both protocols put into it. */
#ifndef GATEWAY_HTTP_REPLY_H
#define GATEWAY_HTTP_REPLY_H

#include "gateway/http/http.h"

enum { HTTP_DATE_BYTES = 30 };

/* The Date header's text, made once a second. */
struct reply_date {
    int64_t second;
    char text[HTTP_DATE_BYTES]; /* IMF-fixdate, RFC 9110 section 5.6.7 */
};
void reply_date_update(struct reply_date *date);
static inline struct span reply_date_span(const struct reply_date *date)
{
    return (struct span){date->text, HTTP_DATE_BYTES - 1};
}

/* A number in decimal, in `digits`. */
enum { REPLY_NUMBER_BYTES = 24 };
struct span reply_number(size_t number, char digits[REPLY_NUMBER_BYTES]);

/* 1xx, 204 and 304 have no body and no length. */
bool reply_has_body(int status);

struct reply_frame {
    const struct reply_date *date;
    bool is_head;
    bool closes;
    bool is_old;    /* the request was HTTP/1.0: say that the connection stays */
    bool is_stream; /* the body is the first of several pieces */
};
/* Add the whole answer to `out`. */
void reply_write(const struct http_reply *reply, const struct reply_frame *frame, struct buf *out);

/* Add a piece of a stream (RFC 9112 section 7.1), and the end of one. */
void reply_write_piece(struct span piece, struct buf *out);
void reply_write_end(struct buf *out);

/* Cut the next "Name: value\r\n" off `rest`. */
bool reply_next_header(struct span *rest, struct span *name, struct span *value);

#endif
