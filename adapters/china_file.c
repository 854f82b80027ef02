#include "adapters/china_file.h"

#include <stdio.h>

#include "base/text.h"
#include "base/walk.h"

enum { FILE_CODE_DIGITS = 6, ELEMENT_NAME_BYTES_MAX = 64, DAY_LAST = 84005 /* 2199-12-31, as of day_parse */ };

bool china_name(const char *file_code, int32_t day, uint32_t number, char name[CHINA_NAME_BYTES])
{
    int year;
    int month;
    int day_of_month;

    name[0] = '\0';
    if (strlen(file_code) != FILE_CODE_DIGITS || strspn(file_code, "0123456789") != FILE_CODE_DIGITS || day <= 0 ||
        day > DAY_LAST || number < 1 || number > ADAPTER_NUMBER_MAX)
        return false;
    day_to_civil(day, &year, &month, &day_of_month);
    snprintf(name, CHINA_NAME_BYTES, "%s_%04u%02u%02u_%05u", file_code, (unsigned)year % 10000, (unsigned)month % 100,
             (unsigned)day_of_month % 100, number % 100000);
    return true;
}

/* The ASCII names of XML 1.0, without those that XML keeps for itself. */
static bool is_element_name(struct span name)
{
    if (name.bytes == 0 || name.bytes > ELEMENT_NAME_BYTES_MAX)
        return false;
    for (size_t i = 0; i < name.bytes; i++) {
        char c = name.at[i];
        bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';

        if (!is_letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '.')))
            return false;
    }
    return name.bytes < 3 || (name.at[0] | ' ') != 'x' || (name.at[1] | ' ') != 'm' || (name.at[2] | ' ') != 'l';
}

static bool ascends(struct span before, struct span name)
{
    size_t common = before.bytes < name.bytes ? before.bytes : name.bytes;
    int order = common > 0 ? memcmp(before.at, name.at, common) : 0;

    return order < 0 || (order == 0 && before.bytes < name.bytes);
}

/* What must not stand as it is: "" when nothing is wrong with it, NULL when XML 1.0 (2.2) has no such character. A line
 * feed and a tab survive a parser between tags; a carriage return would become a line feed. */
static const char *instead_of(const char *at, const char *end)
{
    unsigned char c = (unsigned char)*at;

    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '\r':
        return "&#13;";
    default:
        break;
    }
    if (c < ' ' && c != '\t' && c != '\n')
        return NULL;
    /* U+FFFE and U+FFFF, which UTF-8 can say and XML cannot. */
    if (c == 0xef && end - at >= 3 && (unsigned char)at[1] == 0xbf && (unsigned char)at[2] >= 0xbe)
        return NULL;
    return "";
}

static bool text_add(struct span text, struct buf *out)
{
    const char *end = text.at + text.bytes;
    const char *from = text.at;

    if (text.bytes == 0)
        return true;
    if (!utf8_is_valid(text, NULL))
        return false;
    for (const char *at = text.at; at < end; at++) {
        const char *instead = instead_of(at, end);

        if (!instead)
            return false;
        if (!instead[0])
            continue;
        buf_add(out, from, (size_t)(at - from));
        buf_add_text(out, instead);
        from = at + 1;
    }
    buf_add(out, from, (size_t)(end - from));
    return true;
}

static bool is_number(struct span raw)
{
    size_t digits = 0;

    for (size_t i = 0; i < raw.bytes; i++) {
        if (raw.at[i] >= '0' && raw.at[i] <= '9')
            digits++;
        else if (!(raw.at[i] && strchr("+-.eE", raw.at[i])))
            return false;
    }
    return digits > 0;
}

static bool value_add(struct span raw, struct buf *hold, struct buf *out)
{
    struct span text;

    if (is_number(raw)) {
        buf_add_span(out, raw);
        return true;
    }
    buf_clear(hold);
    return raw.bytes >= 2 && raw.at[0] == '"' && walk_text(raw, hold, &text) && text_add(text, out);
}

static void tag_add(struct buf *out, const char *before, struct span name)
{
    buf_add_text(out, before);
    buf_add_span(out, name);
    buf_add_byte(out, '>');
}

static bool members_add(struct walk *walk, struct buf *out, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct span before = SPAN_NONE;
    struct span name;
    struct span raw;

    while (walk_next(walk, &name, &raw)) {
        if (!is_element_name(name) || !ascends(before, name))
            return fail(err, ERR_INVALID, "\"%.*s\" cannot be an element, or stands in the wrong place",
                        (int)(name.bytes < ELEMENT_NAME_BYTES_MAX ? name.bytes : ELEMENT_NAME_BYTES_MAX), name.at);
        tag_add(out, "<", name);
        if (!value_add(raw, &hold, out))
            return fail(err, ERR_INVALID, "%.*s is neither text nor number, or holds a character that XML cannot carry",
                        (int)name.bytes, name.at);
        tag_add(out, "</", name);
        before = name;
    }
    if (before.bytes == 0 || walk->end - walk->at != 1 || *walk->at != '}')
        return fail(err, ERR_INVALID, "a row is no object with members");
    return true;
}

bool china_data_add(struct span row, struct buf *out, struct error *err)
{
    size_t from = out->bytes;
    struct walk walk;

    if (!walk_begin(&walk, row) || walk.is_array)
        return fail(err, ERR_INVALID, "a row is no object with members");
    buf_add_text(out, "<DATA>");
    if (!members_add(&walk, out, err)) {
        out->bytes = from;
        out->data[from] = '\0';
        return false;
    }
    buf_add_text(out, "</DATA>\n");
    return true;
}

bool china_file_add(const struct adapter_row *rows, size_t count, struct buf *out, struct error *err)
{
    size_t from = out->bytes;

    if (count == 0 || count > ADAPTER_ROWS_MAX)
        return fail(err, ERR_INVALID, "a file has 1 to %d rows", ADAPTER_ROWS_MAX);
    buf_add_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DATAS>\n");
    for (size_t i = 0; i < count; i++) {
        if (!china_data_add(rows[i].json, out, err))
            return fail_in(err, "row %s", rows[i].record);
        if (out->bytes - from > CHINA_FILE_BYTES_MAX)
            return fail(err, ERR_LIMIT, "a file may have %d bytes", CHINA_FILE_BYTES_MAX);
    }
    buf_add_text(out, "</DATAS>\n");
    return true;
}
