/* layout_load.c - a layout from its file. The schema says what may stand where; what goes together is checked here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/layout_parts.h"
#include "base/file.h"
#include "schemas/schema.h"

/* What a source is of: bits by enum layout_subject. */
enum { OF_RECORDS = 1 << LAYOUT_OF_RECORDS, OF_FEEDBACK = 1 << LAYOUT_OF_FEEDBACK, OF_BOTH = OF_RECORDS | OF_FEEDBACK };
static const struct {
    const char *name;
    unsigned of;
} SOURCES[SOURCE_COUNT] = {
    [SOURCE_CONSTANT] = {"", OF_BOTH},
    [SOURCE_RECORD] = {"record", OF_BOTH},
    [SOURCE_VERSION] = {"version", OF_BOTH},
    [SOURCE_OP] = {"op", OF_RECORDS},
    [SOURCE_NAME] = {"name", OF_BOTH},
    [SOURCE_CODE] = {"code", OF_BOTH},
    [SOURCE_ORGANISATION] = {"organisation", OF_BOTH},
    [SOURCE_REGISTRATION] = {"registration", OF_RECORDS},
    [SOURCE_ADDRESS] = {"address", OF_RECORDS},
    [SOURCE_REPRESENTATIVE] = {"representative", OF_RECORDS},
    [SOURCE_FACTS] = {"facts", OF_RECORDS},
    [SOURCE_ORDER] = {"order", OF_RECORDS},
    [SOURCE_LISTED_ON] = {"listed_on", OF_RECORDS},
    [SOURCE_PUBLISHED_UNTIL] = {"published_until", OF_RECORDS},
    [SOURCE_AUTHORITY] = {"authority", OF_RECORDS},
    [SOURCE_DOCUMENT] = {"document", OF_RECORDS},
    [SOURCE_PROVIDED_ON] = {"provided_on", OF_RECORDS},
    [SOURCE_DIVISION] = {"division", OF_RECORDS},
    [SOURCE_SCOPE] = {"scope", OF_RECORDS},
    [SOURCE_SEVERITY] = {"severity", OF_RECORDS},
    [SOURCE_REMARK] = {"remark", OF_BOTH},
    [SOURCE_PROVIDER_CODE] = {"provider_code", OF_BOTH},
    [SOURCE_PROVIDER_NAME] = {"provider_name", OF_BOTH},
    [SOURCE_EXCHANGE_UNIT] = {"exchange_unit", OF_BOTH},
    [SOURCE_RECEIPT] = {"receipt", OF_FEEDBACK},
    [SOURCE_ANSWERED_ON] = {"answered_on", OF_FEEDBACK},
    [SOURCE_SHOWN] = {"shown", OF_FEEDBACK},
    [SOURCE_SHOWN_VERSION] = {"shown_version", OF_FEEDBACK},
    [SOURCE_CLIENT] = {"client", OF_FEEDBACK},
    [SOURCE_DOMAIN] = {"domain", OF_FEEDBACK},
    [SOURCE_DOMAIN_NAME] = {"domain_name", OF_FEEDBACK},
    [SOURCE_PURPOSE] = {"purpose", OF_FEEDBACK},
    [SOURCE_RESULT] = {"result", OF_FEEDBACK},
    [SOURCE_MEASURES] = {"measures", OF_FEEDBACK},
    [SOURCE_MEASURE_IDS] = {"measure_ids", OF_FEEDBACK},
    [SOURCE_ACTION] = {"action", OF_FEEDBACK},
    [SOURCE_REASON] = {"reason", OF_FEEDBACK},
    [SOURCE_ACTED_ON] = {"acted_on", OF_FEEDBACK},
    [SOURCE_GIVEN_ON] = {"given_on", OF_FEEDBACK},
};

const char *layout_source_name(enum layout_source source)
{
    return source == SOURCE_CONSTANT ? "constant" : SOURCES[source].name;
}

/* `source`: the only one a form is for; SOURCE_COUNT: any. */
static const struct {
    const char *name;
    bool is_of_day;
    enum layout_source source;
} FORMS[FORM_COUNT] = {
    [FORM_TEXT] = {"text", false, SOURCE_COUNT},
    [FORM_NUMBER] = {"number", false, SOURCE_COUNT},
    [FORM_DATE] = {"date", true, SOURCE_COUNT},
    [FORM_DATE_BASIC] = {"date-basic", true, SOURCE_COUNT},
    [FORM_DATE_SLASH] = {"date-slash", true, SOURCE_COUNT},
    [FORM_CREDIT_CODE] = {"credit-code", false, SOURCE_CODE},
    [FORM_DIVISION] = {"division", false, SOURCE_DIVISION},
};

static bool is_day(enum layout_source source)
{
    return source == SOURCE_LISTED_ON || source == SOURCE_PUBLISHED_UNTIL || source == SOURCE_PROVIDED_ON ||
           source == SOURCE_ANSWERED_ON || source == SOURCE_ACTED_ON || source == SOURCE_GIVEN_ON;
}

static struct span text_of(const json_t *value)
{
    return (struct span){json_string_value(value), json_string_length(value)};
}

static enum layout_source source_of(const char *name)
{
    for (int i = SOURCE_CONSTANT + 1; i < SOURCE_COUNT; i++) {
        if (strcmp(SOURCES[i].name, name) == 0)
            return (enum layout_source)i;
    }
    return SOURCE_COUNT;
}

static enum layout_form form_of(const char *name)
{
    for (int i = 0; i < FORM_COUNT; i++) {
        if (strcmp(FORMS[i].name, name) == 0)
            return (enum layout_form)i;
    }
    return FORM_COUNT;
}

/* May a text that stands in the layout itself be sent? */
static bool is_sendable(const struct layout_field *field, struct span text)
{
    return span_trim(text).bytes > 0 && utf8_count(text) <= field->max &&
           (field->form != FORM_NUMBER || layout_is_number(text));
}

static const char *unit_of(const struct layout_field *field)
{
    return field->form == FORM_NUMBER ? "digits" : "characters";
}

/* --- code tables --- */

static bool has_word(const json_t *codes, const char *word)
{
    return *word == '\0' || json_object_get(codes, word);
}

/* A table for operation, scope or severity has all of their words and no other. */
static bool check_words(const struct layout_field *field, const json_t *codes, struct error *err)
{
    const char *const *words = layout_words(field->source);
    size_t wanted = 0;

    if (!words)
        return true;
    if (!codes)
        return refuse(err, ERR_INVALID, "layout.codes", "%s: a field from \"%s\" needs a code table (\"codes\")",
                      "%s：来自 %s 的字段须有代码对照（codes）", field->name, SOURCES[field->source].name);
    for (; words[0]; words++) {
        wanted += **words != '\0';
        if (!has_word(codes, *words))
            return refuse(err, ERR_INVALID, "layout.codes", "%s/codes: there is no code for \"%s\"",
                          "%s/codes：缺少“%s”的代码", field->name, *words);
    }
    return json_object_size(codes) == wanted ||
           refuse(err, ERR_INVALID, "layout.codes", "%s/codes: \"%s\" has %zu values, the table %zu",
                  "%s/codes：%s 有 %zu 个取值，表中有 %zu 个", field->name, SOURCES[field->source].name, wanted,
                  json_object_size(codes));
}

static bool take_codes(struct layout_field *field, json_t *codes, struct error *err)
{
    const char *ours;
    json_t *theirs;

    if (!check_words(field, codes, err))
        return false;
    if (!codes)
        return true;
    field->codes = memory_new(json_object_size(codes) * sizeof *field->codes);
    json_object_foreach(codes, ours, theirs)
    {
        struct span code = text_of(theirs);

        if (!is_sendable(field, code))
            return refuse(err, ERR_INVALID, "layout.codes", "%s/codes/%s: a code has 1 to %zu %s",
                          "%s/codes/%s：代码应为 1 至 %zu 位（%s）", field->name, ours, field->max, unit_of(field));
        field->codes[field->code_count++] = (struct layout_pair){span_of(ours), code};
    }
    qsort(field->codes, field->code_count, sizeof *field->codes, layout_compare_pairs);
    return true;
}

/* --- fields --- */

static bool check_form(const struct layout_field *field, struct error *err)
{
    enum layout_source source = FORMS[field->form].source;

    if (FORMS[field->form].is_of_day != is_day(field->source) || (field->codes && is_day(field->source)))
        return refuse(err, ERR_INVALID, "layout.form", "%s: a day, and nothing else, has one of the forms of dates",
                      "%s：日期字段（且仅日期字段）应使用日期格式", field->name);
    if (field->form == FORM_NUMBER && !field->codes && field->source != SOURCE_VERSION &&
        field->source != SOURCE_SHOWN_VERSION && field->source != SOURCE_CONSTANT)
        return refuse(err, ERR_INVALID, "layout.form", "%s: \"%s\" is no number", "%s：%s 不是数字", field->name,
                      SOURCES[field->source].name);
    if (source != SOURCE_COUNT && (source != field->source || field->codes))
        return refuse(err, ERR_INVALID, "layout.form", "%s: the form \"%s\" is for the source \"%s\" as it is",
                      "%s：格式 %s 只用于未经转换的 %s", field->name, FORMS[field->form].name, SOURCES[source].name);
    return true;
}

static bool take_source(struct layout_field *field, const json_t *json, struct error *err)
{
    const char *from = json_text_of(json, "from");
    const char *form = json_text_of(json, "form");

    field->source = from ? source_of(from) : SOURCE_CONSTANT;
    if (field->source == SOURCE_COUNT)
        return refuse(err, ERR_INVALID, "layout.source", "%s: there is no source \"%s\"", "%s：没有“%s”这个来源",
                      field->name, from);
    field->form = form ? form_of(form) : is_day(field->source) ? FORM_DATE : FORM_TEXT;
    if (field->form == FORM_COUNT)
        return refuse(err, ERR_INVALID, "layout.form", "%s: there is no form \"%s\"", "%s：没有“%s”这个格式",
                      field->name, form);
    field->constant = text_of(json_object_get(json, "constant"));
    if (!from && !is_sendable(field, field->constant))
        return refuse(err, ERR_INVALID, "layout.constant", "%s: its constant has 1 to %zu %s",
                      "%s：固定内容应为 1 至 %zu 位（%s）", field->name, field->max, unit_of(field));
    return true;
}

static bool take_field(struct layout_field *field, const json_t *json, struct error *err)
{
    *field = (struct layout_field){.name = json_text_of(json, "name"),
                                   .label = json_text_of(json, "label"),
                                   .max = (size_t)json_integer_of(json, "max", 0),
                                   .is_required = json_bool_of(json, "required", false)};
    return take_source(field, json, err) && take_codes(field, json_object_get(json, "codes"), err) &&
           check_form(field, err);
}

static int compare_fields(const void *a, const void *b)
{
    return strcmp(((const struct layout_field *)a)->name, ((const struct layout_field *)b)->name);
}

/* Answers name a row by these two, whatever else the upstream calls its fields. */
static bool check_identity(const struct layout *layout, const char *name, enum layout_source source,
                           enum layout_form form, struct error *err)
{
    struct layout_field key = {.name = name};
    const struct layout_field *field = bsearch(&key, layout->fields, layout->field_count, sizeof key, compare_fields);

    if (field && field->source == source && field->form == form && field->is_required && !field->codes)
        return true;
    return refuse(err, ERR_INVALID, "layout.identity",
                  "/fields: %s must be there, required, from \"%s\", of the form \"%s\": answers are read by it",
                  "/fields：必须有字段 %s（必填，来自 %s，格式 %s）：回执据此识别", name, SOURCES[source].name,
                  FORMS[form].name);
}

/* A source of the other kind of rows would be empty in all of them. */
static bool check_subject(const struct layout *layout, const struct layout_field *field, struct error *err)
{
    if (SOURCES[field->source].of & 1U << layout->subject)
        return true;
    return refuse(err, ERR_INVALID, "layout.source", "%s: %s has no \"%s\"", "%s：%s没有“%s”这个来源", field->name,
                  layout->subject == LAYOUT_OF_FEEDBACK ? "a feedback (反馈)" : "a record (记录)",
                  SOURCES[field->source].name);
}

static bool take_fields(struct layout *layout, struct error *err)
{
    const json_t *list = json_object_get(layout->json, "fields");
    const json_t *json;
    size_t i;

    layout->fields = memory_new(json_array_size(list) * sizeof *layout->fields);
    json_array_foreach(list, i, json)
    {
        layout->field_count++;
        if (!take_field(&layout->fields[i], json, err) || !check_subject(layout, &layout->fields[i], err))
            return fail_in(err, "/fields/%zu", i);
    }
    qsort(layout->fields, layout->field_count, sizeof *layout->fields, compare_fields);
    for (i = 1; i < layout->field_count; i++) {
        if (strcmp(layout->fields[i - 1].name, layout->fields[i].name) == 0)
            return refuse(err, ERR_INVALID, "layout.twice", "/fields: %s stands there twice", "/fields：%s 出现两次",
                          layout->fields[i].name);
    }
    return check_identity(layout, "ROWID", SOURCE_RECORD, FORM_TEXT, err) &&
           check_identity(layout, "VERSION", SOURCE_VERSION, FORM_NUMBER, err);
}

/* --- results --- */

static int compare_results(const void *a, const void *b)
{
    return strcmp(((const struct layout_result *)a)->code, ((const struct layout_result *)b)->code);
}

static const char *words_of(const json_t *json, const char *member, const char *lang)
{
    const char *text = json_text_of(json_object_get(json, member), lang);

    return text ? text : "";
}

static bool has_field(const struct layout *layout, const char *name)
{
    for (size_t i = 0; i < layout->field_count; i++) {
        if (strcmp(layout->fields[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Which fields the code is about. */
static bool take_result_fields(const struct layout *layout, const json_t *json, struct layout_result *result,
                               struct error *err)
{
    const json_t *names = json_object_get(json, "fields");
    const char **fields = memory_new((json_array_size(names) + 1) * sizeof *fields);

    result->fields = fields;
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));

        if (!name || !has_field(layout, name))
            return refuse(err, ERR_INVALID, "layout.result", "/results/%s/fields: there is no field %.40s",
                          "/results/%s/fields：没有字段 %.40s", result->code, name ? name : "");
        fields[result->field_count++] = name;
    }
    return true;
}

static enum layout_fault fault_of(const json_t *json)
{
    static const char *const FAULTS[] = {
        [LAYOUT_FAULT_MISSING] = "missing", [LAYOUT_FAULT_WRONG] = "wrong", [LAYOUT_FAULT_NONE] = "none"};
    const char *fault = json_text_of(json, "fault");

    for (size_t i = LAYOUT_FAULT_MISSING; fault && i < COUNT_OF(FAULTS); i++) {
        if (strcmp(fault, FAULTS[i]) == 0)
            return (enum layout_fault)i;
    }
    return LAYOUT_FAULT_UNTOLD;
}

static bool take_result(struct layout_result *result, const char *code, const json_t *json, struct error *err)
{
    const char *means = json_text_of(json, "means");

    *result = (struct layout_result){.code = code,
                                     .meaning = !means                        ? LAYOUT_AS_PROTOCOL
                                                : strcmp(means, "taken") == 0 ? LAYOUT_TAKEN
                                                                              : LAYOUT_REFUSED,
                                     .fault = fault_of(json),
                                     .reason_zh = words_of(json, "reason", "zh"),
                                     .reason_en = words_of(json, "reason", "en"),
                                     .correct_zh = words_of(json, "correct", "zh"),
                                     .correct_en = words_of(json, "correct", "en")};
    if (result->meaning != LAYOUT_TAKEN && !*result->reason_zh)
        return refuse(err, ERR_INVALID, "layout.result", "/results/%s: a refusal has a \"reason\" and a \"correct\"",
                      "/results/%s：拒收须写明原因（reason）和更正办法（correct）", code);
    return true;
}

static bool take_results(struct layout *layout, struct error *err)
{
    json_t *results = json_object_get(layout->json, "results");
    const char *code;
    json_t *json;

    layout->results = memory_new((json_object_size(results) + 1) * sizeof *layout->results);
    json_object_foreach(results, code, json)
    {
        struct layout_result *result = &layout->results[layout->result_count++];

        if (!take_result(result, code, json, err) || !take_result_fields(layout, json, result, err))
            return false;
    }
    qsort(layout->results, layout->result_count, sizeof *layout->results, compare_results);
    return true;
}

/* --- the file --- */

static void add_problem(void *context, const struct schema_problem *problem)
{
    error_set_both(context, ERR_INVALID, "layout.schema", "%s: %s%.0s", "%s：%.0s%s",
                   problem->instance[0] ? problem->instance : "/", problem->en, problem->zh);
}

static bool fits_schema(const char *schemas, const json_t *json, struct error *err)
{
    AUTO(schema_free) struct schema *schema = NULL;
    AUTO(text_free) char *path = path_join(schemas, "layout.schema.json");
    struct error first = {.code = ERR_NONE};
    struct schema_report report = {add_problem, &first, 0};

    if (!schema_load(path, NULL, &schema, err))
        return fail_in(err, "%s", path);
    if (schema_check(schema, json, &report))
        return true;
    if (err)
        *err = first;
    return false;
}

static bool take_all(const char *path, const char *schemas, struct layout *layout, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    if (!file_read(path, LAYOUT_BYTES_MAX, &text, err))
        return false;
    if (!json_read(buf_span(&text), LAYOUT_BYTES_MAX, &layout->json, err) || !fits_schema(schemas, layout->json, err))
        return fail_in(err, "%s", path);
    layout->rows_max = (unsigned)json_integer_of(layout->json, "rows", 0);
    layout->subject = json_object_get(layout->json, "of") ? LAYOUT_OF_FEEDBACK : LAYOUT_OF_RECORDS;
    return (take_fields(layout, err) && take_results(layout, err)) || fail_in(err, "%s", path);
}

bool layout_load(const char *path, const char *schemas, struct layout **out, struct error *err)
{
    AUTO(layout_free) struct layout *layout = memory_new(sizeof *layout);

    if (!take_all(path, schemas, layout, err))
        return false;
    *out = TAKE(layout);
    return true;
}
