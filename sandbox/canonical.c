#include "sandbox/canonical.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* RFC 8785 section 3.2.2.3: numbers are IEEE 754 doubles. */
#define WHOLE_MAX (INT64_C(1) << 53)

/* RFC 8785 section 3.2.2.2 */
static void add_text(struct buf *out, const char *text, size_t bytes)
{
    static const char SHORT[][2] = {{'\b', 'b'}, {'\t', 't'}, {'\n', 'n'}, {'\f', 'f'},
                                    {'\r', 'r'}, {'"', '"'},  {'\\', '\\'}};

    buf_add_byte(out, '"');
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)text[i];
        size_t k = 0;

        while (k < COUNT_OF(SHORT) && SHORT[k][0] != text[i])
            k++;
        if (k < COUNT_OF(SHORT))
            buf_addf(out, "\\%c", SHORT[k][1]);
        else if (c < ' ')
            buf_addf(out, "\\u%04x", c);
        else
            buf_add_byte(out, text[i]);
    }
    buf_add_byte(out, '"');
}

static int compare(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;

    return strcmp(*left, *right);
}

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text > 0x7f)
            return false;
    return true;
}

static bool add_value(const json_t *value, unsigned depth, struct buf *out);

/* The names in order: for ASCII the order of bytes is that of UTF-16 code units. False when one is not ASCII. */
static bool sort_names(const json_t *object, const char **names)
{
    const char *name;
    const json_t *value;
    size_t count = 0;

    json_object_foreach((json_t *)object, name, value)
    {
        (void)value;
        if (!is_ascii(name))
            return false;
        names[count++] = name;
    }
    qsort((void *)names, count, sizeof(*names), compare);
    return true;
}

static bool add_object(const json_t *object, unsigned depth, struct buf *out)
{
    const char **names = memory_new((json_object_size(object) + 1) * sizeof(*names));
    bool ok = sort_names(object, names);

    buf_add_byte(out, '{');
    for (size_t i = 0; ok && i < json_object_size(object); i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        add_text(out, names[i], strlen(names[i]));
        buf_add_byte(out, ':');
        ok = add_value(json_object_get(object, names[i]), depth, out);
    }
    buf_add_byte(out, '}');
    free((void *)names);
    return ok;
}

static bool add_array(const json_t *array, unsigned depth, struct buf *out)
{
    bool ok = true;

    buf_add_byte(out, '[');
    for (size_t i = 0; ok && i < json_array_size(array); i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        ok = add_value(json_array_get(array, i), depth, out);
    }
    buf_add_byte(out, ']');
    return ok;
}

static bool add_whole(int64_t number, struct buf *out)
{
    if (number > WHOLE_MAX || number < -WHOLE_MAX)
        return false;
    buf_addf(out, "%" PRId64, number);
    return true;
}

static bool add_value(const json_t *value, unsigned depth, struct buf *out)
{
    if (depth == CANONICAL_DEPTH_MAX)
        return false;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return add_object(value, depth + 1, out);
    case JSON_ARRAY:
        return add_array(value, depth + 1, out);
    case JSON_STRING:
        add_text(out, json_string_value(value), json_string_length(value));
        return true;
    case JSON_INTEGER:
        return add_whole(json_integer_value(value), out);
    case JSON_REAL:
        return false;
    default:
        buf_add_text(out, json_is_null(value) ? "null" : json_is_true(value) ? "true" : "false");
        return true;
    }
}

bool canonical_add(const json_t *value, struct buf *out)
{
    return value && add_value(value, 0, out);
}
