/* watch_apply.c - events into watch lists. */
#include <string.h>

#include "base/text.h"
#include "base/walk.h"
#include "gateway/watch/table.h"

struct applying {
    struct store_txn *txn;
    uint64_t sequence;
    const struct event *event;
};

static void put(struct store_txn *txn, const struct watch_key *key, struct span value)
{
    store_put(txn, STORE_WATCHES, watch_span(key), value);
}

static void put_u64(struct store_txn *txn, const struct watch_key *key, uint64_t value)
{
    uint8_t bytes[8];

    store_key_u64(bytes, value);
    put(txn, key, (struct span){(const char *)bytes, sizeof bytes});
}

static void drop(struct store_txn *txn, const struct watch_key *key)
{
    store_delete(txn, STORE_WATCHES, watch_span(key));
}

/* --- one list --- */

/* The number of subjects stands in the first four bytes. */
static bool count_add(struct applying *applying, uint32_t number, int64_t change, struct error *err)
{
    AUTO(buf_done) struct buf copy = BUF_INIT;
    struct watch_key key = watch_key_of(WATCH_ENTRY, number);
    struct span value;
    int64_t count;
    uint8_t bytes[4];

    if (!store_get(applying->txn, STORE_WATCHES, watch_span(&key), &value) || value.bytes <= WATCH_ENTRY_HEAD)
        return store_txn_is_good(applying->txn, err) && fail(err, ERR_CONFLICT, "there is no such watch");
    count = (int64_t)store_read_u32(value.at) + change;
    if (count < 0 || count > WATCH_SUBJECTS_MAX)
        return fail(err, ERR_CONFLICT, "a watch has %lld subjects", (long long)count);
    store_key_u32(bytes, (uint32_t)count);
    buf_add(&copy, bytes, sizeof bytes);
    buf_add(&copy, value.at + 4, value.bytes - 4);
    put(applying->txn, &key, buf_span(&copy));
    return true;
}

static bool subject_add(struct applying *applying, uint32_t number, struct span subject, struct error *err)
{
    struct watch_key member = watch_key_member(number, subject);
    struct watch_key watcher = watch_key_subject(subject, number);
    uint64_t since;

    if (subject.bytes != WATCH_SUBJECT_BYTES)
        return fail(err, ERR_INVALID, "a subject is no code");
    if (watch_has(applying->txn, number, subject, &since))
        return fail(err, ERR_CONFLICT, "%.*s is watched already", (int)subject.bytes, subject.at);
    put_u64(applying->txn, &member, applying->sequence);
    put_u64(applying->txn, &watcher, applying->sequence);
    return true;
}

static bool subject_remove(struct applying *applying, uint32_t number, struct span subject, struct error *err)
{
    struct watch_key member = watch_key_member(number, subject);
    struct watch_key watcher = watch_key_subject(subject, number);
    uint64_t since;

    if (!watch_has(applying->txn, number, subject, &since))
        return store_txn_is_good(applying->txn, err) &&
               fail(err, ERR_CONFLICT, "%.*s is not watched", (int)subject.bytes, subject.at);
    drop(applying->txn, &member);
    drop(applying->txn, &watcher);
    return true;
}

typedef bool subject_step(struct applying *applying, uint32_t number, struct span subject, struct error *err);

static bool each_subject(struct applying *applying, uint32_t number, const char *list, subject_step *step,
                         int64_t *count, struct error *err)
{
    struct span name, raw;
    struct walk walk;

    *count = 0;
    if (!walk_begin(&walk, walk_member(applying->event->data, list)))
        return fail(err, ERR_CORRUPT, "the event has no list \"%s\"", list);
    while (walk_next(&walk, &name, &raw)) {
        if (!step(applying, number, walk_plain(raw), err))
            return false;
        ++*count;
    }
    return *count <= WATCH_SUBJECTS_EVENT_MAX || fail(err, ERR_LIMIT, "too many subjects in one event");
}

/* --- events --- */

static bool number_of(struct applying *applying, uint32_t *number, struct error *err)
{
    return watch_id_parse(walk_plain_of(applying->event->data, "watch"), number) ||
           fail(err, ERR_CORRUPT, "the event names no watch");
}

static void entry_put(struct applying *applying, uint32_t number, const struct span texts[3])
{
    AUTO(buf_done) struct buf value = BUF_INIT;
    struct watch_key key = watch_key_of(WATCH_ENTRY, number);
    uint8_t head[WATCH_ENTRY_HEAD];

    store_key_u32(head, 0);
    store_key_u64(head + 4, applying->sequence);
    store_key_u64(head + 12, (uint64_t)applying->event->at_ms);
    buf_add(&value, head, sizeof head);
    for (size_t i = 0; i < 3; i++) {
        if (i > 0)
            buf_add_byte(&value, '\0');
        buf_add_span(&value, texts[i]);
    }
    put(applying->txn, &key, buf_span(&value));
}

static bool read_texts(struct applying *applying, struct buf *hold, struct span texts[3], struct error *err)
{
    static const char *const NAMES[] = {"client", "domain", "purpose"};

    buf_reserve(hold, 4 * WATCH_CLIENT_MAX);
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        if (!walk_text(walk_member(applying->event->data, NAMES[i]), hold, &texts[i]) || texts[i].bytes == 0 ||
            texts[i].bytes > WATCH_CLIENT_MAX || memchr(texts[i].at, '\0', texts[i].bytes))
            return fail(err, ERR_CORRUPT, "a watch has no %s", NAMES[i]);
    }
    return true;
}

static bool apply_opened(struct applying *applying, struct error *err)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct watch_key last_key = watch_key(WATCH_LAST);
    struct span texts[3];
    struct watch_key of_client;
    struct span key;
    uint8_t bytes[4];
    uint32_t number;
    int64_t count;

    if (!number_of(applying, &number, err) || !read_texts(applying, &hold, texts, err))
        return false;
    if (number != watch_last(applying->txn) + 1)
        return fail(err, ERR_CONFLICT, "watch %u does not follow the last one", number);
    store_key_u32(bytes, number);
    put(applying->txn, &last_key, (struct span){(const char *)bytes, sizeof bytes});
    of_client = watch_key_client_watch(texts[0], number);
    put(applying->txn, &of_client, SPAN_NONE);
    entry_put(applying, number, texts);
    key = walk_plain_of(applying->event->data, "key");
    if (key.bytes > 0) {
        struct watch_key request = watch_key_request(texts[0], key);

        put_u64(applying->txn, &request, applying->sequence);
    }
    return each_subject(applying, number, "subjects", subject_add, &count, err) &&
           count_add(applying, number, count, err);
}

static bool apply_changed(struct applying *applying, struct error *err)
{
    uint32_t number;
    int64_t added, removed;

    return number_of(applying, &number, err) &&
           each_subject(applying, number, "removed", subject_remove, &removed, err) &&
           each_subject(applying, number, "added", subject_add, &added, err) &&
           count_add(applying, number, added - removed, err);
}

static bool first_subject(struct span subject, uint64_t since, void *context)
{
    (void)since;
    memcpy(context, subject.at, WATCH_SUBJECT_BYTES);
    return false;
}

static bool apply_closed(struct applying *applying, struct error *err)
{
    struct watch_key entry, of_client;
    struct watch watch;
    uint32_t number;

    if (!number_of(applying, &number, err))
        return false;
    if (!watch_find(applying->txn, number, &watch))
        return store_txn_is_good(applying->txn, err) && fail(err, ERR_CONFLICT, "there is no such watch");
    of_client = watch_key_client_watch(watch.client, number);
    /* One after the other: what is read is borrowed until something is written. */
    for (uint32_t left = watch.subjects; left > 0; left--) {
        char subject[WATCH_SUBJECT_BYTES] = "";

        if (!watch_subjects(applying->txn, number, SPAN_NONE, first_subject, subject, err) ||
            !subject_remove(applying, number, (struct span){subject, sizeof subject}, err))
            return false;
    }
    entry = watch_key_of(WATCH_ENTRY, number);
    drop(applying->txn, &entry);
    drop(applying->txn, &of_client);
    return true;
}

static bool apply_followed(struct applying *applying, struct error *err)
{
    struct watch_key key = watch_key(WATCH_FOLLOWED);
    int64_t from = walk_integer_of(applying->event->data, "from", -1);
    int64_t to = walk_integer_of(applying->event->data, "to", -1);

    if (from < 0 || to < from)
        return fail(err, ERR_CORRUPT, "watch.followed lacks a member");
    if ((uint64_t)from != watch_followed(applying->txn))
        return fail(err, ERR_CONFLICT, "watch.followed begins at event %lld, the one before ended at %llu",
                    (long long)from, (unsigned long long)watch_followed(applying->txn));
    put_u64(applying->txn, &key, (uint64_t)to);
    return true;
}

static const struct {
    const char *type;
    bool (*apply)(struct applying *applying, struct error *err);
} EVENTS[] = {{"watch.opened", apply_opened},
              {"watch.changed", apply_changed},
              {"watch.closed", apply_closed},
              {"watch.followed", apply_followed}};

bool watch_applies(struct span type)
{
    for (size_t i = 0; i < COUNT_OF(EVENTS); i++) {
        if (span_is(type, EVENTS[i].type))
            return true;
    }
    return false;
}

bool watch_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err)
{
    struct applying applying = {txn, sequence, event};

    for (size_t i = 0; i < COUNT_OF(EVENTS); i++) {
        if (span_is(event->type, EVENTS[i].type))
            return (EVENTS[i].apply(&applying, err) && store_txn_is_good(txn, err)) ||
                   fail_in(err, "%s", EVENTS[i].type);
    }
    return fail(err, ERR_INVALID, "watches know no event \"%.*s\"", (int)event->type.bytes, event->type.at);
}
