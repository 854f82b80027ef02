/* GET /console/api/evidence/{record}: what the register holds beside the claim (show_evidence.h), for whoever reviews.
 * A few reads of the store and one small file: nobody waits for it. */
#include "base/file.h"
#include "gateway/api/console.h"
#include "gateway/jobs/show_evidence.h"
#include "gateway/journal/checkpoint.h"
#include "gateway/journal/guard.h"
#include "gateway/registry/record.h"

/* The newest signed checkpoint of the journal; none yet: size 0. */
static bool read_checkpoint(const struct api *api, struct buf *note, struct evidence_log *log, struct error *err)
{
    AUTO(buf_done) struct buf name = BUF_INIT;
    AUTO(text_free) char *path = NULL;

    buf_addf(&name, "checkpoints/%s", GUARD_LOG_NAMES[GUARD_JOURNAL]);
    path = config_state_path(api->config, name.data);
    *log = (struct evidence_log){SPAN_NONE, 0};
    if (!file_exists(path))
        return true;
    if (!file_read(path, CHECKPOINT_NOTE_MAX, note, err))
        return false;
    if (!checkpoint_size(buf_span(note), &log->size))
        return fail(err, ERR_CORRUPT, "%s: no checkpoint", path);
    log->checkpoint = buf_span(note);
    return true;
}

void console_evidence(struct visit *visit)
{
    AUTO(buf_done) struct buf note = BUF_INIT;
    struct span rest = visit->rest;
    struct span record;
    struct evidence_log log;
    struct store_txn *txn;
    struct error err;

    if (!visit_segment(&rest, &record) || rest.bytes || !record_id_is_valid(record)) {
        visit_not_found(visit);
        return;
    }
    /* The checkpoint is read before the journal, so the journal is never behind it. */
    if (!read_checkpoint(visit->api, &note, &log, &err)) {
        visit_refuse(visit, &err);
        return;
    }
    txn = api_read(visit->api, &err);
    if (!txn || !show_evidence(txn, record, &log, &visit->reply->body, &err)) {
        buf_clear(&visit->reply->body);
        visit_refuse(visit, &err);
    }
    api_end_read(visit->api);
}
