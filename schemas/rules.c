#include "schemas/rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "schemas/rules_internal.h"

int rules_column(struct span key)
{
    for (int column = 0; column < COLUMN_COUNT; column++)
        if (span_is(key, COLUMN_KEYS[column]))
            return column;
    return -1;
}

/* The text of {name} in a message; false when the rules know no such name. */
static bool placeholder_add(struct span name, const struct problem *problem, const struct obligation *row,
                            struct buf *out)
{
    enum { SHOWN_BYTES = 300 };
    const struct rule *rule = problem->rule;
    int column = rules_column(name);

    if (span_is(name, "value"))
        buf_add_span(out, utf8_cut(problem->value, SHOWN_BYTES));
    else if (span_is(name, "expected"))
        buf_add_text(out, problem->expected);
    else if (span_is(name, "column"))
        buf_add_text(out, problem->column < COLUMN_COUNT ? COLUMN_HEADERS[problem->column] : "");
    else if (rule->parameter_name[0] && span_is(name, rule->parameter_name))
        buf_addf(out, "%lld", (long long)rule->parameter);
    else if (column >= 0)
        buf_add_span(out, row ? utf8_cut(row->field[column], SHOWN_BYTES) : SPAN_NONE);
    else
        return false;
    return true;
}

bool rules_message_fill(const char *format, const struct problem *problem, const struct obligation *row,
                        struct buf *out)
{
    while (*format) {
        const char *open = strchr(format, '{');
        const char *close = open ? strchr(open, '}') : NULL;

        if (!open || !close) {
            buf_add_text(out, format);
            return open == NULL;
        }
        buf_add(out, format, (size_t)(open - format));
        if (!placeholder_add((struct span){open + 1, (size_t)(close - open - 1)}, problem, row, out))
            return false;
        format = close + 1;
    }
    return true;
}

void problem_message_add(const struct problem *problem, const struct obligation *row, const char *lang, struct buf *out)
{
    const struct rule *rule = problem->rule;
    bool is_filled =
        rules_message_fill(strcmp(lang, "zh") == 0 ? rule->message_zh : rule->message_en, problem, row, out);

    (void)is_filled; /* tried when it was loaded */
}

void rules_free(struct rules *rules)
{
    if (!rules)
        return;
    schema_free(rules->shape);
    catalog_free(rules->catalog);
    authorities_free(rules->authorities);
    divisions_free(rules->divisions);
    json_decref(rules->data);
    free(rules);
}

static struct problem *problem_new(struct problems *problems, const struct rule *rule, enum column column,
                                   struct span value)
{
    struct problem *problem;

    problems->errors += rule->is_error;
    if (problems->count == PROBLEMS_MAX)
        return NULL;
    problem = &problems->at[problems->count++];
    problem->rule = rule;
    problem->column = column;
    problem->value = value;
    problem->expected[0] = '\0';
    return problem;
}

static bool is_applied(const struct rule *rule, int32_t day)
{
    return (rule->from == DAY_NONE || day >= rule->from) && (rule->until == DAY_NONE || day <= rule->until);
}

/* Where the problems of the schema go. */
struct shape_report {
    const struct rules *rules;
    const struct obligation *row;
    struct problems *problems;
};

static void add_shape_problem(void *context, const struct schema_problem *found)
{
    struct shape_report *report = context;
    int column = found->instance[0] == '/' ? rules_column(span_of(found->instance + 1)) : -1;
    struct span value = column < 0 ? SPAN_NONE : report->row->field[column];

    rules_report(report->rules, RULE_SCHEMA, column < 0 ? COLUMN_COUNT : (enum column)column, value, found->keyword,
                 report->problems);
}

static struct schema_flat_value flat_value(const struct obligation *row, enum column column)
{
    struct schema_flat_value value = {.key = COLUMN_KEYS[column], .text = row->field[column]};
    char digits[DECIMAL_WHOLE_MAX + DECIMAL_FRACTION_MAX + 2];

    if (value.text.bytes == 0) {
        value.type = SCHEMA_FLAT_NULL;
    } else if (column == COLUMN_EQUIPMENT_COUNT) {
        value.type = SCHEMA_FLAT_INTEGER;
        value.integer = row->equipment_count;
    } else if (column == COLUMN_CAPACITY) {
        struct span number = decimal_canonical(value.text);

        memcpy(digits, number.at, number.bytes);
        digits[number.bytes] = '\0';
        value.type = SCHEMA_FLAT_NUMBER;
        value.number = strtod(digits, NULL);
    } else {
        value.type = SCHEMA_FLAT_STRING;
    }
    return value;
}

/* The shape is asked last, about rows that no rule refuses: the rules say better what to do. */
static void check_shape(const struct rules *rules, const struct obligation *row, struct problems *problems)
{
    struct shape_report context = {rules, row, problems};
    struct schema_report report = {add_shape_problem, &context, COLUMN_COUNT};
    struct schema_flat_value values[COLUMN_COUNT];

    for (int column = 0; column < COLUMN_COUNT; column++)
        values[column] = flat_value(row, (enum column)column);
    (void)schema_check_flat(rules->shape, values, COLUMN_COUNT, &report);
}

static void ask_rules(const struct rules *rules, struct obligation *row, const struct rules_context *context,
                      struct problems *problems)
{
    char expected[PROBLEM_EXPECTED_BYTES];
    struct facts facts;
    int32_t day;

    facts_gather(rules, row, context, &facts);
    day = facts_has_dates(&facts, HAS_ORDER) ? row->order_date : context->today;
    facts.expected = expected;
    for (size_t i = RULE_READING_COUNT; i < rules->count; i++) {
        facts.rule = &rules->all[i];
        if (!is_applied(facts.rule, day))
            continue;
        for (uint32_t left = facts.rule->columns; left; left &= left - 1) {
            struct problem *problem;

            facts.column = (enum column)__builtin_ctz(left);
            expected[0] = '\0';
            if (!facts.rule->is_broken(&facts))
                continue;
            problem = problem_new(problems, facts.rule, facts.column, row->field[facts.column]);
            if (problem)
                memcpy(problem->expected, expected, sizeof expected);
        }
    }
}

void rules_check(const struct rules *rules, struct obligation *row, const struct rules_context *context,
                 struct problems *problems)
{
    ask_rules(rules, row, context, problems);
    if (problems->errors == 0)
        check_shape(rules, row, problems);
}

void rules_report(const struct rules *rules, enum rules_reading which, enum column column, struct span value,
                  const char *expected, struct problems *problems)
{
    struct problem *problem = problem_new(problems, &rules->all[which], column, value);

    if (problem && expected)
        expected_set(problem->expected, span_of(expected));
}

const char *rule_id(const struct rule *rule)
{
    return rule->id;
}

bool rule_is_error(const struct rule *rule)
{
    return rule->is_error;
}

int rule_seed_row(const struct rule *rule)
{
    return rule->seed_row;
}

int64_t rule_parameter(const struct rule *rule)
{
    return rule->parameter;
}

const struct divisions *rules_divisions(const struct rules *rules)
{
    return rules->divisions;
}

const struct authorities *rules_authorities(const struct rules *rules)
{
    return rules->authorities;
}

const struct catalog *rules_catalog(const struct rules *rules)
{
    return rules->catalog;
}
