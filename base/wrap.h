/* wrap.h - sentences for terminals, Chinese and English, in lines of a width. */
#ifndef BASE_WRAP_H
#define BASE_WRAP_H

#include "base/buf.h"

/* Add `text`, which begins in column `at`, broken into lines of at most `width` columns; every line after the first
 * begins with `indent` spaces. Breaks stand at spaces (which are left out there) and between CJK characters, never
 * before a closing sign; a word longer than a line is broken. One closing sign may stand beyond the width. What a
 * terminal would obey is shown as text_shown_add does. No line break at the end. */
void wrap_add(struct buf *out, struct span text, size_t at, size_t indent, size_t width);

#endif
