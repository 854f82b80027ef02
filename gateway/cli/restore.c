/* `creditgate restore`: a backup into a state folder that has no store.
 *
 * Everything is copied beside and checked against the manifest first, then moved in, the store last; what is there
 * already (keys, a trace, a guard) is newer and stays. Then the guard:
 *
 *   - A guard that is there remembers what was signed here. When the restored store continues that, it is at home
 *     again; when not, the guard stays as it is and every process refuses the store, until an administrator accepts it.
 *   - Without one, what was signed after the backup is not known: the logs go on under new names, unless somebody
 *     vouches with --moved that nothing was. */
#include "gateway/cli/backup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "gateway/cli/copying.h"
#include "gateway/cli/offline.h"
#include "gateway/cli/workplace.h"
#include "gateway/journal/journal.h"

struct restoring {
    const struct cli *cli;
    struct workplace *workplace;
    const char *from;
    bool is_moved;
    json_t *manifest;
    struct buf beside;
    struct error refusal; /* of the store that is restored; ERR_NONE: it is good */
};

/* In this order; each is moved in whole when it is not there yet. */
static const struct {
    const char *name;
    bool is_needed;
} PARTS[] = {{"public-keys.json", false},
             {"keys", false},
             {"checkpoints", false},
             {"trace", false},
             {"names", false},
             {"store", true}};

static bool refuse_backup(struct error *err, const char *from)
{
    return refuse(err, ERR_INVALID, "restore.manifest",
                  "%s is no backup of this program: it has no good " BACKUP_MANIFEST,
                  "%s 不是本程序的备份：没有可用的 " BACKUP_MANIFEST, from);
}

static bool read_manifest(struct restoring *restoring, struct error *err)
{
    AUTO(text_free) char *path = path_join(restoring->from, BACKUP_MANIFEST);

    if (!file_exists(path) || !json_read_file(path, &restoring->manifest, NULL) ||
        json_integer_of(restoring->manifest, "format", 0) != BACKUP_FORMAT ||
        !json_is_array(json_object_get(restoring->manifest, "files")))
        return refuse_backup(err, restoring->from);
    return true;
}

static bool require_no_store(const struct workplace *workplace, struct error *err)
{
    AUTO(text_free) char *store = config_state_path(workplace->config, "store");

    return !file_exists(store) || refuse(err, ERR_CONFLICT, "restore.store",
                                         "%s is there: move it away first, when it is really to be replaced",
                                         "%s 已存在：确需替换时请先将其移走", store);
}

static bool copy_beside(struct restoring *restoring, struct error *err)
{
    size_t i;
    const json_t *file;

    json_array_foreach(json_object_get(restoring->manifest, "files"), i, file)
    {
        if (!copy_checked(restoring->from, restoring->beside.data, file, err))
            return false;
    }
    return true;
}

/* Is the journal the one that the manifest speaks of? The digests say so already, unless it was written by hand. */
static bool check_store(struct restoring *restoring, struct error *err)
{
    AUTO(text_free) char *path = path_join(restoring->beside.data, "store");
    AUTO(store_close) struct store *store = NULL;
    AUTO(buf_done) struct buf root = BUF_INIT;
    const json_t *journal = json_object_get(restoring->manifest, "journal");
    const char *expected = json_text_of(journal, "root");
    struct guard_head head;

    if (!store_open(path, &(struct store_options){.is_read_only = true}, &store, err) ||
        !guard_measure(store, &head, err))
        return false;
    hex_add(&root, head.root, sizeof head.root);
    if (!expected || strcmp(expected, root.data) != 0 || json_integer_of(journal, "size", -1) != (json_int_t)head.size)
        return refuse_backup(err, restoring->from);
    return true;
}

/* A folder that `init` or an earlier gateway made and that holds nothing is not there. */
static bool is_free(const char *path)
{
    return !file_exists(path) || rmdir(path) == 0;
}

static bool move_in(const struct restoring *restoring, struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(PARTS); i++) {
        AUTO(text_free) char *source = path_join(restoring->beside.data, PARTS[i].name);
        AUTO(text_free) char *target = config_state_path(restoring->workplace->config, PARTS[i].name);

        if (!file_exists(source) || (!PARTS[i].is_needed && !is_free(target)))
            continue;
        if (rename(source, target) != 0)
            return fail(err, ERR_IO, "%s: %s", target, strerrordesc_np(errno));
    }
    return file_sync_folder(restoring->workplace->config->state, err);
}

/* --- the guard --- */

/* The guard that is here, or else the one of the backup (whose memory ends with it). */
static bool load_guard(const struct restoring *restoring, struct guard **was, bool *is_ours, struct error *err)
{
    struct error why;

    *is_ours = true;
    if (guard_load(restoring->workplace->config->state, was, &why))
        return true;
    *is_ours = false;
    if (why.code == ERR_NOT_FOUND && (guard_load(restoring->beside.data, was, &why) || why.code == ERR_NOT_FOUND))
        return true;
    *err = why;
    return false;
}

/* ERR_REFUSED when not; other errors are errors. */
static bool journal_continues(struct workplace *workplace, const struct guard *was, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    uint64_t remembered = guard_head(was, GUARD_JOURNAL)->size;
    uint8_t root[MERKLE_HASH_BYTES] = {0};
    uint64_t size;

    if (!store_begin(workplace->store, STORE_READ, &txn, err))
        return false;
    size = journal_size(txn);
    if (size >= remembered && !journal_root(txn, remembered, root, err))
        return false;
    return guard_continues(was, GUARD_JOURNAL, size, root, err);
}

static bool tell_guard(struct restoring *restoring, struct error *err)
{
    struct workplace *workplace = restoring->workplace;
    AUTO(guard_free) struct guard *was = NULL;
    struct guard_change change = {
        .what = "restored", .by = workplace->person, .reason = restoring->from, .at_ms = clock_now_ms(&CLOCK_SYSTEM)};
    bool is_ours, continues;

    if (!load_guard(restoring, &was, &is_ours, err))
        return false;
    continues = was && journal_continues(workplace, was, &restoring->refusal) &&
                workplace_trace_continues(workplace, was, &restoring->refusal);
    if (!continues && was && restoring->refusal.code != ERR_REFUSED) {
        *err = restoring->refusal;
        return false;
    }
    if (is_ours && !continues)
        return true;
    restoring->refusal.code = ERR_NONE;
    change.continues[GUARD_JOURNAL] = change.continues[GUARD_TRACE] = continues && (is_ours || restoring->is_moved);
    return workplace_heads(workplace, change.heads, err) &&
           guard_replace(was, workplace->store, workplace->config->state, &change, err);
}

/* --- the command --- */

static bool restore(struct restoring *restoring, struct error *err)
{
    struct workplace *workplace = restoring->workplace;

    return read_manifest(restoring, err) && workplace_lock(workplace, true, err) && require_no_store(workplace, err) &&
           copy_beside(restoring, err) && check_store(restoring, err) && move_in(restoring, err) &&
           workplace_open_store(workplace, false, err) && tell_guard(restoring, err);
}

static void tell_keys(const struct restoring *restoring)
{
    AUTO(text_free) char *ring = config_state_path(restoring->workplace->config, "keys/keyring.json");

    if (!file_exists(ring))
        printf("%s %s\n",
               cli_say(restoring->cli, "备份中没有私钥：启动前请放回密钥目录", "there are no keys: put them back into"),
               ring);
}

static int tell(const struct restoring *restoring)
{
    const struct cli *cli = restoring->cli;
    AUTO(guard_free) struct guard *guard = NULL;
    AUTO(buf_done) struct buf origin = BUF_INIT;
    json_int_t size = json_integer_of(json_object_get(restoring->manifest, "journal"), "size", 0);
    bool is_good = restoring->refusal.code == ERR_NONE;

    if (guard_load(restoring->workplace->config->state, &guard, NULL))
        guard_origin(guard, restoring->workplace->config->name, GUARD_JOURNAL, &origin);
    if (cli->prints_json) {
        printf("{\"good\":%s,\"journal\":%lld,\"origin\":\"%s\"}\n", is_good ? "true" : "false", (long long)size,
               buf_text(&origin));
    } else {
        printf("%s %lld%s %s\n", cli_say(cli, "已恢复，日志", "restored, events in the journal:"), (long long)size,
               cli_say(cli, " 条；日志名称", "; its log:"), buf_text(&origin));
        tell_keys(restoring);
    }
    if (!is_good)
        (void)cli_fail(cli, &restoring->refusal);
    return is_good ? CLI_OK : CLI_SOME_REFUSED;
}

int restore_run(struct cli *cli, json_t *arguments)
{
    AUTO(workplace_done) struct workplace workplace = WORKPLACE_INIT;
    struct restoring restoring = {.cli = cli,
                                  .workplace = &workplace,
                                  .from = cli_id(arguments, 0),
                                  .is_moved = cli_flag(arguments, "moved"),
                                  .beside = BUF_INIT};
    struct error err, unremoved;
    int status;

    if (!workplace_open(cli, &workplace, &err))
        return cli_fail(cli, &err);
    buf_addf(&restoring.beside, "%s/restore.%ld", workplace.config->state, (long)getpid());
    status = restore(&restoring, &err) ? tell(&restoring) : cli_fail(cli, &err);
    if (!file_remove_tree(restoring.beside.data, &unremoved))
        status = cli_fail(cli, &unremoved);
    json_decref(restoring.manifest);
    buf_done(&restoring.beside);
    return status;
}
