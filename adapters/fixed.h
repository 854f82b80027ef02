/* fixed.h - what every adapter keeps of a call in the same way: at_ms, kid, signature, sm3. */
#ifndef ADAPTERS_FIXED_H
#define ADAPTERS_FIXED_H

#include "adapters/adapter.h"

/* Of what `fix` stored (a canonical object, trusted to be JSON only): exactly `bytes` bytes of hex. */
MUST_CHECK bool fixed_hex(struct span fixed, const char *name, void *out, size_t bytes);
/* at_ms, kid and sm3 of the call, and the signature. ERR_CORRUPT when one of them is not there. */
MUST_CHECK bool fixed_restore(struct span fixed, struct adapter_call *call, struct adapter_signature *signature,
                              struct error *err);

#endif
