/* Asking the memory ahead. LMDB descends for one key at a time, and every page of the way is a wait for the memory.
 * Here many keys descend together, step by step, and while one waits the others go on. Afterwards all that mdb_get will
 * read is near.
 *
 * LMDB has no call for this, so its pages are read as its 0.9 series lays them out (mdb.c: MDB_page, MDB_node, MDB_db).
 * Nothing is taken from them but addresses to be fetched: whatever does not look as expected ends the descent of that
 * key, and mdb_get finds everything by itself. */
#include <endian.h>
#include <string.h>

#include "gateway/store/store_internal.h"

/* Places in a page, in a node, in what the main table holds of a table. */
enum { AT_NUMBER = 0, AT_FLAGS = 10, AT_LOWER = 12, AT_NODES = 16 };
enum { AT_LOW = 0, AT_HIGH = 2, AT_HIGHEST = 4, AT_KEY_BYTES = 6, AT_KEY = 8 };
enum { AT_ROOT = 40, TABLE_BYTES = 48 };
enum { BRANCH = 1, LEAF = 2 };
enum { DEPTH_MAX = 16 };

struct seek {
    struct span key;
    const char *page; /* NULL: it is over */
    unsigned low;     /* nodes below it are ≤ the key */
    unsigned high;    /* this one and those above are > the key */
    const char *node; /* looked at in this step */
};

/* A prefetch of a page whose address the processor has to look up first is dropped; a read is not, and nobody waits for
 * what it read. */
static void touch(const char *at)
{
    (void)*(const volatile char *)at;
}

static uint16_t u16_at(const char *at)
{
    uint16_t value;

    memcpy(&value, at, sizeof value);
    return value;
}

static const char *page_of(const struct store_ahead *ahead, uint64_t number)
{
    return number <= ahead->last_page ? ahead->map + number * ahead->page_bytes : NULL;
}

static const char *child_of(const struct store_ahead *ahead, const char *node)
{
    uint64_t number =
        u16_at(node + AT_LOW) | (uint64_t)u16_at(node + AT_HIGH) << 16 | (uint64_t)u16_at(node + AT_HIGHEST) << 32;

    return page_of(ahead, number);
}

/* NULL when it begins beyond its page. */
static const char *node_of(const struct store_ahead *ahead, const char *page, unsigned i)
{
    size_t at = u16_at(page + AT_NODES + 2 * (size_t)i);

    return at >= AT_NODES && at + AT_KEY <= ahead->page_bytes ? page + at : NULL;
}

static uint64_t eight_at(const char *at)
{
    uint64_t value;

    memcpy(&value, at, sizeof value);
    return htobe64(value);
}

/* As memcmp, of eight bytes at a time: keys are short, and they differ late. */
static bool is_greater(const char *left, const char *right, size_t bytes, bool if_equal)
{
    int order;

    for (; bytes >= 8; left += 8, right += 8, bytes -= 8) {
        uint64_t a = eight_at(left), b = eight_at(right);

        if (a != b)
            return a > b;
    }
    order = bytes > 0 ? memcmp(left, right, bytes) : 0; /* an empty key may be nowhere */
    return order > 0 || (order == 0 && if_equal);
}

/* A key that reaches beyond its page is taken as it is inside. */
static bool is_above(const struct store_ahead *ahead, const struct seek *seek)
{
    size_t bytes = u16_at(seek->node + AT_KEY_BYTES);
    size_t room = ahead->page_bytes - (size_t)(seek->node + AT_KEY - seek->page);

    if (bytes > room)
        bytes = room;
    return is_greater(seek->node + AT_KEY, seek->key.at, bytes < seek->key.bytes ? bytes : seek->key.bytes,
                      bytes > seek->key.bytes);
}

/* The first node of a branch has no key: it is below all. */
static void enter(const struct store_ahead *ahead, struct seek *seek)
{
    unsigned flags = u16_at(seek->page + AT_FLAGS);
    unsigned lower = u16_at(seek->page + AT_LOWER);

    if (!(flags & (BRANCH | LEAF)) || lower < AT_NODES + 2 || lower > ahead->page_bytes) {
        seek->page = NULL;
        return;
    }
    seek->low = flags & BRANCH ? 1 : 0;
    seek->high = (lower - AT_NODES) / 2;
}

static bool is_searching(const struct seek *seek)
{
    return seek->page && seek->low < seek->high;
}

/* One step of every search. False when all have come to their ends. */
static bool halve(const struct store_ahead *ahead, struct seek *seeks, size_t count)
{
    bool goes_on = false;

    for (size_t i = 0; i < count; i++) {
        struct seek *seek = &seeks[i];

        if (!is_searching(seek))
            continue;
        seek->node = node_of(ahead, seek->page, (seek->low + seek->high) / 2);
        if (!seek->node)
            seek->page = NULL;
        __builtin_prefetch(seek->node);
    }
    for (size_t i = 0; i < count; i++) {
        struct seek *seek = &seeks[i];
        unsigned middle = (seek->low + seek->high) / 2;

        if (!is_searching(seek))
            continue;
        if (is_above(ahead, seek))
            seek->high = middle;
        else
            seek->low = middle + 1;
        goes_on = goes_on || seek->low < seek->high;
    }
    return goes_on;
}

static bool is_key(const struct store_ahead *ahead, const struct seek *seek)
{
    const char *node = seek->low > 0 ? node_of(ahead, seek->page, seek->low - 1) : NULL;
    size_t bytes = seek->key.bytes;

    return node && u16_at(node + AT_KEY_BYTES) == bytes &&
           (size_t)(node - seek->page) + AT_KEY + bytes <= ahead->page_bytes &&
           memcmp(node + AT_KEY, seek->key.at, bytes) == 0;
}

/* From a branch to its child; from a leaf there is no way on. */
static bool descend(const struct store_ahead *ahead, struct seek *seeks, size_t count, size_t *found)
{
    bool goes_on = false;

    for (size_t i = 0; i < count; i++) {
        struct seek *seek = &seeks[i];
        const char *node;

        if (!seek->page)
            continue;
        if (u16_at(seek->page + AT_FLAGS) & BRANCH) {
            node = node_of(ahead, seek->page, seek->low - 1);
        } else {
            node = NULL;
            *found += is_key(ahead, seek);
        }
        seek->page = node ? child_of(ahead, node) : NULL;
        if (!seek->page)
            continue;
        touch(seek->page);
        goes_on = true;
    }
    return goes_on;
}

bool store_ahead_begin(struct store_txn *txn, enum store_table table, struct store_ahead *out)
{
    const char *name = store_table_name(table);
    MDB_val key = store_val((struct span){name, strlen(name)}), value;
    MDB_envinfo info;
    MDB_stat stat;
    const char *page;
    uint64_t number;

    if (BYTE_ORDER != LITTLE_ENDIAN || txn->mode != STORE_READ || !store_txn_takes(txn, table, SPAN_NONE) ||
        mdb_env_info(txn->store->env, &info) != 0 || mdb_env_stat(txn->store->env, &stat) != 0 ||
        mdb_get(txn->mdb, txn->store->main_table, &key, &value) != 0 || value.mv_size != TABLE_BYTES)
        return false;
    page = (const char *)value.mv_data - ((uintptr_t)value.mv_data & (stat.ms_psize - 1));
    memcpy(&number, page + AT_NUMBER, sizeof number);
    memcpy(&out->root, (const char *)value.mv_data + AT_ROOT, sizeof out->root);
    out->map = page - number * stat.ms_psize;
    out->page_bytes = stat.ms_psize;
    out->last_page = info.me_last_pgno;
    return number <= out->last_page && out->root <= out->last_page;
}

/* The page where the ways of the first and the last key part: all keys between them come by it. */
static const char *common_page(const struct store_ahead *ahead, struct span first, struct span last)
{
    const char *page = page_of(ahead, ahead->root);
    struct seek ends[2] = {{.key = first, .page = page}, {.key = last, .page = page}};
    size_t found = 0;

    for (int depth = 0; page && depth < DEPTH_MAX; depth++) {
        enter(ahead, &ends[0]);
        enter(ahead, &ends[1]);
        while (halve(ahead, ends, 2))
            continue;
        if (!ends[0].page || !ends[1].page || ends[0].low != ends[1].low || !(u16_at(page + AT_FLAGS) & BRANCH))
            break;
        (void)descend(ahead, ends, 2, &found);
        if (!ends[0].page || !ends[1].page)
            break;
        page = ends[0].page;
    }
    return page;
}

size_t store_ahead(const struct store_ahead *ahead, const struct span *keys, size_t count)
{
    struct seek seeks[STORE_AHEAD_MAX];
    const char *page;
    size_t found = 0;

    if (count > STORE_AHEAD_MAX)
        count = STORE_AHEAD_MAX;
    page = count > 0 ? common_page(ahead, keys[0], keys[count - 1]) : NULL;
    for (size_t i = 0; i < count; i++)
        seeks[i] = (struct seek){.key = keys[i], .page = page};
    for (int depth = 0; depth < DEPTH_MAX; depth++) {
        for (size_t i = 0; i < count; i++) {
            if (seeks[i].page)
                enter(ahead, &seeks[i]);
        }
        while (halve(ahead, seeks, count))
            continue;
        if (!descend(ahead, seeks, count, &found))
            break;
    }
    return found;
}
