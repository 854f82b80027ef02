/* GET /v1/receipts/{id}: that an answer stands in the trace, for the client that got it.
 *
 * The body is a proof as proof_format makes it (gateway/journal/proof.h): the entry with the answer's SHA-256, its path
 * and the newest signed checkpoint of the trace that holds it. That is what `creditgate verify` takes. Until the keeper
 * has integrated and signed (KEEPER_TURN_MS) it is 503 with Retry-After. To everybody but the client that asked, a
 * receipt is one that does not exist. */
#include <string.h>

#include "base/file.h"
#include "base/walk.h"
#include "gateway/api/api_internal.h"
#include "gateway/journal/proof.h"

/* Between a look at the log and a look at the segments an entry may go from these to that. */
enum { LOOKS = 2 };

static bool refuse_unsigned(struct error *err)
{
    return refuse(err, ERR_UNAVAILABLE, "trace.unsigned", "no signed log holds this entry yet: ask again in a second",
                  "该查询留痕尚未进入已签名的日志：请稍后再试");
}

static bool refuse_unknown(struct error *err)
{
    return refuse(err, ERR_NOT_FOUND, "trace.receipt", "there is no such receipt of yours", "没有属于您的该回执号");
}

bool checkpoint_size(struct span note, uint64_t *size)
{
    const char *first = memchr(note.at, '\n', note.bytes);
    const char *second = first ? memchr(first + 1, '\n', note.bytes - (size_t)(first + 1 - note.at)) : NULL;
    int64_t number;

    if (!second || !integer_parse((struct span){first + 1, (size_t)(second - first) - 1}, &number))
        return false;
    *size = (uint64_t)number;
    return true;
}

/* No checkpoint yet: an empty note, size 0. */
static bool read_checkpoint(const struct api *api, struct buf *note, uint64_t *size, struct error *err)
{
    AUTO(text_free) char *path = config_state_path(api->config, "checkpoints/trace");

    *size = 0;
    if (!file_exists(path))
        return true;
    if (!file_read(path, CHECKPOINT_NOTE_MAX, note, err))
        return false;
    return checkpoint_size(buf_span(note), size) || fail(err, ERR_CORRUPT, "%s: no checkpoint", path);
}

/* The entry of a receipt, in the log (then *index is its place) or still in a segment (*is_in_log false). */
static bool find_entry(struct trace_log *log, const char *receipt, uint64_t *index, bool *is_in_log, struct buf *entry,
                       struct error *err)
{
    for (int look = 0; look < LOOKS; look++) {
        *is_in_log = trace_log_find(log, receipt, index, err);
        if (*is_in_log)
            return trace_log_read(log, *index, entry, err);
        if (err->code != ERR_NOT_FOUND)
            return false;
        if (trace_log_pending(log, receipt, entry, err))
            return true;
        if (err->code != ERR_NOT_FOUND || !trace_log_refresh(log, err))
            return false;
    }
    return refuse_unknown(err);
}

bool receipt_prove(const struct api *api, const char *receipt, struct span by, struct buf *out, struct error *err)
{
    AUTO(text_free) char *folder = config_state_path(api->config, "trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    AUTO(buf_done) struct buf note = BUF_INIT;
    AUTO(buf_done) struct buf entry = BUF_INIT;
    AUTO(buf_done) struct buf path = BUF_INIT;
    struct proof proof = {.index = 0};
    bool is_in_log = false;
    uint64_t size = 0;

    /* The checkpoint is read before the log, so the log is never behind it. */
    if (!read_checkpoint(api, &note, &size, err) || !trace_log_open(folder, &log, err) ||
        !find_entry(log, receipt, &proof.index, &is_in_log, &entry, err))
        return false;
    if (by.bytes && !span_equal(walk_plain_of(buf_span(&entry), "by"), by))
        return refuse_unknown(err);
    if (!is_in_log || proof.index >= size)
        return refuse_unsigned(err);
    if (!trace_log_inclusion(log, proof.index, size, &path, err))
        return false;
    proof.entry = buf_span(&entry);
    proof.path = buf_span(&path);
    proof.checkpoint = buf_span(&note);
    proof_format(&proof, out);
    return true;
}

bool visit_receipt(const struct visit *visit, char receipt[TRACE_RECEIPT_BYTES])
{
    struct span rest = visit->rest;
    struct span segment;

    if (!visit_segment(&rest, &segment) || rest.bytes || segment.bytes >= TRACE_RECEIPT_BYTES) {
        visit_not_found(visit);
        return false;
    }
    memcpy(receipt, segment.at, segment.bytes);
    receipt[segment.bytes] = '\0';
    return true;
}

void receipts_handle(struct visit *visit)
{
    static const char *const NAMES[] = {NULL};
    char receipt[TRACE_RECEIPT_BYTES];
    const struct client *client;
    struct error err;

    if (!visit_is_get(visit) || !visit_takes(visit, NAMES) || !(client = visit_client(visit)) ||
        !visit_receipt(visit, receipt))
        return;
    if (!receipt_prove(visit->api, receipt, client->name, &visit->reply->body, &err)) {
        visit_refuse(visit, &err);
        return;
    }
    /* A later one holds as well; this one holds for ever. */
    http_reply_header(visit->reply, "Cache-Control", "private, no-cache");
}
