#include "adapters/holdings.h"

#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/text.h"

static const char *const HEX_DIGITS = "0123456789ABCDEF";

static void malformed(struct adapter_page *out, const char *why)
{
    adapter_page_done(out);
    memset(out->next, 0, sizeof out->next);
    out->ending = ADAPTER_MALFORMED;
    adapter_words_copy(span_of(why), out->message, sizeof out->message);
}

static struct span text_member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    return json_is_string(value) ? (struct span){json_string_value(value), json_string_length(value)} : SPAN_NONE;
}

static bool read_record(struct span text, char out[ADAPTER_RECORD_BYTES])
{
    if (text.bytes == 0 || text.bytes >= ADAPTER_RECORD_BYTES)
        return false;
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.at[i] <= ' ' || text.at[i] > '~')
            return false;
    }
    memcpy(out, text.at, text.bytes);
    out[text.bytes] = '\0';
    return true;
}

/* A number or decimal text from 1 to `most`. */
static bool read_number(const json_t *row, const char *name, int64_t most, int64_t *out)
{
    const json_t *value = json_object_get(row, name);
    int64_t number;

    if (json_is_integer(value))
        number = json_integer_value(value);
    else if (!integer_parse(text_member(row, name), &number))
        return false;
    if (number < 1 || number > most)
        return false;
    *out = number;
    return true;
}

static bool read_digest(struct span text, uint8_t out[32])
{
    AUTO(buf_done) struct buf raw = BUF_INIT;

    for (size_t i = 0; i < text.bytes; i++) {
        if (text.at[i] >= 'A' && text.at[i] <= 'F')
            return false;
    }
    if (text.bytes != 64 || !hex_decode(text, &raw))
        return false;
    memcpy(out, raw.data, 32);
    return true;
}

/* What is wrong with the row; NULL when nothing is. */
static const char *read_row(const json_t *row, struct adapter_holding *out)
{
    int64_t version;
    int64_t op;

    if (!read_record(text_member(row, "ROWID"), out->record))
        return "a ROWID has the wrong form";
    if (!read_number(row, "VERSION", UINT32_MAX, &version) || !read_number(row, "OP", ADAPTER_OP_SETTLE, &op))
        return "a VERSION or OP has the wrong form";
    if (!read_digest(text_member(row, "sm3"), out->sm3))
        return "an sm3 is not 64 lower-case hex digits";
    out->version = (uint32_t)version;
    out->op = (enum adapter_op)op;
    return NULL;
}

static const char *read_rows(const json_t *rows, struct adapter_page *out)
{
    out->rows = memory_new((json_array_size(rows) + 1) * sizeof *out->rows);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const char *wrong = read_row(json_array_get(rows, i), &out->rows[i]);

        if (wrong)
            return wrong;
        if (i > 0 && strcmp(out->rows[i - 1].record, out->rows[i].record) >= 0)
            return "the ROWIDs do not ascend";
    }
    out->count = json_array_size(rows);
    return NULL;
}

static const char *read_next(const json_t *page, struct adapter_page *out)
{
    const json_t *next = json_object_get(page, "next");

    if (json_is_null(next))
        return NULL;
    if (!read_record(text_member(page, "next"), out->next))
        return "next is neither null nor a ROWID";
    if (out->count == 0 || strcmp(out->next, out->rows[out->count - 1].record) < 0)
        return "the next page would begin before the end of this one";
    return NULL;
}

void holdings_read(int status, struct span body, struct adapter_page *out)
{
    AUTO(json_release) json_t *page = NULL;
    const json_t *rows;
    const char *wrong;
    struct error why;

    if (status != 200) {
        out->ending = ADAPTER_BY_STATUS;
        return;
    }
    if (!json_read(body, HOLDINGS_BYTES_MAX, &page, &why)) {
        malformed(out, why.text);
        return;
    }
    rows = json_object_get(page, "rows");
    if (!json_is_array(rows) || json_array_size(rows) > ADAPTER_PAGE_ROWS_MAX) {
        malformed(out, json_is_array(rows) ? "a page has too many rows" : "there is no list of rows");
        return;
    }
    wrong = read_rows(rows, out);
    if (!wrong)
        wrong = read_next(page, out);
    if (wrong)
        malformed(out, wrong);
    else
        out->ending = ADAPTER_LISTED;
}

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

void holdings_address_add(struct buf *url, const char *after)
{
    buf_add_text(url, "/holdings?after=");
    for (const char *c = after; *c; c++) {
        if (is_unreserved(*c)) {
            buf_add_byte(url, *c);
            continue;
        }
        buf_add_byte(url, '%');
        buf_add_byte(url, HEX_DIGITS[(unsigned char)*c >> 4]);
        buf_add_byte(url, HEX_DIGITS[(unsigned char)*c & 15]);
    }
    buf_addf(url, "&limit=%d", ADAPTER_PAGE_ROWS_MAX);
}
