/* Opening a store, and its life as a file. Transactions are in store_txn.c.
 *
 * A folder becomes a store in one write transaction that makes all tables, the format marker and the identity: a
 * process that dies before leaves an empty file, which the next one fills. A file without the marker that is not empty
 * belongs to somebody else and is refused. */
#include "gateway/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "gateway/store/store_internal.h"

static const size_t MAP_DEFAULT = (size_t)16 << 30;
enum { READERS_DEFAULT = 256, NEARLY_FULL = 1 << 20 };

static const char *const TABLE_NAMES[STORE_TABLE_COUNT] = {
    [STORE_META] = "meta",
    [STORE_JOURNAL] = "journal",
    [STORE_TILES] = "tiles",
    [STORE_OBLIGATIONS] = "obligations",
    [STORE_SUBJECTS] = "subjects",
    [STORE_RECORDS] = "records",
    [STORE_RECORD_INDEX] = "record-index",
    [STORE_DELIVERIES] = "deliveries",
    [STORE_LANES] = "lanes",
    [STORE_READY] = "ready",
    [STORE_CALLS] = "calls",
    [STORE_CALLS_DUE] = "calls-due",
    [STORE_RECEIPTS] = "receipts",
    [STORE_CHANNELS] = "channels",
    [STORE_COUNTERS] = "counters",
    [STORE_CLOCKS] = "clocks",
    [STORE_FEEDBACK] = "feedback",
    [STORE_WATCHES] = "watches",
    [STORE_ACCESS] = "access",
    [STORE_ROSTER] = "roster",
};

static const struct {
    int code;
    enum error_code means;
} CODES[] = {
    {MDB_MAP_FULL, ERR_FULL},
    {ENOSPC, ERR_FULL},
    {EDQUOT, ERR_FULL},
    {MDB_CORRUPTED, ERR_CORRUPT},
    {MDB_PAGE_NOTFOUND, ERR_CORRUPT},
    {MDB_INVALID, ERR_CORRUPT},
    {MDB_VERSION_MISMATCH, ERR_CORRUPT},
    {MDB_INCOMPATIBLE, ERR_CORRUPT},
    {MDB_READERS_FULL, ERR_LIMIT},
    {MDB_TXN_FULL, ERR_LIMIT},
    {MDB_MAP_RESIZED, ERR_UNAVAILABLE},
    {MDB_KEYEXIST, ERR_INTERNAL},
    {MDB_BAD_TXN, ERR_INTERNAL},
    {MDB_BAD_VALSIZE, ERR_INTERNAL},
    {ENOENT, ERR_NOT_FOUND},
    {EEXIST, ERR_CONFLICT},
    {EACCES, ERR_FORBIDDEN},
    {EPERM, ERR_FORBIDDEN},
    {EROFS, ERR_FORBIDDEN},
};

const char *store_table_name(enum store_table table)
{
    return (size_t)table < STORE_TABLE_COUNT ? TABLE_NAMES[table] : "?";
}

/* LMDB reports a write cut short by a full disk as EIO: only the file system can tell. */
static bool disk_is_full(const char *path)
{
    struct statvfs disk;

    return statvfs(path, &disk) == 0 && (uint64_t)disk.f_bavail * disk.f_frsize < NEARLY_FULL;
}

void store_error_set(const struct store *store, int code, const char *doing, struct error *err)
{
    enum error_code means = ERR_IO;

    for (size_t i = 0; i < COUNT_OF(CODES); i++)
        if (CODES[i].code == code)
            means = CODES[i].means;
    if (code == EIO && disk_is_full(store->path))
        error_set(err, ERR_FULL, "%s: %s: no space left on the disk", store->path, doing);
    else
        error_set(err, means, "%s: %s: %s", store->path, doing, mdb_strerror(code));
}

static bool set_map(struct store *store, size_t bytes, struct error *err)
{
    MDB_envinfo before;
    int code;

    mdb_env_info(store->env, &before);
    store->map = NULL; /* it moves */
    code = mdb_env_set_mapsize(store->env, bytes);
    if (code == 0)
        return true;
    /* The old map is gone already: without one LMDB would follow a null pointer. */
    if (mdb_env_set_mapsize(store->env, before.me_mapsize) != 0)
        store->lost_its_map = true;
    return store_fail(store, code, "cannot grow the map", err);
}

bool store_remap(struct store *store, bool grows, struct error *err)
{
    MDB_envinfo before, after;

    if (store->live > 0)
        return fail(err, grows ? ERR_FULL : ERR_UNAVAILABLE,
                    "%s: the map must grow, but %u transactions are open in this process", store->path, store->live);
    mdb_env_info(store->env, &before);
    if (!set_map(store, 0, err))
        return false;
    mdb_env_info(store->env, &after);
    if (grows && after.me_mapsize <= before.me_mapsize && !set_map(store, before.me_mapsize * 2, err))
        return false;
    store->wants_growth = false;
    return true;
}

/* The last pages of a transaction may never have been written, so a file shorter than LMDB believes is sound; but a
 * file that was cut would kill every reader with SIGBUS. Made whole with zeros it is read as what it is: corrupt.
 * fallocate() never shortens what another process has just made longer. */
static void lengthen_file(const struct store *store)
{
    MDB_envinfo info;
    MDB_stat stat;
    struct stat file;
    int fd;

    if (store->is_read_only || mdb_env_get_fd(store->env, &fd) != 0 || mdb_env_info(store->env, &info) != 0 ||
        mdb_env_stat(store->env, &stat) != 0 || fstat(fd, &file) != 0)
        return;
    if (file.st_size < (off_t)((info.me_last_pgno + 1) * stat.ms_psize))
        (void)fallocate(fd, 0, (off_t)((info.me_last_pgno + 1) * stat.ms_psize) - 1, 1);
}

static bool open_environment(struct store *store, const struct store_options *options, struct error *err)
{
    unsigned flags = MDB_NOTLS;
    int code;

    if (options->is_read_only)
        flags |= MDB_RDONLY;
    if (options->is_scratch)
        flags |= MDB_NOSYNC | MDB_NOMETASYNC;
    if (options->is_scattered)
        flags |= MDB_NORDAHEAD;
    code = mdb_env_create(&store->env);
    if (code == 0)
        code = mdb_env_set_mapsize(store->env, options->map_bytes ? options->map_bytes : MAP_DEFAULT);
    if (code == 0)
        code = mdb_env_set_maxdbs(store->env, STORE_TABLE_COUNT);
    if (code == 0)
        code = mdb_env_set_maxreaders(store->env, options->max_readers ? options->max_readers : READERS_DEFAULT);
    if (code == 0)
        code = mdb_env_open(store->env, store->path, flags, 0600);
    if (code == MDB_INVALID || code == MDB_VERSION_MISMATCH)
        return fail(err, ERR_CORRUPT, "%s: not a store this program can read (%s): restore a backup", store->path,
                    mdb_strerror(code));
    if (code != 0)
        return store_fail(store, code, "cannot open the store", err);
    return true;
}

static bool refuse_stranger(const struct store *store, struct error *err)
{
    return fail(err, ERR_CORRUPT, "%s: this LMDB file is not a store of creditgate: name another folder", store->path);
}

enum marker { MARKER_OURS, MARKER_MISSING, MARKER_BAD /* the error is filled in */ };

static enum marker read_marker(struct store *store, MDB_txn *txn, struct error *err)
{
    MDB_val key = store_val(SPAN("format")), value;
    int code = mdb_get(txn, store->tables[STORE_META], &key, &value);

    if (code == MDB_NOTFOUND)
        return MARKER_MISSING;
    if (code != 0) {
        (void)store_fail(store, code, "cannot read the format marker", err);
        return MARKER_BAD;
    }
    if (value.mv_size != 4) {
        (void)refuse_stranger(store, err);
        return MARKER_BAD;
    }
    if (store_read_u32(value.mv_data) != STORE_FORMAT) {
        error_set(err, ERR_CORRUPT,
                  "%s: the store has format %u, this program reads %d: use the program that wrote it, or rebuild",
                  store->path, store_read_u32(value.mv_data), STORE_FORMAT);
        return MARKER_BAD;
    }
    key = store_val(SPAN("identity"));
    if (mdb_get(txn, store->tables[STORE_META], &key, &value) != 0 || value.mv_size != STORE_IDENTITY_BYTES) {
        error_set(err, ERR_CORRUPT, "%s: the store has no identity: restore a backup", store->path);
        return MARKER_BAD;
    }
    memcpy(store->identity, value.mv_data, STORE_IDENTITY_BYTES);
    return MARKER_OURS;
}

static int open_tables(struct store *store, MDB_txn *txn, unsigned flags)
{
    int code = mdb_dbi_open(txn, NULL, 0, &store->main_table);

    for (size_t i = 0; i < STORE_TABLE_COUNT && code == 0; i++)
        code = mdb_dbi_open(txn, TABLE_NAMES[i], flags, &store->tables[i]);
    return code;
}

static int write_marker(struct store *store, MDB_txn *txn)
{
    uint8_t format[4];
    MDB_val key = store_val(SPAN("format")), value = {sizeof format, format};
    int code;

    store_key_u32(format, STORE_FORMAT);
    code = mdb_put(txn, store->tables[STORE_META], &key, &value, 0);
    if (code != 0)
        return code;
    if (getrandom(store->identity, sizeof store->identity, 0) != (ssize_t)sizeof store->identity)
        return errno;
    key = store_val(SPAN("identity"));
    value = (MDB_val){sizeof store->identity, store->identity};
    return mdb_put(txn, store->tables[STORE_META], &key, &value, 0);
}

/* Make what is missing. Another process may have done it since we looked, so look again under the writer's lock. */
static bool make_tables(struct store *store, MDB_txn *txn, bool creates, struct error *err)
{
    MDB_dbi root;
    MDB_stat stat;
    enum marker marker = MARKER_MISSING;
    int code = mdb_dbi_open(txn, NULL, 0, &root);

    if (code == 0)
        code = mdb_stat(txn, root, &stat);
    if (code != 0)
        return store_fail(store, code, "cannot read the store", err);
    if (stat.ms_entries == 0 && !creates)
        return fail(err, ERR_NOT_FOUND, "%s: the store is empty", store->path);
    if (stat.ms_entries > 0 && mdb_dbi_open(txn, TABLE_NAMES[STORE_META], 0, &store->tables[STORE_META]) == 0)
        marker = read_marker(store, txn, err);
    if (marker == MARKER_BAD)
        return false;
    if (stat.ms_entries > 0 && marker == MARKER_MISSING)
        return refuse_stranger(store, err);
    code = open_tables(store, txn, MDB_CREATE);
    if (code == 0 && marker == MARKER_MISSING)
        code = write_marker(store, txn);
    if (code != 0)
        return store_fail(store, code, "cannot make the tables", err);
    return true;
}

static bool create_tables(struct store *store, bool creates, struct error *err)
{
    MDB_txn *txn;
    int code = mdb_txn_begin(store->env, NULL, 0, &txn);

    if (code != 0)
        return store_fail(store, code, "cannot begin", err);
    if (!make_tables(store, txn, creates, err)) {
        mdb_txn_abort(txn);
        return false;
    }
    code = mdb_txn_commit(txn);
    if (code != 0)
        return store_fail(store, code, "cannot make the tables", err);
    return true;
}

/* The common case: everything is there. Does not wait for the writer. */
static bool find_tables(struct store *store, bool *found, struct error *err)
{
    MDB_txn *txn;
    enum marker marker = MARKER_MISSING;
    int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);

    *found = false;
    if (code != 0)
        return store_fail(store, code, "cannot read", err);
    /* A store of another format may have other tables: ask the marker before missing them. */
    code = mdb_dbi_open(txn, TABLE_NAMES[STORE_META], 0, &store->tables[STORE_META]);
    if (code == 0)
        marker = read_marker(store, txn, err);
    if (code == 0 && marker == MARKER_OURS)
        code = open_tables(store, txn, 0);
    if (code != 0 || marker != MARKER_OURS) {
        mdb_txn_abort(txn);
        if (code != 0 && code != MDB_NOTFOUND)
            return store_fail(store, code, "cannot open the tables", err);
        return marker != MARKER_BAD;
    }
    mdb_txn_commit(txn); /* keeps the table handles */
    *found = true;
    return true;
}

static bool open_store(struct store *store, const struct store_options *options, struct error *err)
{
    AUTO(text_free) char *file = path_join(store->path, "data.mdb");
    bool found;

    if (!file_exists(file) && !options->creates)
        return fail(err, ERR_NOT_FOUND, "%s: there is no store here", store->path);
    if (options->creates && !file_make_folder(store->path, 0700, err))
        return false;
    if (!open_environment(store, options, err))
        return false;
    lengthen_file(store);
    store_clear_dead_readers(store);
    if (!find_tables(store, &found, err))
        return false;
    if (found)
        return true;
    if (options->is_read_only)
        return refuse_stranger(store, err);
    return create_tables(store, options->creates, err);
}

bool store_reopen(struct store *store, struct error *err)
{
    bool found = false;

    if (store->held > 0)
        return fail(err, ERR_INTERNAL, "%s: cannot be opened anew under %u transactions: start the process again",
                    store->path, store->held);
    mdb_env_close(TAKE(store->env));
    store->map = NULL;
    store->lost_its_map = true; /* until it is there again */
    if (!open_environment(store, &store->options, err) || !find_tables(store, &found, err))
        return fail_in(err, "cannot be opened anew");
    if (!found)
        return refuse_stranger(store, err);
    store->lost_its_map = false;
    return true;
}

bool store_open(const char *path, const struct store_options *options, struct store **out, struct error *err)
{
    AUTO(store_close) struct store *store = memory_new(sizeof *store);

    store->path = memory_copy_text(path);
    store->is_read_only = options->is_read_only;
    store->options = *options;
    if (options->creates && options->is_read_only)
        return fail(err, ERR_INVALID, "%s: a read-only store cannot be made", path);
    if (!open_store(store, options, err))
        return false;
    *out = TAKE(store);
    return true;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    if (store->env)
        mdb_env_close(store->env);
    free(store->path);
    free(store);
}

void store_clear_dead_readers(struct store *store)
{
    int dead;

    (void)mdb_reader_check(store->env, &dead);
}

void store_identity(const struct store *store, uint8_t identity[STORE_IDENTITY_BYTES])
{
    memcpy(identity, store->identity, STORE_IDENTITY_BYTES);
}

uint64_t store_generation(struct store *store)
{
    MDB_envinfo info;

    mdb_env_info(store->env, &info);
    return info.me_last_txnid;
}

bool store_copy(struct store *store, const char *path, struct error *err)
{
    AUTO(text_free) char *file = path_join(path, "data.mdb");
    AUTO(file_close) int fd = -1;
    int code;

    if (!file_make_folder(path, 0700, err))
        return false;
    if (file_exists(file))
        return fail(err, ERR_CONFLICT, "%s: there is a store already", path);
    code = mdb_env_copy(store->env, path);
    if (code == 0) {
        fd = open(file, O_RDONLY | O_CLOEXEC);
        code = fd < 0 || fsync(fd) != 0 ? errno : 0;
    }
    if (code != 0) {
        bool is_full = code == ENOSPC || (code == EIO && disk_is_full(path));

        (void)unlink(file);
        return fail(err, is_full ? ERR_FULL : ERR_IO, "%s: cannot copy the store: %s", path, mdb_strerror(code));
    }
    return file_sync_folder(path, err);
}
