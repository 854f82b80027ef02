/* `creditgate proof SEQUENCE|RECEIPT`: that an event stands in the journal, or a lookup in the trace, for whoever
 * checks it with `verify`. Works beside a running gateway: it only reads. The checkpoint is read before the log, so
 * that the log is never behind it; whether it is signed well is for `verify` to judge. */
#include "gateway/cli/offline.h"

#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/cli/workplace.h"
#include "gateway/journal/journal.h"
#include "gateway/journal/proof.h"
#include "gateway/trace/trace.h"

/* A proof in the making; the texts it points to. */
struct proving {
    struct workplace *workplace;
    const char *what; /* as asked for */
    struct proof proof;
    uint64_t size; /* of the checkpoint's tree */
    struct buf checkpoint;
    struct buf entry;
    struct buf path;
    struct buf answer;
};

static void proving_done(struct proving *proving)
{
    buf_done(&proving->checkpoint);
    buf_done(&proving->entry);
    buf_done(&proving->path);
    buf_done(&proving->answer);
}
DEFINE_AUTO_IN_PLACE(struct proving, proving_done)

static bool refuse_unsigned(const struct proving *proving, struct error *err)
{
    return refuse(err, ERR_NOT_FOUND, "proof.unsigned", "%s is in no signed log yet: try again in a moment",
                  "%s 尚未进入已签名的日志：请稍后再试", proving->what);
}

static bool read_checkpoint(struct proving *proving, enum guard_log log, struct error *err)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    struct buf *note = &proving->checkpoint;
    struct span line, rest;
    int64_t number;

    buf_addf(&path, "%s/checkpoints/%s", proving->workplace->config->state, GUARD_LOG_NAMES[log]);
    if (!file_exists(path.data))
        return refuse(err, ERR_NOT_FOUND, "proof.unsigned", "%s%.0s: the log was not signed yet: start the gateway",
                      "%.0s%s：日志尚无签名检查点，请先启动网关", GUARD_LOG_NAMES[log], proving->what);
    if (!file_read(path.data, CHECKPOINT_NOTE_MAX, note, err))
        return false;
    line = checkpoint_origin(buf_span(note));
    rest = (struct span){buf_text(note) + line.bytes + 1, note->bytes - line.bytes - (line.bytes < note->bytes)};
    if (line.bytes == 0 || !integer_parse(checkpoint_origin(rest), &number))
        return fail(err, ERR_CORRUPT, "%s is no checkpoint", path.data);
    proving->size = (uint64_t)number;
    return true;
}

static bool prove_event(struct proving *proving, uint64_t sequence, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct span event;

    if (!read_checkpoint(proving, GUARD_JOURNAL, err) || !workplace_open_store(proving->workplace, true, err) ||
        !store_begin(proving->workplace->store, STORE_READ, &txn, err))
        return false;
    if (!journal_read(txn, sequence, &event))
        return store_txn_is_good(txn, err) &&
               refuse(err, ERR_NOT_FOUND, "proof.unknown", "there is no event %s", "没有第 %s 号事件", proving->what);
    if (sequence >= proving->size)
        return refuse_unsigned(proving, err);
    proving->proof.index = sequence;
    buf_add_span(&proving->entry, event);
    return journal_inclusion(txn, sequence, proving->size, &proving->path, err);
}

static bool prove_lookup(struct proving *proving, struct error *err)
{
    AUTO(text_free) char *folder = config_state_path(proving->workplace->config, "trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    uint64_t *index = &proving->proof.index;

    if (!read_checkpoint(proving, GUARD_TRACE, err) || !trace_log_open(folder, &log, err) ||
        !trace_log_find(log, proving->what, index, err))
        return false;
    if (*index >= proving->size)
        return refuse_unsigned(proving, err);
    return trace_log_read(log, *index, &proving->entry, err) &&
           trace_log_inclusion(log, *index, proving->size, &proving->path, err);
}

static bool make(struct proving *proving, const char *answer, struct buf *out, struct error *err)
{
    struct proof *proof = &proving->proof;
    int64_t sequence;
    bool is_good = integer_parse(span_of(proving->what), &sequence) ? prove_event(proving, (uint64_t)sequence, err)
                                                                    : prove_lookup(proving, err);

    if (!is_good || (*answer && !file_read(answer, PROOF_BYTES_MAX, &proving->answer, err)))
        return false;
    if (!utf8_is_valid(buf_span(&proving->answer), NULL))
        return fail(err, ERR_INVALID, "%s is not UTF-8", answer);
    proof->entry = buf_span(&proving->entry);
    proof->answer = buf_span(&proving->answer);
    proof->path = buf_span(&proving->path);
    proof->checkpoint = buf_span(&proving->checkpoint);
    proof_format(proof, out);
    return true;
}

int proof_run(struct cli *cli, json_t *arguments)
{
    AUTO(workplace_done) struct workplace workplace = WORKPLACE_INIT;
    AUTO(proving_done) struct proving proving = {.workplace = &workplace, .what = cli_id(arguments, 0)};
    AUTO(buf_done) struct buf proof = BUF_INIT;
    const char *file = cli_text(arguments, "out");
    struct error err;

    if (!workplace_open(cli, &workplace, &err) || !workplace_can_read(&workplace, &err) ||
        !make(&proving, cli_text(arguments, "answer"), &proof, &err))
        return cli_fail(cli, &err);
    buf_add_byte(&proof, '\n');
    if (*file)
        return file_write(file, buf_span(&proof), 0644, &err) ? CLI_OK : cli_fail(cli, &err);
    fwrite(proof.data, 1, proof.bytes, stdout);
    return CLI_OK;
}
