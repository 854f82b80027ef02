/* GET /admin/v1/trace/{receipt}: who asked what and was told what, with the proof that it is in the log. For auditors;
 * the body is that of GET /v1/receipts/{id}. */
#include "gateway/api/api_internal.h"

void admin_trace(struct visit *visit)
{
    static const char *const NAMES[] = {NULL};
    char receipt[TRACE_RECEIPT_BYTES];
    struct error err;

    if (visit->rest.bytes == 0) {
        admin_trace_search(visit);
        return;
    }
    if (!visit_is_get(visit) || !visit_takes(visit, NAMES) ||
        !admin_has_role(visit, ROLE_AUDITOR | ROLE_ADMINISTRATOR) || !visit_receipt(visit, receipt))
        return;
    if (!receipt_prove(visit->api, receipt, SPAN_NONE, &visit->reply->body, &err))
        visit_refuse(visit, &err);
}
