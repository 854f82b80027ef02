#include "gateway/watch/watch.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "gateway/watch/table.h"
#include "keys/digest.h"

enum { ID_DIGITS = 10 };

/* --- keys --- */

static void key_add(struct watch_key *key, const void *part, size_t bytes)
{
    if (bytes > sizeof key->at - key->bytes)
        bytes = sizeof key->at - key->bytes;
    if (bytes > 0)
        memcpy(key->at + key->bytes, part, bytes);
    key->bytes += bytes;
}

static void key_add_u32(struct watch_key *key, uint32_t number)
{
    uint8_t bytes[4];

    store_key_u32(bytes, number);
    key_add(key, bytes, sizeof bytes);
}

struct watch_key watch_key(enum watch_kind kind)
{
    return (struct watch_key){.at = {(uint8_t)kind}, .bytes = 1};
}

struct watch_key watch_key_of(enum watch_kind kind, uint32_t number)
{
    struct watch_key key = watch_key(kind);

    key_add_u32(&key, number);
    return key;
}

struct watch_key watch_key_client(enum watch_kind kind, struct span client)
{
    struct watch_key key = watch_key(kind);

    key_add(&key, client.at, client.bytes < WATCH_CLIENT_MAX ? client.bytes : WATCH_CLIENT_MAX);
    key_add(&key, "", 1);
    return key;
}

struct watch_key watch_key_client_watch(struct span client, uint32_t number)
{
    struct watch_key key = watch_key_client(WATCH_CLIENT, client);

    key_add_u32(&key, number);
    return key;
}

struct watch_key watch_key_request(struct span client, struct span key)
{
    struct watch_key request = watch_key_client(WATCH_KEY, client);
    uint8_t digest[32];

    digest_sha256(key, digest);
    key_add(&request, digest, sizeof digest);
    return request;
}

struct watch_key watch_key_member(uint32_t number, struct span subject)
{
    struct watch_key key = watch_key_of(WATCH_MEMBER, number);

    key_add(&key, subject.at, subject.bytes < WATCH_SUBJECT_BYTES ? subject.bytes : WATCH_SUBJECT_BYTES);
    return key;
}

struct watch_key watch_key_subject(struct span subject, uint32_t number)
{
    struct watch_key key = watch_key(WATCH_SUBJECT);

    key_add(&key, subject.at, subject.bytes < WATCH_SUBJECT_BYTES ? subject.bytes : WATCH_SUBJECT_BYTES);
    if (number > 0)
        key_add_u32(&key, number);
    return key;
}

bool watch_id_parse(struct span text, uint32_t *number)
{
    int64_t value;

    if (text.bytes != 1 + ID_DIGITS || text.at[0] != 'W' ||
        !integer_parse((struct span){text.at + 1, ID_DIGITS}, &value) || value < 1 || value > UINT32_MAX)
        return false;
    *number = (uint32_t)value;
    return true;
}

const char *watch_id_format(uint32_t number, char text[WATCH_ID_BYTES])
{
    snprintf(text, WATCH_ID_BYTES, "W%010u", number);
    return text;
}

/* --- values --- */

static bool get(struct store_txn *txn, const struct watch_key *key, struct span *value)
{
    return store_get(txn, STORE_WATCHES, watch_span(key), value);
}

bool watch_number(struct store_txn *txn, const struct watch_key *key, uint64_t *value)
{
    struct span found;

    if (!get(txn, key, &found))
        return false;
    if (found.bytes != 8) {
        store_txn_spoil(txn, STORE_WATCHES, "a number of the watch lists has another length: rebuild");
        return false;
    }
    *value = store_read_u64(found.at);
    return true;
}

/* The next text of an entry, up to its NUL or the end. */
static struct span text_next(struct span *rest)
{
    const char *end = rest->bytes > 0 ? memchr(rest->at, '\0', rest->bytes) : NULL;
    struct span text = {rest->at, end ? (size_t)(end - rest->at) : rest->bytes};

    *rest = end ? (struct span){end + 1, rest->bytes - text.bytes - 1} : SPAN_NONE;
    return text;
}

bool watch_find(struct store_txn *txn, uint32_t number, struct watch *out)
{
    struct watch_key key = watch_key_of(WATCH_ENTRY, number);
    struct span value, rest;

    if (!get(txn, &key, &value))
        return false;
    if (value.bytes <= WATCH_ENTRY_HEAD) {
        store_txn_spoil(txn, STORE_WATCHES, "a watch is cut off: rebuild");
        return false;
    }
    *out = (struct watch){.number = number,
                          .subjects = store_read_u32(value.at),
                          .opened = store_read_u64(value.at + 4),
                          .at_ms = (int64_t)store_read_u64(value.at + 12)};
    rest = (struct span){value.at + WATCH_ENTRY_HEAD, value.bytes - WATCH_ENTRY_HEAD};
    out->client = text_next(&rest);
    out->domain = text_next(&rest);
    out->purpose = text_next(&rest);
    return true;
}

uint32_t watch_last(struct store_txn *txn)
{
    struct watch_key key = watch_key(WATCH_LAST);
    struct span value;

    return get(txn, &key, &value) && value.bytes == 4 ? store_read_u32(value.at) : 0;
}

bool watch_by_key(struct store_txn *txn, struct span client, struct span key, uint64_t *sequence)
{
    struct watch_key request = watch_key_request(client, key);

    return watch_number(txn, &request, sequence);
}

bool watch_has(struct store_txn *txn, uint32_t number, struct span subject, uint64_t *since)
{
    struct watch_key key = watch_key_member(number, subject);

    return subject.bytes == WATCH_SUBJECT_BYTES && watch_number(txn, &key, since);
}

uint64_t watch_followed(struct store_txn *txn)
{
    struct watch_key key = watch_key(WATCH_FOLLOWED);
    uint64_t count = 0;

    (void)watch_number(txn, &key, &count);
    return count;
}

/* --- lists --- */

/* Entries under keys that begin with the first `prefix` bytes of `from`, and are longer than `from` itself when
 * `is_behind`. */
struct walking {
    struct store_cursor *cursor;
    struct watch_key from;
    size_t prefix;
    struct span key;
    struct span value;
    bool is_there;
};

static void walking_done(struct walking *walking)
{
    store_cursor_close(walking->cursor);
}
DEFINE_AUTO_IN_PLACE(struct walking, walking_done)

static void walking_check(struct walking *walking)
{
    walking->is_there = walking->is_there && walking->key.bytes >= walking->prefix &&
                        memcmp(walking->key.at, walking->from.at, walking->prefix) == 0;
}

/* `is_behind`: what stands under `from` itself is not wanted. */
static bool walking_begin(struct walking *walking, struct store_txn *txn, bool is_behind, struct error *err)
{
    if (!store_cursor_open(txn, STORE_WATCHES, &walking->cursor, err))
        return false;
    walking->is_there = store_cursor_seek(walking->cursor, watch_span(&walking->from), &walking->key, &walking->value);
    if (is_behind && walking->is_there && span_equal(walking->key, watch_span(&walking->from)))
        walking->is_there = store_cursor_next(walking->cursor, &walking->key, &walking->value);
    walking_check(walking);
    return true;
}

static void walking_next(struct walking *walking)
{
    walking->is_there = store_cursor_next(walking->cursor, &walking->key, &walking->value);
    walking_check(walking);
}

static bool contradicts(struct store_txn *txn, struct error *err)
{
    return store_txn_is_good(txn, err) && fail(err, ERR_CORRUPT, "the watch lists contradict themselves: rebuild");
}

bool watch_of_client(struct store_txn *txn, struct span client, uint32_t after, watch_visit *visit, void *context,
                     struct error *err)
{
    AUTO(walking_done)
    struct walking walking = {.from = watch_key_client_watch(client, after),
                              .prefix = watch_key_client(WATCH_CLIENT, client).bytes};

    if (!walking_begin(&walking, txn, true, err))
        return false;
    for (; walking.is_there; walking_next(&walking)) {
        struct watch watch;

        if (walking.key.bytes != walking.prefix + 4 ||
            !watch_find(txn, store_read_u32(walking.key.at + walking.prefix), &watch))
            return contradicts(txn, err);
        if (!visit(&watch, context))
            break;
    }
    return store_txn_is_good(txn, err);
}

bool watch_subjects(struct store_txn *txn, uint32_t number, struct span after, watch_visit_subject *visit,
                    void *context, struct error *err)
{
    AUTO(walking_done)
    struct walking walking = {.from = watch_key_member(number, after),
                              .prefix = watch_key_of(WATCH_MEMBER, number).bytes};

    if (!walking_begin(&walking, txn, true, err))
        return false;
    for (; walking.is_there; walking_next(&walking)) {
        if (walking.key.bytes != walking.prefix + WATCH_SUBJECT_BYTES || walking.value.bytes != 8)
            return contradicts(txn, err);
        if (!visit((struct span){walking.key.at + walking.prefix, WATCH_SUBJECT_BYTES},
                   store_read_u64(walking.value.at), context))
            break;
    }
    return store_txn_is_good(txn, err);
}

bool watch_watchers(struct store_txn *txn, struct span subject, watch_visit_watcher *visit, void *context,
                    struct error *err)
{
    AUTO(walking_done)
    struct walking walking = {.from = watch_key_subject(subject, 0), .prefix = 1 + WATCH_SUBJECT_BYTES};

    if (subject.bytes != WATCH_SUBJECT_BYTES)
        return true;
    if (!walking_begin(&walking, txn, false, err))
        return false;
    for (; walking.is_there; walking_next(&walking)) {
        struct watch watch;

        if (walking.key.bytes != walking.prefix + 4 || walking.value.bytes != 8 ||
            !watch_find(txn, store_read_u32(walking.key.at + walking.prefix), &watch))
            return contradicts(txn, err);
        if (!visit(&watch, store_read_u64(walking.value.at), context))
            break;
    }
    return store_txn_is_good(txn, err);
}

static bool note_one(const struct watch *watch, uint64_t since, void *context)
{
    bool *is_watched = context;

    (void)watch, (void)since;
    *is_watched = true;
    return false;
}

bool watch_is_watched(struct store_txn *txn, struct span subject)
{
    struct error ignored;
    bool is_watched = false;

    return watch_watchers(txn, subject, note_one, &is_watched, &ignored) && is_watched;
}
