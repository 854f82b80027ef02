#include "gateway/lookup/batch.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/lookup/answer.h"
#include "schemas/uscc.h"

/* Entries that will be copied soon are asked of the memory ahead: so many subjects, so much of each. */
enum { AHEAD = 2, SLICES = 4, SLICE_BYTES = 384, LINE_BYTES = 64 };

/* Sixteen of a code's characters as numbers: the order of the store, nearly. */
struct place {
    uint64_t high;
    uint64_t low;
    size_t i;
};

struct found {
    bool is_code; /* well-formed */
    bool is_known;
    struct subject subject;
};

struct lookup_batch {
    struct store_txn *txn;
    struct lookup_forms *forms;
    struct lookup_question question;
    struct span authorisation; /* of the question */
    struct moment moment;
    const struct lookup_batch_code *codes;
    size_t count;
    struct place places[LOOKUP_BATCH_MAX];
    struct found found[LOOKUP_BATCH_MAX];
};

struct lookup_batch *lookup_batch_new(void)
{
    struct lookup_batch *batch = memory_new(sizeof *batch);

    batch->forms = lookup_forms_new();
    return batch;
}

void lookup_batch_free(struct lookup_batch *batch)
{
    if (!batch)
        return;
    lookup_forms_free(batch->forms);
    free(batch);
}

bool lookup_batch_begin(struct lookup_batch *batch, struct store_txn *txn, const struct lookup_question *question,
                        struct buf *out, struct error *err)
{
    batch->txn = txn;
    batch->question = *question;
    batch->authorisation = question->given.authorisation;
    batch->count = 0;
    lookup_forms_clear(batch->forms); /* the next question may be of other domains */
    if (!moment_find(txn, &batch->question, &batch->moment, err))
        return false;
    answer_batch_begin(&batch->moment, out);
    return true;
}

static int compare_places(const void *left, const void *right)
{
    const struct place *a = left;
    const struct place *b = right;

    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    return a->low == b->low ? 0 : a->low < b->low ? -1 : 1;
}

static uint64_t eight_at(const char *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof word);
    return be64toh(word);
}

static void ask_ahead(const struct found *found, size_t slice)
{
    struct span entry = found->subject.first;
    size_t end = (slice + 1) * SLICE_BYTES;

    if (!found->is_known)
        return;
    if (slice == 0)
        (void)*(const volatile char *)entry.at;
    for (size_t at = slice * SLICE_BYTES; at < entry.bytes && at < end; at += LINE_BYTES)
        __builtin_prefetch(entry.at + at);
}

/* The memory takes only so many questions at once and forgets the rest: a slice of each of the next entries. */
static void ask_next(const struct lookup_batch *batch, size_t i)
{
    for (size_t slice = 0; slice < SLICES; slice++) {
        size_t next = i + AHEAD + SLICES - 1 - slice;

        if (next < batch->count)
            ask_ahead(&batch->found[next], slice);
    }
}

/* The entries are under their codes. */
static void find_ahead(const struct lookup_batch *batch, const struct store_ahead *ahead, size_t from, size_t wanted)
{
    struct span keys[STORE_AHEAD_MAX];
    size_t count = 0;

    for (; count < STORE_AHEAD_MAX && from + count < wanted; count++)
        keys[count] = batch->codes[batch->places[from + count].i].uscc;
    (void)store_ahead(ahead, keys, count);
}

void lookup_batch_find(struct lookup_batch *batch, const struct lookup_batch_code *codes, size_t count)
{
    struct store_ahead ahead;
    bool has_ahead;
    size_t wanted = 0;

    batch->codes = codes;
    batch->count = count < LOOKUP_BATCH_MAX ? count : LOOKUP_BATCH_MAX;
    for (size_t i = 0; i < batch->count; i++) {
        struct found *found = &batch->found[i];

        found->is_known = false;
        found->is_code = codes[i].uscc.at && uscc_is_usable(codes[i].uscc);
        if (found->is_code && batch->moment.reason == REASON_NONE)
            batch->places[wanted++] = (struct place){eight_at(codes[i].uscc.at), eight_at(codes[i].uscc.at + 8), i};
    }
    qsort(batch->places, wanted, sizeof batch->places[0], compare_places);
    has_ahead = wanted > 0 && store_ahead_begin(batch->txn, STORE_SUBJECTS, &ahead);
    for (size_t at = 0; at < wanted; at++) {
        size_t i = batch->places[at].i;
        struct found *found = &batch->found[i];

        if (has_ahead && at % STORE_AHEAD_MAX == 0)
            find_ahead(batch, &ahead, at, wanted);
        found->is_known = subject_find(batch->txn, codes[i].uscc, &found->subject);
    }
}

static void add(struct lookup_batch *batch, const struct lookup_batch_code *code, const struct found *found,
                struct buf *out, struct lookup_facts *facts)
{
    struct answer answer = {.moment = &batch->moment, .uscc = code->uscc, .receipt = code->receipt};
    struct answer_items items;

    answer_judge(&answer, found->is_known ? &found->subject : NULL, &items);
    answer_result_add(&answer, batch->forms, out);
    answer_facts(&answer, facts);
}

static bool check(struct lookup_batch *batch, const struct lookup_batch_code *code, struct error *err)
{
    struct domain_given *given = &batch->question.given;

    given->authorisation = code->authorisation.bytes > 0 ? code->authorisation : batch->authorisation;
    return domain_check_authorisation(batch->question.domain, batch->question.purpose, given, err);
}

bool lookup_batch_add(struct lookup_batch *batch, const struct lookup_batch_code *code, struct buf *out,
                      struct lookup_facts *facts, struct error *err)
{
    struct found found;

    if (!lookup_check_code(code->uscc, err) || !check(batch, code, err))
        return false;
    found.is_known = batch->moment.reason == REASON_NONE && subject_find(batch->txn, code->uscc, &found.subject);
    add(batch, code, &found, out, facts);
    return true;
}

bool lookup_batch_add_found(struct lookup_batch *batch, size_t i, struct buf *out, struct lookup_facts *facts,
                            struct error *err)
{
    const struct lookup_batch_code *code = &batch->codes[i];
    const struct found *found = &batch->found[i];

    ask_next(batch, i);
    if ((!found->is_code && !lookup_check_code(code->uscc, err)) || !check(batch, code, err))
        return false;
    add(batch, code, found, out, facts);
    return true;
}

bool lookup_batch_end(struct lookup_batch *batch, struct buf *out, struct error *err)
{
    answer_batch_end(&batch->moment, out);
    return store_txn_is_good(batch->txn, err);
}
