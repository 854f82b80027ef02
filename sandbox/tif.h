/* tif.h - the headers of the government-cloud gateway, checked as upstreams.md section 1 says (domain.md 1.6 (b)):
 * x-tif-signature = lower-case hex of SHA-256(timestamp + token + nonce + timestamp), clock within 300 s, every nonce
 * once. */
#ifndef SANDBOX_TIF_H
#define SANDBOX_TIF_H

#include "gateway/http/http.h"

enum { TIF_CLOCK_S = 300, TIF_NONCE_BYTES_MAX = 64 };

struct tif;
struct tif *tif_new(const char *paasid, const char *token);
void tif_free(struct tif *tif);

/* ERR_UNAUTHORIZED says which check failed. A nonce is spent only by a request that passes. Spent nonces live in
 * memory, as long as the clock window can let them in again. */
MUST_CHECK bool tif_check(struct tif *tif, const struct http_request *request, int64_t now_ms, struct error *err);

DEFINE_AUTO(struct tif *, tif_free)

#endif
