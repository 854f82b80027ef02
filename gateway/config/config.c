#include "gateway/config/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/text.h"
#include "gateway/config/certificate.h"
#include "gateway/config/loading.h"

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
            loading_tell(loading, child, buf_text(&name), &err);
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

/* The name stands in the journal as it is, beside those of the processes and of the law ("statute:…"): it must need no
 * escaping and be nobody else's. */
static void check_person_name(struct loading *loading, const char *name)
{
    static const char *const TAKEN[] = {"gateway", "courier", "keeper"};
    struct error err;
    bool is_good = name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-")] == '\0';

    for (size_t i = 0; i < COUNT_OF(TAKEN); i++)
        is_good = is_good && strcmp(name, TAKEN[i]) != 0;
    if (is_good)
        return;
    error_set_both(&err, ERR_INVALID, "config.staff-name",
                   "\"%s\" cannot be an account name: use a-z, 0-9, dot, _ and -, and not the name of a process",
                   "“%s” 不能作为账号名：只用小写字母、数字和 . _ -，且不得与进程同名", name);
    loading_tell(loading, NULL, "staff.name", &err);
}

static void finish_person(struct loading *loading, struct config_person *person)
{
    static const struct {
        const char *name;
        unsigned role;
    } ROLES[] = {{"operator", ROLE_OPERATOR},
                 {"reviewer", ROLE_REVIEWER},
                 {"auditor", ROLE_AUDITOR},
                 {"administrator", ROLE_ADMINISTRATOR}};

    if (person->name)
        check_person_name(loading, person->name);
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
            loading_tell(loading, NULL, "clients.certificate", &err);
        return;
    }
    if (hex_decode(span_of(client->certificate_sha256), &bytes) && bytes.bytes == 32) {
        memcpy(client->fingerprint, bytes.data, 32);
        return;
    }
    error_set_both(&err, ERR_INVALID, "config.client", "client %s needs a certificate, or its sha256 of 64 hex digits",
                   "接入系统 %s 须给出证书，或 64 位十六进制的 sha256", client->name ? client->name : "?");
    loading_tell(loading, NULL, "clients.sha256", &err);
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

    loading_group(loading, SETTINGS_MAIN, tree, config);
    config->staff = load_list(loading, tree, "staff", SETTINGS_PERSON, sizeof *config->staff, &config->staff_count);
    config->clients =
        load_list(loading, tree, "clients", SETTINGS_CLIENT, sizeof *config->clients, &config->client_count);
    loading_channels(loading, tree);
    tell_unused(loading, tree, "");
    for (size_t i = 0; i < config->staff_count; i++)
        finish_person(loading, &config->staff[i]);
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
    struct loading loading = {.config = config, .path = "", .report = report, .context = context};

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
