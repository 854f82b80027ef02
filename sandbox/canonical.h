/* canonical.h - the canonical JSON of RFC 8785, as far as these platforms take JSON: objects whose names are ASCII,
 * arrays, texts, whole numbers up to 2^53, true, false, null. Of its own, not base/json.h: what the gateway seals must
 * be understood by somebody who has only read the RFC. */
#ifndef SANDBOX_CANONICAL_H
#define SANDBOX_CANONICAL_H

#include <jansson.h>

#include "base/buf.h"

enum { CANONICAL_DEPTH_MAX = 16 };

/* False for anything else; `out` then holds rubbish. */
MUST_CHECK bool canonical_add(const json_t *value, struct buf *out);

#endif
