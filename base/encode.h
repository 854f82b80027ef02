/* encode.h - bytes as text: hex, Base64 (RFC 4648 section 4), Base64url without padding (section 5), Base32 without
 * padding (section 6). Strict both ways:
 * no white space, no missing or superfluous padding, no non-zero trailing bits. */
#ifndef BASE_ENCODE_H
#define BASE_ENCODE_H

#include "base/buf.h"
#include "base/error.h"

/* 0 to 15, either case; -1 when it is no hex digit. */
int hex_digit_value(char c);
void hex_add(struct buf *out, const void *data, size_t bytes); /* lower case */
void hex_write(char *to, const void *data, size_t bytes);      /* the same into 2 * bytes of room; no NUL behind it */
MUST_CHECK bool hex_decode(struct span text, struct buf *out); /* either case; out untouched on failure */
void base64_add(struct buf *out, const void *data, size_t bytes);
MUST_CHECK bool base64_decode(struct span text, struct buf *out);
void base64url_add(struct buf *out, const void *data, size_t bytes);
MUST_CHECK bool base64url_decode(struct span text, struct buf *out);
void base32_add(struct buf *out, const void *data, size_t bytes);
/* Either case, since people type it. */
MUST_CHECK bool base32_decode(struct span text, struct buf *out);

#endif
