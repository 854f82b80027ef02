/* Walking a table, both ways. */
#include <stdlib.h>

#include "base/buf.h"
#include "gateway/store/store.h"
#include "gateway/store/store_internal.h"

bool store_cursor_open(struct store_txn *txn, enum store_table table, struct store_cursor **out, struct error *err)
{
    struct store_cursor *cursor;
    MDB_cursor *mdb;
    int code;

    if (!store_txn_takes(txn, table, SPAN_NONE)) {
        if (store_txn_is_good(txn, err))
            error_set(err, ERR_INTERNAL, "%s: the transaction is over", store_table_name(table));
        return false;
    }
    code = mdb_cursor_open(txn->mdb, txn->store->tables[table], &mdb);
    if (code != 0) {
        (void)store_txn_fail(txn, code, table, "cannot open a cursor");
        return store_fail(txn->store, code, "cannot open a cursor", err);
    }
    cursor = memory_new(sizeof *cursor);
    cursor->mdb = mdb;
    cursor->txn = txn;
    cursor->table = table;
    cursor->next = txn->cursors;
    cursor->link = &txn->cursors;
    if (cursor->next)
        cursor->next->link = &cursor->next;
    txn->cursors = cursor;
    *out = cursor;
    return true;
}

static void detach(struct store_cursor *cursor)
{
    if (!cursor->txn)
        return;
    mdb_cursor_close(cursor->mdb);
    *cursor->link = cursor->next;
    if (cursor->next)
        cursor->next->link = cursor->link;
    cursor->txn = NULL;
    cursor->mdb = NULL;
}

void store_cursors_close(struct store_txn *txn)
{
    while (txn->cursors)
        detach(txn->cursors);
}

void store_cursor_close(struct store_cursor *cursor)
{
    if (!cursor)
        return;
    detach(cursor);
    free(cursor);
}

static bool move(struct store_cursor *cursor, MDB_cursor_op op, struct span *found, struct span *value)
{
    MDB_val key = store_val(*found), data = {0, NULL};
    int code;

    if (!cursor || !cursor->txn || cursor->txn->has_failed)
        return false;
    code = mdb_cursor_get(cursor->mdb, &key, &data, op);
    if (code == MDB_NOTFOUND)
        return false;
    if (code != 0)
        return store_txn_fail(cursor->txn, code, cursor->table, "cannot walk");
    *found = store_span(key);
    *value = store_span(data);
    return true;
}

/* Outputs stay as they were when nothing is found. */
static bool step(struct store_cursor *cursor, MDB_cursor_op op, struct span *found, struct span *value)
{
    struct span key = SPAN_NONE, data = SPAN_NONE;

    if (!move(cursor, op, &key, &data))
        return false;
    *found = key;
    *value = data;
    return true;
}

bool store_cursor_seek(struct store_cursor *cursor, struct span key, struct span *found, struct span *value)
{
    struct span data = SPAN_NONE;

    if (!cursor || !cursor->txn || !store_txn_takes(cursor->txn, cursor->table, key))
        return false;
    if (key.bytes == 0)
        return step(cursor, MDB_FIRST, found, value);
    if (!move(cursor, MDB_SET_RANGE, &key, &data))
        return false;
    *found = key;
    *value = data;
    return true;
}

bool store_cursor_seek_below(struct store_cursor *cursor, struct span key, struct span *found, struct span *value)
{
    struct span data = SPAN_NONE;

    if (!cursor || !cursor->txn || !store_txn_takes(cursor->txn, cursor->table, key) || key.bytes == 0)
        return false;
    if (move(cursor, MDB_SET_RANGE, &key, &data))
        return step(cursor, MDB_PREV, found, value);
    return step(cursor, MDB_LAST, found, value);
}

bool store_cursor_next(struct store_cursor *cursor, struct span *found, struct span *value)
{
    return step(cursor, MDB_NEXT, found, value);
}

bool store_cursor_previous(struct store_cursor *cursor, struct span *found, struct span *value)
{
    return step(cursor, MDB_PREV, found, value);
}

bool store_last(struct store_txn *txn, enum store_table table, struct span *key, struct span *value)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;

    return store_cursor_open(txn, table, &cursor, NULL) && step(cursor, MDB_LAST, key, value);
}
