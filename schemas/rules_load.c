/* rules_load.c - the two halves of the rules put together: the data of each with its check. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "schemas/rules_internal.h"

const struct rule_check RULES_READING[RULE_READING_COUNT] = {
    [RULE_FIELDS_MISSING] = {"file.fields-missing", NULL},
    [RULE_FIELDS_SURPLUS] = {"file.fields-surplus", NULL},
    [RULE_FIELD_LONG] = {"file.field-long", NULL},
    [RULE_RECORD_LONG] = {"file.record-long", NULL},
    [RULE_QUOTE] = {"file.quote", NULL},
    [RULE_CELL_ERROR] = {"file.cell-error", NULL},
    [RULE_REPEAT] = {"file.repeat", NULL},
    [RULE_CONTRADICTION] = {"file.contradiction", NULL},
    [RULE_HEADER_AGAIN] = {"file.header-again", NULL},
    [RULE_ROW_SPARSE] = {"file.row-sparse", NULL},
    [RULE_NO_ROWS] = {"file.no-rows", NULL},
    [RULE_COLUMNS_UNREAD] = {"file.columns-unread", NULL},
    [RULE_SHEETS] = {"file.sheets", NULL},
    [RULE_MERGED] = {"file.merged", NULL},
    [RULE_HIDDEN_ROWS] = {"file.hidden-rows", NULL},
    [RULE_REPORT_FULL] = {"file.report-full", NULL},
    [RULE_SCHEMA] = {"schema", NULL},
    [RULE_STALE] = {"file.stale", NULL},
};

static bool message_is_good(const struct rule *rule, const char *format)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct problem problem = {.rule = rule, .column = COLUMN_COUNT};

    return format && *format && rules_message_fill(format, &problem, NULL, &text);
}

static bool load_columns(const json_t *item, uint32_t *columns)
{
    const json_t *list = json_object_get(item, "columns");
    const json_t *name;
    size_t i;

    json_array_foreach(list, i, name)
    {
        int column = rules_column(span_of(json_string_value(name)));

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
        !load_table(rules, RULES_USCC, RULES_USCC_COUNT, err) ||
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
    AUTO(text_free) char *shape = path_join(folder, "register-row.schema.json");
    const struct schema_options options = {.asserts_format = true};

    if (!divisions_load(divisions, &rules->divisions, err) ||
        !authorities_load(data, rules->divisions, &rules->authorities, err) ||
        !catalog_load(data, rules->authorities, &rules->catalog, err))
        return false;
    if (!json_read_file(texts, &rules->data, err) || !load_rules(rules, err))
        return fail_in(err, "%s", texts);
    if (!schema_load(shape, &options, &rules->shape, err))
        return fail_in(err, "%s", shape);
    if (!schema_is_flat(rules->shape))
        return fail(err, ERR_INVALID, "%s: the schema of a row must be flat", shape);
    *out = TAKE(rules);
    return true;
}
