/* `creditgate proof SEQUENCE`: that an event stands in the journal, for whoever checks it with `verify`. Works beside a
 * running gateway: it only reads. */
#include "gateway/cli/offline.h"

#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/cli/workplace.h"
#include "gateway/journal/journal.h"
#include "gateway/journal/proof.h"

/* What the newest checkpoint says of its size; `verify` judges it, not we. */
static bool signed_size(const char *state, struct buf *note, uint64_t *size, struct error *err)
{
    AUTO(text_free) char *path = path_join(state, "checkpoints/journal");
    struct span rest, line;
    int64_t number;

    if (!file_exists(path))
        return refuse(err, ERR_NOT_FOUND, "proof.unsigned", "the journal was not signed yet: start the gateway",
                      "日志尚无签名检查点：请先启动网关");
    if (!file_read(path, CHECKPOINT_NOTE_MAX, note, err))
        return false;
    line = checkpoint_origin(buf_span(note));
    rest = (struct span){note->data + line.bytes + 1, note->bytes - line.bytes - (line.bytes < note->bytes)};
    if (line.bytes == 0 || !integer_parse(checkpoint_origin(rest), &number))
        return fail(err, ERR_CORRUPT, "%s is no checkpoint", path);
    *size = (uint64_t)number;
    return true;
}

static bool make(struct workplace *workplace, uint64_t sequence, struct buf *out, struct error *err)
{
    AUTO(buf_done) struct buf note = BUF_INIT;
    AUTO(buf_done) struct buf path = BUF_INIT;
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct proof proof = {.index = sequence};
    uint64_t size;

    /* The checkpoint first: the store is never behind it. */
    if (!signed_size(workplace->config->state, &note, &size, err) || !workplace_open_store(workplace, true, err) ||
        !store_begin(workplace->store, STORE_READ, &txn, err))
        return false;
    if (!journal_read(txn, sequence, &proof.entry))
        return store_txn_is_good(txn, err) && refuse(err, ERR_NOT_FOUND, "proof.unknown", "there is no event %llu",
                                                     "没有第 %llu 号事件", (unsigned long long)sequence);
    if (sequence >= size)
        return refuse(err, ERR_NOT_FOUND, "proof.unsigned", "event %llu is not signed for yet: try again in a moment",
                      "第 %llu 号事件尚未签名：请稍后再试", (unsigned long long)sequence);
    if (!journal_inclusion(txn, sequence, size, &path, err))
        return false;
    proof.path = buf_span(&path);
    proof.checkpoint = buf_span(&note);
    proof_format(&proof, out);
    return true;
}

int proof_run(struct cli *cli, json_t *arguments)
{
    AUTO(workplace_done) struct workplace workplace = WORKPLACE_INIT;
    AUTO(buf_done) struct buf proof = BUF_INIT;
    const char *file = cli_text(arguments, "out");
    struct error err;
    int64_t sequence;

    if (!integer_parse(span_of(cli_id(arguments, 0)), &sequence)) {
        error_set_both(&err, ERR_INVALID, "cli.usage", "a sequence is a whole number (creditgate show names them)",
                       "序号应为整数（见 creditgate show）");
        return cli_fail(cli, &err);
    }
    if (!workplace_open(cli, &workplace, &err) || !make(&workplace, (uint64_t)sequence, &proof, &err))
        return cli_fail(cli, &err);
    buf_add_byte(&proof, '\n');
    if (*file)
        return file_write(file, buf_span(&proof), 0644, &err) ? CLI_OK : cli_fail(cli, &err);
    fwrite(proof.data, 1, proof.bytes, stdout);
    return CLI_OK;
}
