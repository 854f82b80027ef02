/* refused.h - every refusal of an outside system's request stands in the trace, whichever handler refused it.
 *
 * Handlers of questions trace their own refusals, with what was asked. For all others (a path that is not there, a
 * method, an unknown parameter, a receipt of somebody else) this is done here, once the handler is through: who, from
 * where, which path, which rule. A request that was refused before anybody judged who asks is judged then: it costs a
 * token as well, and whoever may not ask at all is told that instead. What strangers do is traced no faster than their
 * limit (admission.h). */
#ifndef GATEWAY_API_REFUSED_H
#define GATEWAY_API_REFUSED_H

#include "gateway/api/api_internal.h"

/* After the handler: the reply is a refusal, and the trace has `added` entries of before. */
void refused_trace(struct visit *visit);
/* What an entry says of a refusal besides what was asked. The spans are of the request and the reply. */
void refused_fill(const struct visit *visit, struct trace_entry *entry);

#endif
