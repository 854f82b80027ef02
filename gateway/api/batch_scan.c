/* batch_scan.c - one pass over the bytes, no allocation but for texts with escapes, which base/json.h reads one by one.
 * All that a general reader checks is checked: UTF-8, names given once, nothing behind the end. */
#include "gateway/api/batch_scan.h"

#include <string.h>

#include "base/text.h"

/* More digits may not fit into an integer, which is refused elsewhere. */
enum { DIGITS_MAX = 18 };

struct scan {
    struct batch_body *body;
    struct span text;
    size_t at;
};

static void skip_space(struct scan *scan)
{
    while (scan->at < scan->text.bytes) {
        char c = scan->text.at[scan->at];

        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            return;
        scan->at++;
    }
}

/* With the space before it. */
static bool take_byte(struct scan *scan, char wanted)
{
    skip_space(scan);
    if (scan->at >= scan->text.bytes || scan->text.at[scan->at] != wanted)
        return false;
    scan->at++;
    return true;
}

/* Kept until the body is cleared. */
static bool unescape(struct scan *scan, struct span raw, struct span *text)
{
    struct batch_body *body = scan->body;
    json_t *value = NULL;
    struct error unread;

    if (!json_read(raw, raw.bytes, &value, &unread))
        return false;
    if (!body->kept)
        body->kept = json_array();
    *text = (struct span){json_string_value(value), json_string_length(value)};
    return json_array_append_new(body->kept, value) == 0;
}

/* Past a string with escapes whose first byte, behind the quote, is at `begin`; its escapes are not judged here. */
static bool find_end(struct scan *scan, size_t *end)
{
    struct span text = scan->text;
    size_t at = *end;

    while (at < text.bytes && text.at[at] != '"') {
        if (text.at[at] != '\\')
            return false; /* a control character */
        if (at + 2 > text.bytes)
            return false;
        at = json_plain_end(text, at + 2);
    }
    *end = at;
    return at < text.bytes;
}

static bool take_string(struct scan *scan, struct span *out)
{
    size_t begin, end;
    bool is_plain;

    if (!take_byte(scan, '"'))
        return false;
    begin = scan->at;
    end = json_plain_end(scan->text, begin);
    is_plain = end < scan->text.bytes && scan->text.at[end] == '"';
    if (!is_plain && !find_end(scan, &end))
        return false;
    scan->at = end + 1;
    *out = (struct span){scan->text.at + begin, end - begin};
    return is_plain || unescape(scan, (struct span){out->at - 1, out->bytes + 2}, out);
}

/* A member's name and the colon. A name with escapes is none of ours. */
static bool take_name(struct scan *scan, struct span *name)
{
    size_t end;

    if (!take_byte(scan, '"'))
        return false;
    end = json_plain_end(scan->text, scan->at);
    if (end >= scan->text.bytes || scan->text.at[end] != '"')
        return false;
    *name = (struct span){scan->text.at + scan->at, end - scan->at};
    scan->at = end + 1;
    return take_byte(scan, ':');
}

static bool is_digit(const struct scan *scan, size_t at)
{
    return at < scan->text.bytes && scan->text.at[at] >= '0' && scan->text.at[at] <= '9';
}

static bool take_as_of(struct scan *scan, struct span *out)
{
    size_t begin, end;

    skip_space(scan);
    begin = end = scan->at;
    if (!is_digit(scan, begin))
        return take_string(scan, out);
    while (is_digit(scan, end))
        end++;
    /* A zero in front, a fraction: whoever follows finds no comma and no bracket, or says what is wrong. */
    if (scan->text.at[begin] == '0' || end - begin > DIGITS_MAX)
        return false;
    scan->at = end;
    *out = (struct span){scan->text.at + begin, end - begin};
    return true;
}

static bool take_subject(struct scan *scan, struct batch_subject *subject)
{
    struct span name;

    *subject = (struct batch_subject){SPAN_NONE, SPAN_NONE, SPAN_NONE};
    if (!take_byte(scan, '{'))
        return false;
    do {
        struct span *text;

        if (!take_name(scan, &name))
            return false;
        text = span_is(name, "uscc")            ? &subject->uscc
               : span_is(name, "name")          ? &subject->name
               : span_is(name, "authorisation") ? &subject->authorisation
                                                : NULL;
        if (!text || text->at || !take_string(scan, text))
            return false;
    } while (take_byte(scan, ','));
    return take_byte(scan, '}') && !subject->uscc.at != !subject->name.at;
}

static bool take_subjects(struct scan *scan)
{
    struct batch_body *body = scan->body;

    if (!take_byte(scan, '['))
        return false;
    do {
        if (body->count == BATCH_SUBJECTS_MAX || !take_subject(scan, &body->subjects[body->count]))
            return false;
        body->count++;
    } while (take_byte(scan, ','));
    return take_byte(scan, ']');
}

static struct span *text_of(struct batch_body *body, struct span name)
{
    const struct {
        const char *name;
        struct span *text;
    } TEXTS[] = {{"purpose", &body->purpose}, {"matter", &body->matter}, {"case", &body->case_number},
                 {"authorisation", &body->authorisation},
                 {"operator", &body->operator}, {"department", &body->department}};

    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        if (span_is(name, TEXTS[i].name))
            return TEXTS[i].text;
    }
    return NULL;
}

static bool take_member(struct scan *scan)
{
    struct batch_body *body = scan->body;
    struct span name;
    struct span *text;

    if (!take_name(scan, &name))
        return false;
    if (span_is(name, "subjects"))
        return body->count == 0 && take_subjects(scan);
    if (span_is(name, "as_of"))
        return !body->as_of.at && take_as_of(scan, &body->as_of);
    text = text_of(body, name);
    return text && !text->at && take_string(scan, text);
}

bool batch_scan(struct batch_body *body, struct span text)
{
    struct scan scan = {body, text, 0};

    if (!utf8_is_valid(text, NULL) || !take_byte(&scan, '{'))
        return false;
    do {
        if (!take_member(&scan))
            return false;
    } while (take_byte(&scan, ','));
    if (!take_byte(&scan, '}'))
        return false;
    skip_space(&scan);
    return scan.at == text.bytes && body->count > 0;
}
