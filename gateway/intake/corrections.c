#include "gateway/intake/corrections.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

struct corrections {
    json_t *list; /* owns the values */
    struct correction *all;
    size_t count;
};

static int compare(const void *left, const void *right)
{
    const struct correction *a = left;
    const struct correction *b = right;

    if (a->line != b->line)
        return (a->line > b->line) - (a->line < b->line);
    return (a->column > b->column) - (a->column < b->column);
}

static enum column column_of(const char *key)
{
    int column = 0;

    while (column < COLUMN_COUNT && (!key || strcmp(key, COLUMN_KEYS[column]) != 0))
        column++;
    return (enum column)column;
}

static bool read_one(const json_t *item, size_t number, struct correction *out, struct error *err)
{
    const json_t *value = json_object_get(item, "value");
    int64_t line = json_integer_of(item, "line", 0);

    out->column = column_of(json_text_of(item, "column"));
    if (!json_is_object(item) || json_object_size(item) != 3 || line < 1 || line > UINT32_MAX ||
        out->column == COLUMN_COUNT || !json_is_string(value) ||
        strlen(json_string_value(value)) != json_string_length(value))
        return refuse(err, ERR_INVALID, "correction.form",
                      "correction %zu is not {\"line\",\"column\",\"value\"} with a line, a column of the register and "
                      "a text",
                      "第 %zu 处更正的格式不对：应为 {\"line\",\"column\",\"value\"}，即行号、台账的列和文字", number);
    if (json_string_length(value) > CORRECTION_BYTES_MAX)
        return refuse(err, ERR_LIMIT, "correction.limit", "correction %zu has more than %d bytes",
                      "第 %zu 处更正超过 %d 字节", number, (int)CORRECTION_BYTES_MAX);
    out->line = (size_t)line;
    out->value = span_trim((struct span){json_string_value(value), json_string_length(value)});
    return true;
}

static bool read_all(const json_t *list, struct corrections *out, struct error *err)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        if (!read_one(item, i + 1, &out->all[i], err))
            return false;
        out->count++;
    }
    if (out->count > 0)
        qsort(out->all, out->count, sizeof *out->all, compare);
    for (i = 1; i < out->count; i++)
        if (compare(&out->all[i - 1], &out->all[i]) == 0)
            return refuse(err, ERR_INVALID, "correction.twice", "line %zu, %s is corrected twice",
                          "第 %zu 行的“%s”更正了两次", out->all[i].line, COLUMN_HEADERS[out->all[i].column]);
    return true;
}

bool corrections_read(json_t *list, struct corrections **out, struct error *err)
{
    AUTO(corrections_free) struct corrections *corrections = NULL;

    if (!json_is_array(list))
        return refuse(err, ERR_INVALID, "correction.form", "corrections are a list", "更正应为一个列表");
    if (json_array_size(list) > CORRECTIONS_MAX)
        return refuse(err, ERR_LIMIT, "correction.limit",
                      "%zu corrections, at most %d at once: correct the file itself",
                      "共 %zu 处更正，一次最多 %d 处：请直接在文件中更正", json_array_size(list), (int)CORRECTIONS_MAX);
    corrections = memory_new(sizeof *corrections);
    corrections->list = json_incref(list);
    corrections->all = memory_new((json_array_size(list) + 1) * sizeof *corrections->all);
    if (!read_all(list, corrections, err))
        return false;
    *out = TAKE(corrections);
    return true;
}

void corrections_free(struct corrections *corrections)
{
    if (!corrections)
        return;
    json_decref(corrections->list);
    free(corrections->all);
    free(corrections);
}

size_t corrections_count(const struct corrections *corrections)
{
    return corrections ? corrections->count : 0;
}

/* The first whose line is not before `line`. */
static size_t lower_bound(const struct corrections *corrections, size_t line)
{
    size_t low = 0;
    size_t high = corrections->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (corrections->all[middle].line < line)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct correction *corrections_of(const struct corrections *corrections, size_t line, size_t *count)
{
    size_t first = corrections ? lower_bound(corrections, line) : 0;

    *count = 0;
    while (corrections && first + *count < corrections->count && corrections->all[first + *count].line == line)
        ++*count;
    return *count > 0 ? &corrections->all[first] : NULL;
}

const struct correction *corrections_at(const struct corrections *corrections, size_t index)
{
    return &corrections->all[index];
}
