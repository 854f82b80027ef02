#include "gateway/accounts/roster.h"

#include "base/encode.h"
#include "base/text.h"
#include "base/walk.h"

enum { HEAD_BYTES = 1 + 8 + 8 };

bool roster_applies(struct span type)
{
    return span_is(type, ROSTER_GRANTED) || span_is(type, ROSTER_REMOVED) || span_is(type, ROSTER_RELOAD);
}

static bool parse(struct store_txn *txn, struct span name, struct span value, struct roster_entry *out)
{
    if (value.bytes <= HEAD_BYTES) {
        store_txn_spoil(txn, STORE_ROSTER, "an entry of the roster is too short");
        return false;
    }
    *out = (struct roster_entry){.name = name,
                                 .is_there = value.at[0] != 0,
                                 .sequence = store_read_u64(value.at + 1),
                                 .at_ms = (int64_t)store_read_u64(value.at + 9),
                                 .data = {value.at + HEAD_BYTES, value.bytes - HEAD_BYTES}};
    return true;
}

bool roster_find(struct store_txn *txn, struct span name, struct roster_entry *out)
{
    struct span value;

    return name.bytes > 0 && name.bytes <= ROSTER_NAME_MAX && store_get(txn, STORE_ROSTER, name, &value) &&
           parse(txn, name, value, out);
}

bool roster_list(struct store_txn *txn, roster_visit *visit, void *context, struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    struct roster_entry entry;
    struct span key, value;
    bool has_more;

    if (!store_cursor_open(txn, STORE_ROSTER, &cursor, err))
        return false;
    has_more = store_cursor_seek(cursor, SPAN("\0"), &key, &value);
    while (has_more && parse(txn, key, value, &entry) && visit(&entry, context))
        has_more = store_cursor_next(cursor, &key, &value);
    return store_txn_is_good(txn, err);
}

bool roster_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    AUTO(buf_done) struct buf value = BUF_INIT;
    struct span name = walk_plain_of(event->data, "name");
    bool is_there = span_is(event->type, ROSTER_GRANTED);
    struct roster_entry before = {.is_there = false};
    uint8_t head[HEAD_BYTES];

    if (span_is(event->type, ROSTER_RELOAD))
        return walk_plain_of(event->data, "sha256").bytes == 64 ||
               fail(err, ERR_CORRUPT, "config.reload-ordered names no file's digest");
    if (name.bytes == 0 || name.bytes > ROSTER_NAME_MAX ||
        (is_there && walk_count(walk_member(event->data, "roles")) == 0))
        return fail(err, ERR_CORRUPT, "%.*s lacks a member", (int)event->type.bytes, event->type.at);
    (void)roster_find(txn, name, &before);
    if (!is_there && !before.is_there)
        return store_txn_is_good(txn, err) &&
               fail(err, ERR_CONFLICT, "staff.removed: %.*s is not on the staff", (int)name.bytes, name.at);
    head[0] = is_there ? 1 : 0;
    store_key_u64(head + 1, sequence);
    store_key_u64(head + 9, (uint64_t)event->at_ms);
    buf_add(&value, head, sizeof head);
    buf_add_span(&value, event->data);
    store_put(txn, STORE_ROSTER, name, buf_span(&value));
    return store_txn_is_good(txn, err);
}

void roster_data_add(const struct config_person *person, struct buf *out)
{
    static const char *const ROLES[] = {"operator", "reviewer", "auditor", "administrator"};
    const char *comma = "";

    buf_add_text(out, "{\"certificate\":");
    if (person->has_certificate) {
        buf_add_byte(out, '"');
        hex_add(out, person->fingerprint, sizeof person->fingerprint);
        buf_add_byte(out, '"');
    } else {
        buf_add_text(out, "null");
    }
    buf_add_text(out, ",\"name\":");
    json_string_add(out, span_of(person->name));
    buf_add_text(out, ",\"roles\":[");
    for (size_t i = 0; i < COUNT_OF(ROLES); i++) {
        if (!(person->roles & (1U << i)))
            continue;
        buf_addf(out, "%s\"%s\"", comma, ROLES[i]);
        comma = ",";
    }
    buf_add_text(out, "],\"title\":");
    json_string_add(out, span_of(person->title ? person->title : ""));
    if (person->uid == CONFIG_UID_NONE)
        buf_add_text(out, ",\"uid\":null}");
    else
        buf_addf(out, ",\"uid\":%lld}", (long long)person->uid);
}
