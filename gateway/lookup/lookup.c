#include "gateway/lookup/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/lookup/answer.h"
#include "schemas/uscc.h"

bool lookup_check_code(struct span uscc, struct error *err)
{
    switch (uscc_check(uscc)) {
    case USCC_GOOD:
    case USCC_ORGANISATION: /* such enterprises exist */
        return true;
    case USCC_LENGTH:
        return refuse(err, ERR_INVALID, "uscc.length", "a code has 18 characters, this has %zu bytes",
                      "统一社会信用代码应为 18 位，现为 %zu 字节", uscc.bytes);
    case USCC_LOWER_CASE:
        return refuse(err, ERR_INVALID, "uscc.character", "a code is written in capital letters",
                      "统一社会信用代码应使用大写字母");
    case USCC_CHECK:
        return refuse(err, ERR_INVALID, "uscc.check",
                      "the last character is not the check character of the others: one of them is wrong",
                      "统一社会信用代码的校验码不符：其中有误，请按营业执照核对全部 18 位");
    case USCC_ALPHABET:
        break;
    }
    return refuse(err, ERR_INVALID, "uscc.character",
                  "a code has digits and capital letters only, without I, O, S, V and Z",
                  "统一社会信用代码只含数字和大写字母，且不用 I、O、S、V、Z");
}

static int compare_codes(const void *left, const void *right)
{
    const struct span *a = left;
    const struct span *b = right;

    return memcmp(a->at, b->at, SUBJECT_CODE_BYTES);
}

void lookup_ahead(struct store_txn *txn, struct span *codes, size_t count)
{
    struct store_ahead ahead;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (codes[i].bytes == SUBJECT_CODE_BYTES)
            codes[kept++] = codes[i];
    }
    if (kept == 0 || !store_ahead_begin(txn, STORE_SUBJECTS, &ahead))
        return;
    qsort(codes, kept, sizeof *codes, compare_codes);
    for (size_t at = 0; at < kept; at += STORE_AHEAD_MAX)
        (void)store_ahead(&ahead, codes + at, kept - at < STORE_AHEAD_MAX ? kept - at : STORE_AHEAD_MAX);
}

bool lookup_by_code(struct store_txn *txn, const struct lookup_question *question, struct buf *out,
                    struct lookup_facts *facts, struct error *err)
{
    struct moment moment;
    struct answer answer = {.moment = &moment, .uscc = question->uscc, .receipt = question->receipt};
    struct answer_room room;
    size_t before = out->bytes;

    if (!lookup_check_code(question->uscc, err) ||
        !domain_check_authorisation(question->domain, question->purpose, &question->given, err) ||
        !moment_find(txn, question, &moment, err))
        return false;
    answer_find(txn, &answer, &room);
    answer_add(&answer, out);
    if (!store_txn_is_good(txn, err)) {
        out->bytes = before;
        if (question->shown)
            buf_clear(question->shown);
        return false;
    }
    answer_facts(&answer, facts);
    return true;
}
