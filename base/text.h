/* text.h - spans of UTF-8. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <string.h>

#include "base/buf.h"

/* NULL gives an empty span. */
static inline struct span span_of(const char *text)
{
    return text ? (struct span){text, strlen(text)} : SPAN_NONE;
}
static inline bool span_equal(struct span a, struct span b)
{
    /* no bytes may stand at no place; the analyser cannot see that others never do */
    return a.bytes == b.bytes && (a.bytes == 0 || (a.at && b.at && memcmp(a.at, b.at, a.bytes) == 0));
}
static inline bool span_is(struct span a, const char *text)
{
    return span_equal(a, span_of(text));
}
static inline bool span_starts(struct span a, const char *text)
{
    size_t bytes = strlen(text);

    return a.bytes >= bytes && memcmp(a.at, text, bytes) == 0;
}
struct span span_trim(struct span a); /* ASCII white space at both ends, U+00A0 and U+3000 */

/* Well-formed UTF-8 (RFC 3629: no surrogates, nothing overlong, at most U+10FFFF). `bad_at` (may be NULL) gets the
 * first bad byte. */
bool utf8_is_valid(struct span text, size_t *bad_at);
size_t utf8_count(struct span text); /* characters; `text` must be valid */
/* The first bytes of `text`, at most `limit`, cut between characters. */
struct span utf8_cut(struct span text, size_t limit);
/* Columns on a terminal: CJK characters take two, combining ones none (UAX #11; ambiguous ones are narrow). */
size_t utf8_columns(struct span text);
/* Add a stranger's text as a terminal may show it: what it would obey or hide (control characters, marks of direction,
 * zero width) becomes "?". `text` must be valid UTF-8. */
void text_shown_add(struct buf *out, struct span text);
/* Add `text`, cut with "…" when it is wider than `width` columns, then spaces up to that width. */
void text_padded_add(struct buf *out, struct span text, size_t width);

/* Decimal digits only, no sign, no more than 18 digits. */
MUST_CHECK bool integer_parse(struct span text, int64_t *value);

/* Add `text` as a JSON string with its quotes, escaped as RFC 8785 section 3.2.2.2 asks. `text` must be valid UTF-8. */
void json_string_add(struct buf *out, struct span text);
/* The first byte from `at` on that a JSON string cannot hold as it is (a quote, a backslash, a control character), or
 * the end. */
size_t json_plain_end(struct span text, size_t at);
/* Add `before` (a name with its quotes and colon, and the comma or brace before it) and a number in decimal. Hot paths
 * use it where buf_addf is too slow. */
void json_count_add(struct buf *out, const char *before, uint64_t number);

#endif
