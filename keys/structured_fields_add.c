/* Writing structured fields by the algorithms of RFC 9651 section 4.1: one value has one form. */
#include "keys/structured_fields.h"

#include "base/encode.h"
#include "base/text.h"
#include "keys/structured_characters.h"

static bool fail_value(struct error *err, const char *what)
{
    return fail(err, ERR_INVALID, "no structured field can say it: %s", what);
}

/* Put `out` back to where it was unless all of it could be said. */
static bool all_or_nothing(bool is_good, struct buf *out, size_t start)
{
    if (!is_good && out->data) {
        out->bytes = start;
        out->data[start] = '\0';
    }
    return is_good;
}

static bool all_are(struct span text, bool (*is_one)(char))
{
    for (size_t i = 0; i < text.bytes; i++) {
        if (!is_one(text.at[i]))
            return false;
    }
    return true;
}

bool structured_key_add(struct span key, struct buf *out, struct error *err)
{
    if (key.bytes == 0 || !is_key_start(key.at[0]) || !all_are(key, is_key))
        return fail_value(err, "a key of other characters");
    buf_add_span(out, key);
    return true;
}

static bool add_number(const struct structured_value *value, struct buf *out, struct error *err)
{
    int64_t size = value->number < 0 ? -value->number : value->number;

    if (value->number < -STRUCTURED_INTEGER_MAX || value->number > STRUCTURED_INTEGER_MAX)
        return fail_value(err, "a number of more than 15 digits");
    if (value->kind == STRUCTURED_DATE)
        buf_add_byte(out, '@');
    if (value->number < 0)
        buf_add_byte(out, '-');
    if (value->kind != STRUCTURED_DECIMAL) {
        buf_addf(out, "%lld", (long long)size);
        return true;
    }
    buf_addf(out, "%lld.%03lld", (long long)(size / FRACTION_UNIT), (long long)(size % FRACTION_UNIT));
    while (out->data[out->bytes - 1] == '0' && out->data[out->bytes - 2] != '.')
        out->data[--out->bytes] = '\0';
    return true;
}

static bool add_string(struct span text, struct buf *out, struct error *err)
{
    if (!all_are(text, is_printable))
        return fail_value(err, "a string with characters that are not printable ASCII");
    buf_add_byte(out, '"');
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.at[i] == '"' || text.at[i] == '\\')
            buf_add_byte(out, '\\');
        buf_add_byte(out, text.at[i]);
    }
    buf_add_byte(out, '"');
    return true;
}

static bool add_token(struct span text, struct buf *out, struct error *err)
{
    if (text.bytes == 0 || !is_token_start(text.at[0]) || !all_are(text, is_token))
        return fail_value(err, "a token of other characters");
    buf_add_span(out, text);
    return true;
}

static bool add_display(struct span text, struct buf *out, struct error *err)
{
    if (!utf8_is_valid(text, NULL))
        return fail_value(err, "a display string that is not UTF-8");
    buf_add_text(out, "%\"");
    for (size_t i = 0; i < text.bytes; i++) {
        if (!is_printable(text.at[i]) || text.at[i] == '%' || text.at[i] == '"')
            buf_addf(out, "%%%02x", (unsigned)(unsigned char)text.at[i]);
        else
            buf_add_byte(out, text.at[i]);
    }
    buf_add_byte(out, '"');
    return true;
}

bool structured_value_add(const struct structured_value *value, struct buf *out, struct error *err)
{
    switch (value->kind) {
    case STRUCTURED_INTEGER:
    case STRUCTURED_DECIMAL:
    case STRUCTURED_DATE:
        return add_number(value, out, err);
    case STRUCTURED_STRING:
        return add_string(value->text, out, err);
    case STRUCTURED_TOKEN:
        return add_token(value->text, out, err);
    case STRUCTURED_BYTES:
        buf_add_byte(out, ':');
        base64_add(out, value->text.at, value->text.bytes);
        buf_add_byte(out, ':');
        return true;
    case STRUCTURED_BOOLEAN:
        buf_add_text(out, value->number ? "?1" : "?0");
        return true;
    case STRUCTURED_DISPLAY:
        return add_display(value->text, out, err);
    }
    return fail(err, ERR_INTERNAL, "a structured value of no kind");
}

/* "key=value", "key" alone when it is true. */
static bool add_parameter(const struct structured_parameter *parameter, struct buf *out, struct error *err)
{
    buf_add_byte(out, ';');
    if (!structured_key_add(parameter->key, out, err))
        return false;
    if (parameter->value.kind == STRUCTURED_BOOLEAN && parameter->value.number)
        return true;
    buf_add_byte(out, '=');
    return structured_value_add(&parameter->value, out, err);
}

bool structured_parameters_add(const struct structured *field, const struct structured_item *item, struct buf *out,
                               struct error *err)
{
    size_t start = out->bytes;
    bool is_good = true;

    for (size_t i = 0; is_good && i < item->parameter_count; i++)
        is_good = add_parameter(&field->parameters[item->first_parameter + i], out, err);
    return all_or_nothing(is_good, out, start);
}

bool structured_item_add(const struct structured *field, const struct structured_item *item, struct buf *out,
                         struct error *err)
{
    size_t start = out->bytes;
    bool is_good = true;

    if (!item->is_inner_list)
        return all_or_nothing(structured_value_add(&item->value, out, err) &&
                                  structured_parameters_add(field, item, out, err),
                              out, start);
    buf_add_byte(out, '(');
    for (size_t i = 0; is_good && i < item->inner_count; i++) {
        const struct structured_item *inner = &field->inner[item->first_inner + i];

        if (i)
            buf_add_byte(out, ' ');
        is_good = structured_value_add(&inner->value, out, err) && structured_parameters_add(field, inner, out, err);
    }
    buf_add_byte(out, ')');
    return all_or_nothing(is_good && structured_parameters_add(field, item, out, err), out, start);
}

static bool add_member(const struct structured *field, const struct structured_item *member, struct buf *out,
                       struct error *err)
{
    if (field->type != STRUCTURED_DICTIONARY)
        return structured_item_add(field, member, out, err);
    if (!structured_key_add(member->key, out, err))
        return false;
    if (!member->is_inner_list && member->value.kind == STRUCTURED_BOOLEAN && member->value.number)
        return structured_parameters_add(field, member, out, err);
    buf_add_byte(out, '=');
    return structured_item_add(field, member, out, err);
}

bool structured_add(const struct structured *field, struct buf *out, struct error *err)
{
    size_t start = out->bytes;
    bool is_good = true;

    for (size_t i = 0; is_good && i < field->count; i++) {
        if (i)
            buf_add_text(out, ", ");
        is_good = add_member(field, &field->members[i], out, err);
    }
    return all_or_nothing(is_good, out, start);
}
