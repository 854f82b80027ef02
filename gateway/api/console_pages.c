/* /console/…: the pages. What has its hash in its name never changes; everything else is asked for anew each time. An
 * address without a dot in its last part is a page of the application: index.html answers it. */
#include <string.h>

#include "gateway/api/console.h"
#include "gateway/api/console_files.h"

static const char ASSETS[] = "assets/";

static bool is_page(struct span path)
{
    const char *slash = path.bytes ? memrchr(path.at, '/', path.bytes) : NULL;
    const char *last = slash ? slash + 1 : path.at;

    return path.bytes == 0 || !memchr(last, '.', path.bytes - (size_t)(last - path.at));
}

/* RFC 9110 12.5.3, as far as browsers use it: the coding is named, and not with q=0. */
static bool accepts(const struct http_request *request, const char *coding)
{
    struct span rest = http_header_of(request, "accept-encoding");
    size_t bytes = strlen(coding);

    while (rest.bytes > 0) {
        const char *end = memchr(rest.at, ',', rest.bytes);
        struct span one = span_trim((struct span){rest.at, end ? (size_t)(end - rest.at) : rest.bytes});

        if (one.bytes >= bytes && memcmp(one.at, coding, bytes) == 0 && (one.bytes == bytes || one.at[bytes] == ';'))
            return !memmem(one.at, one.bytes, "q=0", 3) || memmem(one.at, one.bytes, "q=0.", 4);
        rest = end ? (struct span){end + 1, rest.bytes - (size_t)(end - rest.at) - 1} : SPAN_NONE;
    }
    return false;
}

static const struct console_file *find_coded(const struct visit *visit, struct span path, const char **coding)
{
    static const char *const CODINGS[][2] = {{"br", ".br"}, {"gzip", ".gz"}};

    for (size_t i = 0; i < COUNT_OF(CODINGS); i++) {
        AUTO(buf_done) struct buf name = BUF_INIT;
        const struct console_file *file;

        if (!accepts(visit->request, CODINGS[i][0]))
            continue;
        buf_add_span(&name, path);
        buf_add_text(&name, CODINGS[i][1]);
        file = console_files_find(visit->api->pages, buf_span(&name));
        if (!file)
            continue;
        *coding = CODINGS[i][0];
        return file;
    }
    return NULL;
}

static void answer(struct visit *visit, struct span path, const struct console_file *plain)
{
    const char *coding = NULL;
    const struct console_file *coded = find_coded(visit, path, &coding);
    const struct console_file *file = coded ? coded : plain;
    struct http_reply *reply = visit->reply;

    reply->content_type = console_files_type(path);
    http_reply_header(reply, "ETag", file->tag);
    http_reply_header(reply, "Vary", "Accept-Encoding");
    http_reply_header(reply, "Cache-Control",
                      span_starts(path, ASSETS) ? "public, max-age=31536000, immutable" : "no-cache");
    if (span_is(http_header_of(visit->request, "if-none-match"), file->tag)) {
        reply->status = 304;
        return;
    }
    if (coding)
        http_reply_header(reply, "Content-Encoding", coding);
    buf_add_span(&reply->body, buf_span(&file->bytes));
}

void console_pages_handle(struct visit *visit)
{
    struct span path = visit->rest;
    const struct console_file *file;

    if (!visit_is_get(visit))
        return;
    if (path.bytes == 0) {
        visit->reply->status = 308;
        visit->reply->content_type = NULL;
        http_reply_header(visit->reply, "Location", "/console/");
        return;
    }
    path = (struct span){path.at + 1, path.bytes - 1};
    if (is_page(path))
        path = SPAN("index.html");
    file = console_files_find(visit->api->pages, path);
    if (file)
        answer(visit, path, file);
    else
        visit_not_found(visit);
}
