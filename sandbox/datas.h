/* datas.h - one file of 信用中国 (upstreams.md section 3): UTF-8 XML, root DATAS, one DATA per row, one element per
 * field. Pure.
 *
 * A file is tags and text: no document type, entity of its own, comment, CDATA section, processing instruction or
 * attribute. So the parser has nothing to expand, to fetch or to recode. */
#ifndef SANDBOX_DATAS_H
#define SANDBOX_DATAS_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"

enum { DATAS_ROWS_MAX = 1000, DATAS_FIELDS_MAX = 64, DATAS_BYTES_MAX = 40 * 1024 * 1024 };

/* The rows as an array of objects: every field is text, but VERSION is a number when it is the plain decimal form of
 * one. This is the row as taken: digests of what is held are over its canonical JSON. Each has ROWID and VERSION of the
 * right form, since no outcome could be told without. `*rows` is a new reference. ERR_INVALID says what is wrong. */
MUST_CHECK bool datas_read(struct span file, json_t **rows, struct error *err);

#endif
