/* columns.h - tables for people: cells of UTF-8 lined up in columns, CJK characters counted as two, and whatever a
 * stranger said made harmless for a terminal. */
#ifndef GATEWAY_CLI_COLUMNS_H
#define GATEWAY_CLI_COLUMNS_H

#include <stdio.h>

#include "base/buf.h"

enum { COLUMNS_MAX = 16 };

struct columns;
/* `count` columns of at most COLUMNS_MAX. */
struct columns *columns_new(size_t count);
void columns_free(struct columns *columns);
/* The next cell, row by row; copied. A number is set to the right. */
void columns_add(struct columns *columns, const char *text);
void columns_add_number(struct columns *columns, int64_t number);
/* Every line begins with `indent` spaces. Rows that are not full are filled with empty cells. */
void columns_print(const struct columns *columns, size_t indent, FILE *to);

/* Add `text` with control characters, invisible ones that change the direction of writing (U+200E, U+200F, U+202A to
 * U+202E, U+2066 to U+2069) and bytes that are no UTF-8 as \xNN; a line break becomes "\n" followed by `indent` spaces.
 */
void columns_safe_add(struct buf *out, struct span text, size_t indent);
/* "2026-11-24 07:41:43" of an RFC 3339 text, as it stands; "-" for NULL. */
void columns_instant_add(struct buf *out, const char *rfc3339);
/* "3 天 4 小时", "12 minutes": the two largest units of a span of time. */
void columns_age_add(struct buf *out, int64_t age_ms, bool is_english);

DEFINE_AUTO(struct columns *, columns_free)

#endif
