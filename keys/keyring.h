/* keyring.h - a folder of keys with what each is for and from when to when.
 *
 * `keyring.json` in the folder: {"keys": [{"kid", "alg", "use", "file", "from": instant, "until": instant | null}]};
 * `file` is a PEM beside it (private keys mode 0600). For signing the newest key in force counts; for checking every
 * key that was in force when the thing was signed does. */
#ifndef KEYS_KEYRING_H
#define KEYS_KEYRING_H

#include "keys/key.h"

enum key_use { KEY_USE_SEAL, KEY_USE_PUSH, KEY_USE_CHECKPOINT, KEY_USE_ANSWER, KEY_USE_COUNT };
const char *key_use_name(enum key_use use); /* "seal", "push", "checkpoint", "answer" */

struct keyring;
/* Keys for every use: seal (SM2 and Ed25519), push (SM2), checkpoint (Ed25519 and SM2), answer (P-256 and Ed25519).
 * Refuses a folder that has one. */
MUST_CHECK bool keyring_create(const char *folder, const char *name, int64_t now_ms, struct error *err);
MUST_CHECK bool keyring_load(const char *folder, struct keyring **out, struct error *err);
/* Public halves only, as one JSON file that `verify` takes: {"keys": [{"kid", "alg", "use", "from", "until", "pem"}]}.
 */
MUST_CHECK bool keyring_public_json(const struct keyring *keyring, struct buf *out, struct error *err);
MUST_CHECK bool keyring_parse_public(struct span json, struct keyring **out, struct error *err);
void keyring_free(struct keyring *keyring);
/* Borrowed; NULL when there is none. */
const struct key *keyring_current(const struct keyring *keyring, enum key_use use, enum key_algorithm algorithm,
                                  int64_t now_ms);
const struct key *keyring_find(const struct keyring *keyring, const char *kid);
/* Was `kid` in force for `use` at that instant? */
bool keyring_was_valid(const struct keyring *keyring, const char *kid, enum key_use use, int64_t instant_ms);

DEFINE_AUTO(struct keyring *, keyring_free)

#endif
