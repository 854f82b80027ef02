#include "gateway/access/suspension.h"

#include <string.h>

#include "base/text.h"
#include "base/walk.h"

enum { HEAD_BYTES = 1 + 8 + 8 };

static const char SUSPENDED[] = "client.suspended";
static const char RESUMED[] = "client.resumed";

bool suspension_applies(struct span type)
{
    return span_is(type, SUSPENDED) || span_is(type, RESUMED);
}

static bool parse(struct store_txn *txn, struct span client, struct span value, struct suspension *out)
{
    if (value.bytes <= HEAD_BYTES) {
        store_txn_spoil(txn, STORE_ACCESS, "a suspension is too short");
        return false;
    }
    *out = (struct suspension){.client = client,
                               .is_suspended = value.at[0] != 0,
                               .sequence = store_read_u64(value.at + 1),
                               .at_ms = (int64_t)store_read_u64(value.at + 9),
                               .words = {value.at + HEAD_BYTES, value.bytes - HEAD_BYTES}};
    return true;
}

bool suspension_find(struct store_txn *txn, struct span client, struct suspension *out)
{
    struct span value;

    return client.bytes > 0 && client.bytes <= SUSPENSION_CLIENT_MAX && store_get(txn, STORE_ACCESS, client, &value) &&
           parse(txn, client, value, out);
}

bool suspension_list(struct store_txn *txn, suspension_visit *visit, void *context, struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct suspension suspension;
    struct span key, value;
    bool has_more; /* what begins with a zero is rotation.h's */

    if (!store_cursor_open(txn, STORE_ACCESS, &cursor, err))
        return false;
    has_more = store_cursor_seek(cursor, SPAN("\x01"), &key, &value);
    while (has_more && parse(txn, key, value, &suspension) && visit(&suspension, context))
        has_more = store_cursor_next(cursor, &key, &value);
    return store_txn_is_good(txn, err);
}

static bool tell_one(const struct suspension *suspension, void *context)
{
    AUTO(text_free) char *name = memory_copy_span(suspension->client);
    struct board *board = context;
    size_t place = board_place_of(board, name);

    if (place != BOARD_STRANGERS)
        board_suspend(board, place, suspension->sequence, suspension->is_suspended);
    return true;
}

bool suspension_tell(struct store_txn *txn, struct board *board, struct error *err)
{
    return suspension_list(txn, tell_one, board, err);
}

bool suspension_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    AUTO(buf_done) struct buf value = BUF_INIT;
    struct span reason = walk_member(event->data, "reason");
    bool is_suspended = span_is(event->type, SUSPENDED);
    struct suspension before = {.is_suspended = false};
    uint8_t head[HEAD_BYTES];
    struct span client;

    if (!walk_text(walk_member(event->data, "client"), &hold, &client) || client.bytes == 0 ||
        client.bytes > SUSPENSION_CLIENT_MAX || reason.bytes == 0)
        return fail(err, ERR_CORRUPT, "%.*s lacks a member", (int)event->type.bytes, event->type.at);
    (void)suspension_find(txn, client, &before);
    if (before.is_suspended == is_suspended)
        return store_txn_is_good(txn, err) &&
               fail(err, ERR_CONFLICT, "%.*s: %.*s is so already", (int)event->type.bytes, event->type.at,
                    (int)client.bytes, client.at);
    head[0] = is_suspended ? 1 : 0;
    store_key_u64(head + 1, sequence);
    store_key_u64(head + 9, (uint64_t)event->at_ms);
    buf_add(&value, head, sizeof head);
    buf_add_text(&value, "{\"by\":");
    json_string_add(&value, event->by);
    buf_add_text(&value, ",\"reason\":");
    buf_add_span(&value, reason);
    buf_add_byte(&value, '}');
    store_put(txn, STORE_ACCESS, client, buf_span(&value));
    return store_txn_is_good(txn, err);
}
