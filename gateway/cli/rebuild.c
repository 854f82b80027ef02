/* `creditgate rebuild`: the tables are projections of the journal; this makes them anew from it, to prove that they are
 * (--check) or to repair them.
 *
 * In place: the new store is made and synced beside the old one, then both change names in one step, then the guard is
 * told. A crash before the exchange leaves the old store; one after it leaves the new store with a guard that refuses
 * it, and `creditgate guard` says what to do. */
#include "gateway/cli/offline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "gateway/cli/columns.h"
#include "gateway/cli/workplace.h"
#include "gateway/command/ledger.h"

struct rebuilding {
    const struct cli *cli;
    struct workplace *workplace;
    struct buf scratch; /* folder; removed at the end */
    struct store *copy; /* of a running gateway's store */
    struct store *rebuilt;
};

static void show_progress(uint64_t done, uint64_t of, void *context)
{
    const struct cli *cli = context;

    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%s %llu / %llu (%d%%)%s", cli_say(cli, "重放日志", "replaying"), (unsigned long long)done,
                (unsigned long long)of, (int)(done * 100 / of), done == of ? "\n" : "  ");
}

/* --- comparing --- */

struct table_check {
    char digest[2][2 * 32 + 1];
    bool is_equal;
};

static bool digest_text(struct store_txn *txn, enum store_table table, char text[65], struct error *err)
{
    AUTO(buf_done) struct buf hex = BUF_INIT;
    uint8_t digest[32];

    if (!store_digest(txn, table, digest, err))
        return fail_in(err, "%s", store_table_name(table));
    hex_add(&hex, digest, sizeof digest);
    memcpy(text, hex.data, hex.bytes + 1);
    return true;
}

static bool compare(struct store *a, struct store *b, struct table_check checks[STORE_TABLE_COUNT], bool *are_equal,
                    struct error *err)
{
    AUTO(store_abort) struct store_txn *left = NULL;
    AUTO(store_abort) struct store_txn *right = NULL;

    if (!store_begin(a, STORE_READ, &left, err) || !store_begin(b, STORE_READ, &right, err))
        return false;
    *are_equal = true;
    for (int i = STORE_META + 1; i < STORE_TABLE_COUNT; i++) {
        if (!digest_text(left, (enum store_table)i, checks[i].digest[0], err) ||
            !digest_text(right, (enum store_table)i, checks[i].digest[1], err))
            return false;
        checks[i].is_equal = strcmp(checks[i].digest[0], checks[i].digest[1]) == 0;
        *are_equal = *are_equal && checks[i].is_equal;
    }
    return true;
}

static void tell_json(const struct table_check checks[STORE_TABLE_COUNT], bool are_equal)
{
    json_t *tables = json_array();
    json_t *report = json_pack("{s:b,s:o}", "equal", (int)are_equal, "tables", tables);

    for (int i = STORE_META + 1; i < STORE_TABLE_COUNT; i++)
        json_array_append_new(tables, json_pack("{s:s,s:s,s:s,s:b}", "table", store_table_name((enum store_table)i),
                                                "digest", checks[i].digest[0], "rebuilt", checks[i].digest[1], "equal",
                                                (int)checks[i].is_equal));
    json_dumpf(report, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(report);
}

static void tell_table(const struct cli *cli, const struct table_check checks[STORE_TABLE_COUNT], bool are_equal)
{
    AUTO(columns_free) struct columns *columns = columns_new(3);

    columns_add(columns, cli_say(cli, "数据表", "table"));
    columns_add(columns, "SHA-256");
    columns_add(columns, cli_say(cli, "结果", "result"));
    for (int i = STORE_META + 1; i < STORE_TABLE_COUNT; i++) {
        columns_add(columns, store_table_name((enum store_table)i));
        columns_add(columns, checks[i].digest[0]);
        columns_add(columns, checks[i].is_equal ? cli_say(cli, "一致", "equal") : cli_say(cli, "不一致", "differs"));
    }
    columns_print(columns, 0, stdout);
    printf("%s\n", are_equal ? cli_say(cli, "由日志重放得到的数据与现有数据逐字节相同。",
                                       "what the journal gives is byte for byte what is there.")
                             : cli_say(cli, "现有数据与日志不符：可用 creditgate rebuild 修复。",
                                       "the tables are not what the journal gives: creditgate rebuild repairs them."));
}

static int check(struct rebuilding *rebuilding, struct store *from, struct error *err)
{
    struct table_check checks[STORE_TABLE_COUNT] = {0};
    bool are_equal;

    if (!compare(from, rebuilding->rebuilt, checks, &are_equal, err))
        return cli_fail(rebuilding->cli, err);
    if (rebuilding->cli->prints_json)
        tell_json(checks, are_equal);
    else
        tell_table(rebuilding->cli, checks, are_equal);
    return are_equal ? CLI_OK : CLI_SOME_REFUSED;
}

/* --- replaying --- */

static bool make(struct rebuilding *rebuilding, struct store *from, const char *into, bool is_scratch,
                 struct error *err)
{
    struct store_options options = {
        .map_bytes = (size_t)rebuilding->workplace->config->map_bytes, .creates = true, .is_scratch = is_scratch};

    return store_open(into, &options, &rebuilding->rebuilt, err) &&
           ledger_rebuild(from, rebuilding->rebuilt, show_progress, (void *)rebuilding->cli, err);
}

/* A store in use changes under a long comparison: then a copy of one moment is compared. */
static bool source(struct rebuilding *rebuilding, struct store **from, struct error *err)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    struct workplace *workplace = rebuilding->workplace;
    struct store_options options = {.map_bytes = (size_t)workplace->config->map_bytes, .is_scratch = true};

    if (!workplace_open_store(workplace, true, err))
        return false;
    *from = workplace->store;
    if (workplace->lock_fd >= 0)
        return true;
    buf_addf(&path, "%s/copy", rebuilding->scratch.data);
    if (!store_copy(workplace->store, path.data, err) || !store_open(path.data, &options, &rebuilding->copy, err))
        return false;
    *from = rebuilding->copy;
    return true;
}

/* --into and --check: the store that is there stays as it is. */
static int run_beside(struct rebuilding *rebuilding, const char *into, bool checks)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    struct store *from;
    struct error err;

    buf_add_text(&path, *into ? into : rebuilding->scratch.data);
    if (!*into)
        buf_add_text(&path, "/store");
    if (!source(rebuilding, &from, &err) || !make(rebuilding, from, path.data, !*into, &err))
        return cli_fail(rebuilding->cli, &err);
    if (checks)
        return check(rebuilding, from, &err);
    if (rebuilding->cli->prints_json)
        printf("{\"into\":\"%s\"}\n", into);
    else
        printf("%s %s\n", cli_say(rebuilding->cli, "已重放到", "rebuilt into"), into);
    return CLI_OK;
}

/* --- in place --- */

static bool exchange(const struct rebuilding *rebuilding, const char *made, struct buf *kept, struct error *err)
{
    const struct config *config = rebuilding->workplace->config;
    AUTO(text_free) char *store = config_state_path(config, "store");
    char stamp[20];

    workplace_stamp(stamp);
    buf_addf(kept, "%s/store.old-%s", config->state, stamp);
    if (renameat2(AT_FDCWD, made, AT_FDCWD, store, RENAME_EXCHANGE) != 0)
        return fail(err, ERR_IO, "%s: %s", store, strerrordesc_np(errno));
    if (rename(made, kept->data) != 0)
        return fail(err, ERR_IO, "%s: %s", kept->data, strerrordesc_np(errno));
    return file_sync_folder(config->state, err);
}

/* The same journal under new tables: what was signed for holds as before. */
static bool tell_guard(const struct rebuilding *rebuilding, const struct guard *was, struct error *err)
{
    struct workplace *workplace = rebuilding->workplace;
    struct guard_change change = {.what = "rebuilt",
                                  .by = workplace->person,
                                  .reason = "creditgate rebuild",
                                  .at_ms = clock_now_ms(&CLOCK_SYSTEM),
                                  .continues = {true, true}};

    for (int i = 0; i < GUARD_LOG_COUNT; i++)
        change.heads[i] = *guard_head(was, (enum guard_log)i);
    return guard_replace(was, rebuilding->rebuilt, workplace->config->state, &change, err);
}

static bool rebuild_in_place(struct rebuilding *rebuilding, struct buf *kept, struct error *err)
{
    struct workplace *workplace = rebuilding->workplace;
    AUTO(guard_free) struct guard *was = NULL;
    AUTO(buf_done) struct buf made = BUF_INIT;

    buf_addf(&made, "%s/store", rebuilding->scratch.data);
    /* A store that was rolled back or copied does not become right by new tables. */
    if (!workplace_open_store(workplace, false, err) || !guard_check(workplace->store, workplace->config->state, err) ||
        !guard_load(workplace->config->state, &was, err) || !make(rebuilding, workplace->store, made.data, false, err))
        return false;
    store_close(workplace->store);
    workplace->store = NULL;
    return exchange(rebuilding, made.data, kept, err) && tell_guard(rebuilding, was, err);
}

static int run_in_place(struct rebuilding *rebuilding)
{
    AUTO(buf_done) struct buf kept = BUF_INIT;
    struct error err;

    if (!rebuild_in_place(rebuilding, &kept, &err))
        return cli_fail(rebuilding->cli, &err);
    if (rebuilding->cli->prints_json)
        printf("{\"kept\":\"%s\"}\n", kept.data);
    else
        printf("%s %s\n", cli_say(rebuilding->cli, "已由日志重建；原数据保留在", "rebuilt; the old store is kept as"),
               kept.data);
    return CLI_OK;
}

static void rebuilding_done(struct rebuilding *rebuilding)
{
    struct error err;

    store_close(rebuilding->rebuilt);
    store_close(rebuilding->copy);
    if (!file_remove_tree(buf_text(&rebuilding->scratch), &err))
        (void)cli_fail(rebuilding->cli, &err);
    buf_done(&rebuilding->scratch);
}

int rebuild_run(struct cli *cli, json_t *arguments)
{
    AUTO(workplace_done) struct workplace workplace = WORKPLACE_INIT;
    struct rebuilding rebuilding = {.cli = cli, .workplace = &workplace};
    const char *into = cli_text(arguments, "into");
    bool checks = cli_flag(arguments, "check");
    struct error err;
    int status;

    if (!workplace_open(cli, &workplace, &err))
        return cli_fail(cli, &err);
    /* Only a repair needs the gateway away. */
    if (!workplace_lock(&workplace, false, &err) && (err.code != ERR_CONFLICT || !(*into || checks)))
        return cli_fail(cli, &err);
    buf_addf(&rebuilding.scratch, "%s/rebuild.%ld", workplace.config->state, (long)getpid());
    if (!file_make_folder(rebuilding.scratch.data, 0700, &err)) {
        buf_done(&rebuilding.scratch);
        return cli_fail(cli, &err);
    }
    status = *into || checks ? run_beside(&rebuilding, into, checks) : run_in_place(&rebuilding);
    rebuilding_done(&rebuilding);
    return status;
}
