#include "adapters/layout_parts.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"

const char *const *layout_words(enum layout_source source)
{
    /* As gateway/registry names them; "" for a number that does not exist. */
    static const char *const OPS[] = {"", "new", "changed", "withdrawn", "repaired", "disputed", "dispute-over", NULL};
    static const char *const SCOPES[] = {"public", "government", "authorised", NULL};
    static const char *const SEVERITIES[] = {"", "minor", "general", "serious", NULL};
    /* As gateway/feedback/words.h has them. */
    static const char *const RESULTS[] = {"implemented", "other", "not-applicable", NULL};

    switch (source) {
    case SOURCE_OP:
        return OPS;
    case SOURCE_SCOPE:
        return SCOPES;
    case SOURCE_SEVERITY:
        return SEVERITIES;
    case SOURCE_RESULT:
        return RESULTS;
    default:
        return NULL;
    }
}

bool layout_is_number(struct span text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    }
    return text.bytes == 1 || (text.bytes > 1 && text.bytes <= 15 && text.at[0] != '0');
}

int layout_compare_pairs(const void *a, const void *b)
{
    struct span left = ((const struct layout_pair *)a)->ours;
    struct span right = ((const struct layout_pair *)b)->ours;
    int order = memcmp(left.at, right.at, left.bytes < right.bytes ? left.bytes : right.bytes);

    return order ? order : (left.bytes > right.bytes) - (left.bytes < right.bytes);
}

struct span layout_code_of(const struct layout_field *field, struct span ours)
{
    struct layout_pair wanted = {.ours = ours};
    const struct layout_pair *pair;

    if (ours.bytes == 0)
        return SPAN_NONE;
    pair = bsearch(&wanted, field->codes, field->code_count, sizeof wanted, layout_compare_pairs);
    return pair ? pair->theirs : SPAN_NONE;
}

bool layout_column(const struct layout *layout, size_t place, struct layout_column *out)
{
    const json_t *field = json_array_get(json_object_get(layout->json, "fields"), place);
    const char *name = json_text_of(field, "name");
    const char *label = json_text_of(field, "label");

    if (!name)
        return false;
    *out = (struct layout_column){name, label ? label : name};
    return true;
}

void layout_free(struct layout *layout)
{
    if (!layout)
        return;
    for (size_t i = 0; i < layout->field_count; i++)
        free(layout->fields[i].codes);
    for (size_t i = 0; i < layout->result_count; i++)
        free((void *)layout->results[i].fields);
    free(layout->fields);
    free(layout->results);
    json_decref(layout->json);
    free(layout);
}

const char *layout_title(const struct layout *layout, bool is_chinese)
{
    return json_text_of(json_object_get(layout->json, "title"), is_chinese ? "zh" : "en");
}

unsigned layout_rows_max(const struct layout *layout)
{
    return layout->rows_max;
}

enum layout_subject layout_subject(const struct layout *layout)
{
    return layout->subject;
}

/* What is never there, or not always. */
static bool may_lack(enum layout_source source)
{
    static const enum layout_source SOURCES[] = {
        SOURCE_REGISTRATION, SOURCE_ADDRESS, SOURCE_REPRESENTATIVE, SOURCE_REMARK,   SOURCE_MEASURES,
        SOURCE_MEASURE_IDS,  SOURCE_ACTION,  SOURCE_REASON,         SOURCE_ACTED_ON,
    };

    for (size_t i = 0; i < COUNT_OF(SOURCES); i++) {
        if (SOURCES[i] == source)
            return true;
    }
    return false;
}

const char *layout_unfilled(const struct layout *layout)
{
    for (size_t i = 0; i < layout->field_count; i++) {
        if (layout->fields[i].is_required && may_lack(layout->fields[i].source))
            return layout->fields[i].name;
    }
    return NULL;
}

static int compare_code(const void *code, const void *result)
{
    return strcmp(code, ((const struct layout_result *)result)->code);
}

const struct layout_result *layout_result_find(const struct layout *layout, const char *code)
{
    if (layout->result_count == 0)
        return NULL;
    return bsearch(code, layout->results, layout->result_count, sizeof *layout->results, compare_code);
}

void layout_judge(const struct layout *layout, struct adapter_outcome *outcome)
{
    const struct layout_result *result = layout_result_find(layout, outcome->code);

    if (outcome->kind == ADAPTER_ROW_OPEN || !result || result->meaning == LAYOUT_AS_PROTOCOL)
        return;
    outcome->kind = result->meaning == LAYOUT_TAKEN ? ADAPTER_ROW_TAKEN : ADAPTER_ROW_REFUSED;
}
