/* GET /admin/v1/trace/{receipt}: who asked what and was told what, with the proof that it is in the log. For auditors.
 *
 * The body is a proof as proof_format makes it (gateway/journal/proof.h): the entry, its path and the newest signed
 * checkpoint of the trace that holds it. That is what `creditgate verify` takes. ERR_NOT_FOUND until the entry is in a
 * log that is signed (the keeper's next turn). */
#include <string.h>

#include "base/file.h"
#include "gateway/api/api_internal.h"
#include "gateway/journal/proof.h"

/* The second line of a checkpoint is the size of its tree. Whether it is signed well is for verifiers to see. */
static bool checkpoint_size(struct span note, uint64_t *size)
{
    const char *first = memchr(note.at, '\n', note.bytes);
    const char *second = first ? memchr(first + 1, '\n', note.bytes - (size_t)(first + 1 - note.at)) : NULL;
    int64_t number;

    if (!second || !integer_parse((struct span){first + 1, (size_t)(second - first) - 1}, &number))
        return false;
    *size = (uint64_t)number;
    return true;
}

static bool refuse_unsigned(struct error *err)
{
    return refuse(err, ERR_NOT_FOUND, "trace.unsigned",
                  "no signed log holds this entry yet: ask again in a few seconds",
                  "该查询留痕尚未进入已签名的日志：请稍后再试");
}

static bool read_checkpoint(const struct api *api, struct buf *note, uint64_t *size, struct error *err)
{
    AUTO(text_free) char *path = config_state_path(api->config, "checkpoints/trace");

    if (!file_exists(path))
        return refuse_unsigned(err);
    if (!file_read(path, CHECKPOINT_NOTE_MAX, note, err))
        return false;
    return checkpoint_size(buf_span(note), size) || fail(err, ERR_CORRUPT, "%s: no checkpoint", path);
}

/* The checkpoint is read before the log, so the log is never behind it. */
static bool prove(const struct api *api, const char *receipt, struct buf *out, struct error *err)
{
    AUTO(text_free) char *folder = config_state_path(api->config, "trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    AUTO(buf_done) struct buf note = BUF_INIT;
    AUTO(buf_done) struct buf entry = BUF_INIT;
    AUTO(buf_done) struct buf path = BUF_INIT;
    struct proof proof = {.index = 0};
    uint64_t size = 0;

    if (!read_checkpoint(api, &note, &size, err) || !trace_log_open(folder, &log, err) ||
        !trace_log_find(log, receipt, &proof.index, err))
        return false;
    if (proof.index >= size)
        return refuse_unsigned(err);
    if (!trace_log_read(log, proof.index, &entry, err) || !trace_log_inclusion(log, proof.index, size, &path, err))
        return false;
    proof.entry = buf_span(&entry);
    proof.path = buf_span(&path);
    proof.checkpoint = buf_span(&note);
    proof_format(&proof, out);
    return true;
}

void admin_trace(struct visit *visit)
{
    static const char *const NAMES[] = {NULL};
    struct span rest = visit->rest;
    struct span segment;
    char receipt[TRACE_RECEIPT_BYTES];
    struct error err;

    if (!visit_is_get(visit) || !visit_takes(visit, NAMES) || !admin_has_role(visit, ROLE_AUDITOR | ROLE_ADMINISTRATOR))
        return;
    if (!visit_segment(&rest, &segment) || rest.bytes || segment.bytes >= sizeof receipt) {
        visit_not_found(visit);
        return;
    }
    memcpy(receipt, segment.at, segment.bytes);
    receipt[segment.bytes] = '\0';
    if (!prove(visit->api, receipt, &visit->reply->body, &err))
        visit_refuse(visit, &err);
}
