#include "tests/flow/openapi/exchange.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/text.h"

enum { PART_BYTES_MAX = 64 * 1024 * 1024 };

static bool read_part(const char *folder, const char *name, struct buf *out, struct error *err)
{
    AUTO(text_free) char *path = path_join(folder, name);

    return file_read(path, PART_BYTES_MAX, out, err);
}

static struct span cut_line(struct span *rest)
{
    const char *end = memchr(rest->at, '\n', rest->bytes);
    size_t bytes = end ? (size_t)(end - rest->at) : rest->bytes;
    struct span line = {rest->at, bytes};

    *rest = (struct span){rest->at + bytes + (end ? 1 : 0), rest->bytes - bytes - (end ? 1 : 0)};
    return span_trim(line);
}

static bool read_request(struct exchange *exchange, struct error *err)
{
    struct span rest = buf_span(&exchange->request);
    struct span line = cut_line(&rest);
    const char *space = memchr(line.at, ' ', line.bytes);
    const char *query;

    if (!space || (size_t)(space - line.at) >= sizeof exchange->method)
        return fail(err, ERR_INVALID, "request: no method");
    memcpy(exchange->method, line.at, (size_t)(space - line.at));
    exchange->target = (struct span){space + 1, line.bytes - (size_t)(space + 1 - line.at)};
    exchange->fields = rest;
    exchange->path = exchange->target;
    query = memchr(exchange->target.at, '?', exchange->target.bytes);
    if (query) {
        exchange->path.bytes = (size_t)(query - exchange->target.at);
        exchange->query = (struct span){query + 1, exchange->target.bytes - exchange->path.bytes - 1};
    }
    return true;
}

/* Before the answer there may be others: 100 Continue. */
static bool read_head(struct exchange *exchange, struct error *err)
{
    struct span rest = buf_span(&exchange->head);

    while (rest.bytes) {
        struct span line = cut_line(&rest);
        const char *space = span_starts(line, "HTTP/") ? memchr(line.at, ' ', line.bytes) : NULL;

        if (space) {
            exchange->status = strtol(space, NULL, 10);
            exchange->answer_fields = rest;
        }
    }
    return exchange->status > 0 || fail(err, ERR_INVALID, "head: no status");
}

bool exchange_load(const char *folder, struct exchange *out, struct error *err)
{
    AUTO(text_free) char *sent = path_join(folder, "sent");

    if (!read_part(folder, "request", &out->request, err) || !read_part(folder, "head", &out->head, err) ||
        !read_part(folder, "body", &out->body, err) ||
        (file_exists(sent) && !read_part(folder, "sent", &out->sent, err)))
        return false;
    return read_request(out, err) && read_head(out, err);
}

void exchange_done(struct exchange *exchange)
{
    buf_done(&exchange->request);
    buf_done(&exchange->sent);
    buf_done(&exchange->head);
    buf_done(&exchange->body);
}

struct span exchange_field(struct span fields, const char *name)
{
    size_t bytes = strlen(name);

    while (fields.bytes) {
        struct span line = cut_line(&fields);

        if (line.bytes > bytes && line.at[bytes] == ':' && strncasecmp(line.at, name, bytes) == 0)
            return span_trim((struct span){line.at + bytes + 1, line.bytes - bytes - 1});
    }
    return (struct span){"", 0};
}
