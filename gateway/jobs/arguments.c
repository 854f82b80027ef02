#include "gateway/jobs/arguments.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"

static int choice_of(const char *const *choices, const char *text)
{
    for (int i = 0; choices[i]; i++) {
        if (strcmp(choices[i], text) == 0)
            return i;
    }
    return -1;
}

static bool refuse_form(const char *name, struct error *err)
{
    return refuse(err, ERR_INVALID, "job.argument", "\"%s\" has the wrong form", "“%s”的格式不对", name);
}

static void list_choices(const struct argument *argument, struct buf *out)
{
    for (int i = 0; argument->choices[i]; i++)
        buf_addf(out, "%s%s", i ? "|" : "", argument->choices[i]);
}

static bool check_choice(const struct argument *argument, const char *text, struct error *err)
{
    AUTO(buf_done) struct buf choices = BUF_INIT;

    if (choice_of(argument->choices, text) >= 0)
        return true;
    list_choices(argument, &choices);
    return refuse(err, ERR_INVALID, "job.argument", "\"%s\" is one of %s", "“%s”的可选值为 %s", argument->name,
                  choices.data);
}

static bool check_value(const struct argument *argument, const json_t *value, struct error *err)
{
    const char *text = json_string_value(value);
    int32_t day;

    if (argument->kind == ARGUMENT_FLAG)
        return json_is_boolean(value) || refuse_form(argument->name, err);
    if (argument->kind == ARGUMENT_LIST)
        return json_is_array(value) || refuse_form(argument->name, err);
    if (!text || strlen(text) != json_string_length(value))
        return refuse_form(argument->name, err);
    if (json_string_length(value) > ARGUMENT_TEXT_BYTES_MAX)
        return refuse(err, ERR_LIMIT, "job.argument-limit", "\"%s\" has more than %d bytes", "“%s”超过 %d 字节",
                      argument->name, (int)ARGUMENT_TEXT_BYTES_MAX);
    if (argument->kind == ARGUMENT_DAY && !day_parse(span_of(text), &day))
        return refuse(err, ERR_INVALID, "job.argument", "\"%s\": \"%.40s\" is no date: write YYYY-MM-DD",
                      "“%s”：“%.40s”不是日期：请写成 YYYY-MM-DD", argument->name, text);
    return argument->kind != ARGUMENT_CHOICE || check_choice(argument, text, err);
}

static const struct argument *find(const struct arguments *allowed, const char *name)
{
    for (size_t i = 0; i < allowed->count; i++) {
        if (strcmp(allowed->list[i].name, name) == 0)
            return &allowed->list[i];
    }
    return NULL;
}

static bool check_ids(const struct arguments *allowed, const json_t *ids, struct error *err)
{
    size_t count = json_array_size(ids);

    if (ids && !json_is_array(ids))
        return refuse_form("ids", err);
    if (count < allowed->ids_least)
        return refuse(err, ERR_INVALID, "job.argument", "name at least %zu: nothing was named",
                      "至少指明 %zu 项：没有指明任何一项", allowed->ids_least);
    if (count > allowed->ids_most)
        return refuse(err, allowed->ids_most > 1 ? ERR_LIMIT : ERR_INVALID,
                      allowed->ids_most > 1 ? "job.argument-limit" : "job.argument",
                      "%zu are named, at most %zu can be", "指明了 %zu 项，最多 %zu 项", count, allowed->ids_most);
    for (size_t i = 0; i < count; i++) {
        const json_t *id = json_array_get(ids, i);
        size_t bytes = json_string_length(id);

        if (bytes == 0 || bytes > ARGUMENT_ID_BYTES_MAX || strlen(json_string_value(id)) != bytes)
            return refuse(err, ERR_INVALID, "job.argument", "number %zu of what is named is no id",
                          "指明的第 %zu 项不是编号", i + 1);
    }
    return true;
}

bool arguments_check(const struct arguments *allowed, const json_t *order, struct error *err)
{
    const char *name;
    json_t *value;

    if (!json_is_object(order))
        return refuse(err, ERR_INVALID, "job.argument", "the arguments are no object", "参数不是一个对象");
    json_object_foreach((json_t *)order, name, value) /* only reads */
    {
        const struct argument *argument = find(allowed, name);

        if (strcmp(name, "ids") == 0)
            continue;
        if (!argument)
            return refuse(err, ERR_INVALID, "job.argument", "there is no argument \"%.40s\" here",
                          "这里没有“%.40s”这个参数", name);
        if (!check_value(argument, value, err))
            return false;
    }
    for (size_t i = 0; i < allowed->count; i++) {
        if (allowed->list[i].is_required && span_trim(span_of(argument_text(order, allowed->list[i].name))).bytes == 0)
            return refuse(err, ERR_INVALID, "job.argument", "\"%s\" is missing", "缺少“%s”", allowed->list[i].name);
    }
    return check_ids(allowed, json_object_get(order, "ids"), err);
}

const char *argument_text(const json_t *order, const char *name)
{
    const char *text = json_text_of(order, name);

    return text ? text : "";
}

int32_t argument_day(const json_t *order, const char *name)
{
    int32_t day = DAY_NONE;

    return day_parse(span_of(argument_text(order, name)), &day) ? day : DAY_NONE;
}

bool argument_flag(const json_t *order, const char *name)
{
    return json_bool_of(order, name, false);
}

int argument_choice(const json_t *order, const char *name, const char *const *choices)
{
    const char *text = argument_text(order, name);

    return text[0] ? choice_of(choices, text) : -1;
}

size_t argument_id_count(const json_t *order)
{
    return json_array_size(json_object_get(order, "ids"));
}

const char *argument_id(const json_t *order, size_t index)
{
    return json_string_value(json_array_get(json_object_get(order, "ids"), index));
}
