/* china.h - 信用中国 (upstreams.md section 3): files under names that count by the day, each beside its signature.
 *
 *   PUT inbox/<name>.xml   201; 400 not a name; 428 without If-None-Match: *; 412 it exists; 409 not the next of its
 * day; 422 not such a file PUT inbox/<name>.sig   201; 409 without its .xml; 412; 428; 422 not the signature of what is
 * there GET inbox/<name>.sm3   64 hex digits; 404 GET outbox/<name>.ack.xml   the receipt; 404 not yet
 *
 * Rows are taken when the signature is there. Whatever was answered with 201 is on disk before the answer is made. */
#ifndef SANDBOX_CHINA_H
#define SANDBOX_CHINA_H

#include "sandbox/platform.h"

/* `options` (with .china) is borrowed and must outlive it; so must `clock`. Reads the state folder. End with
 * platform_free. */
MUST_CHECK bool china_new(const struct sandbox_options *options, const struct clock *clock, struct platform **out,
                          struct error *err);

#endif
