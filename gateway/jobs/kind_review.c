/* kind_review.c - the second person's word: approve, return. */
#include <stdlib.h>
#include <string.h>

#include "gateway/jobs/kinds.h"
#include "gateway/jobs/named.h"

static const struct results_closing APPROVED = {
    "已生效并加签，查询即时可见。报送：creditgate push（经办）。",
    "In force and sealed; lookups see them now. Next: creditgate push (an operator)."};
static const struct results_closing RETURNED = {"已退回提出人：可重新提出。", "Returned: they can be proposed again."};

static bool review_named(struct work *work, struct review *review, struct results *results, struct error *err)
{
    AUTO(named_done) struct named named = {.ids = NULL};
    struct review_item *items;
    bool is_good;

    if (!named_records(work, results, &named, err))
        return false;
    items = memory_new((named.count + 1) * sizeof *items);
    for (size_t i = 0; i < named.count; i++)
        items[i] = (struct review_item){named_at(&named, i), named.seen[i]};
    review->items = items;
    review->count = named.count;
    is_good = command_review(&work->desk, review, results_add, results, results_tally(results), err);
    free(items);
    return is_good;
}

bool run_review(struct work *work, struct error *err)
{
    AUTO(results_free) struct results *results = NULL;
    struct review review = {.is_return = strcmp(work->spec->kind, "return") == 0,
                            .takes_all = argument_flag(work->arguments, "all"),
                            .reason = argument_text(work->arguments, "reason"),
                            .ground = argument_choice(work->arguments, "ground", KIND_GROUNDS),
                            .division = argument_text(work->arguments, "division")};

    if (!work_load_rules(work, err) || !results_new(work, &results, err))
        return false;
    if (review.takes_all ? !command_review(&work->desk, &review, results_add, results, results_tally(results), err)
                         : !review_named(work, &review, results, err))
        return false;
    return results_finish(results, review.is_return ? &RETURNED : &APPROVED, err);
}
