#include "schemas/schema_internal.h"

#include <string.h>

#include "base/encode.h"

struct parts {
    struct span scheme;    /* with its ':' */
    struct span authority; /* with its "//" */
    struct span path;
    struct span rest; /* query and fragment */
};

static bool is_scheme_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
           c == '.';
}

static struct span take(struct span *text, size_t bytes)
{
    struct span taken = {text->at, bytes};

    text->at += bytes;
    text->bytes -= bytes;
    return taken;
}

static size_t until(struct span text, size_t from, const char *stops)
{
    while (from < text.bytes && !strchr(stops, text.at[from]))
        from++;
    return from;
}

static struct parts split(const char *uri)
{
    struct span left = span_of(uri);
    struct parts parts = {SPAN(""), SPAN(""), SPAN(""), SPAN("")};
    size_t scheme = 0;

    while (scheme < left.bytes && is_scheme_byte(left.at[scheme]))
        scheme++;
    if (scheme > 0 && scheme < left.bytes && left.at[scheme] == ':')
        parts.scheme = take(&left, scheme + 1);
    if (span_starts(left, "//"))
        parts.authority = take(&left, until(left, 2, "/?#"));
    parts.path = take(&left, until(left, 0, "?#"));
    parts.rest = left;
    return parts;
}

/* "/a/b/../c" without its dots (section 5.2.4), added to `out`; `start` is where the path begins there. */
static void add_without_dots(struct buf *out, struct span path)
{
    size_t start = out->bytes;

    while (path.bytes > 0) {
        struct span segment = take(&path, until(path, path.at[0] == '/', "/"));
        bool is_last = path.bytes == 0;

        if (span_is(segment, "/.") || span_is(segment, "/..")) {
            while (segment.bytes == 3 && out->bytes > start && out->data[--out->bytes] != '/')
                continue;
            if (is_last)
                buf_add_byte(out, '/');
        } else if (!span_is(segment, ".") && !span_is(segment, "..")) {
            buf_add_span(out, segment);
        }
    }
    buf_reserve(out, 0);
    out->data[out->bytes] = '\0';
}

static void add_merged(struct buf *out, const struct parts *base, struct span path)
{
    AUTO(buf_done) struct buf merged = BUF_INIT;
    size_t folder = base->path.bytes;

    while (folder > 0 && base->path.at[folder - 1] != '/')
        folder--;
    buf_add(&merged, base->path.at, folder);
    if (folder == 0 && base->authority.bytes)
        buf_add_byte(&merged, '/');
    buf_add_span(&merged, path);
    add_without_dots(out, buf_span(&merged));
}

void schema_uri_resolve(const char *base, const char *reference, struct buf *out)
{
    struct parts from = split(base);
    struct parts to = split(reference);

    if (to.scheme.bytes) {
        buf_add_text(out, reference);
        return;
    }
    buf_add_span(out, from.scheme);
    buf_add_span(out, to.authority.bytes ? to.authority : from.authority);
    if (to.authority.bytes || (to.path.bytes && to.path.at[0] == '/')) {
        add_without_dots(out, to.path);
    } else if (to.path.bytes) {
        add_merged(out, &from, to.path);
    } else {
        buf_add_span(out, from.path);
        if (!to.rest.bytes || to.rest.at[0] == '#')
            buf_add(out, from.rest.at, until(from.rest, 0, "#"));
    }
    buf_add_span(out, to.rest);
}

void schema_uri_decode(struct span text, struct buf *out)
{
    for (size_t i = 0; i < text.bytes; i++) {
        AUTO(buf_done) struct buf byte = BUF_INIT;

        if (text.at[i] == '%' && i + 2 < text.bytes && hex_decode((struct span){text.at + i + 1, 2}, &byte)) {
            buf_add_span(out, buf_span(&byte));
            i += 2;
        } else {
            buf_add_byte(out, text.at[i]);
        }
    }
}
