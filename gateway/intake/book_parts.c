#define _GNU_SOURCE /* memmem */
#include "gateway/intake/book_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/intake/book.h"

enum { FORMATS_MAX = 4096 };

struct styles {
    struct buf dates;             /* one byte a style: 1 for dates */
    int64_t formats[FORMATS_MAX]; /* ids of custom formats that are dates */
    size_t format_count;
    bool is_in_cells; /* inside <cellXfs> */
};

static bool is_text_node(const struct part *part)
{
    int type = xmlTextReaderNodeType(part_reader(part));

    return type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA ||
           type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE || type == XML_READER_TYPE_WHITESPACE;
}

/* <si> holds <t>, or <r><t>… for rich text; <rPh> is how it is read aloud, no part of the text. */
struct shared_state {
    bool is_text;
    bool is_phonetic;
};

static bool shared_node(struct texts *texts, const struct part *part, struct shared_state *state, struct error *err)
{
    bool is_empty = xmlTextReaderIsEmptyElement(part_reader(part)) == 1;

    if (is_text_node(part)) {
        if (state->is_text && !state->is_phonetic)
            texts_add(texts, span_of((const char *)xmlTextReaderConstValue(part_reader(part))));
    } else if (part_begins(part, "t")) {
        state->is_text = !is_empty;
    } else if (part_ends(part, "t")) {
        state->is_text = false;
    } else if (part_begins(part, "rPh")) {
        state->is_phonetic = !is_empty;
    } else if (part_ends(part, "rPh")) {
        state->is_phonetic = false;
    } else if (part_ends(part, "si") || (part_begins(part, "si") && is_empty)) {
        return texts_end(texts, err);
    }
    return true;
}

bool shared_read(struct package *package, const char *name, struct texts *texts, struct error *err)
{
    AUTO(part_free) struct part *part = NULL;
    struct shared_state state = {false, false};
    bool is_end = false;

    if (!part_open(package, name, &part, err))
        return false;
    while (!is_end)
        if (!part_next(part, &is_end, err) || (!is_end && !shared_node(texts, part, &state, err)))
            return false;
    return true;
}

/* E is the year of an era, or the exponent of 0.00E+00. */
static bool is_exponent(struct span code, size_t at)
{
    return at + 1 < code.bytes && (code.at[at + 1] == '+' || code.at[at + 1] == '-');
}

/* The letters of a format code that are not quoted, escaped, filling or in brackets. */
static size_t bare_letters(struct span code, char letters[], size_t room)
{
    bool is_quoted = false;
    bool is_bracketed = false;
    size_t count = 0;

    for (size_t i = 0; i < code.bytes; i++) {
        char byte = code.at[i];

        if (byte == '"')
            is_quoted = !is_quoted;
        else if (is_quoted)
            continue;
        else if (byte == '\\' || byte == '_' || byte == '*')
            i++;
        else if (byte == '[' || byte == ']')
            is_bracketed = byte == '[';
        else if (!is_bracketed && count < room && !((byte == 'E' || byte == 'e') && is_exponent(code, i)))
            letters[count++] = byte;
    }
    return count;
}

/* A custom format is a date when a year or a day stands in it; "General" is a number's own form. A month alone may be a
 * minute. */
static bool format_is_date(struct span code)
{
    char letters[256];
    size_t count = bare_letters(code, letters, sizeof letters);

    if (memmem(letters, count, "General", 7))
        return false;
    for (size_t i = 0; i < count; i++)
        if (memchr("yYdDeE", letters[i], 6))
            return true;
    return false;
}

/* Built-in formats: 14 to 17 and 22, and those of East Asian versions, 27 to 36 and 50 to 58. */
static bool number_is_date(const struct styles *styles, int64_t id)
{
    if ((id >= 14 && id <= 17) || id == 22 || (id >= 27 && id <= 36) || (id >= 50 && id <= 58))
        return true;
    for (size_t i = 0; i < styles->format_count; i++)
        if (styles->formats[i] == id)
            return true;
    return false;
}

static void take_format(struct styles *styles, const struct part *part)
{
    const char *name;
    struct span value;
    int64_t id = -1;
    bool is_date = false;

    while (part_attribute(part, &name, &value)) {
        if (strcmp(name, "numFmtId") == 0 && !integer_parse(value, &id))
            id = -1;
        else if (strcmp(name, "formatCode") == 0)
            is_date = format_is_date(value);
    }
    if (id >= 0 && is_date && styles->format_count < FORMATS_MAX)
        styles->formats[styles->format_count++] = id;
}

static void take_style(struct styles *styles, const struct part *part)
{
    const char *name;
    struct span value;
    int64_t id = 0;

    while (part_attribute(part, &name, &value))
        if (strcmp(name, "numFmtId") == 0 && !integer_parse(value, &id))
            id = 0;
    if (styles->dates.bytes < BOOK_STYLES_MAX)
        buf_add_byte(&styles->dates, number_is_date(styles, id));
}

bool styles_read(struct package *package, const char *name, struct styles **out, struct error *err)
{
    AUTO(styles_free) struct styles *styles = memory_new(sizeof *styles);
    AUTO(part_free) struct part *part = NULL;
    bool is_end = false;

    if (!part_open(package, name, &part, err))
        return false;
    while (!is_end) {
        if (!part_next(part, &is_end, err))
            return false;
        if (is_end)
            break;
        if (part_begins(part, "numFmt"))
            take_format(styles, part);
        else if (part_begins(part, "cellXfs"))
            styles->is_in_cells = true;
        else if (part_ends(part, "cellXfs"))
            styles->is_in_cells = false;
        else if (styles->is_in_cells && part_begins(part, "xf"))
            take_style(styles, part);
    }
    *out = TAKE(styles);
    return true;
}

void styles_free(struct styles *styles)
{
    if (!styles)
        return;
    buf_done(&styles->dates);
    free(styles);
}

bool styles_is_date(const struct styles *styles, size_t style)
{
    return style < styles->dates.bytes && styles->dates.data[style];
}
