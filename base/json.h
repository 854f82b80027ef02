/* json.h - JSON as strangers send it (over jansson), and in the one canonical form that is signed (RFC 8785). */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"

/* Limits of what is read. */
enum { JSON_DEPTH_MAX = 64, JSON_BYTES_MAX = 8 * 1024 * 1024 };

/* Read one JSON text (RFC 8259): valid UTF-8 without BOM, no duplicate names, no lone surrogates, no NUL in names, at
 * most JSON_DEPTH_MAX deep and `limit` bytes. Any value may stand at the top. The message says line and column.
 * `*out` is a new reference. */
MUST_CHECK bool json_read(struct span text, size_t limit, json_t **out, struct error *err);
MUST_CHECK bool json_read_file(const char *path, json_t **out, struct error *err);

/* Add the canonical form (RFC 8785: names sorted by UTF-16 code units, ECMAScript numbers). Fails on integers beyond
 * 2^53 and on numbers that are not finite. A double from 2^53 to 10^21 is written as that RFC wants it, which is an
 * integer that has no canonical form when it is read again: whoever seals keeps to integers and texts. */
MUST_CHECK bool json_canonical_add(const json_t *value, struct buf *out, struct error *err);
/* Add a double as ECMAScript prints it (RFC 8785 section 3.2.2.3). False when it is not finite. */
MUST_CHECK bool json_number_add(double value, struct buf *out);

/* Members of an object: NULL or the default when absent or of another type. Borrowed. */
const char *json_text_of(const json_t *object, const char *name);
int64_t json_integer_of(const json_t *object, const char *name, int64_t otherwise);
bool json_bool_of(const json_t *object, const char *name, bool otherwise);

static inline void json_release(json_t *value)
{
    json_decref(value);
}
DEFINE_AUTO(json_t *, json_release)

#endif
