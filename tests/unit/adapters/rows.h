/* rows.h - a case of a row: a record version, and the row it becomes or the field that is named. */
#ifndef TESTS_UNIT_ADAPTERS_ROWS_H
#define TESTS_UNIT_ADAPTERS_ROWS_H

#include "adapters/row.h"
#include "base/time.h"
#include "tests/unit/adapters/cases.h"

static inline int32_t row_day(const json_t *input, const char *name)
{
    int32_t day = DAY_NONE;

    (void)!day_parse(span_of(json_text_of(input, name)), &day);
    return day;
}

static inline struct adapter_record row_record(const json_t *input)
{
    return (struct adapter_record){
        .record = case_text(input, "record"),
        .version = (uint32_t)json_integer_of(input, "version", 0),
        .op = (enum adapter_op)json_integer_of(input, "op", 0),
        .name = case_text(input, "name"),
        .code = case_text(input, "code"),
        .registration = case_text(input, "registration"),
        .address = case_text(input, "address"),
        .representative = case_text(input, "representative"),
        .facts = case_text(input, "facts"),
        .order = case_text(input, "order"),
        .listed_on = row_day(input, "listed_on"),
        .published_until = row_day(input, "published_until"),
        .authority = case_text(input, "authority"),
        .document = case_text(input, "document"),
        .provided_on = row_day(input, "provided_on"),
        .division = case_text(input, "division"),
        .scope = (int)json_integer_of(input, "scope", -1),
        .severity = (int)json_integer_of(input, "severity", -1),
        .remark = case_text(input, "remark"),
    };
}

/* `expected` is {"row": {…}} or {"refused": "what the texts name", "rule"}. */
static inline void row_check(const struct adapter_config *config, const char *name, const json_t *input,
                             const json_t *expected)
{
    struct adapter_record record = row_record(input);
    AUTO(buf_done) struct buf row = BUF_INIT;
    AUTO(buf_done) struct buf wanted = BUF_INIT;
    const char *refused = json_text_of(expected, "refused");
    struct error err = {.code = ERR_NONE};

    buf_add_text(&row, "["); /* what was there stays */
    buf_add_text(&wanted, "[");
    if (refused) {
        cr_assert_not(row_add(config, &record, &row, &err), "%s", name);
        cr_assert_eq(err.code, ERR_REFUSED);
        cr_assert_str_eq(err.rule, json_text_of(expected, "rule"), "%s", name);
        cr_assert(strstr(err.text, refused) && strstr(err.zh, refused), "%s: %s", name, err.text);
        cr_assert_str_eq(buf_text(&row), "[", "nothing is added when refused");
        return;
    }
    cr_assert(row_add(config, &record, &row, &err), "%s: %s", name, err.text);
    cr_assert(json_canonical_add(json_object_get(expected, "row"), &wanted, &err));
    cr_assert_str_eq(buf_text(&row), buf_text(&wanted), "%s", name);
}

#endif
