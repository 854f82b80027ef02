#include "base/walk.h"

#include <endian.h>
#include <stddef.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"

static void skip_space(struct walk *walk)
{
    while (walk->at < walk->end && (*walk->at == ' ' || *walk->at == '\n' || *walk->at == '\r' || *walk->at == '\t'))
        walk->at++;
}

bool walk_begin(struct walk *walk, struct span raw)
{
    if (raw.bytes < 2 || (raw.at[0] != '{' && raw.at[0] != '['))
        return false;
    *walk = (struct walk){raw.at + 1, raw.at + raw.bytes, raw.at[0] == '['};
    return true;
}

/* Eight bytes at a time: most strings are too short for a call to pay. */
static const char *next_quote(const char *at, const char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);

    for (; end - at >= (ptrdiff_t)sizeof(uint64_t); at += sizeof(uint64_t)) {
        uint64_t word;

        memcpy(&word, at, sizeof word);
        word = le64toh(word) ^ ones * '"';
        word = (word - ones) & ~word & ones * 0x80; /* the lowest bit is of the first quote */
        if (word)
            return at + __builtin_ctzll(word) / 8;
    }
    for (; at < end; at++) {
        if (*at == '"')
            return at;
    }
    return NULL;
}

/* Past a string that begins at `at`; NULL when it does not end. A quote behind an odd number of backslashes is part of
 * it. */
static const char *string_end(const char *at, const char *end)
{
    const char *quote;

    for (at++; (quote = next_quote(at, end)); at = quote + 1) {
        const char *slash = quote;

        while (slash > at && slash[-1] == '\\')
            slash--;
        if ((quote - slash) % 2 == 0)
            return quote + 1;
    }
    return NULL;
}

static const char *nested_end(const char *at, const char *end)
{
    int depth = 0;

    while (at < end) {
        if (*at == '"') {
            at = string_end(at, end);
            if (!at)
                return NULL;
            continue;
        }
        if (*at == '{' || *at == '[')
            depth++;
        if ((*at == '}' || *at == ']') && --depth == 0)
            return at + 1;
        at++;
    }
    return NULL;
}

static const char *value_end(const char *at, const char *end)
{
    if (at >= end)
        return NULL;
    if (*at == '"')
        return string_end(at, end);
    if (*at == '{' || *at == '[')
        return nested_end(at, end);
    while (at < end && *at != ',' && *at != '}' && *at != ']' && *at != ' ' && *at != '\n')
        at++;
    return at;
}

bool walk_next(struct walk *walk, struct span *name, struct span *raw)
{
    const char *past;

    skip_space(walk);
    if (walk->at < walk->end && *walk->at == ',')
        walk->at++;
    skip_space(walk);
    *name = SPAN_NONE;
    if (!walk->is_array) {
        past = walk->at < walk->end && *walk->at == '"' ? string_end(walk->at, walk->end) : NULL;
        if (!past)
            return false;
        *name = (struct span){walk->at + 1, (size_t)(past - walk->at) - 2};
        walk->at = past;
        skip_space(walk);
        if (walk->at >= walk->end || *walk->at++ != ':')
            return false;
        skip_space(walk);
    }
    past = value_end(walk->at, walk->end);
    if (!past || past == walk->at || past > walk->end)
        return false;
    *raw = (struct span){walk->at, (size_t)(past - walk->at)};
    walk->at = past;
    return true;
}

size_t walk_count(struct span raw)
{
    struct span name, value;
    struct walk walk;
    size_t count = 0;

    if (!walk_begin(&walk, raw))
        return 0;
    while (walk_next(&walk, &name, &value))
        count++;
    return count;
}

struct span walk_member(struct span object, const char *name)
{
    struct walk walk;
    struct span found;
    struct span raw;

    if (!walk_begin(&walk, object))
        return SPAN_NONE;
    while (walk_next(&walk, &found, &raw)) {
        if (span_is(found, name))
            return raw;
    }
    return SPAN_NONE;
}

static bool add_unicode_escape(const char *digits, const char *end, struct buf *hold)
{
    unsigned point = 0;

    if (end - digits < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        if (hex_digit_value(digits[i]) < 0)
            return false;
        point = point << 4 | (unsigned)hex_digit_value(digits[i]);
    }
    if (point >= 0x80)
        return false; /* our own writers escape control characters only */
    buf_add_byte(hold, (char)point);
    return true;
}

static bool add_unescaped(struct span inner, struct buf *hold)
{
    static const char FROM[] = "\"\\/bfnrt";
    static const char TO[] = "\"\\/\b\f\n\r\t";
    const char *end = inner.at + inner.bytes;

    for (const char *at = inner.at; at < end; at++) {
        const char *found;

        if (*at != '\\') {
            buf_add_byte(hold, *at);
            continue;
        }
        if (++at >= end)
            return false;
        if (*at == 'u') {
            if (!add_unicode_escape(at + 1, end, hold))
                return false;
            at += 4;
            continue;
        }
        found = *at ? strchr(FROM, *at) : NULL;
        if (!found)
            return false;
        buf_add_byte(hold, TO[found - FROM]);
    }
    return true;
}

bool walk_text(struct span raw, struct buf *hold, struct span *text)
{
    struct span inner;
    size_t before = hold->bytes;

    if (span_is(raw, "null")) {
        *text = SPAN_NONE;
        return true;
    }
    if (raw.bytes < 2 || raw.at[0] != '"' || raw.at[raw.bytes - 1] != '"')
        return false;
    inner = (struct span){raw.at + 1, raw.bytes - 2};
    if (inner.bytes == 0 || !memchr(inner.at, '\\', inner.bytes)) {
        *text = inner;
        return true;
    }
    if (!add_unescaped(inner, hold))
        return false;
    *text = (struct span){hold->data + before, hold->bytes - before};
    return true;
}

bool walk_integer(struct span raw, int64_t *value)
{
    bool is_negative = raw.bytes > 0 && raw.at[0] == '-';

    if (is_negative) {
        raw.at++;
        raw.bytes--;
    }
    if (!integer_parse(raw, value))
        return false;
    if (is_negative)
        *value = -*value;
    return true;
}

int64_t walk_integer_of(struct span object, const char *name, int64_t otherwise)
{
    int64_t value;

    return walk_integer(walk_member(object, name), &value) ? value : otherwise;
}

struct span walk_plain(struct span raw)
{
    if (raw.bytes < 2 || raw.at[0] != '"' || memchr(raw.at, '\\', raw.bytes))
        return SPAN_NONE;
    return (struct span){raw.at + 1, raw.bytes - 2};
}

struct span walk_plain_of(struct span object, const char *name)
{
    return walk_plain(walk_member(object, name));
}
