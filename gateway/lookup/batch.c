#include "gateway/lookup/batch.h"

#include <stdlib.h>

#include "gateway/lookup/answer.h"

struct lookup_batch {
    struct store_txn *txn;
    struct moment moment;
};

struct lookup_batch *lookup_batch_new(void)
{
    return memory_new(sizeof(struct lookup_batch));
}

void lookup_batch_free(struct lookup_batch *batch)
{
    free(batch);
}

bool lookup_batch_begin(struct lookup_batch *batch, struct store_txn *txn, const struct lookup_question *question,
                        struct buf *out, struct error *err)
{
    if (!moment_find(txn, question, &batch->moment, err))
        return false;
    batch->txn = txn;
    answer_batch_begin(&batch->moment, out);
    return true;
}

bool lookup_batch_code(struct lookup_batch *batch, struct span uscc, const char *receipt, struct buf *out,
                       struct lookup_facts *facts, struct error *err)
{
    struct answer answer = {.moment = &batch->moment, .uscc = uscc, .receipt = receipt};
    struct subject subject;

    if (!lookup_check_code(uscc, err))
        return false;
    answer_find(batch->txn, &answer, &subject);
    answer_result_add(&answer, out);
    answer_facts(&answer, facts);
    return true;
}

uint64_t lookup_batch_sequence(const struct lookup_batch *batch)
{
    return batch->moment.sequence;
}

bool lookup_batch_end(struct lookup_batch *batch, struct buf *out, struct error *err)
{
    answer_batch_end(&batch->moment, out);
    return store_txn_is_good(batch->txn, err);
}
