#include "gateway/registry/announced.h"

#include <string.h>

#include "base/text.h"
#include "gateway/registry/index.h"

enum { DIVISION_BYTES = 6, VALUE_BYTES = 1 + DIVISION_BYTES, KEY_BYTES = 2 + ANNOUNCED_MARK_BYTES };

/* What may be ordered (seed rows 2 to 7, schemas/register-row.schema.json). Dismantling and sealing equipment (row 6)
 * neither gives time to rectify nor closes an enterprise. */
static const char *const RECTIFY[] = {"限期整改", "限制生产", "停产整治", "责令停产整改", "停产停业整顿"};
static const char *const CLOSE[] = {"责令停业、关闭", "予以关闭", "依法关停退出", "取缔"};

static bool is_among(struct span measure, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (span_is(measure, names[i]))
            return true;
    }
    return false;
}

static bool is_on(enum announced_list list, const struct obligation_version *version, struct span measure)
{
    enum obligation_state state = version->state;
    bool is_exited = (state == STATE_EXITED_IN_TIME || state == STATE_EXITED_LATE) && version->exit_date != DAY_NONE;

    if (list == ANNOUNCED_EXITS)
        return is_exited;
    if (list == ANNOUNCED_YELLOW)
        return (state == STATE_RECTIFYING || state == STATE_EXTENDED) && is_among(measure, RECTIFY, COUNT_OF(RECTIFY));
    return (is_exited || (version->ground == GROUND_ENVIRONMENT && state != STATE_REVOKED)) &&
           is_among(measure, CLOSE, COUNT_OF(CLOSE));
}

static int32_t day_of(enum announced_list list, const struct obligation_version *version)
{
    if (list == ANNOUNCED_EXITS)
        return version->exit_date;
    return list == ANNOUNCED_YELLOW ? obligations_due(version) : version->order_date;
}

static void key_begin(enum announced_list list, int32_t day, struct index_key *key)
{
    index_begin(key, 'b');
    index_bytes(key, &(char){(char)list}, 1);
    index_u32(key, (uint32_t)day ^ UINT32_C(0x80000000));
}

static void key_of(enum announced_list list, const struct obligation_version *version, struct index_key *key)
{
    key_begin(list, day_of(list, version), key);
    index_bytes(key, version->id, OBLIGATION_ID_BYTES);
}

void announced_put(struct store_txn *txn, const struct obligation_version *before,
                   const struct obligation_version *version, const struct obligation *row)
{
    char value[VALUE_BYTES] = {(char)version->ground};
    struct index_key key;

    memcpy(value + 1, version->division, DIVISION_BYTES);
    if (store_count(txn, STORE_OBLIGATIONS) == 0) {
        index_begin(&key, 'B');
        store_put(txn, STORE_RECORD_INDEX, index_span(&key), SPAN(""));
    }
    for (enum announced_list list = 0; list < ANNOUNCED_LIST_COUNT; list++) {
        if (before) {
            key_of(list, before, &key);
            store_delete(txn, STORE_RECORD_INDEX, index_span(&key));
        }
        if (!is_on(list, version, row->field[COLUMN_MEASURE]))
            continue;
        key_of(list, version, &key);
        store_put(txn, STORE_RECORD_INDEX, index_span(&key), (struct span){value, sizeof value});
    }
}

static bool unpack(struct span key, struct span value, struct announced_entry *entry)
{
    if (key.bytes != KEY_BYTES || value.bytes != VALUE_BYTES || (uint8_t)value.at[0] >= GROUND_COUNT)
        return false;
    memset(entry, 0, sizeof *entry);
    entry->day = (int32_t)(store_read_u32(key.at + 2) ^ UINT32_C(0x80000000));
    memcpy(entry->obligation, key.at + 6, OBLIGATION_ID_BYTES);
    entry->ground = (enum ground)value.at[0];
    memcpy(entry->division, value.at + 1, DIVISION_BYTES);
    return true;
}

/* An upgraded store has obligations that were never put here: an empty list would be a wrong answer. */
static bool is_kept(struct store_txn *txn, struct error *err)
{
    struct index_key key;
    struct span value;

    index_begin(&key, 'B');
    if (store_get(txn, STORE_RECORD_INDEX, index_span(&key), &value) || store_count(txn, STORE_OBLIGATIONS) == 0)
        return store_txn_is_good(txn, err);
    return store_txn_is_good(txn, err) &&
           refuse(err, ERR_UNAVAILABLE, "lists.rebuild",
                  "the public lists are not made yet: the operator must run creditgate rebuild",
                  "公示名单尚未生成：请管理员运行 creditgate rebuild");
}

static bool seek_first(struct store_cursor *cursor, const struct announced_page *page, struct span *key,
                       struct span *value)
{
    struct index_key from, marked;

    key_begin(page->list, page->from_day, &from);
    if (page->mark_bytes == ANNOUNCED_MARK_BYTES) {
        index_begin(&marked, 'b');
        index_bytes(&marked, &(char){(char)page->list}, 1);
        index_bytes(&marked, page->mark, ANNOUNCED_MARK_BYTES);
        /* A mark is a stranger's: it never leads before the page's first day. */
        if (memcmp(marked.at, from.at, from.bytes) >= 0)
            from = marked;
    }
    return store_cursor_seek(cursor, index_span(&from), key, value);
}

bool announced_scan(struct store_txn *txn, struct announced_page *page, announced_visit *visit, void *context,
                    struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct announced_entry entry;
    struct span key, value;
    struct index_key list;
    size_t looks = 0;
    bool goes_on;

    if (!is_kept(txn, err) || !store_cursor_open(txn, STORE_RECORD_INDEX, &cursor, err))
        return false;
    index_begin(&list, 'b');
    index_bytes(&list, &(char){(char)page->list}, 1);
    goes_on = seek_first(cursor, page, &key, &value);
    page->mark_bytes = 0;
    for (; goes_on && index_has_prefix(key, &list); goes_on = store_cursor_next(cursor, &key, &value)) {
        if (!unpack(key, value, &entry))
            return fail(err, ERR_CORRUPT, "the index of public lists holds something else");
        if (entry.day > page->until_day)
            break;
        if (looks++ == page->looks_max || !visit(&entry, context)) {
            memcpy(page->mark, key.at + 2, ANNOUNCED_MARK_BYTES);
            page->mark_bytes = ANNOUNCED_MARK_BYTES;
            break;
        }
    }
    return store_txn_is_good(txn, err);
}
