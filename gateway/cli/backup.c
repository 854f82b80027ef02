/* `creditgate backup`: a consistent copy while the gateway runs.
 *
 * The order makes it consistent without stopping anybody: first the guard (what was signed for), then the checkpoints,
 * then the trace's log, and the store last, so that everything the earlier parts speak of is in the later ones. The
 * manifest comes at the very end: a folder without one is no backup. What was asked but not in the trace's log yet (a
 * keeper's turn) is left out while the gateway runs. */
#include "gateway/cli/backup.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "gateway/cli/copying.h"
#include "gateway/cli/offline.h"
#include "gateway/cli/workplace.h"

struct backing {
    const struct cli *cli;
    struct workplace *workplace;
    const char *into;
    json_t *files;
    bool has_keys;
    struct guard_head head; /* of the journal in the copy */
};

static bool require_empty(const char *folder, struct error *err)
{
    DIR *open = opendir(folder);
    const struct dirent *entry;
    bool is_empty = true;

    if (!open)
        return errno == ENOENT || fail(err, ERR_IO, "%s: %s", folder, strerrordesc_np(errno));
    while ((entry = readdir(open)) != NULL)
        is_empty = is_empty && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
    closedir(open);
    return is_empty || refuse(err, ERR_CONFLICT, "backup.folder", "%s is not empty: name a new folder",
                              "%s 不是空目录：请指定新的目录", folder);
}

/* The log's size is read first: what it speaks of is in the files that are copied afterwards, and more does no harm. */
static bool copy_trace(struct backing *backing, struct error *err)
{
    const char *state = backing->workplace->config->state;

    if (backing->workplace->lock_fd >= 0)
        return copy_tree(state, backing->into, "trace", backing->files, err);
    return copy_file(state, backing->into, "trace/log/size", backing->files, err) &&
           copy_tree(state, backing->into, "trace/log/entries", backing->files, err) &&
           copy_tree(state, backing->into, "trace/log/tile", backing->files, err);
}

static bool copy_parts(struct backing *backing, struct error *err)
{
    const char *state = backing->workplace->config->state;

    return copy_file(state, backing->into, "guard.json", backing->files, err) &&
           copy_file(state, backing->into, "public-keys.json", backing->files, err) &&
           copy_tree(state, backing->into, "checkpoints", backing->files, err) && copy_trace(backing, err) &&
           (!backing->has_keys || copy_tree(state, backing->into, "keys", backing->files, err));
}

/* The copy is opened once: one that cannot be is no backup. Its digest is taken afterwards. */
static bool copy_store(struct backing *backing, struct error *err)
{
    AUTO(text_free) char *path = path_join(backing->into, "store");
    AUTO(store_close) struct store *copy = NULL;
    struct store_options options = {.map_bytes = (size_t)backing->workplace->config->map_bytes, .is_read_only = true};

    return store_copy(backing->workplace->store, path, err) && store_open(path, &options, &copy, err) &&
           guard_measure(copy, &backing->head, err);
}

static bool digest_store(struct backing *backing, struct error *err)
{
    json_t *file = json_object();
    bool is_good = copy_digest(backing->into, "store/data.mdb", file, err);

    json_array_append_new(backing->files, file);
    return is_good;
}

static bool write_manifest(struct backing *backing, struct error *err)
{
    AUTO(text_free) char *path = path_join(backing->into, BACKUP_MANIFEST);
    AUTO(buf_done) struct buf root = BUF_INIT;
    AUTO(json_release) json_t *manifest = NULL;
    AUTO(text_free) char *text = NULL;
    char at[INSTANT_TEXT_BYTES];

    hex_add(&root, backing->head.root, sizeof backing->head.root);
    manifest = json_pack("{s:i,s:s,s:s,s:s,s:{s:I,s:s},s:O}", "format", BACKUP_FORMAT, "name",
                         backing->workplace->config->name, "program", CREDITGATE_VERSION, "at",
                         instant_format(clock_now_ms(&CLOCK_SYSTEM), at), "journal", "size",
                         (json_int_t)backing->head.size, "root", root.data, "files", backing->files);
    text = manifest ? json_dumps(manifest, JSON_INDENT(1)) : NULL;
    return text ? file_write(path, span_of(text), 0600, err) : fail(err, ERR_INTERNAL, "the manifest is no JSON");
}

static bool back_up(struct backing *backing, struct error *err)
{
    return require_empty(backing->into, err) && file_make_folder(backing->into, 0700, err) &&
           workplace_open_store(backing->workplace, true, err) && copy_parts(backing, err) &&
           copy_store(backing, err) && digest_store(backing, err) && write_manifest(backing, err);
}

static void tell(const struct backing *backing)
{
    const struct cli *cli = backing->cli;

    if (cli->prints_json) {
        printf("{\"files\":%zu,\"journal\":%llu,\"keys\":%s}\n", json_array_size(backing->files),
               (unsigned long long)backing->head.size, backing->has_keys ? "true" : "false");
        return;
    }
    printf("%s %s%s%llu%s\n", cli_say(cli, "已备份到", "backed up into"), backing->into,
           cli_say(cli, "，日志 ", ", the journal with "), (unsigned long long)backing->head.size,
           cli_say(cli, " 条", " events"));
    printf("%s\n", backing->has_keys ? cli_say(cli, "备份中含私钥：请像私钥一样保管。",
                                               "it holds the private keys: keep it as you keep them.")
                                     : cli_say(cli, "不含私钥（--with-keys 可包含）：请另行备份密钥目录。",
                                               "it holds no private keys (--with-keys would): keep the folder of keys "
                                               "elsewhere, too."));
}

int backup_run(struct cli *cli, json_t *arguments)
{
    AUTO(workplace_done) struct workplace workplace = WORKPLACE_INIT;
    AUTO(json_release) json_t *files = json_array();
    struct backing backing = {cli, &workplace, cli_id(arguments, 0), files, cli_flag(arguments, "with_keys"), {0}};
    struct error err, suspicion;

    if (!workplace_open(cli, &workplace, &err) ||
        (!workplace_lock(&workplace, false, &err) && err.code != ERR_CONFLICT) || !back_up(&backing, &err))
        return cli_fail(cli, &err);
    tell(&backing);
    /* A store that is refused may have to be kept, too; but nobody should take it for a good backup. */
    if (guard_check(workplace.store, workplace.config->state, &suspicion))
        return CLI_OK;
    (void)cli_fail(cli, &suspicion);
    return CLI_SOME_REFUSED;
}
