/* walk.h - reading, without allocation, JSON that we wrote ourselves (events, stored rows). The input is trusted to be
 * JSON; what is broken is answered with false, never read beyond its end. For strangers' JSON use json_read. */
#ifndef BASE_WALK_H
#define BASE_WALK_H

#include "base/buf.h"

struct walk {
    const char *at;
    const char *end;
    bool is_array;
};

/* Begin at an object or an array (as a raw value). */
MUST_CHECK bool walk_begin(struct walk *walk, struct span raw);
/* The next member: `name` without quotes (still escaped; our names have no escapes; empty in an array) and the raw
 * value. */
bool walk_next(struct walk *walk, struct span *name, struct span *raw);
/* How many members; 0 of what is neither an object nor an array. */
size_t walk_count(struct span raw);
/* The raw value of a member of an object, or an empty span. */
struct span walk_member(struct span object, const char *name);

/* A raw string's text: borrowed when it has no escapes, else unescaped into `hold` (appended; the span dies with the
 * next change of hold). `null` gives an empty span. False for anything else. */
bool walk_text(struct span raw, struct buf *hold, struct span *text);
bool walk_integer(struct span raw, int64_t *value); /* optional minus, digits */
/* Both with the member's name; the default when absent or null. */
int64_t walk_integer_of(struct span object, const char *name, int64_t otherwise);
/* Only for strings without escapes (ids, codes, dates); an empty span when absent, null or escaped. */
struct span walk_plain(struct span raw);
struct span walk_plain_of(struct span object, const char *name);

#endif
