#include "gateway/access/rotation.h"

#include <string.h>

#include "base/text.h"
#include "base/walk.h"
#include "keys/key.h"

static const char *const MEMBERS[] = {"algorithm", "begins", "ends", "new", "old", "public", "use"};

bool rotation_applies(struct span type)
{
    return span_is(type, ROTATION_EVENT);
}

static struct span key_of(struct span kid, struct buf *hold)
{
    buf_add_byte(hold, '\0');
    buf_add_span(hold, kid);
    return buf_span(hold);
}

bool rotation_find(struct store_txn *txn, const char *kid, uint64_t *sequence)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct span value;

    if (*kid == '\0' || strlen(kid) >= KEY_ID_BYTES ||
        !store_get(txn, STORE_ACCESS, key_of(span_of(kid), &hold), &value))
        return false;
    if (value.bytes != sizeof(uint64_t)) {
        store_txn_spoil(txn, STORE_ACCESS, "a rotation is not of its length");
        return false;
    }
    *sequence = store_read_u64(value.at);
    return true;
}

bool rotation_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct span old = walk_plain_of(event->data, "old");
    uint8_t value[sizeof(uint64_t)];
    struct span before;

    for (size_t i = 0; i < COUNT_OF(MEMBERS); i++) {
        if (walk_plain_of(event->data, MEMBERS[i]).bytes == 0)
            return fail(err, ERR_CORRUPT, ROTATION_EVENT " lacks \"%s\"", MEMBERS[i]);
    }
    if (walk_member(event->data, "reason").bytes == 0 || old.bytes >= KEY_ID_BYTES)
        return fail(err, ERR_CORRUPT, ROTATION_EVENT " lacks a reason or a usable name");
    key_of(old, &hold);
    if (store_get(txn, STORE_ACCESS, buf_span(&hold), &before))
        return fail(err, ERR_CONFLICT, "%.*s was followed by another key already", (int)old.bytes, old.at);
    store_key_u64(value, sequence);
    store_put(txn, STORE_ACCESS, buf_span(&hold), (struct span){(const char *)value, sizeof value});
    return store_txn_is_good(txn, err);
}
