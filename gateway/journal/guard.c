#include "gateway/journal/guard_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "base/walk.h"
#include "gateway/journal/journal.h"

const char *const GUARD_LOG_NAMES[GUARD_LOG_COUNT] = {[GUARD_JOURNAL] = "journal", [GUARD_TRACE] = "trace"};
static const char *const LOG_NAMES_ZH[GUARD_LOG_COUNT] = {[GUARD_JOURNAL] = "日志", [GUARD_TRACE] = "查询留痕"};

/* What to do, whatever happened. */
#define THEN_EN                                                                                                        \
    " Nothing is signed, sent or answered. Put the right data back (creditgate restore); if they are lost, an "        \
    "administrator may accept these: creditgate guard --accept --reason …"
#define THEN_ZH                                                                                                                                           \
    "已停止签名、报送和应答。请恢复正确的数据（creditgate restore）；确实无法恢复时，由管理员执行 creditgate guard " \
    "--accept --reason …"

/* --- measuring and comparing --- */

static bool root_at(struct store *store, uint64_t at, uint64_t *size, uint8_t root[MERKLE_HASH_BYTES],
                    struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    if (!store_begin(store, STORE_READ, &txn, err))
        return false;
    *size = journal_size(txn);
    if (!store_txn_is_good(txn, err))
        return false;
    return *size < at || journal_root(txn, at, root, err);
}

bool guard_measure(struct store *store, struct guard_head *head, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct guard_head found;

    if (!store_begin(store, STORE_READ, &txn, err))
        return false;
    found.size = journal_size(txn);
    if (!store_txn_is_good(txn, err) || !journal_root(txn, found.size, found.root, err))
        return false;
    *head = found;
    return true;
}

const struct guard_head *guard_head(const struct guard *guard, enum guard_log log)
{
    return &guard->lines[log].head;
}

bool guard_continues(const struct guard *guard, enum guard_log log, uint64_t size,
                     const uint8_t root[MERKLE_HASH_BYTES], struct error *err)
{
    const struct guard_head *head = &guard->lines[log].head;

    if (size < head->size)
        return refuse(err, ERR_REFUSED, "guard.rolled-back",
                      "the %s%.0s has %llu entries, but %llu were there before: it was rolled back." THEN_EN,
                      "%.0s%s只有 %llu 条，而此前已有 %llu 条：数据被回退到旧状态。" THEN_ZH, GUARD_LOG_NAMES[log],
                      LOG_NAMES_ZH[log], (unsigned long long)size, (unsigned long long)head->size);
    if (memcmp(root, head->root, MERKLE_HASH_BYTES) != 0)
        return refuse(
            err, ERR_REFUSED, "guard.forked",
            "the %s%.0s does not begin with the %llu entries that were there before: another history." THEN_EN,
            "%.0s%s开头的 %llu 条与此前的内容不同：这是另一份历史。" THEN_ZH, GUARD_LOG_NAMES[log], LOG_NAMES_ZH[log],
            (unsigned long long)head->size);
    return true;
}

bool guard_holds(const struct guard *guard, struct store *store, const char *state, struct error *err)
{
    uint8_t identity[STORE_IDENTITY_BYTES];
    uint8_t root[MERKLE_HASH_BYTES];
    struct guard_place place;
    uint64_t size;

    store_identity(store, identity);
    if (memcmp(identity, guard->identity, sizeof identity) != 0)
        return refuse(err, ERR_REFUSED, "guard.other", "%s/store is not the store that was here before." THEN_EN,
                      "%s/store 不是此前使用的数据。" THEN_ZH, state);
    if (!root_at(store, guard_head(guard, GUARD_JOURNAL)->size, &size, root, err) ||
        !guard_continues(guard, GUARD_JOURNAL, size, root, err) || !guard_place_of(state, &place, err))
        return false;
    if (!guard_place_equal(&place, &guard->place))
        return refuse(err, ERR_REFUSED, "guard.copied",
                      "%s/store is a copy: it lies in another place or on another machine than before." THEN_EN,
                      "%s/store 是副本：其位置或所在机器与此前不同。" THEN_ZH, state);
    return true;
}

/* --- the first time --- */

static bool make_first(struct store *store, const char *state, struct error *err)
{
    struct guard guard = {.history = NULL};
    struct guard_head head;
    bool is_good;

    if (!guard_measure(store, &head, err) || !guard_place_of(state, &guard.place, err))
        return false;
    if (head.size > 0)
        return refuse(err, ERR_REFUSED, "guard.missing",
                      "%s has a store with %llu events but no guard.json: the store was copied here." THEN_EN,
                      "%s 中已有数据（%llu 个事件）却没有 guard.json：数据可能是拷贝来的。" THEN_ZH, state,
                      (unsigned long long)head.size);
    store_identity(store, guard.identity);
    for (int i = 0; i < GUARD_LOG_COUNT; i++)
        merkle_empty(guard.lines[i].head.root);
    guard.history = json_array();
    is_good = guard_write(&guard, state, true, err);
    json_decref(guard.history);
    return is_good;
}

bool guard_check(struct store *store, const char *state, struct error *err)
{
    AUTO(guard_free) struct guard *guard = NULL;
    struct error why;

    if (guard_load(state, &guard, &why))
        return guard_holds(guard, store, state, err);
    if (why.code == ERR_NOT_FOUND) {
        if (!make_first(store, state, err))
            return false;
        return guard_load(state, &guard, err) && guard_holds(guard, store, state, err);
    }
    if (err)
        *err = why;
    return false;
}

/* --- remembering --- */

bool guard_remember(struct guard *guard, const char *state, enum guard_log log, const struct guard_head *head,
                    struct error *err)
{
    struct guard next = *guard;

    if (!guard_continues(guard, log, head->size,
                         head->size == guard_head(guard, log)->size ? head->root : guard_head(guard, log)->root, err))
        return false;
    next.lines[log].head = *head;
    if (!guard_write(&next, state, false, err))
        return false;
    guard->lines[log].head = *head;
    return true;
}

void guard_origin(const struct guard *guard, const char *name, enum guard_log log, struct buf *out)
{
    const char *line = guard->lines[log].name;

    buf_addf(out, "%s/%s%s%s", name, GUARD_LOG_NAMES[log], *line ? "/" : "", line);
}

/* --- another store on purpose --- */

static json_t *head_json(const struct guard_head *head)
{
    AUTO(buf_done) struct buf hex = BUF_INIT;

    hex_add(&hex, head->root, sizeof head->root);
    return json_pack("{s:I,s:s}", "size", (json_int_t)head->size, "root", buf_text(&hex));
}

bool guard_accepted_data(const struct guard *was, const char *reason, struct buf *out, struct error *err)
{
    AUTO(json_release) json_t *data = json_pack("{s:s}", "reason", reason);

    if (!data)
        return fail(err, ERR_INVALID, "the reason is not UTF-8");
    for (int i = 0; i < GUARD_LOG_COUNT; i++) {
        json_t *log = was ? head_json(&was->lines[i].head) : json_null();

        if (was)
            json_object_set_new(log, "line", json_string(was->lines[i].name));
        json_object_set_new(data, GUARD_LOG_NAMES[i], log);
    }
    buf_clear(out);
    return json_canonical_add(data, out, err);
}

bool guard_applies(struct span type)
{
    return span_is(type, GUARD_ACCEPTED);
}

bool guard_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    if (walk_member(event->data, "reason").bytes == 0)
        return fail(err, ERR_CORRUPT, "event %llu: an acceptance without a reason", (unsigned long long)sequence);
    return store_txn_is_good(txn, err);
}

static void history_add(json_t *history, const struct guard *guard, const struct guard_change *change)
{
    char at[INSTANT_TEXT_BYTES];
    json_t *entry = json_pack("{s:s,s:s,s:s,s:s}", "what", change->what, "by", change->by, "reason", change->reason,
                              "at", instant_format(change->at_ms, at));

    for (int i = 0; entry && i < GUARD_LOG_COUNT; i++) {
        json_t *log = json_pack("{s:o,s:s}", "now", head_json(&change->heads[i]), "line", guard->lines[i].name);

        if (guard->history)
            json_object_set_new(log, "before", head_json(&guard->lines[i].head));
        json_object_set_new(entry, GUARD_LOG_NAMES[i], log);
    }
    json_array_append_new(history, entry);
    while (json_array_size(history) > GUARD_HISTORY_MAX)
        json_array_remove(history, 0);
}

bool guard_replace(const struct guard *was, struct store *store, const char *state, const struct guard_change *change,
                   struct error *err)
{
    struct guard guard = {.history = NULL};
    json_t *history = was ? json_deep_copy(was->history) : json_array();
    bool is_good;

    if (was)
        guard = *was;
    for (int i = 0; i < GUARD_LOG_COUNT; i++) {
        if (!change->continues[i])
            snprintf(guard.lines[i].name, sizeof guard.lines[i].name, "%lld", (long long)change->at_ms);
    }
    history_add(history, &guard, change);
    guard.history = history;
    for (int i = 0; i < GUARD_LOG_COUNT; i++)
        guard.lines[i].head = change->heads[i];
    store_identity(store, guard.identity);
    is_good = guard_place_of(state, &guard.place, err) && guard_write(&guard, state, false, err);
    json_decref(history);
    return is_good;
}
