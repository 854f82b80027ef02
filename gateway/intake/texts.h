/* texts.h - many texts by number: the shared texts of a workbook. The first ones stay in memory, the others go to files
 * without a name, so that memory does not grow with the workbook. */
#ifndef GATEWAY_INTAKE_TEXTS_H
#define GATEWAY_INTAKE_TEXTS_H

#include "base/buf.h"
#include "base/error.h"

enum { TEXTS_MEMORY_BYTES = 4 * 1024 * 1024 };

struct texts;

/* `folder` is where files are made when they are needed; borrowed. */
struct texts *texts_new(const char *folder);
void texts_free(struct texts *texts);
/* More of the text at hand. What lies beyond INTAKE_FIELD_BYTES_MAX and a character is left out: such a field is
 * refused anyway. */
void texts_add(struct texts *texts, struct span piece);
/* The text at hand is complete: it gets the next number, from 0 on. */
MUST_CHECK bool texts_end(struct texts *texts, struct error *err);
/* *is_there: false when there is no such number. `*out` is borrowed until the next call. */
MUST_CHECK bool texts_get(struct texts *texts, size_t number, bool *is_there, struct span *out, struct error *err);

DEFINE_AUTO(struct texts *, texts_free)

#endif
