/* saved_answer.h - a signed answer (gateway/api/signing.h) as somebody kept it, for whoever checks it later.
 *
 * One file: the request, then the answer as `curl -i` prints it:
 *
 *     GET /v1/lookups/lending/91440224MAYUCHK485?purpose=credit-review HTTP/1.1
 *     (header fields of the request, when the signature covers any)
 *
 *     HTTP/1.1 200 OK
 *     …
 *     Signature: cg=:…:
 *
 *     {"as_of":…
 *
 * Lines end with LF or CRLF; an absolute target (GET https://host/…) names the host. The body is every byte behind the
 * answer's empty line. What no signature covers (Date, the reason phrase) is not told either. */
#ifndef GATEWAY_CLI_SAVED_ANSWER_H
#define GATEWAY_CLI_SAVED_ANSWER_H

#include "gateway/api/signing.h"
#include "keys/keyring.h"

/* Borrows the text. */
struct saved_answer {
    struct span method;
    struct span target;
    int status;
    struct span body;
    struct signatures_found signatures[SIGNING_WISHES_MAX];
    size_t count;
};

/* Does it look like one? */
bool saved_answer_is(struct span text);
/* True only when every signature is good, by a key for answers, and binds the answer to the request, and the body is
 * the one that was signed. ERR_INVALID: not of this form; else as signatures_verify. */
MUST_CHECK bool saved_answer_verify(struct span text, const struct keyring *keys, struct saved_answer *out,
                                    struct error *err);

#endif
