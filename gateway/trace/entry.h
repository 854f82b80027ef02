/* entry.h - an entry's JSON (trace.h). Only this room needs it. */
#ifndef GATEWAY_TRACE_ENTRY_H
#define GATEWAY_TRACE_ENTRY_H

#include "gateway/trace/trace.h"
#include "keys/digest.h"

enum { ENTRY_AUTHORISATION_MAX = 200 };

/* At most TRACE_ENTRY_BYTES_MAX, whatever the texts are. */
void entry_add(const struct trace_entry *entry, struct digester *digester, struct buf *out);

#endif
