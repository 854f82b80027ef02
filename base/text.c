#include "base/text.h"

#include <string.h>
#include <utf8proc.h>

/* Texts are looked at eight bytes at a time while they are plain. */
#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

static uint64_t word_at(const char *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof word);
    return word;
}

/* The high bit of a byte that is 0 (and perhaps of bytes above it). */
static uint64_t zero_bytes(uint64_t word)
{
    return (word - EACH_BYTE(1)) & ~word & EACH_BYTE(0x80);
}

static size_t leading_space(struct span a)
{
    if (a.bytes && (a.at[0] == ' ' || (a.at[0] >= '\t' && a.at[0] <= '\r')))
        return 1;
    if (span_starts(a, "\xC2\xA0"))
        return 2;
    return span_starts(a, "\xE3\x80\x80") ? 3 : 0;
}

static size_t trailing_space(struct span a)
{
    char last = a.bytes ? a.at[a.bytes - 1] : 'x';

    if (last == ' ' || (last >= '\t' && last <= '\r'))
        return 1;
    if (a.bytes >= 2 && memcmp(a.at + a.bytes - 2, "\xC2\xA0", 2) == 0)
        return 2;
    return a.bytes >= 3 && memcmp(a.at + a.bytes - 3, "\xE3\x80\x80", 3) == 0 ? 3 : 0;
}

struct span span_trim(struct span a)
{
    size_t space;

    while ((space = leading_space(a)) > 0) {
        a.at += space;
        a.bytes -= space;
    }
    while ((space = trailing_space(a)) > 0)
        a.bytes -= space;
    return a;
}

/* Bytes of the character at `at`, or 0 when it is malformed. */
static size_t character_bytes(const unsigned char *at, size_t left)
{
    if (at[0] < 0x80)
        return 1;
    if (at[0] < 0xC2 || at[0] > 0xF4)
        return 0;
    if (at[0] < 0xE0)
        return left >= 2 && (at[1] & 0xC0) == 0x80 ? 2 : 0;
    if (left < 3 || (at[1] & 0xC0) != 0x80 || (at[2] & 0xC0) != 0x80)
        return 0;
    if (at[0] < 0xF0) {
        if ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F))
            return 0;
        return 3;
    }
    if (left < 4 || (at[3] & 0xC0) != 0x80 || (at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F))
        return 0;
    return 4;
}

bool utf8_is_valid(struct span text, size_t *bad_at)
{
    const unsigned char *at = (const unsigned char *)text.at;
    size_t i = 0;

    while (i < text.bytes) {
        size_t bytes;

        if (i + sizeof(uint64_t) <= text.bytes && !(word_at(text.at + i) & EACH_BYTE(0x80))) {
            i += sizeof(uint64_t);
            continue;
        }
        bytes = character_bytes(at + i, text.bytes - i);
        if (bytes == 0) {
            if (bad_at)
                *bad_at = i;
            return false;
        }
        i += bytes;
    }
    return true;
}

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

size_t utf8_count(struct span text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.bytes; i++)
        count += !is_continuation(text.at[i]);
    return count;
}

struct span utf8_cut(struct span text, size_t limit)
{
    if (text.bytes <= limit)
        return text;
    while (limit > 0 && is_continuation(text.at[limit]))
        limit--;
    return (struct span){text.at, limit};
}

/* The character at `at`, which is well-formed; `*bytes` gets its length. */
static utf8proc_int32_t character_at(struct span text, size_t at, size_t *bytes)
{
    utf8proc_int32_t character = -1;
    utf8proc_ssize_t got =
        utf8proc_iterate((const utf8proc_uint8_t *)text.at + at, (utf8proc_ssize_t)(text.bytes - at), &character);

    *bytes = got > 0 ? (size_t)got : 1;
    return character;
}

static size_t character_columns(utf8proc_int32_t character)
{
    int columns = character < 0 ? 1 : utf8proc_charwidth(character);

    return columns > 0 ? (size_t)columns : 0;
}

/* The bytes that fit into `width` columns. */
static size_t bytes_within(struct span text, size_t width)
{
    size_t columns = 0;
    size_t bytes;

    for (size_t i = 0; i < text.bytes; i += bytes) {
        columns += character_columns(character_at(text, i, &bytes));
        if (columns > width)
            return i;
    }
    return text.bytes;
}

size_t utf8_columns(struct span text)
{
    size_t columns = 0;
    size_t bytes;

    for (size_t i = 0; i < text.bytes; i += bytes)
        columns += character_columns(character_at(text, i, &bytes));
    return columns;
}

/* A terminal obeys it, or shows something else than there is. */
static bool is_unseen(utf8proc_int32_t character)
{
    utf8proc_category_t category = utf8proc_category(character);

    return character < 0 || category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF ||
           category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

void text_shown_add(struct buf *out, struct span text)
{
    size_t bytes;

    for (size_t i = 0; i < text.bytes; i += bytes) {
        if (is_unseen(character_at(text, i, &bytes)))
            buf_add_byte(out, '?');
        else
            buf_add(out, text.at + i, bytes);
    }
}

void text_padded_add(struct buf *out, struct span text, size_t width)
{
    size_t columns = utf8_columns(text);

    if (columns > width) {
        text.bytes = bytes_within(text, width > 0 ? width - 1 : 0);
        buf_add_span(out, text);
        buf_add_text(out, "…");
        columns = utf8_columns(text) + 1;
    } else {
        buf_add_span(out, text);
    }
    while (columns++ < width)
        buf_add_byte(out, ' ');
}

bool integer_parse(struct span text, int64_t *value)
{
    int64_t sum = 0;

    if (text.bytes == 0 || text.bytes > 18)
        return false;
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        sum = sum * 10 + (text.at[i] - '0');
    }
    *value = sum;
    return true;
}

static void add_escaped(struct buf *out, unsigned char byte)
{
    static const char SHORT[] = "btn\0fr"; /* U+0008 to U+000D; U+000B has no short form */

    if (byte == '"' || byte == '\\') {
        buf_add_byte(out, '\\');
        buf_add_byte(out, (char)byte);
    } else if (byte >= 8 && byte <= 13 && SHORT[byte - 8]) {
        buf_add_byte(out, '\\');
        buf_add_byte(out, SHORT[byte - 8]);
    } else {
        buf_addf(out, "\\u%04x", byte);
    }
}

static bool needs_escape(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
}

size_t json_plain_end(struct span text, size_t at)
{
    while (at + sizeof(uint64_t) <= text.bytes) {
        uint64_t word = word_at(text.at + at);

        if (((word - EACH_BYTE(0x20)) & ~word & EACH_BYTE(0x80)) || zero_bytes(word ^ EACH_BYTE('"')) ||
            zero_bytes(word ^ EACH_BYTE('\\')))
            break;
        at += sizeof(uint64_t);
    }
    while (at < text.bytes && !needs_escape((unsigned char)text.at[at]))
        at++;
    return at;
}

void json_string_add(struct buf *out, struct span text)
{
    size_t plain = 0;

    buf_reserve(out, text.bytes + 2);
    buf_add_byte(out, '"');
    for (size_t i = json_plain_end(text, 0); i < text.bytes; i = json_plain_end(text, i + 1)) {
        unsigned char byte = (unsigned char)text.at[i];

        buf_add(out, text.at + plain, i - plain);
        add_escaped(out, byte);
        plain = i + 1;
    }
    if (text.bytes > plain)
        buf_add(out, text.at + plain, text.bytes - plain);
    buf_add_byte(out, '"');
}

void json_count_add(struct buf *out, const char *before, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;

    buf_add_text(out, before);
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    buf_add(out, digits + at, sizeof digits - at);
}
