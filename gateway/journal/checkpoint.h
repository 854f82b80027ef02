/* checkpoint.h - the signed head of a Merkle log: a C2SP tlog-checkpoint, which is a C2SP signed note.
 *
 *     <origin>\n<size>\n<Base64 of the root>\n\n— <origin> <Base64 of key id (4 bytes) and signature>\n…
 *
 * The name of every key is the log's origin. Two signatures over the text, blank line excluded:
 *   Ed25519  type 0x01, as signed-note has it: key id = SHA-256(name || 0x0A || 0x01 || 32 bytes of the key)[:4]
 *   SM2      a type of our own: 0xff "creditgate.sm2-sm3"; the public key is the uncompressed point (65 bytes), the
 *            signature that of keys/key.h (GB/T 32918.2, SM3, identifier 1234567812345678, DER):
 *            key id = SHA-256(name || 0x0A || 0xff || "creditgate.sm2-sm3" || 65 bytes of the key)[:4] */
#ifndef GATEWAY_JOURNAL_CHECKPOINT_H
#define GATEWAY_JOURNAL_CHECKPOINT_H

#include "base/buf.h"
#include "base/error.h"
#include "gateway/journal/merkle.h"
#include "keys/keyring.h"
#include "keys/signer.h"

#define CHECKPOINT_SM2_TYPE "creditgate.sm2-sm3"
enum { CHECKPOINT_ORIGIN_BYTES = 256, CHECKPOINT_NOTE_MAX = 64 * 1024, CHECKPOINT_SIGNATURES_MAX = 64 };

struct checkpoint {
    char origin[CHECKPOINT_ORIGIN_BYTES]; /* UTF-8 without white space, '+' and control characters */
    uint64_t size;
    uint8_t root[MERKLE_HASH_BYTES];
};

/* Sign with the checkpoint keys in force and add the note to `note`. `keys` needs only public halves; a key that the
 * signer used and `keys` lacks is ERR_UNAVAILABLE (load the keyring again). Whether this head may be signed at all (a
 * store that was rolled back must not) is the caller's to know. */
MUST_CHECK bool checkpoint_sign(const struct checkpoint *checkpoint, const struct keyring *keys, struct signer *signer,
                                struct buf *note, struct error *err);

/* What is to be believed of a note: nothing is filled in unless at least one key of `keys` for checkpoints signed it
 * under the name `origin`, and no signature of such a key is bad. Signatures of others are passed over. Extension
 * lines are refused. ERR_INVALID: no checkpoint; ERR_CORRUPT: a bad signature; ERR_FORBIDDEN: nobody we know signed. */
struct checkpoint_proof {
    struct checkpoint checkpoint;
    bool has_ed25519;
    bool has_sm2;
    char ed25519_kid[KEY_ID_BYTES]; /* the last of our keys that signed; "" when none did */
    char sm2_kid[KEY_ID_BYTES];
};
MUST_CHECK bool checkpoint_verify(struct span note, const char *origin, const struct keyring *keys,
                                  struct checkpoint_proof *out, struct error *err);
/* The first line of a note, before anything is believed of it; empty when there is none. */
struct span checkpoint_origin(struct span note);

#endif
