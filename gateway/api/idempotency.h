/* idempotency.h - the Idempotency-Key of a request that creates something (draft-ietf-httpapi-idempotency-key-header):
 * the same key with the same request gives the same answer, with another request 422.
 *
 * The draft wants a quoted string (RFC 9651); a bare one, which many clients send, is taken as well. 1 to 128 visible
 * ASCII characters without " and \. */
#ifndef GATEWAY_API_IDEMPOTENCY_H
#define GATEWAY_API_IDEMPOTENCY_H

#include "base/error.h"
#include "gateway/http/http.h"

enum { IDEMPOTENCY_KEY_MAX = 128 };

/* Empty: the request has none. Borrowed from it. ERR_INVALID "idempotency.key". */
MUST_CHECK bool idempotency_key(const struct http_request *request, struct span *key, struct error *err);

#endif
