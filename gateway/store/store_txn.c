/* Transactions. The first error sticks: what follows does nothing, and the commit refuses. */
#include "gateway/store/store.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "gateway/store/store_internal.h"

enum { GROWTHS_MAX = 24 };

void store_key_u32(uint8_t at[4], uint32_t value)
{
    uint32_t big = htobe32(value);

    memcpy(at, &big, sizeof big);
}

void store_key_u64(uint8_t at[8], uint64_t value)
{
    uint64_t big = htobe64(value);

    memcpy(at, &big, sizeof big);
}

uint32_t store_read_u32(const void *at)
{
    uint32_t big;

    memcpy(&big, at, sizeof big);
    return be32toh(big);
}

uint64_t store_read_u64(const void *at)
{
    uint64_t big;

    memcpy(&big, at, sizeof big);
    return be64toh(big);
}

bool store_txn_fail(struct store_txn *txn, int code, enum store_table table, const char *doing)
{
    if (txn->has_failed)
        return false;
    txn->has_failed = true;
    if (code == MDB_MAP_FULL)
        txn->store->wants_growth = true;
    (void)store_fail(txn->store, code, doing, &txn->first);
    error_prefix(&txn->first, "%s", store_table_name(table));
    return false;
}

static bool txn_refuse(struct store_txn *txn, enum error_code code, enum store_table table, const char *why)
{
    txn->has_failed = true;
    return fail(&txn->first, code, "%s: %s: %s", txn->store->path, store_table_name(table), why);
}

void store_txn_spoil(struct store_txn *txn, enum store_table table, const char *why)
{
    if (!txn->has_failed)
        (void)txn_refuse(txn, ERR_CORRUPT, table, why);
}

bool store_txn_takes(struct store_txn *txn, enum store_table table, struct span key)
{
    if (txn->has_failed || !txn->is_live)
        return false;
    if ((size_t)table >= STORE_TABLE_COUNT)
        return txn_refuse(txn, ERR_INTERNAL, table, "no such table");
    if (key.bytes > STORE_KEY_MAX)
        return txn_refuse(txn, ERR_LIMIT, table, "the key is too long");
    return true;
}

static bool txn_takes_write(struct store_txn *txn, enum store_table table, struct span key)
{
    if (!store_txn_takes(txn, table, key))
        return false;
    if (txn->mode != STORE_WRITE)
        return txn_refuse(txn, ERR_INTERNAL, table, "a read transaction cannot write");
    if (key.bytes == 0)
        return txn_refuse(txn, ERR_LIMIT, table, "the key is empty");
    return true;
}

static int begin_once(struct store *store, enum store_mode mode, MDB_txn **mdb)
{
    unsigned flags = mode == STORE_READ ? MDB_RDONLY : 0;
    int code = mdb_txn_begin(store->env, NULL, flags, mdb);

    if (code != MDB_READERS_FULL)
        return code;
    store_clear_dead_readers(store);
    return mdb_txn_begin(store->env, NULL, flags, mdb);
}

bool store_begin(struct store *store, enum store_mode mode, struct store_txn **out, struct error *err)
{
    struct store_txn *txn;
    MDB_txn *mdb;
    int code;

    if (store->lost_its_map)
        return fail(err, ERR_INTERNAL, "%s: the store is not mapped any more: start the process again", store->path);
    if (mode == STORE_WRITE && store->is_read_only)
        return fail(err, ERR_FORBIDDEN, "%s: the store was opened to read only", store->path);
    if (mode == STORE_WRITE && store->wants_growth && !store_remap(store, true, err))
        return false;
    code = begin_once(store, mode, &mdb);
    if (code == MDB_MAP_RESIZED) {
        if (!store_remap(store, false, err))
            return false;
        code = begin_once(store, mode, &mdb);
    }
    if (code == MDB_PANIC) {
        if (!store_reopen(store, err))
            return false;
        code = begin_once(store, mode, &mdb);
    }
    if (code != 0)
        return store_fail(store, code, "cannot begin a transaction", err);
    txn = memory_new(sizeof *txn);
    txn->store = store;
    txn->mdb = mdb;
    txn->mode = mode;
    txn->is_live = true;
    store->live++;
    store->held++;
    *out = txn;
    return true;
}

static void leave(struct store_txn *txn)
{
    store_cursors_close(txn);
    if (txn->is_live)
        txn->store->live--;
    txn->is_live = false;
}

void store_abort(struct store_txn *txn)
{
    if (!txn)
        return;
    leave(txn);
    txn->store->held--;
    mdb_txn_abort(txn->mdb);
    free(txn);
}

bool store_txn_is_good(const struct store_txn *txn, struct error *err)
{
    if (txn->has_failed && err)
        *err = txn->first;
    return !txn->has_failed;
}

bool store_commit(struct store_txn *txn, struct error *err)
{
    struct store *store = txn->store;
    int code;

    if (!store_txn_is_good(txn, err) || txn->mode == STORE_READ) {
        bool is_good = !txn->has_failed;

        store_abort(txn);
        return is_good;
    }
    leave(txn);
    store->held--;
    code = mdb_txn_commit(txn->mdb);
    free(txn);
    if (code == MDB_MAP_FULL)
        store->wants_growth = true;
    return code == 0 || store_fail(store, code, "cannot commit", err);
}

void store_reset(struct store_txn *txn)
{
    if (txn->mode != STORE_READ || !txn->is_live)
        return;
    leave(txn);
    mdb_txn_reset(txn->mdb);
}

bool store_renew(struct store_txn *txn, struct error *err)
{
    struct store *store = txn->store;
    int code;

    if (txn->mode != STORE_READ || txn->is_live)
        return fail(err, ERR_INTERNAL, "%s: only a read that was reset can be renewed", store->path);
    if (store->lost_its_map)
        return fail(err, ERR_INTERNAL, "%s: the store is not mapped any more: start the process again", store->path);
    code = mdb_txn_renew(txn->mdb);
    if (code == MDB_MAP_RESIZED) {
        if (!store_remap(store, false, err))
            return false;
        code = mdb_txn_renew(txn->mdb);
    }
    if (code != 0)
        return store_fail(store, code, "cannot renew a transaction", err);
    txn->is_live = true;
    txn->has_failed = false;
    store->live++;
    return true;
}

/* What is to be done, and what becomes of it. */
struct writing {
    store_work *work;
    void *context;
    bool is_kept;
};

static bool write_once(struct store *store, const struct writing *writing, struct error *err)
{
    struct store_txn *txn = NULL;
    bool is_good;

    if (!store_begin(store, STORE_WRITE, &txn, err) || !txn)
        return false;
    is_good = writing->work(txn, writing->context, err);
    if (is_good && writing->is_kept)
        return store_commit(txn, err);
    is_good = is_good && store_txn_is_good(txn, err);
    store_abort(txn);
    return is_good;
}

static bool write_often(struct store *store, const struct writing *writing, struct error *err)
{
    for (int growths = 0;; growths++) {
        store->wants_growth = false;
        if (write_once(store, writing, err))
            return true;
        if (!store->wants_growth || growths == GROWTHS_MAX)
            return false;
        if (!store_remap(store, true, err))
            return false;
    }
}

bool store_write(struct store *store, store_work *work, void *context, struct error *err)
{
    return write_often(store, &(struct writing){work, context, true}, err);
}

bool store_try(struct store *store, store_work *work, void *context, struct error *err)
{
    return write_often(store, &(struct writing){work, context, false}, err);
}

bool store_get(struct store_txn *txn, enum store_table table, struct span key, struct span *value)
{
    MDB_val mdb_key = store_val(key), found;
    int code;

    if (!store_txn_takes(txn, table, key) || key.bytes == 0)
        return false;
    code = mdb_get(txn->mdb, txn->store->tables[table], &mdb_key, &found);
    if (code == MDB_NOTFOUND)
        return false;
    if (code != 0)
        return store_txn_fail(txn, code, table, "cannot read");
    *value = store_span(found);
    return true;
}

/* True when it was put. */
static bool put(struct store_txn *txn, enum store_table table, const struct span *pair, unsigned flags)
{
    MDB_val key = store_val(pair[0]), value = store_val(pair[1]);
    int code;

    if (!txn_takes_write(txn, table, pair[0]))
        return false;
    if (pair[1].bytes > STORE_VALUE_MAX)
        return txn_refuse(txn, ERR_LIMIT, table, "the value is too long");
    code = mdb_put(txn->mdb, txn->store->tables[table], &key, &value, flags);
    if (code == MDB_KEYEXIST && flags & MDB_NOOVERWRITE)
        return false;
    if (code != 0)
        return store_txn_fail(txn, code, table, flags & MDB_APPEND ? "cannot append" : "cannot write");
    return true;
}

void store_put(struct store_txn *txn, enum store_table table, struct span key, struct span value)
{
    (void)put(txn, table, (const struct span[]){key, value}, 0);
}

bool store_insert(struct store_txn *txn, enum store_table table, struct span key, struct span value)
{
    return put(txn, table, (const struct span[]){key, value}, MDB_NOOVERWRITE);
}

void store_append(struct store_txn *txn, enum store_table table, struct span key, struct span value)
{
    (void)put(txn, table, (const struct span[]){key, value}, MDB_APPEND);
}

void store_delete(struct store_txn *txn, enum store_table table, struct span key)
{
    MDB_val mdb_key = store_val(key);
    int code;

    if (!txn_takes_write(txn, table, key))
        return;
    code = mdb_del(txn->mdb, txn->store->tables[table], &mdb_key, NULL);
    if (code != 0 && code != MDB_NOTFOUND)
        (void)store_txn_fail(txn, code, table, "cannot delete");
}

uint64_t store_count(struct store_txn *txn, enum store_table table)
{
    MDB_stat stat;
    int code;

    if (!store_txn_takes(txn, table, SPAN_NONE))
        return 0;
    code = mdb_stat(txn->mdb, txn->store->tables[table], &stat);
    if (code != 0)
        return store_txn_fail(txn, code, table, "cannot count");
    return stat.ms_entries;
}

uint64_t store_version(const struct store_txn *txn)
{
    return mdb_txn_id(txn->mdb);
}
