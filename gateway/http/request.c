/* What handlers ask of a request (http.h). */
#include <string.h>

#include "base/text.h"
#include "gateway/http/head.h"
#include "gateway/http/http.h"

struct span http_header_of(const struct http_request *request, const char *lower_case_name)
{
    struct span name = span_of(lower_case_name);

    for (size_t i = 0; i < request->header_count; i++) {
        if (span_equal(request->headers[i].name, name))
            return request->headers[i].value;
    }
    return SPAN_NONE;
}

/* Cut the next "name=value" off `rest`; empty ones ("a=1&&b=2") are passed over. */
static bool next_parameter(struct span *rest, struct span *name, struct span *value)
{
    while (rest->bytes) {
        const char *end = memchr(rest->at, '&', rest->bytes);
        struct span pair = {rest->at, end ? (size_t)(end - rest->at) : rest->bytes};
        const char *equals = memchr(pair.at, '=', pair.bytes);
        size_t taken = pair.bytes + (end ? 1 : 0);

        *rest = (struct span){rest->at + taken, rest->bytes - taken};
        if (pair.bytes == 0)
            continue;
        *name = (struct span){pair.at, equals ? (size_t)(equals - pair.at) : pair.bytes};
        *value = equals ? (struct span){equals + 1, pair.bytes - name->bytes - 1} : SPAN_NONE;
        return true;
    }
    return false;
}

/* Add what `raw` means; `out` as before when it means nothing (which http.h rules out for requests). */
static bool add_decoded(struct buf *out, struct span raw)
{
    size_t start = out->bytes;
    size_t bytes = raw.bytes;

    buf_add_span(out, raw);
    if (!head_percent_decode(out->data + start, &bytes, true))
        bytes = 0;
    out->bytes = start + bytes;
    out->data[out->bytes] = '\0';
    return bytes > 0 || raw.bytes == 0;
}

static bool is_named(struct span raw_name, const char *name)
{
    AUTO(buf_done) struct buf decoded = BUF_INIT;

    if (!memchr(raw_name.at, '%', raw_name.bytes) && !memchr(raw_name.at, '+', raw_name.bytes))
        return span_is(raw_name, name);
    return add_decoded(&decoded, raw_name) && span_is(buf_span(&decoded), name);
}

bool http_query_of(const struct http_request *request, const char *name, struct buf *out)
{
    struct span rest = request->query;
    struct span raw_name;
    struct span value;

    while (next_parameter(&rest, &raw_name, &value)) {
        if (is_named(raw_name, name))
            return add_decoded(out, value);
    }
    return false;
}

bool http_query_only(const struct http_request *request, const char *const *names, struct span *bad)
{
    struct span rest = request->query;
    struct span raw_name;
    struct span value;
    uint64_t seen = 0;

    while (next_parameter(&rest, &raw_name, &value)) {
        size_t i = 0;

        while (names[i] && !is_named(raw_name, names[i]))
            i++;
        if (!names[i] || i >= HTTP_QUERY_NAMES_MAX || (seen & (UINT64_C(1) << i))) {
            *bad = raw_name;
            return false;
        }
        seen |= UINT64_C(1) << i;
    }
    return true;
}

/* Which of `names`; `decoded` is for a name that stands there escaped. */
static size_t find_name(const struct span *names, struct span raw, struct buf *decoded)
{
    size_t i = 0;

    if (memchr(raw.at, '%', raw.bytes) || memchr(raw.at, '+', raw.bytes)) {
        buf_clear(decoded);
        raw = add_decoded(decoded, raw) ? buf_span(decoded) : SPAN_NONE;
    }
    while (names[i].at && !span_equal(names[i], raw))
        i++;
    return i;
}

/* `memory` has room for all of the query: it does not move. */
static struct span meaning(struct span raw, struct buf *memory)
{
    size_t start = memory->bytes;

    if (raw.bytes == 0)
        return SPAN(""); /* empty is not the same as not there */
    if (!memchr(raw.at, '%', raw.bytes) && !memchr(raw.at, '+', raw.bytes))
        return raw;
    return add_decoded(memory, raw) ? (struct span){memory->data + start, memory->bytes - start} : SPAN_NONE;
}

bool http_query_read(const struct http_request *request, const struct span *names, struct span *values,
                     struct buf *memory, struct span *bad)
{
    AUTO(buf_done) struct buf decoded = BUF_INIT;
    struct span rest = request->query;
    struct span raw_name;
    struct span raw_value;
    uint64_t seen = 0;
    bool is_good = true;

    buf_clear(memory);
    if (rest.bytes)
        buf_reserve(memory, rest.bytes);
    for (size_t i = 0; names[i].at; i++)
        values[i] = SPAN_NONE;
    while (next_parameter(&rest, &raw_name, &raw_value)) {
        size_t i = find_name(names, raw_name, &decoded);

        if (names[i].at && i < HTTP_QUERY_NAMES_MAX && !(seen & (UINT64_C(1) << i))) {
            seen |= UINT64_C(1) << i;
            values[i] = meaning(raw_value, memory);
        } else if (is_good) {
            is_good = false;
            *bad = raw_name;
        }
    }
    return is_good;
}

static bool is_clean(const char *text)
{
    for (; *text; text++) {
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7F)
            return false;
    }
    return true;
}

void http_reply_header(struct http_reply *reply, const char *name, const char *value)
{
    if (!*name || strpbrk(name, " \t:") || !is_clean(name) || !is_clean(value))
        return;
    buf_add_text(&reply->headers, name);
    buf_add(&reply->headers, ": ", 2);
    buf_add_text(&reply->headers, value);
    buf_add(&reply->headers, "\r\n", 2);
}
