/* keyring_internal.h - what keyring.c and keyring_rotate.c share. */
#ifndef KEYS_KEYRING_INTERNAL_H
#define KEYS_KEYRING_INTERNAL_H

#include "keys/keyring.h"

enum { KEYRING_KEYS_MAX = 256, KEYRING_FILE_NAME_MAX = 80 };
#define FOREVER INT64_MAX

struct keyring_entry {
    struct key *key;
    enum key_use use;
    int64_t from_ms;
    int64_t until_ms; /* FOREVER while nobody replaced it */
    char file[KEYRING_FILE_NAME_MAX];
};

struct keyring {
    size_t count;
    struct keyring_entry entries[KEYRING_KEYS_MAX];
};

/* Letters, digits and -_. of a file name that begins with no dot. */
bool keyring_is_plain_name(const char *name);
/* Borrowed; NULL when there is none. */
const struct keyring_entry *keyring_entry(const struct keyring *keyring, const char *kid);
/* A new key, durable in the folder; the ring in memory names it, keyring.json not before keyring_save. */
MUST_CHECK bool keyring_add_key(struct keyring *keyring, const char *folder, const struct keyring_entry *wanted,
                                const char *kid, enum key_algorithm algorithm, struct error *err);
MUST_CHECK bool keyring_save(const struct keyring *keyring, const char *folder, struct error *err);

#endif
