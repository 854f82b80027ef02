#include "gateway/http/head.h"

#include <string.h>
#include <strings.h>

#include "base/encode.h"
#include "base/text.h"

static const struct {
    struct span name;
    struct span given; /* what the handler sees */
} METHODS[] = {
    {{"GET", 3}, {"GET", 3}},         {{"HEAD", 4}, {"GET", 3}},    {{"POST", 4}, {"POST", 4}},
    {{"PUT", 3}, {"PUT", 3}},         {{"PATCH", 5}, {"PATCH", 5}}, {{"DELETE", 6}, {"DELETE", 6}},
    {{"OPTIONS", 7}, {"OPTIONS", 7}},
};

/* Two of these mean that two readers of one request may disagree about it. */
static const struct span ONCE[] = {
    {"host", 4},
    {"content-length", 14},
    {"transfer-encoding", 17},
    {"content-type", 12},
    {"authorization", 13},
    {"content-encoding", 16},
    {"expect", 6},
    {"date", 4},
    {"if-match", 8},
    {"if-unmodified-since", 19},
    {"content-digest", 14},
    {"idempotency-key", 15},
    {"signature", 9},
    {"signature-input", 15},
};

bool head_same_ignoring_case(struct span a, struct span b)
{
    return a.bytes == b.bytes && (a.bytes == 0 || strncasecmp(a.at, b.at, a.bytes) == 0);
}

bool head_set_method(struct exchange *exchange, struct span method, struct refusal *why)
{
    for (size_t i = 0; i < COUNT_OF(METHODS); i++) {
        if (!span_equal(METHODS[i].name, method))
            continue;
        exchange->request.method = METHODS[i].given;
        exchange->is_head = span_is(method, "HEAD");
        exchange->request.is_head = exchange->is_head;
        return true;
    }
    return refuse_with(why, 501, "this method is not known here");
}

static bool is_host_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           (byte && strchr("-._~!$&'()*+,;=%", byte));
}

bool head_is_host(struct span text)
{
    size_t at = 0;

    if (text.bytes && text.at[0] == '[') {
        const char *end = memchr(text.at, ']', text.bytes);

        if (!end || end - text.at < 3)
            return false;
        for (const char *byte = text.at + 1; byte < end; byte++) {
            if (!strchr("0123456789abcdefABCDEF:.", *byte))
                return false;
        }
        at = (size_t)(end - text.at) + 1;
    }
    while (at < text.bytes && text.at[0] != '[' && is_host_byte(text.at[at]))
        at++;
    if (at == 0)
        return false;
    if (at < text.bytes && text.at[at] == ':')
        for (at++; at < text.bytes && text.at[at] >= '0' && text.at[at] <= '9';)
            at++;
    return at == text.bytes;
}

static bool came_before(const struct http_request *request, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (span_equal(request->headers[i].name, request->headers[index].name))
            return true;
    }
    return false;
}

static bool check_one(struct exchange *exchange, size_t index, struct span *host, struct refusal *why)
{
    const struct http_header *header = &exchange->headers[index];
    size_t once = 0;

    while (once < COUNT_OF(ONCE) && !span_equal(ONCE[once], header->name))
        once++;
    if (once == COUNT_OF(ONCE))
        return true;
    if (came_before(&exchange->request, index))
        return refuse_with(why, 400, "a header that may come only once came twice");
    if (span_is(header->name, "host"))
        *host = header->value;
    if (!span_is(header->name, "expect"))
        return true;
    exchange->expects_continue = head_same_ignoring_case(header->value, SPAN("100-continue"));
    return exchange->expects_continue || refuse_with(why, 417, "nothing but 100-continue may be expected");
}

bool head_check_headers(struct exchange *exchange, struct span *host, struct refusal *why)
{
    *host = SPAN_NONE;
    for (size_t i = 0; i < exchange->request.header_count; i++) {
        if (!check_one(exchange, i, host, why))
            return false;
    }
    if (host->at && !head_is_host(*host))
        return refuse_with(why, 400, "the Host header is not a host");
    return true;
}

bool head_percent_decode(char *at, size_t *bytes, bool plus_is_space)
{
    size_t out = 0;

    for (size_t in = 0; in < *bytes; in++) {
        char byte = at[in];

        if (byte == '%') {
            int high = in + 2 < *bytes ? hex_digit_value(at[in + 1]) : -1;
            int low = in + 2 < *bytes ? hex_digit_value(at[in + 2]) : -1;

            if (high < 0 || low < 0 || (high == 0 && low == 0))
                return false;
            byte = (char)(high * 16 + low);
            in += 2;
        } else if (byte == '+' && plus_is_space) {
            byte = ' ';
        }
        at[out++] = byte;
    }
    *bytes = out;
    return true;
}

/* "." and ".." as whole segments: nothing here has use for them, and what resolves them differently is fooled. */
static bool has_dot_segment(struct span path)
{
    for (size_t start = 1; start <= path.bytes;) {
        const char *slash = start < path.bytes ? memchr(path.at + start, '/', path.bytes - start) : NULL;
        size_t end = slash ? (size_t)(slash - path.at) : path.bytes;
        struct span segment = {path.at + start, end - start};

        if (span_is(segment, ".") || span_is(segment, ".."))
            return true;
        start = end + 1;
    }
    return false;
}

static bool has_control_byte(struct span text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7F)
            return true;
    }
    return false;
}

static bool has_encoded_slash(struct span path)
{
    for (size_t i = 0; i + 2 < path.bytes; i++) {
        if (path.at[i] == '%' && path.at[i + 1] == '2' && (path.at[i + 2] | 0x20) == 'f')
            return true;
    }
    return false;
}

static bool set_path(struct exchange *exchange, char *at, size_t bytes, struct refusal *why)
{
    if (memchr(at, '%', bytes)) {
        if (has_encoded_slash((struct span){at, bytes}))
            return refuse_with(why, 400, "the path holds an encoded slash");
        if (!head_percent_decode(at, &bytes, false))
            return refuse_with(why, 400, "the path holds a bad escape");
        exchange->request.is_path_escaped = true;
    }
    exchange->request.path = (struct span){at, bytes};
    if (has_control_byte(exchange->request.path) || !utf8_is_valid(exchange->request.path, NULL))
        return refuse_with(why, 400, "the path is not clean UTF-8");
    if (has_dot_segment(exchange->request.path))
        return refuse_with(why, 400, "the path holds a dot segment");
    return true;
}

/* What http_query_of would decode, checked once here so that it cannot fail there. */
static bool check_query(struct exchange *exchange, struct refusal *why)
{
    AUTO(buf_done) struct buf decoded = BUF_INIT;
    struct span query = exchange->request.query;

    if (has_control_byte(query))
        return refuse_with(why, 400, "the query holds a control character");
    if (memchr(query.at, '%', query.bytes)) {
        buf_add_span(&decoded, query);
        if (!head_percent_decode(decoded.data, &decoded.bytes, true))
            return refuse_with(why, 400, "the query holds a bad escape");
        query = buf_span(&decoded);
    }
    return utf8_is_valid(query, NULL) || refuse_with(why, 400, "the query is not UTF-8");
}

/* Cut "https://authority" off; the authority must be what Host says, or one of them lies. */
static bool cut_authority(struct span *target, struct span host, struct refusal *why)
{
    size_t scheme = strncasecmp(target->at, "https://", 8) == 0 ? 8 : 7;
    size_t end = scheme;

    if (scheme == 7 && strncasecmp(target->at, "http://", 7) != 0)
        return refuse_with(why, 400, "the request target is no path");
    while (end < target->bytes && target->at[end] != '/' && target->at[end] != '?')
        end++;
    if (!head_same_ignoring_case((struct span){target->at + scheme, end - scheme}, host))
        return refuse_with(why, 400, "the request target and Host name different hosts");
    *target = (struct span){target->at + end, target->bytes - end};
    if (target->bytes == 0 || target->at[0] != '/')
        return refuse_with(why, 400, "the request target has no path");
    return true;
}

bool head_set_target(struct exchange *exchange, struct span host, size_t limit_bytes, struct refusal *why)
{
    struct span target = exchange->target;
    const char *mark;

    if (target.bytes > limit_bytes)
        return refuse_with(why, 414, "the request target is too long");
    if (target.bytes == 0)
        return refuse_with(why, 400, "the request target is empty");
    if (target.at[0] != '/' && (target.bytes < 8 || !cut_authority(&target, host, why)))
        return refuse_with(why, 400, "the request target is no path");
    if (memchr(target.at, '#', target.bytes))
        return refuse_with(why, 400, "the request target holds a fragment");
    mark = memchr(target.at, '?', target.bytes);
    if (mark) {
        exchange->request.query = (struct span){mark + 1, target.bytes - (size_t)(mark - target.at) - 1};
        target.bytes = (size_t)(mark - target.at);
        if (exchange->request.query.bytes && !check_query(exchange, why))
            return false;
    }
    return set_path(exchange, (char *)(uintptr_t)target.at, target.bytes, why);
}
