/* answer.h - one code's verdict and its JSON. Only this room needs it. */
#ifndef GATEWAY_LOOKUP_ANSWER_H
#define GATEWAY_LOOKUP_ANSWER_H

#include "gateway/lookup/moment.h"
#include "gateway/lookup/view.h"

/* What was found out about one code, before a byte is written. */
struct answer {
    const struct moment *moment;
    const struct subject *subject; /* NULL: not in the register, or not asked */
    struct span uscc;
    const char *receipt;
    enum verdict verdict;
    enum answer_reason reason;
    uint32_t kinds;  /* of what is listed: domain_parts.h */
    uint32_t listed; /* how many records or obligations */
    uint32_t supportive;
    struct answer_items *items;
};

/* The first of the subject's items that count, as they were judged: nearly always all of them, so that what is written
 * need not be judged again. */
enum { ANSWER_ITEMS_KEPT = 4 };
struct answer_items {
    size_t count;
    bool is_all;
    struct {
        enum view_result result;
        struct subject_item item;
    } kept[ANSWER_ITEMS_KEPT];
};
/* Room for what an answer borrows. */
struct answer_room {
    struct subject subject;
    struct answer_items items;
};

/* Judge a code that was checked: moment, uscc and receipt are set, the rest is filled in; `room` is for what it
 * borrows. Neither this nor writing can fail but for the store: see store_txn_is_good. */
void answer_find(struct store_txn *txn, struct answer *answer, struct answer_room *room);
/* The same when the subject was found before; NULL: the register does not have it. `items` is room. */
void answer_judge(struct answer *answer, const struct subject *subject, struct answer_items *items);
/* Is a measure named for what is listed? */
bool answer_has_measures(const struct answer *answer);
void answer_facts(const struct answer *answer, struct lookup_facts *facts);
/* A record's JSON (subject.h) as this domain may see it without a case of its own: personal data masked. */
void answer_record_add(const struct domain *domain, const struct subject_item *item, struct buf *out);
/* What a feedback will name, canonical, as the trace keeps it: one of a list whose closing bracket is the caller's.
 * `before`: 0 for the first. */
void answer_shown_add(const struct subject_item *item, size_t before, struct buf *out);

/* The whole answer (lookup.h), and its digest when the question wants it. */
void answer_add(const struct answer *answer, struct buf *out);
/* As it stands in the results of a batch (batch.h), and what stands around these. `forms` as in a question. */
void answer_result_add(const struct answer *answer, struct lookup_forms *forms, struct buf *out);
void answer_batch_begin(const struct moment *moment, struct buf *out);
void answer_batch_end(const struct moment *moment, struct buf *out);

#endif
