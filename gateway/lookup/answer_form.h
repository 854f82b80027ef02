/* answer_form.h - what of an answer does not depend on the enterprise, piece by piece, written once for all answers of
 * a moment that are alike. Only this room needs it. */
#ifndef GATEWAY_LOOKUP_ANSWER_FORM_H
#define GATEWAY_LOOKUP_ANSWER_FORM_H

#include "gateway/lookup/answer.h"
#include "keys/sha256_front.h"

enum answer_shape { ANSWER_WHOLE, ANSWER_RESULT /* of a batch */ };

/* In their order. Between them stand the name, obligations and their overflow, the receipt and the records, what is
 * supportive, the code. */
enum answer_piece {
    ANSWER_BEFORE_NAME,
    ANSWER_BEFORE_RECEIPT,
    ANSWER_BEFORE_SUPPORTIVE,
    ANSWER_BEFORE_CODE,
    ANSWER_BEFORE_END,
    ANSWER_PIECES
};

struct answer_form;
/* The form of such answers, made when it is not there yet; valid until the next call. NULL: none can be kept. */
struct answer_form *answer_form_of(struct lookup_forms *forms, const struct answer *answer, enum answer_shape shape);
/* `form` NULL: written anew. */
void answer_piece_add(const struct answer_form *form, enum answer_piece piece, const struct answer *answer,
                      enum answer_shape shape, struct buf *out);
/* SHA-256 of `text`, which begins with the form's first piece; `form` NULL: of any text. */
void answer_form_sha256(struct answer_form *form, struct span text, uint8_t out[32]);

/* What stands at the front of a single answer and of a batch: `{"as_of":…,"domain":…,"list_edition":…`. */
void answer_head_add(const struct moment *moment, struct buf *out);
/* The measures of an edition that are for these kinds on the moment's day: whole, or their ids. */
void answer_measures_add(const struct domain_measures *measures, uint32_t kinds, int32_t day, enum answer_shape shape,
                         struct buf *out);

/* Which members of a record or an obligation this question is shown, and which of them masked. */
struct members {
    const char *const *names;
    size_t count;
    uint32_t shown;
    uint32_t masked;
};
struct members answer_record_members(const struct moment *moment);
struct members answer_obligation_members(const struct moment *moment, const struct domain_obligations *shown);
/* The name of the enterprise is personal where that of its records is. */
bool answer_masks_name(const struct moment *moment);

#endif
