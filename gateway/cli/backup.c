/* `creditgate backup`: a consistent copy while the gateway runs.
 *
 * The order makes it consistent without stopping anybody: first the guard (what was signed for), then the checkpoints,
 * then the trace, then the store, so that everything the earlier parts speak of is in the later ones; and the registers
 * of names, of which the store speaks, at the end. The manifest
 * comes at the very end: a folder without one is no backup. */
#include "gateway/cli/backup.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/walk.h"
#include "gateway/cli/copying.h"
#include "gateway/cli/offline.h"
#include "gateway/cli/workplace.h"
#include "gateway/registry/registry.h"
#include "gateway/trace/trace.h"

#define TRACE_STATE "trace/log/state"
#define TRACE_SEGMENTS "trace/segments"
enum { TRACE_STATE_MAX = 16 * 1024 * 1024, TRACE_TRIES = 20, TRACE_PAUSE_MS = 130 };

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

/* Forget what was copied of the trace. */
static bool forget_trace(const struct backing *backing, struct error *err)
{
    AUTO(text_free) char *copy = path_join(backing->into, "trace");

    for (size_t i = json_array_size(backing->files); i-- > 0;) {
        if (span_starts(span_of(json_text_of(json_array_get(backing->files, i), "path")), "trace/"))
            json_array_remove(backing->files, i);
    }
    return file_remove_tree(copy, err);
}

static bool read_trace_state(const struct backing *backing, struct buf *out, struct error *err)
{
    AUTO(text_free) char *path = config_state_path(backing->workplace->config, TRACE_STATE);

    buf_clear(out);
    return !file_exists(path) || file_read(path, TRACE_STATE_MAX, out, err);
}

static int is_segment(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && !strstr(entry->d_name, ".new");
}

/* Writers go on meanwhile: what they write later than something that the copy lacks must not be in it. */
static bool copy_segment(struct backing *backing, const char *name, struct error *err)
{
    const char *state = backing->workplace->config->state;
    AUTO(text_free) char *path = path_join(TRACE_SEGMENTS, name);
    AUTO(text_free) char *source = path_join(state, path);
    AUTO(text_free) char *id = memory_copy_text(name);
    char *end = strstr(id, ".seg");
    uint64_t bytes = UINT64_MAX;
    struct error why = {.code = ERR_NONE};

    if (end && end[4] == '\0') {
        *end = '\0';
        if (!trace_segment_settled(source, id, &bytes, &why) && why.code != ERR_NOT_FOUND)
            return fail(err, why.code, "%s", why.text);
    }
    return copy_front(state, backing->into, path, bytes, backing->files, err);
}

static bool copy_segments(struct backing *backing, struct error *err)
{
    AUTO(text_free) char *folder = config_state_path(backing->workplace->config, TRACE_SEGMENTS);
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_segment, alphasort);
    bool is_good = count >= 0 || errno == ENOENT || fail(err, ERR_IO, "%s: %s", folder, strerrordesc_np(errno));

    for (int i = 0; i < count; i++) {
        is_good = is_good && copy_segment(backing, entries[i]->d_name, err);
        free(entries[i]);
    }
    free(entries);
    return is_good;
}

/* The state of the log and the segments must be of one moment: an entry that moved from one to the other in between
 * would be in neither. */
static bool copy_trace_moment(struct backing *backing, bool *is_one_moment, struct error *err)
{
    const char *state = backing->workplace->config->state;
    AUTO(buf_done) struct buf before = BUF_INIT;
    AUTO(buf_done) struct buf after = BUF_INIT;

    if (!read_trace_state(backing, &before, err) ||
        !copy_file(state, backing->into, TRACE_STATE, backing->files, err) || !copy_segments(backing, err) ||
        !read_trace_state(backing, &after, err))
        return false;
    *is_one_moment = span_equal(buf_span(&before), buf_span(&after));
    return true;
}

/* What the state speaks of is in the files that are copied after it; what they hold beyond it is nobody's yet. */
static bool copy_trace(struct backing *backing, struct error *err)
{
    static const char *const PARTS[] = {"trace/log/entries", "trace/log/tile", "trace/log/receipts"};
    const char *state = backing->workplace->config->state;
    bool is_one_moment = false;

    for (int i = 0; i < TRACE_TRIES && !is_one_moment; i++) {
        if ((i > 0 && (!forget_trace(backing, err) || poll(NULL, 0, TRACE_PAUSE_MS) < 0)) ||
            !copy_trace_moment(backing, &is_one_moment, err))
            return false;
    }
    if (!is_one_moment)
        return refuse(err, ERR_UNAVAILABLE, "backup.busy", "the trace grows too fast to be copied: try again",
                      "查询留痕增长过快，无法复制：请稍后再试");
    for (size_t i = 0; i < COUNT_OF(PARTS); i++) {
        if (!copy_tree(state, backing->into, PARTS[i], backing->files, err))
            return false;
    }
    return true;
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

/* A register of names that is not there, or is another file than was registered: the copy is a good one of what is
 * here, and whoever keeps it must know. */
static bool has_names(const struct backing *backing, struct error *err)
{
    AUTO(text_free) char *path = path_join(backing->into, "store");
    AUTO(store_close) struct store *copy = NULL;
    AUTO(store_abort) struct store_txn *txn = NULL;
    uint64_t sequence;
    struct span data, sha256;
    size_t i;
    const json_t *file;

    if (!store_open(path, &(struct store_options){.is_read_only = true}, &copy, err) ||
        !store_begin(copy, STORE_READ, &txn, err))
        return false;
    if (!registry_names(txn, &sequence, &data))
        return store_txn_is_good(txn, err);
    sha256 = walk_plain_of(data, "sha256");
    json_array_foreach(backing->files, i, file)
    {
        const char *name = json_text_of(file, "path");

        if (name && span_starts(span_of(name), "names/") && span_is(sha256, name + sizeof "names/" - 1) &&
            span_is(sha256, json_text_of(file, "sha256")))
            return true;
    }
    return refuse(err, ERR_CORRUPT, "backup.names", "names/%.*s, the register of company names, is missing or changed",
                  "企业名称库 names/%.*s 缺失或已改变", (int)sha256.bytes, sha256.at);
}

static bool copy_names(struct backing *backing, struct error *err)
{
    return copy_tree(backing->workplace->config->state, backing->into, "names", backing->files, err);
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
           copy_store(backing, err) && copy_names(backing, err) && digest_store(backing, err) &&
           write_manifest(backing, err);
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
    if (guard_check(workplace.store, workplace.config->state, &suspicion) && has_names(&backing, &suspicion))
        return CLI_OK;
    (void)cli_fail(cli, &suspicion);
    return CLI_SOME_REFUSED;
}
