#include "base/csv.h"

#include <string.h>

#include "base/text.h"

enum { DIGITS_KEPT = 15 }; /* of a number in a spreadsheet */

static const char *const FORMULA[] = {"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"};
/* One apostrophe would be taken for the mark itself. */
static const char *const FOR_PEOPLE[] = {"\n", "'"};

static bool begins_with(struct span text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (span_starts(text, list[i]))
            return true;
    }
    return false;
}

static bool is_dangerous(struct span text, enum csv_reader reader)
{
    struct span inner = span_trim(text);
    int64_t number;

    if (begins_with(text, FORMULA, COUNT_OF(FORMULA)))
        return true;
    if (reader == CSV_FOR_PROGRAMS)
        return false;
    return begins_with(text, FOR_PEOPLE, COUNT_OF(FOR_PEOPLE)) || begins_with(inner, FORMULA, COUNT_OF(FORMULA)) ||
           begins_with(inner, FOR_PEOPLE, COUNT_OF(FOR_PEOPLE)) ||
           (inner.bytes > DIGITS_KEPT && integer_parse(inner, &number));
}

static bool needs_quotes(struct span text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.at[i] == ',' || text.at[i] == '"' || text.at[i] == '\n' || text.at[i] == '\r')
            return true;
    }
    return span_trim(text).bytes != text.bytes;
}

void csv_quoted_add(struct buf *out, struct span text)
{
    const char *at = text.at;
    const char *end = text.at + text.bytes;

    while (at < end) {
        const char *quote = memchr(at, '"', (size_t)(end - at));
        size_t bytes = (size_t)((quote ? quote + 1 : end) - at);

        buf_add(out, at, bytes);
        if (quote)
            buf_add_byte(out, '"');
        at += bytes;
    }
}

void csv_cell_add(struct buf *out, struct span text, enum csv_reader reader)
{
    bool is_marked = text.bytes > 0 && is_dangerous(text, reader);

    if (!is_marked && !needs_quotes(text)) {
        buf_add_span(out, text);
        return;
    }
    buf_add_text(out, is_marked ? "\"'" : "\"");
    csv_quoted_add(out, text);
    buf_add_byte(out, '"');
}
