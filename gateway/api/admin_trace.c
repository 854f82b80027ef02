/* GET /admin/v1/trace/{receipt}: who asked what and was told what, with the proof that it is in the log. For auditors.
 */
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "gateway/api/api_internal.h"

void admin_trace(struct visit *visit)
{
    visit_not_found(visit);
}
