#include "sandbox/distort.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"

/* A record that nobody sends: ids of records are never all zero. */
#define FOREIGN_ROW "R00000000000000000000"

/* --- JSON --- */

static json_t *read_json(struct span body)
{
    return json_loadb(body.bytes > 0 ? body.at : "", body.bytes, 0, NULL);
}

static void write_json(const json_t *json, struct buf *body)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);

    buf_clear(body);
    buf_add_text(body, text ? text : "");
    free(text);
}

/* Borrowed; NULL when there are none. */
static json_t *rows_of(const json_t *json)
{
    json_t *rows = json_object_get(json, "rows");

    if (!rows)
        rows = json_object_get(json_object_get(json, "data"), "rows");
    return json_array_size(rows) > 0 && json_is_object(json_array_get(rows, 0)) ? rows : NULL;
}

/* 信用广东 says "result", the national platform "state". */
static void turn_row(json_t *row)
{
    const char *result = json_string_value(json_object_get(row, "result"));
    const char *state = json_string_value(json_object_get(row, "state"));

    if (result)
        json_object_set_new(row, "result", json_string(strcmp(result, "0") == 0 ? "40001" : "0"));
    if (state)
        json_object_set_new(row, "state", json_string(strcmp(state, "9") == 0 ? "1" : "9"));
}

static void turn_rows(json_t *rows, size_t from)
{
    for (size_t i = from; i < json_array_size(rows); i++)
        turn_row(json_array_get(rows, i));
}

static void double_rows(json_t *rows)
{
    json_t *copy = json_deep_copy(rows);

    json_array_extend(rows, copy);
    json_decref(copy);
}

static void add_foreign_row(json_t *rows)
{
    json_t *row = json_deep_copy(json_array_get(rows, 0));

    json_object_set_new(row, "ROWID", json_string(FOREIGN_ROW));
    json_array_append_new(rows, row);
}

static void drop_rows(json_t *rows, int64_t count)
{
    while (count-- > 0 && json_array_size(rows) > 0)
        json_array_remove(rows, json_array_size(rows) - 1);
}

static void distort_rows(const struct fault *fault, json_t *rows)
{
    size_t before = json_array_size(rows);

    switch (fault->kind) {
    case FAULT_ROWS_MISSING:
        drop_rows(rows, fault->rows);
        break;
    case FAULT_ROWS_TWICE:
        double_rows(rows);
        break;
    case FAULT_ROWS_CONTRADICT:
        double_rows(rows);
        turn_rows(rows, before);
        break;
    case FAULT_ROWS_OPPOSITE:
        turn_rows(rows, 0);
        break;
    case FAULT_ROWS_FOREIGN:
        add_foreign_row(rows);
        break;
    default:
        break;
    }
}

/* --- XML: of our own platform's making, so that elements can be found by their first characters --- */

/* The element that begins at or after `from`; SPAN_NONE when there is none. */
static struct span find_ack(struct span body, size_t from)
{
    const char *at = from < body.bytes ? memmem(body.at + from, body.bytes - from, "<ACK ", 5) : NULL;
    const char *end = at ? memmem(at, body.bytes - (size_t)(at - body.at), "/>", 2) : NULL;

    return end ? (struct span){at, (size_t)(end + 2 - at)} : SPAN_NONE;
}

static void add_replaced(struct buf *out, struct span text, const char *old, const char *new_text)
{
    const char *at = text.at ? memmem(text.at, text.bytes, old, strlen(old)) : NULL;
    size_t before = at ? (size_t)(at - text.at) : text.bytes;

    buf_add(out, text.at, before);
    if (!at)
        return;
    buf_add_text(out, new_text);
    buf_add(out, at + strlen(old), text.bytes - before - strlen(old));
}

static void add_turned(struct buf *out, struct span ack)
{
    bool is_taken = ack.at && memmem(ack.at, ack.bytes, "\"accepted\"", 10) != NULL;

    add_replaced(out, ack, is_taken ? "\"accepted\"" : "\"rejected\"", is_taken ? "\"rejected\"" : "\"accepted\"");
}

static void add_foreign_ack(struct buf *out, struct span ack)
{
    const char *at = ack.at ? memmem(ack.at, ack.bytes, "ROWID=\"", 7) : NULL;
    const char *end = at ? memchr(at + 7, '"', ack.bytes - (size_t)(at + 7 - ack.at)) : NULL;

    if (!end)
        return;
    buf_add(out, ack.at, (size_t)(at + 7 - ack.at));
    buf_add_text(out, FOREIGN_ROW);
    buf_add(out, end, ack.bytes - (size_t)(end - ack.at));
}

static void add_ack(const struct fault *fault, struct span ack, bool is_left_out, bool is_first, struct buf *out)
{
    if (fault->kind == FAULT_ROWS_OPPOSITE)
        add_turned(out, ack);
    else if (!is_left_out)
        buf_add_span(out, ack);
    if (fault->kind == FAULT_ROWS_TWICE)
        buf_add_span(out, ack);
    if (fault->kind == FAULT_ROWS_CONTRADICT)
        add_turned(out, ack);
    if (fault->kind == FAULT_ROWS_FOREIGN && is_first)
        add_foreign_ack(out, ack);
}

static size_t count_acks(struct span body)
{
    size_t count = 0;

    for (struct span ack = find_ack(body, 0); ack.at; ack = find_ack(body, (size_t)(ack.at - body.at) + ack.bytes))
        count++;
    return count;
}

static void distort_acks(const struct fault *fault, struct buf *body)
{
    AUTO(buf_done) struct buf out = BUF_INIT;
    struct span text = buf_span(body);
    size_t count = count_acks(text);
    size_t missing = fault->kind == FAULT_ROWS_MISSING ? (size_t)fault->rows : 0;
    size_t at = 0;

    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++) {
        struct span ack = find_ack(text, at);

        buf_add(&out, text.at + at, (size_t)(ack.at - text.at) - at);
        add_ack(fault, ack, i + missing >= count, i == 0, &out);
        at = (size_t)(ack.at - text.at) + ack.bytes;
    }
    buf_add(&out, text.at + at, text.bytes - at);
    buf_clear(body);
    buf_add_span(body, buf_span(&out));
}

/* --- whole answers --- */

bool distort_has_outcomes(struct span body)
{
    json_t *json = read_json(body);
    bool has = rows_of(json) != NULL || count_acks(body) > 0;

    json_decref(json);
    return has;
}

void distort_outcomes(const struct fault *fault, struct buf *body)
{
    json_t *json = read_json(buf_span(body));
    json_t *rows = rows_of(json);

    if (rows) {
        distort_rows(fault, rows);
        write_json(json, body);
    } else if (!json) {
        distort_acks(fault, body);
    }
    json_decref(json);
}

/* A new reference. */
static json_t *turn_type(const json_t *value)
{
    int64_t number;

    if (json_is_string(value))
        return integer_parse(span_of(json_string_value(value)), &number) ? json_integer(number) : json_true();
    if (json_is_integer(value))
        return json_sprintf("%lld", (long long)json_integer_value(value));
    if (json_is_array(value))
        return json_object();
    return json_is_object(value) ? json_array() : json_string("");
}

void distort_types(struct buf *body)
{
    json_t *json = read_json(buf_span(body));
    json_t *out = json_is_object(json) ? json_object() : json_array();
    const char *name;
    const json_t *value;

    json_object_foreach(json, name, value) json_object_set_new(out, name, turn_type(value));
    write_json(out, body);
    json_decref(out);
    json_decref(json);
}

void distort_secret(struct buf *body)
{
    json_t *json = read_json(buf_span(body));
    json_t *data = json_object_get(json, "data");

    if (json_object_get(data, "secret")) {
        json_object_set_new(data, "secret", json_string("bm90IHdob2xlIGJsb2NrcyE=")); /* 17 bytes */
        write_json(json, body);
    }
    json_decref(json);
}

void distort_size(size_t bytes, struct buf *body)
{
    size_t more = bytes > body->bytes ? bytes - body->bytes : 0;

    buf_reserve(body, more);
    while (more-- > 0)
        buf_add_byte(body, ' ');
}

void distort_refusal(enum fault_at at, const char *code, const char *message, int *status, struct buf *body)
{
    int64_t number;

    buf_clear(body);
    *status = 200;
    if (at == FAULT_AT_CHINA) {
        *status = integer_parse(span_of(code), &number) && number >= 200 && number <= 599 ? (int)number : 400;
        buf_add_text(body, message);
        return;
    }
    buf_addf(body,
             at == FAULT_AT_NATIONAL ? "{\"code\":\"%s\",\"message\":" : "{\"errorCode\":\"%s\",\"errorMsg\":", code);
    json_string_add(body, span_of(message));
    buf_add_text(body, at == FAULT_AT_NATIONAL
                           ? "}"
                           : ",\"totalSize\":0,\"successSize\":0,\"failSize\":0,\"tips\":\"\",\"taskId\":\"\"}");
}
