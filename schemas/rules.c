#include "schemas/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "schemas/rules_internal.h"

enum { RULES_MAX = 128 };

struct rule {
    const char *id;
    rule_predicate *is_broken; /* NULL: found while reading */
    uint32_t columns;          /* bit c: it is asked for column c */
    int32_t from;              /* the first order date it is applied to; DAY_NONE: all */
    int32_t until;
    int64_t parameter;
    const char *parameter_name; /* "" when there is none */
    int seed_row;
    bool is_error;
    const char *message_zh;
    const char *message_en;
};

struct rules {
    json_t *data; /* the texts of all rules */
    struct divisions *divisions;
    struct authorities *authorities;
    struct catalog *catalog;
    struct rule all[RULES_MAX];
    size_t count; /* in the order of the tables of checks */
};

const struct rule_check RULES_READING[RULE_READING_COUNT] = {
    [RULE_FIELDS_MISSING] = {"file.fields-missing", NULL},
    [RULE_FIELDS_SURPLUS] = {"file.fields-surplus", NULL},
    [RULE_FIELD_LONG] = {"file.field-long", NULL},
    [RULE_RECORD_LONG] = {"file.record-long", NULL},
    [RULE_QUOTE] = {"file.quote", NULL},
    [RULE_CELL_ERROR] = {"file.cell-error", NULL},
    [RULE_REPEAT] = {"file.repeat", NULL},
    [RULE_CONTRADICTION] = {"file.contradiction", NULL},
    [RULE_SHEETS] = {"file.sheets", NULL},
    [RULE_SCHEMA] = {"schema", NULL},
};

static int column_by_key(struct span key)
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
    int column = column_by_key(name);

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

static bool message_fill(const char *format, const struct problem *problem, const struct obligation *row,
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

static bool message_is_good(const struct rule *rule, const char *format)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct problem problem = {.rule = rule, .column = COLUMN_COUNT};

    return format && *format && message_fill(format, &problem, NULL, &text);
}

void problem_message_add(const struct problem *problem, const struct obligation *row, const char *lang, struct buf *out)
{
    const struct rule *rule = problem->rule;
    bool is_filled = message_fill(strcmp(lang, "zh") == 0 ? rule->message_zh : rule->message_en, problem, row, out);

    (void)is_filled; /* tried when it was loaded */
}

static bool load_columns(const json_t *item, uint32_t *columns)
{
    const json_t *list = json_object_get(item, "columns");
    const json_t *name;
    size_t i;

    json_array_foreach(list, i, name)
    {
        int column = column_by_key(span_of(json_string_value(name)));

        if (column < 0)
            return false;
        *columns |= UINT32_C(1) << column;
    }
    return json_is_array(list);
}

/* At most one parameter, a positive whole number. */
static bool load_parameter(const json_t *item, struct rule *rule)
{
    json_t *parameters = json_object_get(item, "parameters");
    const char *name;
    json_t *value;

    rule->parameter_name = "";
    if (json_object_size(parameters) > 1)
        return false;
    json_object_foreach(parameters, name, value)
    {
        rule->parameter_name = name;
        rule->parameter = json_integer_value(value);
        if (rule->parameter <= 0)
            return false;
    }
    return true;
}

static bool load_day(const json_t *item, const char *name, int32_t *day)
{
    const char *text = json_text_of(item, name);

    *day = DAY_NONE;
    return !text || day_parse(span_of(text), day);
}

static bool load_rule(const json_t *item, const struct rule_check *check, struct rule *rule, struct error *err)
{
    const char *severity = json_text_of(item, "severity");

    rule->id = check->id;
    rule->is_broken = check->is_broken;
    rule->seed_row = (int)json_integer_of(item, "seed_row", 0);
    rule->message_zh = json_text_of(item, "zh");
    rule->message_en = json_text_of(item, "en");
    if (!severity || (strcmp(severity, "error") != 0 && strcmp(severity, "warning") != 0))
        return fail(err, ERR_INVALID, "rule %s: severity must be error or warning", check->id);
    rule->is_error = strcmp(severity, "error") == 0;
    if (!load_columns(item, &rule->columns) || (check->is_broken && rule->columns == 0))
        return fail(err, ERR_INVALID, "rule %s: it needs columns, by their keys", check->id);
    if (!load_parameter(item, rule))
        return fail(err, ERR_INVALID, "rule %s: at most one parameter, a positive number", check->id);
    if (!load_day(item, "from", &rule->from) || !load_day(item, "until", &rule->until))
        return fail(err, ERR_INVALID, "rule %s: from and until must be days or null", check->id);
    if (!message_is_good(rule, rule->message_zh) || !message_is_good(rule, rule->message_en))
        return fail(err, ERR_INVALID, "rule %s: \"zh\" or \"en\" is missing or names what the rule has not", check->id);
    return true;
}

static const json_t *rule_data(const struct rules *rules, const char *id)
{
    const json_t *item;
    size_t i;

    json_array_foreach(json_object_get(rules->data, "rules"), i, item)
    {
        const char *found = json_text_of(item, "id");

        if (found && strcmp(found, id) == 0)
            return item;
    }
    return NULL;
}

static bool load_table(struct rules *rules, const struct rule_check *checks, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *item = rule_data(rules, checks[i].id);

        if (!item)
            return fail(err, ERR_INVALID, "rule %s is in the code, but not in the data", checks[i].id);
        if (rules->count == RULES_MAX)
            return fail(err, ERR_LIMIT, "more than %d rules", RULES_MAX);
        if (!load_rule(item, &checks[i], &rules->all[rules->count], err))
            return false;
        rules->count++;
    }
    return true;
}

static bool has_check(const struct rules *rules, const char *id)
{
    for (size_t i = 0; i < rules->count; i++)
        if (strcmp(rules->all[i].id, id) == 0)
            return true;
    return false;
}

static bool load_rules(struct rules *rules, struct error *err)
{
    const json_t *list = json_object_get(rules->data, "rules");
    const json_t *item;
    size_t i;

    /* The rules of reading come first: they are found by their number. */
    if (!load_table(rules, RULES_READING, RULE_READING_COUNT, err) ||
        !load_table(rules, RULES_TEXT, RULES_TEXT_COUNT, err) ||
        !load_table(rules, RULES_PLACE, RULES_PLACE_COUNT, err) ||
        !load_table(rules, RULES_ORDER, RULES_ORDER_COUNT, err) ||
        !load_table(rules, RULES_TIME, RULES_TIME_COUNT, err))
        return false;
    json_array_foreach(list, i, item)
    {
        const char *id = json_text_of(item, "id");

        if (!id || !has_check(rules, id))
            return fail(err, ERR_INVALID, "rule %s is in the data, but not in the code", id ? id : "without id");
    }
    if (json_array_size(list) != rules->count)
        return fail(err, ERR_INVALID, "a rule stands there twice");
    return true;
}

bool rules_load(const char *folder, struct rules **out, struct error *err)
{
    AUTO(rules_free) struct rules *rules = memory_new(sizeof *rules);
    AUTO(text_free) char *data = path_join(folder, "data");
    AUTO(text_free) char *divisions = path_join(data, "divisions.json");
    AUTO(text_free) char *texts = path_join(folder, "rules/register-rules.json");

    if (!divisions_load(divisions, &rules->divisions, err) ||
        !authorities_load(data, rules->divisions, &rules->authorities, err) ||
        !catalog_load(data, rules->authorities, &rules->catalog, err))
        return false;
    if (!json_read_file(texts, &rules->data, err) || !load_rules(rules, err))
        return fail_in(err, "%s", texts);
    *out = TAKE(rules);
    return true;
}

void rules_free(struct rules *rules)
{
    if (!rules)
        return;
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

void rules_check(const struct rules *rules, struct obligation *row, const struct rules_context *context,
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

bool rules_authority_may_order(const struct rules *rules, const struct obligation *row, struct error *err)
{
    const struct division *division = divisions_find(rules->divisions, row->field[COLUMN_DIVISION]);
    const struct industry *industry = catalog_industry(rules->catalog, row->field[COLUMN_INDUSTRY]);
    const struct span *name = &row->field[COLUMN_AUTHORITY];
    struct authority_match match = authorities_find(rules->authorities, *name);

    if (!match.kind || !industry || !catalog_may_order(rules->catalog, row->ground, industry, match.kind))
        return refuse(err, ERR_REFUSED, "authority.ground", "%.*s may not order on the ground %s (seed rows 2 to 6)",
                      "%.*s 无权依据“%s”维度作出责令（任务分工表第 2 至 6 行）", (int)name->bytes, name->at,
                      GROUND_NAMES[row->ground]);
    if (match.listed && !authority_is_in_force(match.listed, row->order_date))
        return refuse(err, ERR_REFUSED, "authority.period", "%.*s did not bear that name on the day of the order",
                      "%.*s：决定日期当日该机关名称不在使用期内", (int)name->bytes, name->at);
    if (!division ||
        !(authority_covers(&match, division->code) || (division->now && authority_covers(&match, division->now->code))))
        return refuse(err, ERR_REFUSED, "authority.area", "%.*s is not competent where the enterprise is",
                      "%.*s 对企业所在地没有管辖权", (int)name->bytes, name->at);
    return true;
}
