#include "gateway/config/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/text.h"
#include "gateway/config/certificate.h"
#include "gateway/config/problem.h"
#include "gateway/config/table.h"
#include "gateway/config/tree.h"

/* What is being loaded, and where its problems go. */
struct loading {
    struct config *config;
    const char *folder;
    config_report *report;
    void *context;
    size_t errors;
    struct error first;
};

static void tell(struct loading *loading, const struct tree *at, const char *setting, const struct error *what)
{
    struct config_problem problem = {.line = at ? at->line : 0, .column = at ? at->column : 0};

    problem_say(&problem, setting, what);
    if (loading->errors++ == 0) {
        loading->first = *what;
        error_prefix(&loading->first, "%s:%zu: %s", loading->config->path, problem.line, setting);
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
        tell(loading, tree, setting->name, &err);
        return;
    }
    if (!node && setting->otherwise[0] == '\0' && setting->type != SETTING_BOOL) {
        *(char **)(void *)(base + setting->offset) = memory_copy_text("");
        return;
    }
    if (node && (node->kind == TREE_MAP || (node->kind == TREE_LIST && setting->type != SETTING_LIST) ||
                 !joined_text(node, &text))) {
        error_set_both(&err, ERR_INVALID, "config.type", "a single value is expected here", "此处应为单个值");
        tell(loading, node, setting->name, &err);
        return;
    }
    if (!store_value(loading, setting, node ? buf_text(&text) : setting->otherwise, base, &err))
        tell(loading, node ? node : tree, setting->name, &err);
}

static void load_group(struct loading *loading, struct setting_group group, struct tree *tree, void *base)
{
    for (size_t i = 0; i < group.count; i++)
        load_setting(loading, &group.settings[i], tree, base);
}

/* Whatever nobody asked for is a misspelt setting. */
static void tell_unused(struct loading *loading, const struct tree *tree, const char *path)
{
    for (size_t i = 0; i < tree->count; i++) {
        const struct tree *child = tree->children[i];
        AUTO(buf_done) struct buf name = BUF_INIT;
        struct error err = {0};

        buf_addf(&name, "%s%s%s", path, *path ? "." : "", child->name ? child->name : "-");
        if (!child->is_used) {
            error_set_both(&err, ERR_INVALID, "config.unknown", "there is no such setting", "没有这个设置");
            tell(loading, child, buf_text(&name), &err);
        } else if (child->kind == TREE_MAP ||
                   (child->kind == TREE_LIST && child->count && child->children[0]->kind == TREE_MAP)) {
            tell_unused(loading, child, buf_text(&name));
        }
    }
}

static void *load_list(struct loading *loading, struct tree *tree, const char *name, struct setting_group group,
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
        tell(loading, list, name, &err);
        return NULL;
    }
    items = memory_new((list->count + 1) * size);
    for (size_t i = 0; i < list->count; i++) {
        list->children[i]->is_used = true;
        load_group(loading, group, list->children[i], items + i * size);
    }
    *count = list->count;
    return items;
}

static char **split_commas(const char *text)
{
    size_t count = 1;
    char **words;

    for (const char *at = text ? text : ""; *at; at++)
        count += *at == ',';
    words = memory_new((count + 1) * sizeof *words);
    for (size_t i = 0; text && *text; i++) {
        size_t bytes = strcspn(text, ",");

        words[i] = memory_copy_span(span_trim((struct span){text, bytes}));
        text += bytes + (text[bytes] == ',');
    }
    return words;
}

static void finish_person(struct config_person *person)
{
    static const struct {
        const char *name;
        unsigned role;
    } ROLES[] = {{"operator", ROLE_OPERATOR},
                 {"reviewer", ROLE_REVIEWER},
                 {"auditor", ROLE_AUDITOR},
                 {"administrator", ROLE_ADMINISTRATOR}};

    for (size_t i = 0; person->roles_text && i < COUNT_OF(ROLES); i++) {
        if (strstr(person->roles_text, ROLES[i].name))
            person->roles |= ROLES[i].role;
    }
}

/* The certificate's fingerprint is who the client is. */
static void find_fingerprint(struct loading *loading, struct config_client *client)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    struct certificate_facts facts;
    struct error err = {0};

    if (!client->certificate || !client->certificate_sha256)
        return; /* the form was wrong: told already */
    if (*client->certificate) {
        if (certificate_read(client->certificate, &facts, &err))
            memcpy(client->fingerprint, facts.sha256, 32);
        else
            tell(loading, NULL, "clients.certificate", &err);
        return;
    }
    if (hex_decode(span_of(client->certificate_sha256), &bytes) && bytes.bytes == 32) {
        memcpy(client->fingerprint, bytes.data, 32);
        return;
    }
    error_set_both(&err, ERR_INVALID, "config.client", "client %s needs a certificate, or its sha256 of 64 hex digits",
                   "接入系统 %s 须给出证书，或 64 位十六进制的 sha256", client->name ? client->name : "?");
    tell(loading, NULL, "clients.sha256", &err);
}

static void finish_client(struct loading *loading, struct config_client *client)
{
    static const char *const KINDS[CLIENT_KIND_COUNT] = {"government", "lender", "procurement"};

    for (int i = 0; client->kind_text && i < CLIENT_KIND_COUNT; i++) {
        if (strcmp(client->kind_text, KINDS[i]) == 0)
            client->kind = (enum client_kind)i;
    }
    client->domains = split_commas(client->domains_text);
    client->purposes = split_commas(client->purposes_text);
    find_fingerprint(loading, client);
}

static void load_all(struct loading *loading, struct tree *tree)
{
    struct config *config = loading->config;
    struct tree *channel;

    load_group(loading, SETTINGS_MAIN, tree, config);
    config->staff = load_list(loading, tree, "staff", SETTINGS_PERSON, sizeof *config->staff, &config->staff_count);
    config->clients =
        load_list(loading, tree, "clients", SETTINGS_CLIENT, sizeof *config->clients, &config->client_count);
    channel = tree_find(tree, "channels.credit-guangdong");
    if (channel)
        load_group(loading, SETTINGS_CHANNEL, channel, &config->guangdong);
    tell_unused(loading, tree, "");
    for (size_t i = 0; i < config->staff_count; i++)
        finish_person(&config->staff[i]);
    for (size_t i = 0; i < config->client_count; i++)
        finish_client(loading, &config->clients[i]);
    if (config->admin_socket && !*config->admin_socket && config->state) {
        free(config->admin_socket);
        config->admin_socket = path_join(config->state, "admin.sock");
    }
}

static char *folder_of(const char *path)
{
    AUTO(text_free) char *whole = realpath(path, NULL);
    const char *slash = whole ? strrchr(whole, '/') : NULL;

    if (!slash || slash == whole)
        return memory_copy_text("/");
    return memory_copy_span((struct span){whole, (size_t)(slash - whole)});
}

bool config_load(const char *path, config_report *report, void *context, struct config **out, struct error *err)
{
    AUTO(buf_done) struct buf yaml = BUF_INIT;
    AUTO(tree_free) struct tree *tree = NULL;
    AUTO(config_free) struct config *config = memory_new(sizeof *config);
    AUTO(text_free) char *folder = NULL;
    struct loading loading = {.config = config, .report = report, .context = context};

    if (!file_read(path, CONFIG_BYTES_MAX, &yaml, err))
        return false;
    if (!utf8_is_valid(buf_span(&yaml), NULL))
        return refuse(err, ERR_INVALID, "config.form", "%s is not UTF-8", "%s 不是 UTF-8 文本", path);
    if (!tree_parse(buf_span(&yaml), &tree, err))
        return fail_in(err, "%s", path);
    folder = folder_of(path);
    config->path = realpath(path, NULL);
    loading.folder = folder;
    load_all(&loading, tree);
    if (loading.errors > 0) {
        if (err)
            *err = loading.first;
        return false;
    }
    *out = TAKE(config);
    return true;
}
