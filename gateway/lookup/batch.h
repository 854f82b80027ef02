/* batch.h - many codes in one question: the answer's JSON, result by result.
 *
 *   {"as_of":{…},"domain","list_edition","measures":[…],"purpose","results":[…],"rules","supportive_measures":[…]?}
 *
 * All results rest on one state of the register. What would be the same in each stands once, around them; in a result
 * measures and supportive measures are the ids of those that apply, so a result is
 *
 *   {"masked":[…]?,"measures":["lending.1",…],"name","obligations":[…]?,"omitted"?,"reason"?,"receipt","records":[…],
 *    "rules","supportive":[…]?,"supportive_measures":[…]?,"test"?,"uscc","verdict"}
 *
 * or whatever the caller puts in its place for a subject that cannot be answered, or was asked by name (candidates of
 * now, gateway/finder/finder.h). Members mean what they mean in
 * lookup.h; the shape is schemas/lookup-batch.schema.json. Nothing is parsed and nothing allocated per code. */
#ifndef GATEWAY_LOOKUP_BATCH_H
#define GATEWAY_LOOKUP_BATCH_H

#include "gateway/lookup/lookup.h"

struct lookup_batch;
/* One for many requests, one after the other. */
struct lookup_batch *lookup_batch_new(void);
void lookup_batch_free(struct lookup_batch *batch);

/* Begin an answer: its head is added to `out`. What the question points to and the transaction are borrowed until
 * lookup_batch_end; its code and receipt do not matter. Refusals: those of lookup_by_code but for the code and the
 * authorisation. */
MUST_CHECK bool lookup_batch_begin(struct lookup_batch *batch, struct store_txn *txn,
                                   const struct lookup_question *question, struct buf *out, struct error *err);
struct lookup_batch_code {
    struct span uscc;
    struct span authorisation; /* of this subject; empty: the question's */
    const char *receipt;
};
/* Add the result of one code, without a comma. ERR_INVALID when it is not well-formed or an authorisation is missing:
 * nothing was added then. A store that cannot be read is found out at lookup_batch_end. */
MUST_CHECK bool lookup_batch_add(struct lookup_batch *batch, const struct lookup_batch_code *code, struct buf *out,
                                 struct lookup_facts *facts, struct error *err);

enum { LOOKUP_BATCH_MAX = 1000 };
/* The same for many codes of one question at once, at most LOOKUP_BATCH_MAX, borrowed until lookup_batch_end: they are
 * looked up in the store's own order, which is faster than in theirs. One without a text is left out; receipts may be
 * filled in later. */
void lookup_batch_find(struct lookup_batch *batch, const struct lookup_batch_code *codes, size_t count);
/* Add the result of codes[i], as lookup_batch_add does. */
MUST_CHECK bool lookup_batch_add_found(struct lookup_batch *batch, size_t i, struct buf *out,
                                       struct lookup_facts *facts, struct error *err);
/* Add the end. False: the store could not be read, and nothing of the answer may be used. */
MUST_CHECK bool lookup_batch_end(struct lookup_batch *batch, struct buf *out, struct error *err);

DEFINE_AUTO(struct lookup_batch *, lookup_batch_free)

#endif
