/* One key after the other: who follows whom, and when the next one may. */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "keys/keyring_internal.h"

static bool is_of_a_line(const struct keyring_entry *one, const struct keyring_entry *other)
{
    return one != other && one->use == other->use && key_algorithm_of(one->key) == key_algorithm_of(other->key);
}

const struct key *keyring_next(const struct keyring *keyring, const char *kid)
{
    const struct keyring_entry *entry = keyring_entry(keyring, kid);
    const struct keyring_entry *best = NULL;

    for (size_t i = 0; entry && i < keyring->count; i++) {
        const struct keyring_entry *other = &keyring->entries[i];

        if (is_of_a_line(entry, other) && other->from_ms > entry->from_ms && (!best || other->from_ms < best->from_ms))
            best = other;
    }
    return best ? best->key : NULL;
}

bool keyring_is_changing(const struct keyring *keyring, const char *kid, int64_t now_ms)
{
    const struct keyring_entry *entry = keyring_entry(keyring, kid);

    if (!entry)
        return false;
    for (size_t i = 0; i < keyring->count; i++) {
        const struct keyring_entry *other = &keyring->entries[i];

        if (is_of_a_line(entry, other) && other->from_ms < entry->from_ms && other->until_ms > now_ms)
            return true;
    }
    return entry->from_ms > now_ms;
}

static struct keyring_entry *newest(struct keyring *keyring, enum key_use use, enum key_algorithm algorithm)
{
    struct keyring_entry *best = NULL;

    for (size_t i = 0; i < keyring->count; i++) {
        struct keyring_entry *entry = &keyring->entries[i];

        if (entry->use == use && key_algorithm_of(entry->key) == algorithm &&
            (!best || entry->from_ms >= best->from_ms))
            best = entry;
    }
    return best;
}

/* "gd-seal-sm2-1" gives "gd-seal-sm2-2"; an id that does not end in a number starts at 2. */
static bool next_kid(const struct keyring *keyring, const char *old, char kid[KEY_ID_BYTES])
{
    int stem = (int)strlen(old);

    while (stem > 0 && old[stem - 1] >= '0' && old[stem - 1] <= '9')
        stem--;
    if (stem > 0 && old[stem - 1] == '-')
        stem--;
    else
        stem = (int)strlen(old);
    for (unsigned number = 2; number <= KEYRING_KEYS_MAX + 1; number++) {
        int bytes = snprintf(kid, KEY_ID_BYTES, "%.*s-%u", stem, old, number);

        if (bytes > 0 && bytes < KEY_ID_BYTES && !keyring_find(keyring, kid))
            return keyring_is_plain_name(kid);
    }
    return false;
}

static bool add_successor(struct keyring *keyring, const char *folder, struct keyring_entry *old, int64_t from_ms,
                          struct error *err)
{
    struct keyring_entry wanted = {.use = old->use, .from_ms = from_ms, .until_ms = FOREVER};
    char kid[KEY_ID_BYTES];

    if (from_ms <= old->from_ms)
        return fail(err, ERR_INVALID, "%s: the new key must begin after %s did", folder, key_id(old->key));
    if (keyring->count == KEYRING_KEYS_MAX || !next_kid(keyring, key_id(old->key), kid))
        return fail(err, ERR_LIMIT, "%s: no room or no name for another key", folder);
    /* What the old key signed while the processes were taking up the new one must still verify. */
    if (old->until_ms > from_ms + KEYRING_OVERLAP_MS)
        old->until_ms = from_ms + KEYRING_OVERLAP_MS;
    return keyring_add_key(keyring, folder, &wanted, kid, key_algorithm_of(old->key), err) &&
           keyring_save(keyring, folder, err);
}

bool keyring_rotate(const char *folder, enum key_use use, enum key_algorithm algorithm, int64_t from_ms,
                    struct error *err)
{
    AUTO(keyring_free) struct keyring *keyring = NULL;
    struct keyring_entry *old;

    if (!keyring_load(folder, &keyring, err))
        return false;
    old = newest(keyring, use, algorithm);
    if (!old)
        return fail(err, ERR_NOT_FOUND, "%s: no %s key for %s to follow", folder, key_algorithm_name(algorithm),
                    key_use_name(use));
    return add_successor(keyring, folder, old, from_ms, err);
}

static struct keyring_entry *entry_of(struct keyring *keyring, const char *kid)
{
    for (size_t i = 0; i < keyring->count; i++) {
        if (strcmp(key_id(keyring->entries[i].key), kid) == 0)
            return &keyring->entries[i];
    }
    return NULL;
}

bool keyring_follow(const char *folder, const char *kid, int64_t from_ms, char next[KEY_ID_BYTES], struct error *err)
{
    AUTO(keyring_free) struct keyring *keyring = NULL;
    struct keyring_entry *old;

    if (!keyring_load(folder, &keyring, err))
        return false;
    old = entry_of(keyring, kid);
    if (!old)
        return fail(err, ERR_NOT_FOUND, "%s: there is no key %s", folder, kid);
    if (!keyring_next(keyring, kid)) {
        if (keyring_is_changing(keyring, kid, clock_now_ms(&CLOCK_SYSTEM)))
            return fail(err, ERR_CONFLICT, "%s: a rotation to %s is under way", folder, kid);
        if (!add_successor(keyring, folder, old, from_ms, err))
            return false;
    }
    snprintf(next, KEY_ID_BYTES, "%s", key_id(keyring_next(keyring, kid)));
    return true;
}
