/* keyring.h - a folder of keys with what each is for and from when to when.
 *
 * `keyring.json` in the folder: {"keys": [{"kid", "alg", "use", "file", "from": instant, "until": instant | null}]};
 * `file` is a PEM beside it (private keys mode 0600). For signing the newest key in force counts; for checking every
 * key that was in force when the thing was signed does. */
#ifndef KEYS_KEYRING_H
#define KEYS_KEYRING_H

#include "keys/key.h"

/* A key that is followed by another stays good for checking this long after the other begins. */
#define KEYRING_OVERLAP_MS ((int64_t)24 * 3600 * 1000)
enum { KEYRING_NAME_MAX = 32 };

enum key_use { KEY_USE_SEAL, KEY_USE_PUSH, KEY_USE_CHECKPOINT, KEY_USE_ANSWER, KEY_USE_COUNT };
const char *key_use_name(enum key_use use); /* "seal", "push", "checkpoint", "answer" */

struct keyring;
/* Keys for every use: seal (SM2 and Ed25519), push (SM2), checkpoint (Ed25519 and SM2), answer (P-256 and Ed25519), in
 * force from `now_ms`, called "<name>-<use>-<sm2|ed25519|p256>-1". The folder is made when it is missing (mode 0700);
 * all is durable, mode 0600, on return. A folder that has a keyring: ERR_CONFLICT. */
MUST_CHECK bool keyring_create(const char *folder, const char *name, int64_t now_ms, struct error *err);
/* Add a key that follows the newest one of that use and algorithm, from `from_ms` (which may lie ahead, so that others
 * can learn the public half first). Running processes see it when they load the keyring again. */
MUST_CHECK bool keyring_rotate(const char *folder, enum key_use use, enum key_algorithm algorithm, int64_t from_ms,
                               struct error *err);
/* Add a key that follows `kid`; `next` gets its id. Asked again for the same `kid` it is the one that follows already,
 * and nothing changes. ERR_CONFLICT: keyring_is_changing. */
MUST_CHECK bool keyring_follow(const char *folder, const char *kid, int64_t from_ms, char next[KEY_ID_BYTES],
                               struct error *err);
/* A key file that others than the owner may read: ERR_FORBIDDEN. */
MUST_CHECK bool keyring_load(const char *folder, struct keyring **out, struct error *err);
/* Public halves only, as one JSON file that `verify` takes: {"keys": [{"kid", "alg", "use", "from", "until", "pem"}]}.
 */
MUST_CHECK bool keyring_public_json(const struct keyring *keyring, struct buf *out, struct error *err);
/* The same into a file (0644, durable), when it says something else. One that names keys which are not in the ring is
 * left as it is: ERR_CONFLICT, since what they signed could not be checked any more. */
MUST_CHECK bool keyring_publish(const struct keyring *keyring, const char *path, struct error *err);
MUST_CHECK bool keyring_parse_public(struct span json, struct keyring **out, struct error *err);
void keyring_free(struct keyring *keyring);
/* Borrowed; NULL when there is none. */
const struct key *keyring_current(const struct keyring *keyring, enum key_use use, enum key_algorithm algorithm,
                                  int64_t now_ms);
const struct key *keyring_find(const struct keyring *keyring, const char *kid);
/* The one that follows it; NULL. */
const struct key *keyring_next(const struct keyring *keyring, const char *kid);
/* It has not begun, or the one before it is still good for checking: not the time for another. */
bool keyring_is_changing(const struct keyring *keyring, const char *kid, int64_t now_ms);
/* All keys, in the order of the file: NULL behind the last. `use` gets what it is for. */
const struct key *keyring_at(const struct keyring *keyring, size_t index, enum key_use *use);
/* Was `kid` in force for `use` at that instant? */
bool keyring_was_valid(const struct keyring *keyring, const char *kid, enum key_use use, int64_t instant_ms);
/* From when to before when: INT64_MAX while nothing follows it. False when there is no such key. */
bool keyring_period(const struct keyring *keyring, const char *kid, int64_t *from_ms, int64_t *until_ms);

DEFINE_AUTO(struct keyring *, keyring_free)

#endif
