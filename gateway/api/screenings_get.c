/* GET /v1/screenings, /v1/screenings/{id}, …/result, …/summary and DELETE: only for the client whose it is.
 *
 * The result may be larger than memory should hold: it is given whole up to SCREENING_PIECE_BYTES_MAX, and beyond that
 * in ranges of at most so many bytes (RFC 9110 section 14). A larger piece than that is refused, never cut: a file that
 * lacks its end must not be taken for a whole one. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "gateway/api/api_internal.h"
#include "gateway/jobs/screenings.h"
#include "gateway/screening/summary.h"

static const char *const NO_QUERY[] = {NULL};

/* What of a file is wanted. */
struct range {
    uint64_t from;
    uint64_t bytes;
    bool is_part;
};

/* --- ranges --- */

static bool refuse_range(const struct visit *visit, uint64_t size)
{
    AUTO(buf_done) struct buf whole = BUF_INIT;
    struct error err;

    error_set_both(&err, ERR_LIMIT, "screening.range",
                   "the result has %" PRIu64 " bytes: ask for it in pieces of at most %d, Range: bytes=0-%d and so on",
                   "结果共 %" PRIu64 " 字节：请分段获取，每段至多 %d 字节，如 Range: bytes=0-%d", size,
                   SCREENING_PIECE_BYTES_MAX, SCREENING_PIECE_BYTES_MAX - 1);
    problem_reply_status(visit->reply, 416, &err, NULL);
    buf_addf(&whole, "bytes */%" PRIu64, size);
    http_reply_header(visit->reply, "Content-Range", buf_text(&whole));
    return false;
}

/* "bytes=A-B", "bytes=A-" or "bytes=-N", one of them. */
static bool parse_range(struct span text, uint64_t size, struct range *range)
{
    static const char UNIT[] = "bytes=";
    const char *dash;
    struct span first, last;
    int64_t from = 0, to = 0;

    if (!span_starts(text, UNIT))
        return false;
    text = (struct span){text.at + sizeof UNIT - 1, text.bytes - (sizeof UNIT - 1)};
    dash = text.bytes ? memchr(text.at, '-', text.bytes) : NULL;
    if (!dash)
        return false;
    first = (struct span){text.at, (size_t)(dash - text.at)};
    last = (struct span){dash + 1, text.bytes - first.bytes - 1};
    if ((first.bytes && !integer_parse(first, &from)) || (last.bytes && !integer_parse(last, &to)) ||
        (!first.bytes && !last.bytes) || (first.bytes && last.bytes && to < from))
        return false;
    if (!first.bytes) {
        range->from = (uint64_t)to < size ? size - (uint64_t)to : 0;
        range->bytes = size - range->from;
        return range->bytes > 0;
    }
    if ((uint64_t)from >= size)
        return false;
    range->from = (uint64_t)from;
    range->bytes = (last.bytes && (uint64_t)to < size ? (uint64_t)to + 1 : size) - range->from;
    return true;
}

static bool take_range(const struct visit *visit, uint64_t size, const char *tag, struct range *range)
{
    struct span text = http_header_of(visit->request, "range");
    struct span condition = http_header_of(visit->request, "if-range");

    *range = (struct range){0, size, false};
    range->is_part = text.bytes > 0 && (condition.bytes == 0 || span_is(condition, tag));
    if (range->is_part && !parse_range(text, size, range))
        return refuse_range(visit, size);
    return range->bytes <= SCREENING_PIECE_BYTES_MAX || refuse_range(visit, size);
}

/* --- the files --- */

static bool read_piece(int fd, const struct range *range, struct buf *out, struct error *err)
{
    buf_reserve(out, range->bytes);
    while (out->bytes < range->bytes) {
        ssize_t got = pread(fd, out->data + out->bytes, range->bytes - out->bytes, (off_t)(range->from + out->bytes));

        if (got <= 0)
            return file_fail(err, "a screening's file", "cannot read");
        out->bytes += (size_t)got;
    }
    if (out->data)
        out->data[out->bytes] = '\0';
    return true;
}

static void add_headers(const struct visit *visit, const struct range *range, uint64_t size, const char *tag)
{
    AUTO(buf_done) struct buf part = BUF_INIT;

    http_reply_header(visit->reply, "Accept-Ranges", "bytes");
    http_reply_header(visit->reply, "ETag", tag);
    http_reply_header(visit->reply, "Cache-Control", "no-store");
    if (!range->is_part)
        return;
    visit->reply->status = 206;
    buf_addf(&part, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range->from, range->from + range->bytes - 1, size);
    http_reply_header(visit->reply, "Content-Range", buf_text(&part));
}

/* A result never changes: its id says which it is. */
static void tell_result(const struct visit *visit, const char *client, const char *id)
{
    AUTO(file_close) int fd = -1;
    AUTO(buf_done) struct buf tag = BUF_INIT;
    struct range range;
    struct stat info;
    struct error err;
    bool is_csv = false;

    if (!screenings_open(visit->api->config, client, id, SCREENING_RESULT, &fd, &is_csv, &err)) {
        visit_refuse(visit, &err);
        return;
    }
    buf_addf(&tag, "\"%s\"", id);
    if (fstat(fd, &info) != 0) {
        file_error_set(&err, "a screening's result", "cannot look at");
        visit_refuse(visit, &err);
        return;
    }
    if (!take_range(visit, (uint64_t)info.st_size, buf_text(&tag), &range))
        return;
    if (!read_piece(fd, &range, &visit->reply->body, &err)) {
        visit_refuse(visit, &err);
        return;
    }
    visit->reply->content_type = is_csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
    add_headers(visit, &range, (uint64_t)info.st_size, buf_text(&tag));
}

static void tell_summary(const struct visit *visit, const char *client, const char *id)
{
    AUTO(file_close) int fd = -1;
    struct stat info;
    struct error err;

    if (screenings_open(visit->api->config, client, id, SCREENING_SUMMARY, &fd, NULL, &err)) {
        if (fstat(fd, &info) == 0 &&
            read_piece(fd, &(struct range){0, (uint64_t)info.st_size, false}, &visit->reply->body, &err)) {
            visit->reply->content_type = "application/jose+json";
            http_reply_header(visit->reply, "Cache-Control", "no-store");
            return;
        }
        file_error_set(&err, "a screening's summary", "cannot read");
    }
    visit_refuse(visit, &err);
}

static void tell_one(const struct visit *visit, const char *client, const char *id)
{
    struct error err;

    http_reply_header(visit->reply, "Cache-Control", "no-store");
    if (!screenings_read(visit->api->config, client, id, &visit->reply->body, &err))
        visit_refuse(visit, &err);
}

static void tell_all(const struct visit *visit, const char *client)
{
    struct buf *body = &visit->reply->body;
    struct error err;

    buf_add_text(body, "{\"client\":");
    json_string_add(body, span_of(client));
    buf_add_text(body, ",\"screenings\":");
    if (!screenings_list(visit->api->config, client, body, &err)) {
        visit_refuse(visit, &err);
        return;
    }
    buf_add_byte(body, '}');
    http_reply_header(visit->reply, "Cache-Control", "no-store");
}

static void remove_one(const struct visit *visit, const char *client, const char *id)
{
    struct error err;

    if (!screenings_remove(visit->api->config, client, id, &err)) {
        visit_refuse(visit, &err);
        return;
    }
    visit->reply->status = 204;
    visit->reply->content_type = NULL;
}

/* --- which --- */

static const struct way {
    const char *last; /* behind the id; "": nothing */
    bool can_be_removed;
    void (*tell)(const struct visit *visit, const char *client, const char *id);
} WAYS[] = {{"", true, tell_one}, {"result", false, tell_result}, {"summary", false, tell_summary}};

static const struct way *find_way(const struct visit *visit, struct span *id)
{
    struct span rest = visit->rest;
    struct span last = SPAN("");

    if (!visit_segment(&rest, id) || (rest.bytes && !visit_segment(&rest, &last)) || rest.bytes)
        return NULL;
    for (size_t i = 0; i < COUNT_OF(WAYS); i++) {
        if (span_is(last, WAYS[i].last))
            return &WAYS[i];
    }
    return NULL;
}

/* Is this a method for this path? Else refused, or not found. */
static bool check_way(const struct visit *visit, const struct way *way)
{
    bool is_delete = span_is(visit->request->method, "DELETE");

    if (!way) {
        visit_not_found(visit);
        return false;
    }
    if (span_is(visit->request->method, "GET") || (is_delete && way->can_be_removed))
        return true;
    return visit_refuse_method(visit, way->can_be_removed ? "GET, HEAD, DELETE" : "GET, HEAD");
}

static void handle_one(struct visit *visit)
{
    struct span segment = SPAN_NONE;
    const struct way *way = find_way(visit, &segment);
    const struct client *client;
    char id[JOB_ID_BYTES] = "";

    if (!check_way(visit, way) || !visit_takes(visit, NO_QUERY))
        return;
    client = visit_client(visit);
    if (!client)
        return;
    if (segment.bytes < sizeof id)
        memcpy(id, segment.at, segment.bytes);
    if (span_is(visit->request->method, "DELETE"))
        remove_one(visit, client->config->name, id);
    else
        way->tell(visit, client->config->name, id);
}

bool screenings_admits(struct visit *visit)
{
    struct span id;

    if (visit->rest.bytes)
        return check_way(visit, find_way(visit, &id));
    return span_is(visit->request->method, "POST") || span_is(visit->request->method, "GET") ||
           visit_refuse_method(visit, "GET, HEAD, POST");
}

void screenings_handle(struct visit *visit)
{
    const struct client *client;

    if (visit->rest.bytes) {
        handle_one(visit);
        return;
    }
    if (!screenings_admits(visit))
        return;
    if (span_is(visit->request->method, "POST")) {
        screenings_post(visit);
        return;
    }
    if (visit_takes(visit, NO_QUERY) && (client = visit_client(visit)))
        tell_all(visit, client->config->name);
}
