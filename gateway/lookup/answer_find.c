/* answer_find.c - the verdict: first everything that could make "not-listed" a wrong answer, then the answer. */
#include "gateway/lookup/answer.h"

static uint32_t kinds_of(const struct subject_item *item)
{
    return item->kind == SUBJECT_RECORD ? kind_bit(item->ground, item->severity) : kind_of_ground(item->ground);
}

static void keep_item(struct answer_items *items, enum view_result result, const struct subject_item *item)
{
    if (result != VIEW_LISTED && result != VIEW_SUPPORTIVE)
        return;
    if (items->count == ANSWER_ITEMS_KEPT) {
        items->is_all = false;
        return;
    }
    items->kept[items->count].result = result;
    items->kept[items->count++].item = *item;
}

/* Count what will be shown: the answer names the measures before the records they are for. */
static void look_at_items(struct answer *answer)
{
    struct view view = {answer->moment->question, answer->subject, answer->moment->day};
    struct subject_walk walk;
    struct subject_item item;
    bool has_withheld = false;

    subject_walk_begin(&walk, answer->subject);
    while (subject_walk_next(&walk, &item)) {
        enum view_result result = view_of(&view, &item);

        keep_item(answer->items, result, &item);
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

void answer_judge(struct answer *answer, const struct subject *subject, struct answer_items *items)
{
    answer->items = items;
    items->count = 0;
    items->is_all = true;
    answer->reason = answer->moment->reason;
    answer->verdict = VERDICT_NOT_LISTED;
    if (answer->reason == REASON_NONE && subject) {
        answer->subject = subject;
        look_at_items(answer);
    }
    if (answer->reason != REASON_NONE)
        answer->verdict = VERDICT_UNKNOWN;
}

void answer_find(struct store_txn *txn, struct answer *answer, struct answer_room *room)
{
    bool is_known = answer->moment->reason == REASON_NONE && subject_find(txn, answer->uscc, &room->subject);

    answer_judge(answer, is_known ? &room->subject : NULL, &room->items);
}

void answer_facts(const struct answer *answer, struct lookup_facts *facts)
{
    const struct moment *moment = answer->moment;
    struct span rules = buf_span(&moment->edition->rules);

    *facts = (struct lookup_facts){.verdict = answer->verdict,
                                   .sequence = moment->sequence,
                                   .rules = {rules.at + 1, rules.bytes - 2}, /* without quotes */
                                   .records = answer->listed < LOOKUP_ITEMS_MAX ? answer->listed : LOOKUP_ITEMS_MAX,
                                   .owes = answer->verdict == VERDICT_LISTED &&
                                           moment->question->domain->owes_feedback && answer_has_measures(answer)};
}
