#include "schemas/schema_internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static unsigned types_of_number(double number)
{
    return isfinite(number) && number == trunc(number) ? TYPE_NUMBER | TYPE_INTEGER : TYPE_NUMBER;
}

struct schema_value schema_value_of(const json_t *json)
{
    struct schema_value value = {.json = json};

    switch (json_typeof(json)) {
    case JSON_OBJECT:
        value.types = TYPE_OBJECT;
        break;
    case JSON_ARRAY:
        value.types = TYPE_ARRAY;
        break;
    case JSON_STRING:
        value.types = TYPE_STRING;
        value.text = (struct span){json_string_value(json), json_string_length(json)};
        break;
    case JSON_INTEGER:
        value.types = TYPE_NUMBER | TYPE_INTEGER;
        value.number = (long double)json_integer_value(json);
        break;
    case JSON_REAL:
        value.types = types_of_number(json_real_value(json));
        value.number = (long double)json_real_value(json);
        break;
    case JSON_NULL:
        value.types = TYPE_NULL;
        break;
    default:
        value.types = TYPE_BOOLEAN;
    }
    return value;
}

bool schema_run_is_over(const struct schema_run *run)
{
    return run->quiet > 0 || !run->report || run->problem_count >= (run->report->limit ? run->report->limit : 1);
}

static void add_escaped(struct buf *out, const char *name)
{
    for (; *name; name++) {
        if (*name == '~')
            buf_add_text(out, "~0");
        else if (*name == '/')
            buf_add_text(out, "~1");
        else
            buf_add_byte(out, *name);
    }
}

static void add_pointer(struct buf *out, const struct schema_step *step)
{
    if (!step)
        return;
    add_pointer(out, step->up);
    buf_add_byte(out, '/');
    if (step->name)
        add_escaped(out, step->name);
    else
        buf_addf(out, "%zu", step->index);
}

/* vsnprintf may cut a character in two. */
static void cut_whole(char *text)
{
    size_t good;

    if (!utf8_is_valid(span_of(text), &good))
        text[good] = '\0';
}

bool schema_problem_add(struct schema_run *run, const struct schema_rule *rule, const char *en, const char *zh, ...)
{
    AUTO(buf_done) struct buf instance = BUF_INIT;
    AUTO(buf_done) struct buf place = BUF_INIT;
    struct schema_problem problem;
    char texts[2][ERROR_TEXT_BYTES];
    va_list args;

    if (schema_run_is_over(run))
        return false;
    run->problem_count++;
    va_start(args, zh);
    vsnprintf(texts[0], sizeof texts[0], en, args);
    va_end(args);
    va_start(args, zh);
    vsnprintf(texts[1], sizeof texts[1], zh, args);
    va_end(args);
    cut_whole(texts[0]);
    cut_whole(texts[1]);
    add_pointer(&instance, run->step);
    if (rule)
        buf_addf(&place, "%s/%s", rule->owner->pointer, rule->keyword->name);
    problem = (struct schema_problem){buf_text(&instance), rule ? rule->keyword->name : "", buf_text(&place), texts[0],
                                      texts[1]};
    run->report->add(run->report->context, &problem);
    return false;
}

bool schema_run_node(struct schema_run *run, const struct schema_node *node, const struct schema_value *value)
{
    bool is_right = true;

    if (node->is_false)
        return schema_problem_add(run, NULL, "nothing is allowed here", "此处不允许有任何值");
    if (run->calls >= SCHEMA_CALLS_MAX)
        return schema_problem_add(run, NULL, "the schema nests too deep to check this", "嵌套过深，无法校验");
    run->calls++;
    for (size_t i = 0; i < node->rule_count; i++) {
        const struct schema_rule *rule = &node->rules[i];

        if (!rule->keyword->check || rule->keyword->check(run, rule, value))
            continue;
        is_right = false;
        if (schema_run_is_over(run))
            break;
    }
    run->calls--;
    return is_right;
}

bool schema_run_quietly(struct schema_run *run, const struct schema_node *node, const struct schema_value *value)
{
    bool is_right;

    run->quiet++;
    is_right = schema_run_node(run, node, value);
    run->quiet--;
    return is_right;
}

bool schema_run_below(struct schema_run *run, const struct schema_node *node, const struct schema_value *value,
                      const struct schema_step *step)
{
    const struct schema_step *before = run->step;
    bool is_right;

    run->step = step;
    is_right = schema_run_node(run, node, value);
    run->step = before;
    return is_right;
}

bool schema_check(const struct schema *schema, const json_t *value, const struct schema_report *report)
{
    struct schema_run run = {.schema = schema, .report = report};
    struct schema_value start = schema_value_of(value);

    return schema_run_node(&run, schema->root, &start);
}

bool schema_is_flat(const struct schema *schema)
{
    return schema->is_flat;
}

bool schema_check_flat(const struct schema *schema, const struct schema_flat_value *values, size_t count,
                       const struct schema_report *report)
{
    struct schema_run run = {.schema = schema, .report = report};
    struct schema_value row = {.types = TYPE_OBJECT, .flat = values, .flat_count = count};

    if (!schema->is_flat)
        return schema_problem_add(&run, NULL, "this schema cannot check flat rows", "该模式不能用于逐行校验");
    return schema_run_node(&run, schema->root, &row);
}
