/* Our own look at a head and a trailer before, or instead of, llhttp's: line by line, as the bytes come.
 *
 * llhttp lets folded lines and some bare line feeds pass in a head; and behind the last chunk (RFC 9112 section 7.1.2)
 * fields of framing, too: so it is stopped there, and the trailer is looked at only here. Nobody reads it. */
#include <string.h>

#include "gateway/http/head.h"
#include "gateway/http/http1.h"

enum http1_scan http1_scan_head(struct http1 *http1, struct span in, size_t *head_bytes)
{
    const char *at = in.at;
    const char *feed;

    while ((feed = memchr(at + http1->scanned, '\n', in.bytes - http1->scanned))) {
        size_t end = (size_t)(feed - at);

        if (end == http1->line || at[end - 1] != '\r') {
            http1->why = (struct refusal){400, "a line ends without carriage return"};
            return HTTP1_BAD;
        }
        if (end - 1 == http1->line) {
            *head_bytes = end + 1;
            return HTTP1_WHOLE;
        }
        if (http1->line && (at[http1->line] == ' ' || at[http1->line] == '\t')) {
            http1->why = (struct refusal){400, "a header is folded over lines"};
            return HTTP1_BAD;
        }
        if (http1->line && at[http1->line] == ':') {
            http1->why = (struct refusal){400, "a header has no name"};
            return HTTP1_BAD;
        }
        if (http1->line == 0)
            http1->first_line_bytes = end - 1;
        http1->line = http1->scanned = end + 1;
    }
    http1->scanned = in.bytes;
    return HTTP1_PARTIAL;
}

/* RFC 9110 section 6.5.1: what says where a message ends or goes cannot come behind it. */
static const struct span FORBIDDEN[] = {{"content-length", 14}, {"transfer-encoding", 17}, {"host", 4}};

static bool is_token_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           (byte && strchr("!#$%&'*+-.^_`|~", byte));
}

static bool is_field(struct span line)
{
    const char *colon = memchr(line.at, ':', line.bytes);
    struct span name = {line.at, colon ? (size_t)(colon - line.at) : 0};

    if (name.bytes == 0)
        return false;
    for (size_t i = 0; i < name.bytes; i++) {
        if (!is_token_byte(name.at[i]))
            return false;
    }
    for (size_t i = name.bytes; i < line.bytes; i++) {
        if (((unsigned char)line.at[i] < 0x20 && line.at[i] != '\t') || line.at[i] == 0x7F)
            return false;
    }
    for (size_t i = 0; i < COUNT_OF(FORBIDDEN); i++) {
        if (head_same_ignoring_case(FORBIDDEN[i], name))
            return false;
    }
    return true;
}

enum http1_scan http1_scan_trailer(struct http1 *http1, struct span in, size_t *trailer_bytes)
{
    const char *feed;

    while ((feed = memchr(in.at + http1->scanned, '\n', in.bytes - http1->scanned))) {
        size_t end = (size_t)(feed - in.at);
        struct span line = {in.at + http1->line, end - http1->line};

        if (line.bytes == 0 || line.at[line.bytes - 1] != '\r')
            return HTTP1_BAD;
        line.bytes--;
        if (line.bytes == 0) {
            *trailer_bytes = end + 1;
            return HTTP1_WHOLE;
        }
        if (!is_field(line))
            return HTTP1_BAD;
        http1->line = http1->scanned = end + 1;
    }
    http1->scanned = in.bytes;
    return HTTP1_PARTIAL;
}
