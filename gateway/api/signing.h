/* signing.h - answers that are signed on request (RFC 9421 section 5).
 *
 * A request with Accept-Signature, `label=(components…);created;keyid="…";alg="…";nonce="…";tag="…"`, gets its answer
 * (200) signed under that label with the key for answers: Ed25519, or ECDSA P-256 when `alg` says so. What it names is
 * covered in its order; what is missing of these is added, so that every signature binds the whole answer to the whole
 * request: "@status", "content-type", "content-digest" (RFC 9530), "@method";req, "@path";req, "@query";req. `label=()`
 * is enough.
 *
 * At most SIGNING_WISHES_MAX labels. What we cannot do is refused (ERR_INVALID, rules signature.malformed and
 * signature.unsupported), never passed over: whoever asks for a signature and gets none must not take it for one. */
#ifndef GATEWAY_API_SIGNING_H
#define GATEWAY_API_SIGNING_H

#include "gateway/http/http.h"
#include "keys/signatures.h"

enum { SIGNING_WISHES_MAX = 2, SIGNING_ALWAYS_COUNT = 6 };

/* What every signature covers, in canonical form, ended by NULL; for whoever checks. */
extern const char *const SIGNING_ALWAYS[];

/* What the request asks for, checked as far as it can be before there is an answer. `wishes` has no members when it
 * asks for nothing; it must be empty before. */
MUST_CHECK bool signing_read(const struct http_request *request, struct structured *wishes, struct error *err);
/* Add Content-Digest, Signature-Input and Signature for the reply as it stands. Nothing happens without wishes.
 * ERR_INVALID: a component that the answer or the request does not have; ERR_UNAVAILABLE: no signature to be had. */
MUST_CHECK bool signing_add(const struct http_request *request, const struct structured *wishes, struct signer *signer,
                            int64_t at_ms, struct http_reply *reply, struct error *err);

#endif
