/* obligation_json.c - the canonical JSON of one obligation, written and read without a JSON library: every imported row
 * is written once, and projections read rows back by the million.
 *
 * Canonical means one text for one row (RFC 8785): the members in the order of their names, no white space, numbers as
 * ECMAScript prints them. The reader takes exactly what the writer writes and nothing else, so a row that reads back
 * was not altered by hand. */
#include <string.h>

#include "base/text.h"
#include "schemas/obligation.h"

/* The names are ASCII, so the order by UTF-16 code units is the order by bytes. */
static const enum column SORTED[COLUMN_COUNT] = {
    COLUMN_APPROVAL,
    COLUMN_AUTHORITY,
    COLUMN_AUTHORITY_KIND,
    COLUMN_CAPACITY,
    COLUMN_CAPACITY_UNIT,
    COLUMN_DEADLINE,
    COLUMN_DIMENSION,
    COLUMN_DIVISION,
    COLUMN_DOCUMENT,
    COLUMN_EQUIPMENT,
    COLUMN_EQUIPMENT_COUNT,
    COLUMN_EXIT_DATE,
    COLUMN_EXTENDED_TO,
    COLUMN_EXTENSION_DOCUMENT,
    COLUMN_INDUSTRY,
    COLUMN_MEASURE,
    COLUMN_NAME,
    COLUMN_ORDER_DATE,
    COLUMN_REGION,
    COLUMN_REMARK,
    COLUMN_STATE,
    COLUMN_USCC,
};

static bool is_number(enum column column)
{
    return column == COLUMN_CAPACITY || column == COLUMN_EQUIPMENT_COUNT;
}

bool decimal_is_valid(struct span text)
{
    size_t whole = 0;
    size_t fraction = 0;

    while (whole < text.bytes && text.at[whole] >= '0' && text.at[whole] <= '9')
        whole++;
    if (whole == 0 || whole > DECIMAL_WHOLE_MAX)
        return false;
    if (whole == text.bytes)
        return true;
    if (text.at[whole] != '.')
        return false;
    while (whole + 1 + fraction < text.bytes && text.at[whole + 1 + fraction] >= '0' &&
           text.at[whole + 1 + fraction] <= '9')
        fraction++;
    return fraction > 0 && fraction <= DECIMAL_FRACTION_MAX && whole + 1 + fraction == text.bytes;
}

/* At most 15 significant digits and never below 10^-6: such a decimal without superfluous zeros is what ECMAScript
 * prints for the double nearest to it, so no conversion is needed. */
struct span decimal_canonical(struct span text)
{
    while (text.bytes > 1 && text.at[0] == '0' && text.at[1] != '.') {
        text.at++;
        text.bytes--;
    }
    if (!memchr(text.at, '.', text.bytes))
        return text;
    while (text.at[text.bytes - 1] == '0')
        text.bytes--;
    if (text.at[text.bytes - 1] == '.')
        text.bytes--;
    return text;
}

static void value_add(const struct obligation *obligation, enum column column, struct buf *out)
{
    struct span text = obligation->field[column];

    if (text.bytes == 0)
        buf_add_text(out, "null");
    else if (is_number(column))
        buf_add_span(out, decimal_canonical(text));
    else
        json_string_add(out, text);
}

void obligation_json_add(const struct obligation *obligation, struct buf *out)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        buf_add(out, i == 0 ? "{\"" : ",\"", 2);
        buf_add_text(out, COLUMN_KEYS[SORTED[i]]);
        buf_add(out, "\":", 2);
        value_add(obligation, SORTED[i], out);
    }
    buf_add_byte(out, '}');
}

/* Reading: what is left of the text. */
struct reader {
    const char *at;
    const char *end;
    struct buf *hold;
};

static bool take(struct reader *reader, const char *text)
{
    size_t bytes = strlen(text);

    if ((size_t)(reader->end - reader->at) < bytes || memcmp(reader->at, text, bytes) != 0)
        return false;
    reader->at += bytes;
    return true;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The writer escapes control characters, the quote and the backslash only: \u00XX, or one letter. */
static bool read_escape(struct reader *reader)
{
    static const char LETTERS[] = "\"\\bfnrt";
    static const char MEANING[] = "\"\\\b\f\n\r\t";
    const char *letter;
    int high;
    int low;

    if (take(reader, "u00")) {
        if (reader->end - reader->at < 2)
            return false;
        high = hex_value(reader->at[0]);
        low = hex_value(reader->at[1]);
        if (high < 0 || high > 1 || low < 0)
            return false;
        buf_add_byte(reader->hold, (char)(high * 16 + low));
        reader->at += 2;
        return true;
    }
    if (reader->at == reader->end || *reader->at == '\0' || !(letter = strchr(LETTERS, *reader->at)))
        return false;
    buf_add_byte(reader->hold, MEANING[letter - LETTERS]);
    reader->at++;
    return true;
}

static bool read_string(struct reader *reader, struct span *out)
{
    size_t start = reader->hold->bytes;

    while (reader->at < reader->end && *reader->at != '"') {
        const char *plain = reader->at;

        if ((unsigned char)*plain < 0x20)
            return false;
        if (*plain == '\\') {
            reader->at++;
            if (!read_escape(reader))
                return false;
            continue;
        }
        while (reader->at < reader->end && *reader->at != '"' && *reader->at != '\\' &&
               (unsigned char)*reader->at >= 0x20)
            reader->at++;
        buf_add(reader->hold, plain, (size_t)(reader->at - plain));
    }
    if (!take(reader, "\""))
        return false;
    *out = (struct span){reader->hold->data + start, reader->hold->bytes - start};
    return out->bytes > 0 && utf8_is_valid(*out, NULL); /* an empty text is written as null */
}

static bool read_number(struct reader *reader, struct span *out)
{
    const char *start = reader->at;
    struct span text;

    while (reader->at < reader->end && (*reader->at == '.' || (*reader->at >= '0' && *reader->at <= '9')))
        reader->at++;
    text = (struct span){start, (size_t)(reader->at - start)};
    if (!decimal_is_valid(text) || decimal_canonical(text).bytes != text.bytes)
        return false;
    *out = (struct span){reader->hold->data + reader->hold->bytes, text.bytes};
    buf_add_span(reader->hold, text);
    return true;
}

static bool read_value(struct reader *reader, enum column column, struct span *out)
{
    if (take(reader, "null")) {
        *out = SPAN_NONE;
        return true;
    }
    if (is_number(column))
        return read_number(reader, out);
    return take(reader, "\"") && read_string(reader, out);
}

static bool day_optional(struct span text, int32_t *day)
{
    *day = DAY_NONE;
    return text.bytes == 0 || day_parse(text, day);
}

bool obligation_type_fields(struct obligation *obligation, enum column *bad)
{
    const struct span *field = obligation->field;
    struct {
        enum column column;
        bool is_good;
    } const steps[] = {
        {COLUMN_DIMENSION, obligation_ground_find(field[COLUMN_DIMENSION], &obligation->ground)},
        {COLUMN_STATE, obligation_state_find(field[COLUMN_STATE], &obligation->state)},
        {COLUMN_ORDER_DATE, day_parse(field[COLUMN_ORDER_DATE], &obligation->order_date)},
        {COLUMN_DEADLINE, day_parse(field[COLUMN_DEADLINE], &obligation->deadline)},
        {COLUMN_EXTENDED_TO, day_optional(field[COLUMN_EXTENDED_TO], &obligation->extended_to)},
        {COLUMN_EXIT_DATE, day_optional(field[COLUMN_EXIT_DATE], &obligation->exit_date)},
        {COLUMN_EQUIPMENT_COUNT, integer_parse(field[COLUMN_EQUIPMENT_COUNT], &obligation->equipment_count)},
    };

    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        if (steps[i].is_good)
            continue;
        *bad = steps[i].column;
        return false;
    }
    return true;
}

bool obligation_from_json(struct span json, struct obligation *out, struct buf *hold, struct error *err)
{
    struct reader reader = {json.at, json.at + json.bytes, hold};
    struct obligation row;
    enum column bad;

    memset(&row, 0, sizeof row);
    buf_clear(hold);
    buf_reserve(hold, json.bytes); /* no text grows by reading, so the spans stay where they are */
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        enum column column = SORTED[i];

        if (!take(&reader, i == 0 ? "{\"" : ",\"") || !take(&reader, COLUMN_KEYS[column]) || !take(&reader, "\":") ||
            !read_value(&reader, column, &row.field[column]))
            return fail(err, ERR_CORRUPT, "an obligation's JSON: not as it was written, near \"%s\" (byte %zu)",
                        COLUMN_KEYS[column], (size_t)(reader.at - json.at));
    }
    if (!take(&reader, "}") || reader.at != reader.end)
        return fail(err, ERR_CORRUPT, "an obligation's JSON: something follows its last member");
    if (!obligation_type_fields(&row, &bad))
        return fail(err, ERR_CORRUPT, "an obligation's JSON: \"%s\" is not a value of its kind", COLUMN_KEYS[bad]);
    *out = row;
    return true;
}
