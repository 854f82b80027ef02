/* head.h - the rules for a request's head which llhttp and nghttp2 leave to us (RFC 9110, RFC 9112, RFC 3986). */
#ifndef GATEWAY_HTTP_HEAD_H
#define GATEWAY_HTTP_HEAD_H

#include "gateway/http/exchange.h"

/* One of the methods we know; HEAD becomes GET. Refuses with 501. */
MUST_CHECK bool head_set_method(struct exchange *exchange, struct span method, struct refusal *why);
/* Headers that may come only once came once, Host is a host (empty when there is none), Expect is one we know. Refuses
 * with 400 and 417. */
MUST_CHECK bool head_check_headers(struct exchange *exchange, struct span *host, struct refusal *why);
/* Path and query from exchange->target, decoded in place. Origin form, or absolute form whose authority is `host`
 * (RFC 9112 section 3.2). Refuses with 400 and 414. */
MUST_CHECK bool head_set_target(struct exchange *exchange, struct span host, size_t limit_bytes, struct refusal *why);
/* A host with an optional port, nothing else (RFC 3986 section 3.2, without user information). */
bool head_is_host(struct span text);
/* Undo percent-encoding in place; false for a bad escape or NUL. `plus_is_space` for queries. */
MUST_CHECK bool head_percent_decode(char *at, size_t *bytes, bool plus_is_space);
bool head_same_ignoring_case(struct span a, struct span b);

#endif
