/* entry.h - an entry's JSON (trace.h). Only this room needs it. */
#ifndef GATEWAY_TRACE_ENTRY_H
#define GATEWAY_TRACE_ENTRY_H

#include "gateway/trace/trace.h"
#include "keys/digest.h"

/* 200 things shown (gateway/lookup) of 32 digits and a version take less. */
enum { ENTRY_SALT_BYTES = 16 };
enum { ENTRY_AUTHORISATION_MAX = 200, ENTRY_GIVEN_MAX = 100, ENTRY_SHOWN_MAX = 10 * 1024 };

/* At most TRACE_ENTRY_BYTES_MAX, whatever the texts are. `salt`: random, of this entry alone. */
void entry_add(const struct trace_entry *entry, const uint8_t salt[ENTRY_SALT_BYTES], struct digester *digester,
               struct buf *out);

#endif
