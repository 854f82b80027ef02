#include "gateway/lookup/batch.h"

#include <stdlib.h>

#include "gateway/lookup/answer.h"

struct lookup_batch {
    struct store_txn *txn;
    struct lookup_question question;
    struct span authorisation; /* of the question */
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
    batch->txn = txn;
    batch->question = *question;
    batch->authorisation = question->given.authorisation;
    if (!moment_find(txn, &batch->question, &batch->moment, err))
        return false;
    answer_batch_begin(&batch->moment, out);
    return true;
}

bool lookup_batch_add(struct lookup_batch *batch, const struct lookup_batch_code *code, struct buf *out,
                      struct lookup_facts *facts, struct error *err)
{
    struct answer answer = {.moment = &batch->moment, .uscc = code->uscc, .receipt = code->receipt};
    struct domain_given *given = &batch->question.given;
    struct answer_room room;

    given->authorisation = code->authorisation.bytes > 0 ? code->authorisation : batch->authorisation;
    if (!lookup_check_code(code->uscc, err) ||
        !domain_check_authorisation(batch->question.domain, batch->question.purpose, given, err))
        return false;
    answer_find(batch->txn, &answer, &room);
    answer_result_add(&answer, out);
    answer_facts(&answer, facts);
    return true;
}

bool lookup_batch_end(struct lookup_batch *batch, struct buf *out, struct error *err)
{
    answer_batch_end(&batch->moment, out);
    return store_txn_is_good(batch->txn, err);
}
