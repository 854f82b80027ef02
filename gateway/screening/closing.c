/* closing.c - the end of a screening: what it came to, traced, then signed.
 *
 * The summary is on disk under another name before its entry is in the trace, and signed after it: so a death in
 * between neither loses the entry nor makes a second one. */
#include "gateway/screening/run.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "gateway/screening/summary.h"
#include "keys/digest.h"

enum { FILE_MODE = 0600 };

static void put_text(json_t *object, const char *name, const char *text)
{
    (void)json_object_set_new(object, name, *text ? json_string(text) : json_null());
}

static void put_instant(json_t *object, const char *name, int64_t at_ms)
{
    char text[INSTANT_TEXT_BYTES];

    (void)json_object_set_new(object, name, json_string(instant_format(at_ms, text)));
}

static void put_number(json_t *object, const char *name, uint64_t number)
{
    (void)json_object_set_new(object, name, json_integer((json_int_t)number));
}

static bool put_file(json_t *object, const char *name, int fd, struct error *err)
{
    AUTO(buf_done) struct buf hex = BUF_INIT;
    uint8_t digest[32];
    struct stat info;
    json_t *file;

    if (fstat(fd, &info) != 0)
        return file_fail(err, name, "cannot look at");
    if (!digest_sha256_file(fd, digest, err))
        return false;
    hex_add(&hex, digest, sizeof digest);
    file = json_object();
    put_number(file, "bytes", (uint64_t)info.st_size);
    put_text(file, "sha256", buf_text(&hex));
    (void)json_object_set_new(object, name, file);
    return true;
}

static void put_counts(const struct run *run, json_t *object)
{
    const struct screening_place *place = run->place;
    json_t *counts = json_object();

    put_number(counts, "empty", run->empty);
    put_number(counts, "listed", place->counts[VERDICT_LISTED]);
    put_number(counts, "not_listed", place->counts[VERDICT_NOT_LISTED]);
    put_number(counts, "refused", place->counts[OUTCOME_REFUSED]);
    put_number(counts, "rows", place->rows);
    put_number(counts, "unknown", place->counts[VERDICT_UNKNOWN]);
    (void)json_object_set_new(object, "counts", counts);
}

/* What stands around the results, as of the state that all of them rest on. */
static bool put_answer(struct run *run, json_t *object, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    json_t *answer = NULL;

    buf_clear(&run->head);
    if (!store_begin(run->store, STORE_READ, &txn, err) ||
        !lookup_batch_begin(run->batch, txn, &run->question, &run->head, err) ||
        !lookup_batch_end(run->batch, &run->head, err) ||
        !json_read(buf_span(&run->head), JSON_BYTES_MAX, &answer, err))
        return false;
    put_number(object, "sequence", (uint64_t)json_integer_of(json_object_get(answer, "as_of"), "sequence", 0));
    (void)json_object_set_new(object, "answer", answer);
    return true;
}

static bool make_summary(struct run *run, const char *receipt, struct buf *out, struct error *err)
{
    static const char *const AS_ORDERED[] = {"as_of",  "authorisation", "case",     "client", "department", "domain",
                                             "format", "matter",        "operator", "order",  "purpose"};
    AUTO(json_release) json_t *summary = json_object();

    for (size_t i = 0; i < COUNT_OF(AS_ORDERED); i++)
        put_text(summary, AS_ORDERED[i], run_text(run, AS_ORDERED[i]));
    put_text(summary, "encoding", run->encoding);
    put_text(summary, "id", run->screening->id);
    put_text(summary, "kind", SCREENING_SUMMARY_KIND);
    put_text(summary, "receipt", receipt);
    if (run->screening->tests)
        (void)json_object_set_new(summary, "test", json_true());
    put_instant(summary, "started_at", run->place->started_ms);
    put_instant(summary, "finished_at", clock_now_ms(run->screening->clock));
    put_counts(run, summary);
    return put_file(summary, "input", run->input_fd, err) && put_file(summary, "result", run->rows_fd, err) &&
           put_answer(run, summary, err) && json_canonical_add(summary, out, err);
}

static bool trace_summary(struct run *run, const char *receipt, struct span summary, struct error *err)
{
    struct trace_entry entry = run->entry;

    entry.at_ms = clock_now_ms(run->screening->clock);
    entry.receipt = receipt;
    entry.authorisation = run->question.given.authorisation;
    entry.status = 200;
    entry.sequence = run->place->sequence;
    entry.answer = summary;
    trace_add(run->trace, &entry);
    return trace_flush(run->trace, err);
}

/* The summary of a process that died, if its entry is in the trace. */
static bool find_closing(const struct run *run, const char *path, struct buf *out, struct error *err)
{
    AUTO(json_release) json_t *json = NULL;
    const char *receipt;
    bool is_traced = false;

    if (!file_exists(path))
        return true;
    if (!file_read(path, SCREENING_SUMMARY_BYTES_MAX, out, err) ||
        !json_read(buf_span(out), SCREENING_SUMMARY_BYTES_MAX, &json, err))
        return false;
    receipt = json_text_of(json, "receipt");
    if (!receipt || !place_receipt_traced(run->trace_folder, receipt, &is_traced, err))
        return false;
    if (!is_traced)
        buf_clear(out);
    return true;
}

static bool find_or_make(struct run *run, struct buf *summary, struct error *err)
{
    AUTO(text_free) char *path = path_join(run->screening->folder, "closing");
    char receipt[TRACE_RECEIPT_BYTES];

    if (!find_closing(run, path, summary, err))
        return false;
    if (summary->bytes > 0)
        return true;
    trace_next_receipt(run->trace, receipt);
    return make_summary(run, receipt, summary, err) && file_write(path, buf_span(summary), FILE_MODE, err) &&
           trace_summary(run, receipt, buf_span(summary), err);
}

bool run_close(struct run *run, struct error *err)
{
    AUTO(text_free) char *path = path_join(run->screening->folder, "summary");
    AUTO(buf_done) struct buf summary = BUF_INIT;
    AUTO(buf_done) struct buf signed_summary = BUF_INIT;

    return find_or_make(run, &summary, err) &&
           screening_summary_sign(run->screening->signer, buf_span(&summary), &signed_summary, err) &&
           file_write(path, buf_span(&signed_summary), FILE_MODE, err);
}
