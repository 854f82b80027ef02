/* encoding.h - which encoding a text file has, never guessed silently, and its text as UTF-8. GB 18030, RFC 3629.
 *
 * A file is UTF-8 when all of it is (a mark at its beginning is taken off); else GB18030 when all of it is, its first
 * line does not say otherwise and no text in it is UTF-8; else it is refused with the place of the first bad byte. */
#ifndef GATEWAY_INTAKE_ENCODING_H
#define GATEWAY_INTAKE_ENCODING_H

#include "base/error.h"

enum encoding { ENCODING_UTF_8, ENCODING_GB18030 };

const char *encoding_name(enum encoding encoding); /* "utf-8", "gb18030" */
/* Reads the whole file behind `fd` (from its beginning). Refuses UTF-16, empty files and what is in no encoding. */
MUST_CHECK bool encoding_detect(int fd, enum encoding *out, struct error *err);

struct decoder;

/* Text of a file from its beginning; `fd` is borrowed. */
MUST_CHECK bool decoder_new(int fd, enum encoding encoding, struct decoder **out, struct error *err);
void decoder_free(struct decoder *decoder);
/* The next piece as UTF-8 (characters may be cut between pieces); empty at the end. Borrowed until the next call. */
MUST_CHECK bool decoder_next(struct decoder *decoder, struct span *out, struct error *err);

DEFINE_AUTO(struct decoder *, decoder_free)

#endif
