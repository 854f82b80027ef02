#include "gateway/lookup/view.h"

#include <string.h>

#include "gateway/lookup/domain_parts.h"

static bool is_current(const struct view *view, const struct subject_item *item)
{
    if (view->question->as_of_sequence != 0)
        return subject_item_was_current(item, view->question->as_of_sequence);
    if (view->question->as_of_ms == 0)
        return item->until_ms == SUBJECT_FOREVER;
    return subject_item_is_current(item, view->question->as_of_ms);
}

bool view_has_scope(const struct lookup_question *question, enum scope scope)
{
    if (question->withheld_scopes & 1U << scope)
        return false;
    if (scope == SCOPE_PUBLIC)
        return true;
    if (scope == SCOPE_GOVERNMENT)
        return question->is_government;
    return scope == SCOPE_AUTHORISED && question->domain->opens_scope_2 && question->given.authorisation.bytes > 0;
}

/* The version that is the newest of the same record (or obligation). */
static bool is_newest(const struct view *view, const struct subject_item *item)
{
    (void)view;
    return item->until_ms == SUBJECT_FOREVER;
}

typedef bool item_test(const struct view *view, const struct subject_item *item);

static bool find_record(const struct view *view, const char *record, item_test *test, struct subject_item *found)
{
    struct subject_walk walk;

    subject_walk_begin(&walk, view->subject);
    while (subject_walk_next(&walk, found)) {
        if (found->kind == SUBJECT_RECORD && test(view, found) && memcmp(found->record, record, RECORD_ID_BYTES) == 0)
            return true;
    }
    return false;
}

static bool find_obligation(const struct view *view, const uint8_t *obligation, item_test *test,
                            struct subject_item *found)
{
    struct subject_walk walk;

    subject_walk_begin(&walk, view->subject);
    while (subject_walk_next(&walk, found)) {
        if (found->kind == SUBJECT_OBLIGATION && test(view, found) &&
            memcmp(found->obligation, obligation, OBLIGATION_ID_BYTES) == 0)
            return true;
    }
    return false;
}

/* A record says that an obligation was missed. When the register says otherwise by now (revoked, exited in time, a
 * deadline that runs beyond the decision) and nobody has withdrawn the record yet, nobody may be told that he is late,
 * nor that he is not. */
static bool is_supported(const struct view *view, const struct subject_item *item, item_test *test)
{
    struct subject_item basis;

    if (!find_obligation(view, item->obligation, test, &basis))
        return false;
    return basis.state != STATE_REVOKED && basis.state != STATE_EXITED_IN_TIME && basis.due < item->decided_on;
}

/* In force on that day: publication ends at its maximum by itself, whether or not anything was done about it yet. */
static bool is_published(const struct view *view, const struct subject_item *item, int32_t day)
{
    const struct windows *windows = view->question->windows;
    int32_t end = item->publication_end;

    if (windows && !record_op_ends(item->op))
        end = windows_end(windows, item->severity, item->decided_on, end, day, NULL);
    return record_is_published(item->op, end, day);
}

static bool may_be_told(const struct view *view, const struct subject_item *item)
{
    const struct lookup_question *question = view->question;
    struct subject_item newest;

    if (!view_has_scope(question, item->scope) || !is_supported(view, item, is_current))
        return false;
    if ((question->as_of_ms == 0 && question->as_of_sequence == 0) || question->is_internal)
        return true;
    return is_supported(view, item, is_newest) && find_record(view, item->record, is_newest, &newest) &&
           (!record_op_ends(newest.op) || newest.is_by_law) && view_has_scope(question, newest.scope);
}

static enum view_result view_of_record(const struct view *view, const struct subject_item *item)
{
    if (view->question->domain->answers_from_obligations || !is_published(view, item, view->day))
        return VIEW_NOTHING;
    return may_be_told(view, item) ? VIEW_LISTED : VIEW_WITHHELD;
}

static bool is_one_of(const struct domain_obligations *wanted, const struct subject_item *item)
{
    return wanted->states & 1U << item->state && wanted->grounds & 1U << item->ground;
}

enum view_result view_of(const struct view *view, const struct subject_item *item)
{
    const struct domain *domain = view->question->domain;

    if (!is_current(view, item))
        return VIEW_NOTHING;
    if (item->kind == SUBJECT_RECORD)
        return view_of_record(view, item);
    if (is_one_of(&domain->obligations, item))
        return VIEW_LISTED;
    return is_one_of(&domain->supportive, item) ? VIEW_SUPPORTIVE : VIEW_NOTHING;
}
