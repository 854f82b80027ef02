/* problem.h - what went wrong, as RFC 9457 wants it (application/problem+json), in English and Chinese.
 *
 * "type" is urn:creditgate:problem:<slug> with the slug of base/error.h, or one of the server's own for what HTTP
 * itself refuses, or one for a single rule (client-suspended, quota-exceeded); "rule" names the rule that refused;
 * "instance" is the receipt under which a refused lookup was traced. */
#ifndef GATEWAY_API_PROBLEM_H
#define GATEWAY_API_PROBLEM_H

#include "base/error.h"
#include "gateway/http/http.h"

/* Only the object, added to `out`, for a part of an answer: its status is returned. */
int problem_add(const struct error *err, const char *instance, struct buf *out);

/* Replace the reply. What only an operator should see (errors without Chinese text) is told in general words: log it.
 * `instance` may be NULL. Retry-After is added where trying again helps. */
void problem_reply(struct http_reply *reply, const struct error *err, const char *instance);
/* The same with another status than the error's own. 429, 405. */
void problem_reply_status(struct http_reply *reply, int status, const struct error *err, const char *instance);
/* What the server refuses before any handler: http_server_options.refuse. */
void problem_of_server(void *context, int status, const char *detail, struct http_reply *reply);

#endif
