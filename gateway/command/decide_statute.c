#include "gateway/command/decide_statute.h"

#include "base/text.h"

bool decide_expiry(const struct standing *standing, struct record *out)
{
    const char *basis = NULL;
    struct record record;
    int32_t end;

    if (!standing->effective || record_op_ends(standing->effective->record.op))
        return false;
    record = standing->effective->record;
    end = windows_end(standing->windows, record.severity, record.decided_on, record.publication_end, standing->today,
                      &basis);
    if (standing->today <= end)
        return false;
    record.version++;
    record.op = OP_WITHDRAWN;
    record.publication_end = end;
    record.reason = SPAN(STATUTE_REASON);
    record.statement = record.corrected = record.duties = SPAN_NONE;
    /* A record listed under a rule that the data no longer know ends on the day it names. */
    record.statute = basis ? span_of(basis) : SPAN("公示截止期");
    record.proposed_by = record.approved_by = SPAN(STATUTE_PUBLICATION_END);
    record.proposed_ms = record.approved_ms = 0;
    *out = record;
    return true;
}
