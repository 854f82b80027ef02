/* GET /v1/log/{journal|trace}/…: the hashes of both logs, for whoever watches that we never take anything back (C2SP
 * tlog-tiles). Entries are not served, in no form: who asked about whom is nobody's business, and the salt in each
 * entry of the trace (gateway/trace/trace.h) and each event (gateway/journal/event.h) keeps a guess from being
 * confirmed by its hash.
 *
 *   checkpoint                         the newest signed checkpoint; may change any second
 *   tile/<level>/<index>[.p/<width>]   hashes, 32 bytes each; never changes. Only what the signed checkpoint covers
 *   consistency?from=N&to=M            {"from","hashes":[Base64…],"to"}: RFC 9162 2.1.4.1; never changes
 *
 * A log that goes on under another name after a loss (creditgate guard --accept) is another log: its checkpoint says so
 * in its first line, and whoever keeps tiles begins anew. */
#include <string.h>

#include "base/encode.h"
#include "base/file.h"
#include "gateway/api/api_internal.h"
#include "gateway/journal/checkpoint.h"
#include "gateway/journal/journal.h"
#include "gateway/journal/tiles.h"

#define FOR_EVER "public, max-age=31536000, immutable"

/* A log as it is signed. */
struct signed_log {
    struct visit *visit;
    bool is_journal;
    struct buf note; /* empty: nothing is signed yet */
    uint64_t size;
    struct store_txn *txn; /* of the journal */
    struct trace_log *trace;
};

static void signed_log_done(struct signed_log *log)
{
    if (log->txn)
        api_end_read(log->visit->api);
    trace_log_free(log->trace);
    buf_done(&log->note);
}
DEFINE_AUTO_IN_PLACE(struct signed_log, signed_log_done)

static bool refuse_no_tile(struct error *err)
{
    return refuse(err, ERR_NOT_FOUND, "log.tile", "the signed log has no such tile (yet)",
                  "已签名的日志中（尚）没有该散列块");
}

/* The checkpoint is read before the log, so the log is never behind it. */
static bool signed_log_open(struct signed_log *log, struct error *err)
{
    const struct config *config = log->visit->api->config;
    AUTO(text_free)
    char *path = config_state_path(config, log->is_journal ? "checkpoints/journal" : "checkpoints/trace");
    AUTO(text_free) char *folder = config_state_path(config, "trace");

    if (!file_exists(path))
        return refuse(err, ERR_UNAVAILABLE, "log.unsigned", "nothing of this log is signed yet: ask again in a second",
                      "该日志尚无签名检查点：请稍后再试");
    if (!file_read(path, CHECKPOINT_NOTE_MAX, &log->note, err))
        return false;
    if (!checkpoint_size(buf_span(&log->note), &log->size))
        return fail(err, ERR_CORRUPT, "%s: no checkpoint", path);
    if (!log->is_journal)
        return trace_log_open(folder, &log->trace, err);
    log->txn = api_read(log->visit->api, err);
    return log->txn != NULL;
}

/* --- tiles --- */

static bool digits(struct span text, size_t count, uint64_t *value)
{
    int64_t number;

    if (text.bytes != count || !integer_parse(text, &number))
        return false;
    *value = (uint64_t)number;
    return true;
}

/* "0" to "7". */
static bool parse_level(struct span text, struct tile_place *place)
{
    uint64_t level;

    if (!digits(text, 1, &level) || level >= TILE_LEVELS)
        return false;
    place->level = (unsigned)level;
    return true;
}

/* 1 to 255, no zero in front. */
static bool parse_width(struct span text, unsigned *width)
{
    int64_t number;

    if (text.bytes == 0 || text.bytes > 3 || text.at[0] == '0' || !integer_parse(text, &number) || number >= TILE_WIDTH)
        return false;
    *width = (unsigned)number;
    return true;
}

/* "/<level>/x001/234" and perhaps ".p/5": only the one way in which tile_path_add writes it. */
static bool parse_tile(struct span rest, struct tile_place *place, unsigned *width)
{
    AUTO(buf_done) struct buf again = BUF_INIT;
    struct span whole = rest, part;
    uint64_t number;

    *place = (struct tile_place){0, 0};
    *width = TILE_WIDTH;
    if (!visit_segment(&rest, &part) || !parse_level(part, place) || !visit_segment(&rest, &part))
        return false;
    while (part.bytes == 4 && part.at[0] == 'x') {
        if (!digits((struct span){part.at + 1, 3}, 3, &number) || place->index > UINT64_MAX / 1000000)
            return false;
        place->index = place->index * 1000 + number;
        if (!visit_segment(&rest, &part))
            return false;
    }
    if (part.bytes == 5 && part.at[3] == '.' && part.at[4] == 'p') {
        struct span end;

        if (!visit_segment(&rest, &end) || !parse_width(end, width))
            return false;
        part.bytes = 3;
    }
    if (rest.bytes || !digits(part, 3, &number))
        return false;
    place->index = place->index * 1000 + number;
    tile_path_add(&again, *place, *width);
    return again.bytes == whole.bytes + 4 && memcmp(again.data + 4, whole.at, whole.bytes) == 0;
}

/* How many hashes of the tile belong to the signed tree. */
static uint64_t width_of(const struct tile_place *place, uint64_t size)
{
    uint64_t hashes = size >> (8 * place->level);
    uint64_t first = place->index * TILE_WIDTH;

    if (place->index > UINT64_MAX / TILE_WIDTH || hashes <= first)
        return 0;
    return hashes - first < TILE_WIDTH ? hashes - first : TILE_WIDTH;
}

static bool add_tile(struct signed_log *log, struct span rest, struct error *err)
{
    struct http_reply *reply = log->visit->reply;
    struct tile_place place;
    struct span hashes;
    unsigned width;
    bool is_there;

    if (!parse_tile(rest, &place, &width) || width > width_of(&place, log->size))
        return refuse_no_tile(err);
    is_there = log->is_journal ? journal_tile(log->txn, place, &hashes) : trace_log_tile(log->trace, place, &hashes);
    if (!is_there || hashes.bytes < (size_t)width * MERKLE_HASH_BYTES)
        return fail(err, ERR_CORRUPT, "a tile of the signed log is missing: level %u, %llu", place.level,
                    (unsigned long long)place.index);
    buf_add(&reply->body, hashes.at, (size_t)width * MERKLE_HASH_BYTES);
    reply->content_type = "application/octet-stream";
    http_reply_header(reply, "Cache-Control", FOR_EVER);
    return true;
}

/* --- consistency --- */

static bool take_size(const struct visit *visit, const char *name, uint64_t *size, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    int64_t number;

    if (!http_query_of(visit->request, name, &text) || !integer_parse(buf_span(&text), &number))
        return refuse(err, ERR_INVALID, "log.size", "%s is a number of entries", "%s 应为条数", name);
    *size = (uint64_t)number;
    return true;
}

static bool add_consistency(struct signed_log *log, struct error *err)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    struct buf *body = &log->visit->reply->body;
    uint64_t from, to;

    if (!take_size(log->visit, "from", &from, err) || !take_size(log->visit, "to", &to, err))
        return false;
    if (from == 0 || from > to || to > log->size)
        return refuse(err, ERR_INVALID, "log.size", "from is at least 1, to at least from and at most %llu",
                      "from 至少为 1，to 不小于 from 且不大于 %llu", (unsigned long long)log->size);
    if (!(log->is_journal ? journal_consistency(log->txn, from, to, &path, err)
                          : trace_log_consistency(log->trace, from, to, &path, err)))
        return false;
    json_count_add(body, "{\"from\":", from);
    buf_add_text(body, ",\"hashes\":[");
    for (size_t at = 0; at < path.bytes; at += MERKLE_HASH_BYTES) {
        buf_add_text(body, at ? ",\"" : "\"");
        base64_add(body, path.data + at, MERKLE_HASH_BYTES);
        buf_add_byte(body, '"');
    }
    json_count_add(body, "],\"to\":", to);
    buf_add_byte(body, '}');
    http_reply_header(log->visit->reply, "Cache-Control", FOR_EVER);
    return true;
}

/* --- the route --- */

static bool add_checkpoint(struct signed_log *log)
{
    struct http_reply *reply = log->visit->reply;

    buf_add_span(&reply->body, buf_span(&log->note));
    reply->content_type = "text/plain; charset=utf-8";
    http_reply_header(reply, "Cache-Control", "no-cache");
    return true;
}

static bool answer(struct signed_log *log, struct span what, struct span rest, struct error *err)
{
    if (!signed_log_open(log, err))
        return false;
    if (span_is(what, "checkpoint"))
        return add_checkpoint(log);
    return span_is(what, "tile") ? add_tile(log, rest, err) : add_consistency(log, err);
}

static bool parse_route(const struct visit *visit, bool *is_journal, struct span *what, struct span *rest)
{
    struct span name;

    *rest = visit->rest;
    if (!visit_segment(rest, &name) || !visit_segment(rest, what))
        return false;
    *is_journal = span_is(name, "journal");
    if (!*is_journal && !span_is(name, "trace"))
        return false;
    return span_is(*what, "tile") ||
           (rest->bytes == 0 && (span_is(*what, "checkpoint") || span_is(*what, "consistency")));
}

void log_handle(struct visit *visit)
{
    static const char *const NONE[] = {NULL};
    static const char *const SIZES[] = {"from", "to", NULL};
    AUTO(signed_log_done) struct signed_log log = {.visit = visit, .note = BUF_INIT};
    struct span what, rest;
    struct error err;

    if (!visit_is_get(visit))
        return;
    if (!parse_route(visit, &log.is_journal, &what, &rest)) {
        visit_not_found(visit);
        return;
    }
    if (!visit_takes(visit, span_is(what, "consistency") ? SIZES : NONE) || !visit_client(visit))
        return;
    if (!answer(&log, what, rest, &err))
        visit_refuse(visit, &err);
}
