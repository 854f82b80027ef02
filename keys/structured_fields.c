#include "keys/structured_fields.h"

#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "keys/structured_characters.h"

/* Reading goes by the algorithms of RFC 9651 section 4.2, one function each. What is decoded is never longer than what
 * it is decoded from, so the texts get their room once and never move. */
struct reading {
    struct span rest;
    struct structured *out;
    size_t room[3]; /* of members, inner, parameters */
    struct error *err;
};

/* What decoding Base64 may ask for beyond what it then adds. */
enum { ROOM_BESIDE = 16 };
enum { DECIMAL_INTEGER_DIGITS = 12, INTEGER_DIGITS = 15, FRACTION_DIGITS = 3 };

/* --- reading: the smallest pieces --- */

static bool fail_form(struct reading *reading, const char *what)
{
    return fail(reading->err, ERR_INVALID, "no structured field (RFC 9651): %s", what);
}

static bool fail_limit(struct reading *reading, const char *what, int limit)
{
    return fail(reading->err, ERR_LIMIT, "a structured field with more than %d %s", limit, what);
}

/* '\0' at the end; a NUL in the field is good nowhere. */
static char front(const struct reading *reading)
{
    return reading->rest.bytes ? reading->rest.at[0] : '\0';
}

static void skip(struct reading *reading, size_t bytes)
{
    reading->rest.at += bytes;
    reading->rest.bytes -= bytes;
}

static bool take(struct reading *reading, char c)
{
    if (reading->rest.bytes == 0 || reading->rest.at[0] != c)
        return false;
    skip(reading, 1);
    return true;
}

static void skip_spaces(struct reading *reading)
{
    while (take(reading, ' '))
        ;
}

/* OWS of RFC 9110: also tabs. */
static void skip_white(struct reading *reading)
{
    while (take(reading, ' ') || take(reading, '\t'))
        ;
}

static struct span take_while(struct reading *reading, bool (*is_one)(char))
{
    struct span taken = {reading->rest.at, 0};

    while (reading->rest.bytes && is_one(reading->rest.at[0])) {
        taken.bytes++;
        skip(reading, 1);
    }
    return taken;
}

/* What was added to the texts since `start`. */
static struct span kept(const struct reading *reading, size_t start)
{
    const struct buf *text = &reading->out->text;

    return (struct span){text->data + start, text->bytes - start};
}

static struct span keep(struct reading *reading, struct span bytes)
{
    size_t start = reading->out->text.bytes;

    buf_add_span(&reading->out->text, bytes);
    return kept(reading, start);
}

static bool read_key(struct reading *reading, struct span *key)
{
    struct span text;

    if (!is_key_start(front(reading)))
        return fail_form(reading, "a key begins with a small letter or *");
    text = take_while(reading, is_key);
    if (text.bytes > STRUCTURED_KEY_MAX)
        return fail_limit(reading, "bytes in a key", STRUCTURED_KEY_MAX);
    *key = keep(reading, text);
    return true;
}

/* --- reading: bare items (4.2.3.1) --- */

static int64_t digits_value(struct span digits)
{
    int64_t value = 0;

    for (size_t i = 0; i < digits.bytes; i++)
        value = value * 10 + (digits.at[i] - '0');
    return value;
}

static bool read_number(struct reading *reading, struct structured_value *value)
{
    bool is_negative = take(reading, '-');
    struct span whole = take_while(reading, is_digit);
    struct span fraction = SPAN_NONE;

    if (whole.bytes == 0)
        return fail_form(reading, "a number without digits");
    value->kind = take(reading, '.') ? STRUCTURED_DECIMAL : STRUCTURED_INTEGER;
    if (value->kind == STRUCTURED_DECIMAL)
        fraction = take_while(reading, is_digit);
    if (whole.bytes > (value->kind == STRUCTURED_DECIMAL ? DECIMAL_INTEGER_DIGITS : INTEGER_DIGITS))
        return fail_form(reading, "a number with too many digits");
    if (value->kind == STRUCTURED_DECIMAL && (fraction.bytes == 0 || fraction.bytes > FRACTION_DIGITS))
        return fail_form(reading, "a decimal has 1 to 3 digits behind the point");
    value->number = digits_value(whole);
    if (value->kind == STRUCTURED_DECIMAL) {
        value->number = value->number * FRACTION_UNIT + digits_value(fraction) * (fraction.bytes == 1   ? 100
                                                                                  : fraction.bytes == 2 ? 10
                                                                                                        : 1);
    }
    if (is_negative)
        value->number = -value->number;
    return true;
}

static bool read_date(struct reading *reading, struct structured_value *value)
{
    skip(reading, 1);
    if (!read_number(reading, value))
        return false;
    if (value->kind != STRUCTURED_INTEGER)
        return fail_form(reading, "a date is an integer");
    value->kind = STRUCTURED_DATE;
    return true;
}

static bool read_string(struct reading *reading, struct structured_value *value)
{
    size_t start = reading->out->text.bytes;

    skip(reading, 1);
    value->kind = STRUCTURED_STRING;
    while (!take(reading, '"')) {
        bool is_escaped = take(reading, '\\');
        char c = front(reading);

        if (!is_printable(c) || (is_escaped && c != '"' && c != '\\'))
            return fail_form(reading, "a string that does not end, or with a character it cannot have");
        buf_add_byte(&reading->out->text, c);
        skip(reading, 1);
    }
    value->text = kept(reading, start);
    return value->text.bytes <= STRUCTURED_STRING_MAX ||
           fail_limit(reading, "characters in a string", STRUCTURED_STRING_MAX);
}

static bool read_token(struct reading *reading, struct structured_value *value)
{
    struct span text = take_while(reading, is_token);

    value->kind = STRUCTURED_TOKEN;
    value->text = keep(reading, text);
    return text.bytes <= STRUCTURED_TOKEN_MAX || fail_limit(reading, "characters in a token", STRUCTURED_TOKEN_MAX);
}

static bool read_bytes(struct reading *reading, struct structured_value *value)
{
    size_t start = reading->out->text.bytes;
    struct span text;
    const char *end;

    skip(reading, 1);
    end = reading->rest.bytes ? memchr(reading->rest.at, ':', reading->rest.bytes) : NULL;
    text = (struct span){reading->rest.at, end ? (size_t)(end - reading->rest.at) : 0};
    if (!end || !base64_decode(text, &reading->out->text))
        return fail_form(reading, "bytes that are no Base64 between colons");
    skip(reading, text.bytes + 1);
    value->kind = STRUCTURED_BYTES;
    value->text = kept(reading, start);
    return true;
}

static bool read_boolean(struct reading *reading, struct structured_value *value)
{
    skip(reading, 1);
    value->kind = STRUCTURED_BOOLEAN;
    value->number = front(reading) == '1';
    if (!take(reading, '0') && !take(reading, '1'))
        return fail_form(reading, "a boolean is ?0 or ?1");
    return true;
}

/* %xx, in small letters only. */
static bool read_percent(struct reading *reading, char *c)
{
    int high = reading->rest.bytes >= 2 ? hex_digit_value(reading->rest.at[0]) : -1;
    int low = reading->rest.bytes >= 2 ? hex_digit_value(reading->rest.at[1]) : -1;

    if (high < 0 || low < 0 || (reading->rest.at[0] >= 'A' && reading->rest.at[0] <= 'F') ||
        (reading->rest.at[1] >= 'A' && reading->rest.at[1] <= 'F'))
        return fail_form(reading, "a display string escapes with % and two small hexadecimal digits");
    *c = (char)(high * 16 + low);
    skip(reading, 2);
    return true;
}

static bool read_display(struct reading *reading, struct structured_value *value)
{
    size_t start = reading->out->text.bytes;

    skip(reading, 1);
    if (!take(reading, '"'))
        return fail_form(reading, "a display string begins with %\"");
    while (!take(reading, '"')) {
        char c = front(reading);

        if (!is_printable(c))
            return fail_form(reading, "a display string that does not end, or with a character it cannot have");
        skip(reading, 1);
        if (c == '%' && !read_percent(reading, &c))
            return false;
        buf_add_byte(&reading->out->text, c);
    }
    value->kind = STRUCTURED_DISPLAY;
    value->text = kept(reading, start);
    if (!utf8_is_valid(value->text, NULL))
        return fail_form(reading, "a display string that is not UTF-8");
    return value->text.bytes <= STRUCTURED_STRING_MAX ||
           fail_limit(reading, "bytes in a display string", STRUCTURED_STRING_MAX);
}

static bool read_value(struct reading *reading, struct structured_value *value)
{
    char c = front(reading);

    *value = (struct structured_value){.number = 0};
    if (c == '-' || is_digit(c))
        return read_number(reading, value);
    if (is_token_start(c))
        return read_token(reading, value);
    switch (c) {
    case '"':
        return read_string(reading, value);
    case ':':
        return read_bytes(reading, value);
    case '?':
        return read_boolean(reading, value);
    case '@':
        return read_date(reading, value);
    case '%':
        return read_display(reading, value);
    default:
        return fail_form(reading, "a value is missing or begins with a character that begins none");
    }
}

/* --- reading: what is made of them --- */

/* Room for one more, twice as much each time. */
static void *grown(void *list, size_t count, size_t *room, size_t bytes)
{
    if (count < *room)
        return list;
    *room = *room ? 2 * *room : 8;
    return memory_resize(list, *room * bytes);
}

static struct structured_parameter *parameter_slot(struct reading *reading, const struct structured_item *item,
                                                   struct span key)
{
    struct structured *out = reading->out;

    for (size_t i = item->first_parameter; i < out->parameter_count; i++) {
        if (span_equal(out->parameters[i].key, key))
            return &out->parameters[i];
    }
    out->parameters = grown(out->parameters, out->parameter_count, &reading->room[2], sizeof *out->parameters);
    return &out->parameters[out->parameter_count++];
}

static bool read_parameters(struct reading *reading, struct structured_item *item)
{
    item->first_parameter = reading->out->parameter_count;
    while (take(reading, ';')) {
        struct structured_parameter parameter = {.value = {.kind = STRUCTURED_BOOLEAN, .number = 1}};

        skip_spaces(reading);
        if (!read_key(reading, &parameter.key) || (take(reading, '=') && !read_value(reading, &parameter.value)))
            return false;
        *parameter_slot(reading, item, parameter.key) = parameter;
        item->parameter_count = reading->out->parameter_count - item->first_parameter;
        if (item->parameter_count > STRUCTURED_PARAMETERS_MAX)
            return fail_limit(reading, "parameters", STRUCTURED_PARAMETERS_MAX);
    }
    return true;
}

static bool read_item(struct reading *reading, struct structured_item *item)
{
    return read_value(reading, &item->value) && read_parameters(reading, item);
}

/* The opening bracket was taken. */
static bool read_inner_list(struct reading *reading, struct structured_item *list)
{
    struct structured *out = reading->out;

    list->is_inner_list = true;
    list->first_inner = out->inner_count;
    for (;;) {
        struct structured_item item = {.is_inner_list = false};

        skip_spaces(reading);
        if (take(reading, ')'))
            return read_parameters(reading, list);
        if (list->inner_count == STRUCTURED_INNER_MAX)
            return fail_limit(reading, "members in an inner list", STRUCTURED_INNER_MAX);
        if (!read_item(reading, &item))
            return false;
        if (front(reading) != ' ' && front(reading) != ')')
            return fail_form(reading, "an inner list that does not end, or members without a space between them");
        out->inner = grown(out->inner, out->inner_count, &reading->room[1], sizeof *out->inner);
        out->inner[out->inner_count++] = item;
        list->inner_count++;
    }
}

static bool read_item_or_list(struct reading *reading, struct structured_item *item)
{
    return take(reading, '(') ? read_inner_list(reading, item) : read_item(reading, item);
}

static bool read_member(struct reading *reading, struct structured_item *member)
{
    if (reading->out->type == STRUCTURED_LIST)
        return read_item_or_list(reading, member);
    if (!read_key(reading, &member->key))
        return false;
    if (take(reading, '='))
        return read_item_or_list(reading, member);
    member->value = (struct structured_value){.kind = STRUCTURED_BOOLEAN, .number = 1};
    return read_parameters(reading, member);
}

static struct structured_item *member_slot(struct reading *reading, struct span key)
{
    struct structured *out = reading->out;

    for (size_t i = 0; out->type == STRUCTURED_DICTIONARY && i < out->count; i++) {
        if (span_equal(out->members[i].key, key))
            return &out->members[i];
    }
    out->members = grown(out->members, out->count, &reading->room[0], sizeof *out->members);
    return &out->members[out->count++];
}

static bool read_members(struct reading *reading)
{
    while (reading->rest.bytes) {
        struct structured_item member = {.is_inner_list = false};

        if (reading->out->count == STRUCTURED_MEMBERS_MAX)
            return fail_limit(reading, "members", STRUCTURED_MEMBERS_MAX);
        if (!read_member(reading, &member))
            return false;
        *member_slot(reading, member.key) = member;
        skip_white(reading);
        if (reading->rest.bytes == 0)
            return true;
        if (!take(reading, ','))
            return fail_form(reading, "something stands between two members that is no comma");
        skip_white(reading);
        if (reading->rest.bytes == 0)
            return fail_form(reading, "a comma at the end");
    }
    return true;
}

static bool read_only_item(struct reading *reading)
{
    struct structured_item item = {.is_inner_list = false};

    if (!read_item(reading, &item))
        return false;
    *member_slot(reading, item.key) = item;
    return true;
}

bool structured_parse(enum structured_type type, struct span field, struct structured *out, struct error *err)
{
    AUTO(structured_done) struct structured made = {.type = type, .text = BUF_INIT};
    struct reading reading = {.rest = field, .out = &made, .err = err};

    if (field.bytes > STRUCTURED_BYTES_MAX)
        return fail_limit(&reading, "bytes", STRUCTURED_BYTES_MAX);
    buf_reserve(&made.text, field.bytes + ROOM_BESIDE);
    skip_spaces(&reading);
    while (reading.rest.bytes && reading.rest.at[reading.rest.bytes - 1] == ' ')
        reading.rest.bytes--;
    if (!(type == STRUCTURED_ITEM ? read_only_item(&reading) : read_members(&reading)))
        return false;
    if (reading.rest.bytes)
        return fail_form(&reading, "something stands behind the value");
    *out = made;
    made = STRUCTURED_INIT;
    return true;
}

void structured_done(struct structured *field)
{
    free(field->members);
    free(field->inner);
    free(field->parameters);
    buf_done(&field->text);
    *field = STRUCTURED_INIT;
}

/* --- finding --- */

const struct structured_item *structured_member(const struct structured *field, const char *key)
{
    for (size_t i = 0; i < field->count; i++) {
        if (span_is(field->members[i].key, key))
            return &field->members[i];
    }
    return NULL;
}

const struct structured_value *structured_parameter(const struct structured *field, const struct structured_item *item,
                                                    const char *key)
{
    for (size_t i = 0; i < item->parameter_count; i++) {
        const struct structured_parameter *parameter = &field->parameters[item->first_parameter + i];

        if (span_is(parameter->key, key))
            return &parameter->value;
    }
    return NULL;
}
