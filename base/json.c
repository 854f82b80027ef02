#include "base/json.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/* A double of at most 17 digits, as d.ddd × 10^(point - 1). */
enum { DIGITS_MAX = 17, INTEGER_EXACT_BITS = 53 };
struct decimal {
    char digits[DIGITS_MAX + 1];
    int count;
    int point; /* digits before the decimal point; may be negative */
};

/* "line 3, column 14": columns count characters, not bytes. */
static bool fail_at(struct error *err, enum error_code code, struct span text, size_t at, const char *what)
{
    size_t line = 1;
    size_t line_start = 0;

    for (size_t i = 0; i < at; i++) {
        if (text.at[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    }
    return fail(err, code, "line %zu, column %zu: %s", line,
                utf8_count((struct span){text.at + line_start, at - line_start}) + 1, what);
}

/* jansson's own limit is 2048 calls deep; what we hand on must be shallow enough for every later recursion. */
static bool check_depth(struct span text, struct error *err)
{
    bool is_in_string = false;
    int depth = 0;

    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.at[i];

        if (is_in_string) {
            i += c == '\\';
            is_in_string = c != '"';
        } else if (c == '"') {
            is_in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > JSON_DEPTH_MAX)
                return fail_at(err, ERR_LIMIT, text, i, "nested too deep");
        } else if (c == ']' || c == '}') {
            depth--;
        }
    }
    return true;
}

/* jansson quotes the text it stumbled over: keep that printable and whole characters. */
static bool fail_parse(struct error *err, json_error_t *problem)
{
    struct span said = span_of(problem->text);
    size_t good = said.bytes;

    if (utf8_is_valid(said, &good))
        good = said.bytes;
    problem->text[good] = '\0';
    for (char *c = problem->text; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = ' ';
    }
    return fail(err, ERR_INVALID, "line %d, column %d: %s", problem->line, problem->column, problem->text);
}

bool json_read(struct span text, size_t limit, json_t **out, struct error *err)
{
    json_error_t problem;
    json_t *value;
    const char *nul;
    size_t bad;

    if (text.bytes > limit)
        return fail(err, ERR_LIMIT, "JSON text of %zu bytes: at most %zu are read", text.bytes, limit);
    if (span_starts(text, "\xEF\xBB\xBF"))
        return fail(err, ERR_INVALID, "line 1, column 1: a byte order mark does not belong in JSON");
    if (!utf8_is_valid(text, &bad))
        return fail_at(err, ERR_INVALID, text, bad, "not UTF-8");
    /* jansson takes a NUL behind a number for the end of the text. */
    nul = text.bytes ? memchr(text.at, '\0', text.bytes) : NULL;
    if (nul)
        return fail_at(err, ERR_INVALID, text, (size_t)(nul - text.at), "a NUL byte");
    if (!check_depth(text, err))
        return false;
    /* Lone surrogates and NUL in names are refused by jansson itself; an escaped NUL in a value is legal. */
    value = json_loadb(text.bytes ? text.at : "", text.bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL,
                       &problem);
    if (!value)
        return fail_parse(err, &problem);
    *out = value;
    return true;
}

bool json_read_file(const char *path, json_t **out, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    if (!file_read(path, JSON_BYTES_MAX, &text, err))
        return false;
    if (!json_read(buf_span(&text), JSON_BYTES_MAX, out, err))
        return fail_in(err, "%s", path);
    return true;
}

/* The digits of "-d.ddde±dd", whatever the locale's decimal point is. */
static void decimal_take(const char *printed, struct decimal *decimal)
{
    decimal->count = 0;
    for (; *printed != 'e'; printed++) {
        if (*printed >= '0' && *printed <= '9')
            decimal->digits[decimal->count++] = *printed;
    }
    decimal->digits[decimal->count] = '\0';
    decimal->point = (int)strtol(printed + 1, NULL, 10) + 1;
}

static double decimal_value(const struct decimal *decimal)
{
    char text[DIGITS_MAX + 16];

    snprintf(text, sizeof text, "%se%d", decimal->digits, decimal->point - decimal->count);
    return strtod(text, NULL);
}

/* One more in the last digit. */
static void decimal_step_up(struct decimal *decimal)
{
    int i = decimal->count - 1;

    while (i >= 0 && decimal->digits[i] == '9')
        decimal->digits[i--] = '0';
    if (i >= 0) {
        decimal->digits[i]++;
        return;
    }
    decimal->digits[0] = '1';
    decimal->point++;
}

/* The fewest digits that read back as `value` (> 0). At a power of two the gap above is twice the gap below, so the
 * shortest may be the neighbour above of the nearest: 2^-44 is 5.684341886080802e-14. A normal double with a form of
 * at most 15 digits shows it at 15; below DBL_MIN that does not hold and we start at 1. */
static void decimal_shortest(double value, struct decimal *decimal)
{
    char printed[DIGITS_MAX + 16];

    for (int count = value < DBL_MIN ? 1 : 15; count <= DIGITS_MAX; count++) {
        snprintf(printed, sizeof printed, "%.*e", count - 1, value);
        decimal_take(printed, decimal);
        if (decimal_value(decimal) == value)
            break;
        decimal_step_up(decimal);
        if (decimal_value(decimal) == value)
            break;
    }
    while (decimal->count > 1 && decimal->digits[decimal->count - 1] == '0')
        decimal->digits[--decimal->count] = '\0';
}

static void add_zeros(struct buf *out, int count)
{
    for (int i = 0; i < count; i++)
        buf_add_byte(out, '0');
}

/* ECMA-262, Number::toString, steps 6 to 12. */
static void decimal_add(const struct decimal *decimal, struct buf *out)
{
    int point = decimal->point;
    size_t count = (size_t)decimal->count;

    if (decimal->count <= point && point <= 21) {
        buf_add(out, decimal->digits, count);
        add_zeros(out, point - decimal->count);
    } else if (0 < point && point <= 21) {
        buf_add(out, decimal->digits, (size_t)point);
        buf_add_byte(out, '.');
        buf_add_text(out, decimal->digits + point);
    } else if (-6 < point && point <= 0) {
        buf_add_text(out, "0.");
        add_zeros(out, -point);
        buf_add(out, decimal->digits, count);
    } else {
        buf_add_byte(out, decimal->digits[0]);
        if (count > 1)
            buf_addf(out, ".%s", decimal->digits + 1);
        buf_addf(out, "e%+d", point - 1);
    }
}

bool json_number_add(double value, struct buf *out)
{
    struct decimal decimal;

    if (!isfinite(value))
        return false;
    if (fabs(value) < 1e15 && value == (double)(int64_t)value) {
        buf_addf(out, "%lld", (long long)value); /* also turns -0 into 0, as ECMAScript does */
        return true;
    }
    if (value < 0)
        buf_add_byte(out, '-');
    decimal_shortest(fabs(value), &decimal);
    decimal_add(&decimal, out);
    return true;
}

struct member {
    struct span name;
    const json_t *value;
};

/* UTF-8 sorts by code point; UTF-16 puts U+10000 and above (lead bytes F0 to F4, there surrogates) before U+E000 to
 * U+FFFF (lead bytes EE and EF). */
static int compare_utf16(const void *left, const void *right)
{
    const struct span *a = &((const struct member *)left)->name;
    const struct span *b = &((const struct member *)right)->name;
    size_t common = a->bytes < b->bytes ? a->bytes : b->bytes;

    for (size_t i = 0; i < common; i++) {
        unsigned char x = (unsigned char)a->at[i];
        unsigned char y = (unsigned char)b->at[i];

        if (x == y)
            continue;
        if (x >= 0xF0 && y >= 0xEE && y < 0xF0)
            return -1;
        if (y >= 0xF0 && x >= 0xEE && x < 0xF0)
            return 1;
        return x < y ? -1 : 1;
    }
    return a->bytes == b->bytes ? 0 : a->bytes < b->bytes ? -1 : 1;
}

static void member_list_free(struct member *members)
{
    free(members);
}
DEFINE_AUTO(struct member *, member_list_free)

static bool add_value(const json_t *value, struct buf *out, int depth, struct error *err);

static bool add_object(const json_t *object, struct buf *out, int depth, struct error *err)
{
    size_t count = json_object_size(object);
    AUTO(member_list_free) struct member *members = memory_new(count * sizeof *members);
    struct member *next = members;
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        *next++ = (struct member){span_of(name), value};
    }
    qsort(members, count, sizeof *members, compare_utf16);
    buf_add_byte(out, '{');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        json_string_add(out, members[i].name);
        buf_add_byte(out, ':');
        if (!add_value(members[i].value, out, depth + 1, err))
            return false;
    }
    buf_add_byte(out, '}');
    return true;
}

static bool add_array(const json_t *array, struct buf *out, int depth, struct error *err)
{
    buf_add_byte(out, '[');
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        if (!add_value(json_array_get(array, i), out, depth + 1, err))
            return false;
    }
    buf_add_byte(out, ']');
    return true;
}

static bool add_integer(json_int_t value, struct buf *out, struct error *err)
{
    const json_int_t limit = (json_int_t)1 << INTEGER_EXACT_BITS;

    if (value > limit || value < -limit)
        return fail(err, ERR_INVALID, "the integer %lld has no exact canonical form (RFC 8785)", (long long)value);
    buf_addf(out, "%lld", (long long)value);
    return true;
}

static bool add_value(const json_t *value, struct buf *out, int depth, struct error *err)
{
    if (depth > JSON_DEPTH_MAX)
        return fail(err, ERR_LIMIT, "JSON value nested too deep");
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return add_object(value, out, depth, err);
    case JSON_ARRAY:
        return add_array(value, out, depth, err);
    case JSON_STRING:
        json_string_add(out, (struct span){json_string_value(value), json_string_length(value)});
        return true;
    case JSON_INTEGER:
        return add_integer(json_integer_value(value), out, err);
    case JSON_REAL:
        if (!json_number_add(json_real_value(value), out))
            return fail(err, ERR_INVALID, "a number that is not finite has no JSON form");
        return true;
    default:
        buf_add_text(out, json_is_true(value) ? "true" : json_is_false(value) ? "false" : "null");
        return true;
    }
}

bool json_canonical_add(const json_t *value, struct buf *out, struct error *err)
{
    size_t before = out->bytes;

    if (!value)
        return fail(err, ERR_INTERNAL, "no JSON value to write");
    if (add_value(value, out, 0, err))
        return true;
    out->bytes = before;
    if (out->data)
        out->data[before] = '\0';
    return false;
}

const char *json_text_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    /* A text that would look shorter than it is is no text. */
    if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
        return NULL;
    return json_string_value(value);
}

int64_t json_integer_of(const json_t *object, const char *name, int64_t otherwise)
{
    const json_t *value = json_object_get(object, name);

    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

bool json_bool_of(const json_t *object, const char *name, bool otherwise)
{
    const json_t *value = json_object_get(object, name);

    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}
