/* view.h - what of a subject's items an answer may show: the one place that decides it. Only this room needs it.
 *
 * The newest state is what is current now, whatever instants its events carry: a clock that was set back must not hide
 * a record that was approved. As of a day, a record is shown only when it may still be told today: a repair stops
 * publication, sharing and use (NDRC Order 36), so a question about an earlier day is no way around it, and a scope
 * that was narrowed later counts as well. What ended by itself at its maximum was true until then, and is told so. A
 * record that the register itself contradicts by now is not told either. */
#ifndef GATEWAY_LOOKUP_VIEW_H
#define GATEWAY_LOOKUP_VIEW_H

#include "gateway/lookup/lookup.h"
#include "gateway/registry/subject.h"

enum view_result {
    VIEW_NOTHING,   /* it does not count */
    VIEW_WITHHELD,  /* it counts, but may not be told to this caller */
    VIEW_LISTED,    /* a record, or an obligation of a domain that answers from them */
    VIEW_SUPPORTIVE /* an obligation exited in time, for a lender */
};

struct view {
    const struct lookup_question *question;
    const struct subject *subject;
    int32_t day;
};

/* May this caller see records of that scope? domain.md 5.5. */
bool view_has_scope(const struct lookup_question *question, enum scope scope);
enum view_result view_of(const struct view *view, const struct subject_item *item);

#endif
