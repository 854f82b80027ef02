/* content_digest.h - the digest of a message's content as a field (RFC 9530): Content-Digest. */
#ifndef KEYS_CONTENT_DIGEST_H
#define KEYS_CONTENT_DIGEST_H

#include "base/buf.h"
#include "base/error.h"

/* "sha-256=:…:", added to `out`. */
void content_digest_add(struct span content, struct buf *out);
/* The field's value against the content: every digest of an algorithm that we know (sha-256, sha-512) must be right,
 * and one must be there; others are passed over (section 2). Wrong form: ERR_INVALID; another content: ERR_CORRUPT. */
MUST_CHECK bool content_digest_check(struct span field, struct span content, struct error *err);

#endif
