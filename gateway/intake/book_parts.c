#include "gateway/intake/book_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/intake/book.h"

struct shared {
    struct buf text;
    struct buf ends; /* uint32_t each: where text i ends */
};

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

static void end_text(struct shared *shared)
{
    uint32_t end = (uint32_t)shared->text.bytes;

    buf_add(&shared->ends, &end, sizeof end);
}

/* <si> holds <t>, or <r><t>… for rich text; <rPh> is how it is read aloud, no part of the text. */
struct shared_state {
    bool is_text;
    bool is_phonetic;
};

static void shared_node(struct shared *shared, const struct part *part, struct shared_state *state)
{
    bool is_empty = xmlTextReaderIsEmptyElement(part_reader(part)) == 1;

    if (is_text_node(part)) {
        if (state->is_text && !state->is_phonetic)
            buf_add_span(&shared->text, span_of((const char *)xmlTextReaderConstValue(part_reader(part))));
    } else if (part_begins(part, "t")) {
        state->is_text = !is_empty;
    } else if (part_ends(part, "t")) {
        state->is_text = false;
    } else if (part_begins(part, "rPh")) {
        state->is_phonetic = !is_empty;
    } else if (part_ends(part, "rPh")) {
        state->is_phonetic = false;
    } else if (part_ends(part, "si") || (part_begins(part, "si") && is_empty)) {
        end_text(shared);
    }
}

bool shared_read(struct package *package, const char *name, struct shared **out, struct error *err)
{
    AUTO(shared_free) struct shared *shared = memory_new(sizeof *shared);
    AUTO(part_free) struct part *part = NULL;
    struct shared_state state = {false, false};
    bool is_end = false;

    if (!part_open(package, name, &part, err))
        return false;
    while (!is_end) {
        if (!part_next(part, &is_end, err))
            return false;
        if (!is_end)
            shared_node(shared, part, &state);
        if (shared->text.bytes + shared->ends.bytes > BOOK_SHARED_BYTES_MAX)
            return refuse(err, ERR_LIMIT, "file.xlsx", "the workbook's texts take more than %d MiB",
                          "工作簿的文本超过 %d MiB", BOOK_SHARED_BYTES_MAX >> 20);
    }
    *out = TAKE(shared);
    return true;
}

void shared_free(struct shared *shared)
{
    if (!shared)
        return;
    buf_done(&shared->text);
    buf_done(&shared->ends);
    free(shared);
}

bool shared_text(const struct shared *shared, size_t number, struct span *text)
{
    uint32_t start = 0;
    uint32_t end;

    if (number >= shared->ends.bytes / sizeof end)
        return false;
    memcpy(&end, shared->ends.data + number * sizeof end, sizeof end);
    if (number > 0)
        memcpy(&start, shared->ends.data + (number - 1) * sizeof start, sizeof start);
    *text = (struct span){buf_text(&shared->text) + start, end - start};
    return true;
}

/* A custom format is a date when a year or a day stands in it outside quotes, brackets and escapes; "General" and
 * colours in brackets are none. A month alone may be a minute. */
static bool format_is_date(struct span code)
{
    bool is_quoted = false;
    bool is_bracketed = false;

    if (span_starts(code, "General"))
        return false;
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
        else if (!is_bracketed && strchr("yYdDeE", byte) && byte != '\0')
            return !(byte == 'e' || byte == 'E') || i == 0 || code.at[i - 1] != '0';
    }
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
