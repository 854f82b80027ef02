#include "gateway/http/reply.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct {
    int status;
    const char *line;
} STATUS_LINES[] = {
    {200, "HTTP/1.1 200 OK\r\nDate: "},
    {201, "HTTP/1.1 201 Created\r\nDate: "},
    {202, "HTTP/1.1 202 Accepted\r\nDate: "},
    {204, "HTTP/1.1 204 No Content\r\nDate: "},
    {303, "HTTP/1.1 303 See Other\r\nDate: "},
    {304, "HTTP/1.1 304 Not Modified\r\nDate: "},
    {307, "HTTP/1.1 307 Temporary Redirect\r\nDate: "},
    {308, "HTTP/1.1 308 Permanent Redirect\r\nDate: "},
    {400, "HTTP/1.1 400 Bad Request\r\nDate: "},
    {401, "HTTP/1.1 401 Unauthorized\r\nDate: "},
    {403, "HTTP/1.1 403 Forbidden\r\nDate: "},
    {404, "HTTP/1.1 404 Not Found\r\nDate: "},
    {405, "HTTP/1.1 405 Method Not Allowed\r\nDate: "},
    {406, "HTTP/1.1 406 Not Acceptable\r\nDate: "},
    {408, "HTTP/1.1 408 Request Timeout\r\nDate: "},
    {409, "HTTP/1.1 409 Conflict\r\nDate: "},
    {410, "HTTP/1.1 410 Gone\r\nDate: "},
    {411, "HTTP/1.1 411 Length Required\r\nDate: "},
    {412, "HTTP/1.1 412 Precondition Failed\r\nDate: "},
    {413, "HTTP/1.1 413 Content Too Large\r\nDate: "},
    {414, "HTTP/1.1 414 URI Too Long\r\nDate: "},
    {415, "HTTP/1.1 415 Unsupported Media Type\r\nDate: "},
    {417, "HTTP/1.1 417 Expectation Failed\r\nDate: "},
    {422, "HTTP/1.1 422 Unprocessable Content\r\nDate: "},
    {428, "HTTP/1.1 428 Precondition Required\r\nDate: "},
    {429, "HTTP/1.1 429 Too Many Requests\r\nDate: "},
    {431, "HTTP/1.1 431 Request Header Fields Too Large\r\nDate: "},
    {500, "HTTP/1.1 500 Internal Server Error\r\nDate: "},
    {501, "HTTP/1.1 501 Not Implemented\r\nDate: "},
    {503, "HTTP/1.1 503 Service Unavailable\r\nDate: "},
    {504, "HTTP/1.1 504 Gateway Timeout\r\nDate: "},
    {505, "HTTP/1.1 505 HTTP Version Not Supported\r\nDate: "},
    {507, "HTTP/1.1 507 Insufficient Storage\r\nDate: "},
};

void reply_date_update(struct reply_date *date)
{
    /* RFC 9110 wants these names whatever the locale. */
    static const char DAYS[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char MONTHS[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct timespec now;
    struct tm tm;

    clock_gettime(CLOCK_REALTIME, &now);
    if (date->second == now.tv_sec && date->text[0])
        return;
    date->second = now.tv_sec;
    if (!gmtime_r(&now.tv_sec, &tm))
        return;
    snprintf(date->text, sizeof date->text, "%s, %02u %s %04u %02u:%02u:%02u GMT", DAYS[tm.tm_wday],
             (unsigned)tm.tm_mday % 100, MONTHS[tm.tm_mon], ((unsigned)tm.tm_year + 1900) % 10000,
             (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

bool reply_has_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

static void add_status_line(struct buf *out, int status)
{
    for (size_t i = 0; i < COUNT_OF(STATUS_LINES); i++) {
        if (STATUS_LINES[i].status == status) {
            buf_add_text(out, STATUS_LINES[i].line);
            return;
        }
    }
    buf_addf(out, "HTTP/1.1 %03d \r\nDate: ", status);
}

/* The hot path prints no formats. */
struct span reply_number(size_t number, char digits[REPLY_NUMBER_BYTES])
{
    size_t at = REPLY_NUMBER_BYTES;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    return (struct span){digits + at, REPLY_NUMBER_BYTES - at};
}

#define add_literal(out, literal) buf_add((out), (literal), sizeof(literal) - 1)

void reply_write(const struct http_reply *reply, const struct reply_frame *frame, struct buf *out)
{
    bool has_body = reply_has_body(reply->status);
    char digits[REPLY_NUMBER_BYTES];

    buf_reserve(out, 256 + reply->headers.bytes + reply->body.bytes);
    add_status_line(out, reply->status);
    buf_add_text(out, frame->date->text);
    if (has_body) {
        if (reply->content_type && (reply->body.bytes || frame->is_stream)) {
            add_literal(out, "\r\nContent-Type: ");
            buf_add_text(out, reply->content_type);
        }
        add_literal(out, "\r\n");
        if (frame->is_stream) {
            add_literal(out, "Transfer-Encoding: chunked");
        } else {
            add_literal(out, "Content-Length: ");
            buf_add_span(out, reply_number(reply->body.bytes, digits));
        }
    }
    add_literal(out, "\r\n");
    buf_add_span(out, buf_span(&reply->headers));
    if (frame->closes)
        add_literal(out, "Connection: close\r\n");
    if (frame->is_old && !frame->closes)
        add_literal(out, "Connection: keep-alive\r\n");
    add_literal(out, "\r\n");
    if (frame->is_stream)
        reply_write_piece(buf_span(&reply->body), out);
    else if (has_body && !frame->is_head)
        buf_add_span(out, buf_span(&reply->body));
}

void reply_write_piece(struct span piece, struct buf *out)
{
    if (piece.bytes == 0)
        return; /* it would be the end */
    buf_addf(out, "%zx\r\n", piece.bytes);
    buf_add_span(out, piece);
    add_literal(out, "\r\n");
}

void reply_write_end(struct buf *out)
{
    add_literal(out, "0\r\n\r\n");
}

bool reply_next_header(struct span *rest, struct span *name, struct span *value)
{
    const char *end = rest->bytes ? memchr(rest->at, '\r', rest->bytes) : NULL;
    const char *colon = end ? memchr(rest->at, ':', (size_t)(end - rest->at)) : NULL;
    size_t taken;

    if (!colon || colon + 2 > end)
        return false;
    *name = (struct span){rest->at, (size_t)(colon - rest->at)};
    *value = (struct span){colon + 2, (size_t)(end - colon) - 2};
    taken = (size_t)(end - rest->at) + 2;
    if (taken > rest->bytes)
        taken = rest->bytes;
    *rest = (struct span){rest->at + taken, rest->bytes - taken};
    return true;
}
