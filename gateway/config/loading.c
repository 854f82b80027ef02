#include "gateway/config/loading.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/config/problem.h"

void loading_tell(struct loading *loading, const struct tree *at, const char *setting, const struct error *what)
{
    struct config_problem problem = {.line = at ? at->line : 0, .column = at ? at->column : 0};

    AUTO(buf_done) struct buf name = BUF_INIT;

    buf_addf(&name, "%s%s", loading->path, setting);
    problem_say(&problem, buf_text(&name), what);
    if (loading->errors++ == 0) {
        loading->first = *what;
        error_prefix(&loading->first, "%s:%zu: %s", loading->config->path, problem.line, buf_text(&name));
    }
    if (loading->report)
        loading->report(&problem, loading->context);
}

static bool number_parse(const struct setting *setting, const char *text, int64_t *value, struct error *err)
{
    static const struct {
        enum setting_type type;
        const char *suffix;
        int64_t times;
    } UNITS[] = {
        {SETTING_INTEGER, "", 1},         {SETTING_SIZE, "", 1},
        {SETTING_SIZE, "k", 1024},        {SETTING_SIZE, "M", 1 << 20},
        {SETTING_SIZE, "G", 1 << 30},     {SETTING_DURATION, "ms", 1},
        {SETTING_DURATION, "s", 1000},    {SETTING_DURATION, "min", 60000},
        {SETTING_DURATION, "h", 3600000},
    };
    size_t digits = strspn(text, "0123456789");

    for (size_t i = 0; i < COUNT_OF(UNITS); i++) {
        if (UNITS[i].type != setting->type || strcmp(text + digits, UNITS[i].suffix) != 0)
            continue;
        if (digits > 12 || !integer_parse((struct span){text, digits}, value))
            break;
        *value *= UNITS[i].times;
        if (*value < setting->least || *value > setting->most)
            return refuse(err, ERR_INVALID, "config.limit", "%s is beyond the limits %lld to %lld",
                          "%s 超出允许范围 %lld 至 %lld", text, (long long)setting->least, (long long)setting->most);
        return true;
    }
    if (setting->type == SETTING_DURATION)
        return refuse(err, ERR_INVALID, "config.type", "\"%s\" is no duration: write 500ms, 10s, 5min or 2h",
                      "“%s”不是时长：请写成 500ms、10s、5min 或 2h", text);
    return refuse(err, ERR_INVALID, "config.type", "\"%s\" is no whole number", "“%s”不是整数", text);
}

static bool mode_parse(const char *text, int64_t *value, struct error *err)
{
    char *end;
    long mode = strtol(text, &end, 8);

    if (*text == '\0' || *end != '\0' || mode < 0 || mode > 0777)
        return refuse(err, ERR_INVALID, "config.type", "\"%s\" is no file mode: write 0660",
                      "“%s”不是权限：请写成 0660", text);
    *value = mode;
    return true;
}

static bool is_choice(const char *choices, struct span word)
{
    while (*choices) {
        size_t bytes = strcspn(choices, "|");

        if (span_equal(word, (struct span){choices, bytes}))
            return true;
        choices += bytes + (choices[bytes] == '|');
    }
    return false;
}

static bool words_check(const struct setting *setting, const char *text, struct error *err)
{
    while (setting->choices && *text) {
        size_t bytes = setting->type == SETTING_LIST ? strcspn(text, ",") : strlen(text);

        if (!is_choice(setting->choices, (struct span){text, bytes}))
            return refuse(err, ERR_INVALID, "config.choice", "\"%.*s\" is none of %s", "“%.*s”不在可选值 %s 之中",
                          (int)bytes, text, setting->choices);
        text += bytes + (text[bytes] == ',');
    }
    return true;
}

static bool text_check(const struct setting *setting, const char *text, struct error *err)
{
    size_t bytes = strlen(text);

    if (!utf8_is_valid((struct span){text, bytes}, NULL))
        return refuse(err, ERR_INVALID, "config.type", "this text is not UTF-8", "该文本不是 UTF-8");
    if ((int64_t)bytes < setting->least || (int64_t)bytes > setting->most)
        return refuse(err, ERR_INVALID, "config.limit", "a text of %lld to %lld bytes is expected",
                      "文本长度应为 %lld 至 %lld 字节", (long long)setting->least, (long long)setting->most);
    return words_check(setting, text, err);
}

/* Put `text` into the struct at `base`. */
static bool store_value(struct loading *loading, const struct setting *setting, const char *text, char *base,
                        struct error *err)
{
    char **slot = (char **)(void *)(base + setting->offset);
    int64_t *number = (int64_t *)(void *)(base + setting->offset);

    switch (setting->type) {
    case SETTING_INTEGER:
    case SETTING_SIZE:
    case SETTING_DURATION:
        return number_parse(setting, text, number, err);
    case SETTING_MODE:
        return mode_parse(text, number, err);
    case SETTING_BOOL:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return refuse(err, ERR_INVALID, "config.type", "\"%s\" is neither true nor false",
                          "“%s”既不是 true 也不是 false", text);
        *(bool *)(void *)(base + setting->offset) = text[0] == 't';
        return true;
    default:
        break;
    }
    if (!text_check(setting, text, err))
        return false;
    free(*slot);
    if (setting->type == SETTING_PATH && *text && *text != '/')
        *slot = path_join(loading->folder, text);
    else
        *slot = memory_copy_text(text);
    return true;
}

/* A list of scalars, or one scalar with commas, as one text. */
static bool joined_text(struct tree *node, struct buf *out)
{
    if (node->kind == TREE_SCALAR) {
        buf_add_text(out, node->text);
        return true;
    }
    for (size_t i = 0; node->kind == TREE_LIST && i < node->count; i++) {
        if (node->children[i]->kind != TREE_SCALAR)
            return false;
        buf_addf(out, "%s%s", i ? "," : "", node->children[i]->text);
    }
    return node->kind == TREE_LIST;
}

static void load_setting(struct loading *loading, const struct setting *setting, struct tree *tree, char *base)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct tree *node = tree_find(tree, setting->name);
    struct error err = {0};

    if (!node && !setting->otherwise) {
        error_set_both(&err, ERR_INVALID, "config.missing", "missing: %s%.0s", "缺少必填项：%.0s%s", setting->en,
                       setting->zh);
        loading_tell(loading, tree, setting->name, &err);
        return;
    }
    if (!node && setting->otherwise[0] == '\0' && setting->type != SETTING_BOOL) {
        *(char **)(void *)(base + setting->offset) = memory_copy_text("");
        return;
    }
    if (node && (node->kind == TREE_MAP || (node->kind == TREE_LIST && setting->type != SETTING_LIST) ||
                 !joined_text(node, &text))) {
        error_set_both(&err, ERR_INVALID, "config.type", "a single value is expected here", "此处应为单个值");
        loading_tell(loading, node, setting->name, &err);
        return;
    }
    if (!store_value(loading, setting, node ? buf_text(&text) : setting->otherwise, base, &err))
        loading_tell(loading, node ? node : tree, setting->name, &err);
}

void loading_group(struct loading *loading, struct setting_group group, struct tree *tree, void *base)
{
    for (size_t i = 0; i < group.count; i++)
        load_setting(loading, &group.settings[i], tree, base);
}

void *loading_list(struct loading *loading, struct tree *tree, const char *name, struct setting_group group,
                   size_t size, size_t *count)
{
    struct tree *list = tree_find(tree, name);
    struct error err = {0};
    char *items;

    *count = 0;
    if (!list)
        return NULL;
    if (list->kind != TREE_LIST || list->count > CONFIG_LIST_MAX) {
        error_set_both(&err, ERR_INVALID, "config.type", "a list of at most %d is expected here",
                       "此处应为不超过 %d 项的列表", CONFIG_LIST_MAX);
        loading_tell(loading, list, name, &err);
        return NULL;
    }
    items = memory_new((list->count + 1) * size);
    for (size_t i = 0; i < list->count; i++) {
        list->children[i]->is_used = true;
        loading_group(loading, group, list->children[i], items + i * size);
    }
    *count = list->count;
    return items;
}
