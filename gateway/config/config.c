#include "gateway/config/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/text.h"
#include "gateway/config/certificate.h"
#include "gateway/config/loading.h"
#include "keys/digest.h"

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

/* Nobody is user 4294967295: the kernel says so of processes that it cannot name. */
static void take_uid(struct loading *loading, struct config_person *person)
{
    struct error err;

    person->uid = CONFIG_UID_NONE;
    if (!person->uid_text || !*person->uid_text)
        return;
    if (integer_parse(span_of(person->uid_text), &person->uid) && person->uid >= 0 && person->uid < UINT32_MAX)
        return;
    person->uid = CONFIG_UID_NONE;
    error_set_both(&err, ERR_INVALID, "config.type", "\"%s\" is no user id", "“%s”不是用户号", person->uid_text);
    loading_tell(loading, NULL, "staff.uid", &err);
}

static void take_fingerprint(struct loading *loading, struct config_person *person)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    struct certificate_facts facts;
    struct error err;

    if (!person->certificate || !person->certificate_sha256 || (!*person->certificate && !*person->certificate_sha256))
        return;
    person->has_certificate = true;
    if (*person->certificate && *person->certificate_sha256) {
        error_set_both(&err, ERR_INVALID, "config.staff", "a certificate is its file or its sha256: not both",
                       "证书以文件或 sha256 二者之一给出");
    } else if (*person->certificate) {
        if (certificate_read(person->certificate, &facts, &err)) {
            memcpy(person->fingerprint, facts.sha256, sizeof person->fingerprint);
            return;
        }
    } else {
        if (hex_decode(span_of(person->certificate_sha256), &bytes) && bytes.bytes == sizeof person->fingerprint) {
            memcpy(person->fingerprint, bytes.data, bytes.bytes);
            return;
        }
        error_set_both(&err, ERR_INVALID, "config.staff", "a sha256 has 64 hex digits", "sha256 应为 64 位十六进制");
    }
    loading_tell(loading, NULL, "staff.certificate", &err);
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
    take_uid(loading, person);
    take_fingerprint(loading, person);
    for (size_t i = 0; person->roles_text && i < COUNT_OF(ROLES); i++) {
        if (strstr(person->roles_text, ROLES[i].name))
            person->roles |= ROLES[i].role;
    }
}

static void load_all(struct loading *loading, struct tree *tree)
{
    struct config *config = loading->config;

    loading_group(loading, SETTINGS_MAIN, tree, config);
    config->staff = loading_list(loading, tree, "staff", SETTINGS_PERSON, sizeof *config->staff, &config->staff_count);
    config->clients =
        loading_list(loading, tree, "clients", SETTINGS_CLIENT, sizeof *config->clients, &config->client_count);
    loading_channels(loading, tree);
    for (size_t i = 0; i < config->client_count; i++)
        loading_client(loading, tree_find(tree, "clients")->children[i], &config->clients[i]);
    tell_unused(loading, tree, "");
    for (size_t i = 0; i < config->staff_count; i++)
        finish_person(loading, &config->staff[i]);
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
    digest_sha256(buf_span(&yaml), config->sha256);
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
