/* lookup.c - the verdict: first everything that could make "not-listed" a wrong answer, then the answer. */
#include "gateway/lookup/lookup.h"

#include <string.h>

#include "base/text.h"
#include "base/walk.h"
#include "gateway/lookup/answer.h"
#include "gateway/lookup/domain_parts.h"
#include "gateway/registry/registry.h"
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

static bool check_question(const struct lookup_question *question, struct error *err)
{
    if (!lookup_check_code(question->uscc, err))
        return false;
    if (!domain_accepts(question->domain, question->purpose))
        return refuse(err, ERR_INVALID, "lookup.purpose", "this domain accepts the purposes %s",
                      "本领域接受的查询目的：%s", domain_purposes(question->domain));
    if (question->as_of_ms > question->at_ms)
        return refuse(err, ERR_INVALID, "lookup.future", "nothing can be said about a time that is still to come",
                      "不能答复尚未到来的时点");
    return true;
}

/* The newest event says how fresh the answer is. Its instant stands first, because names are sorted. */
static void find_version(struct store_txn *txn, struct answer *answer)
{
    struct span key;
    struct span event;
    struct span name;
    struct walk walk;

    if (!store_last(txn, STORE_JOURNAL, &key, &event))
        return;
    if (key.bytes != sizeof(uint64_t) || !walk_begin(&walk, event) || !walk_next(&walk, &name, &answer->changed_at) ||
        !span_is(name, "at")) {
        store_txn_spoil(txn, STORE_JOURNAL, "the newest event is none");
        return;
    }
    answer->sequence = store_read_u64(key.at) + 1;
}

/* Why nothing can be said about any code, or REASON_NONE. */
static enum answer_reason find_doubt(struct store_txn *txn, int64_t as_of_ms)
{
    int64_t since;

    if (!registry_since(txn, &since))
        return REASON_REGISTER_EMPTY;
    return as_of_ms != 0 && as_of_ms < since ? REASON_BEFORE_REGISTER : REASON_NONE;
}

static uint32_t kinds_of(const struct subject_item *item)
{
    return item->kind == SUBJECT_RECORD ? kind_bit(item->ground, item->severity) : kind_of_ground(item->ground);
}

/* Count what will be shown: the answer names the measures before the records they are for. */
static void look_at_items(struct answer *answer)
{
    struct view view = {answer->question, answer->subject, answer->day};
    struct subject_walk walk;
    struct subject_item item;
    bool has_withheld = false;

    subject_walk_begin(&walk, answer->subject);
    while (subject_walk_next(&walk, &item)) {
        enum view_result result = view_of(&view, &item);

        has_withheld = has_withheld || result == VIEW_WITHHELD;
        answer->supportive += result == VIEW_SUPPORTIVE;
        if (result != VIEW_LISTED)
            continue;
        answer->listed++;
        answer->kinds |= kinds_of(&item);
    }
    if (answer->listed > 0)
        answer->verdict = VERDICT_LISTED;
    else if (has_withheld)
        answer->reason = REASON_WITHHELD;
}

bool lookup_by_code(struct store_txn *txn, const struct lookup_question *question, struct buf *out,
                    struct lookup_facts *facts, struct error *err)
{
    int64_t instant_ms = question->as_of_ms ? question->as_of_ms : question->at_ms;
    struct answer answer = {.question = question, .day = day_of_instant(instant_ms)};
    struct subject subject;
    size_t before = out->bytes;

    if (!check_question(question, err))
        return false;
    find_version(txn, &answer);
    answer.reason = find_doubt(txn, question->as_of_ms);
    if (answer.reason == REASON_NONE) {
        answer.verdict = VERDICT_NOT_LISTED;
        if (subject_find(txn, question->uscc, &subject)) {
            answer.subject = &subject;
            look_at_items(&answer);
        }
    }
    if (answer.reason != REASON_NONE)
        answer.verdict = VERDICT_UNKNOWN;
    answer_add(&answer, out);
    if (!store_txn_is_good(txn, err)) {
        out->bytes = before;
        if (question->shown)
            buf_clear(question->shown);
        return false;
    }
    *facts = (struct lookup_facts){answer.verdict, answer.sequence,
                                   answer.listed < LOOKUP_ITEMS_MAX ? answer.listed : LOOKUP_ITEMS_MAX,
                                   answer.verdict == VERDICT_LISTED && question->domain->owes_feedback &&
                                       answer_has_measures(&answer)};
    return true;
}
