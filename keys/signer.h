/* signer.h - "sign these bytes with key K", asked of the one process that holds the private keys.
 *
 * A `signer` is either local (holds the keyring itself: tests, init) or remote (a SOCK_SEQPACKET socket to the signer
 * process). A remote request that is not answered within SIGNER_TIMEOUT_MS is asked again (the signer may have been
 * started anew) up to SIGNER_TRIES times; then ERR_UNAVAILABLE. Answers carry the request's number, so a late one is
 * not mistaken. A signer belongs to one thread. */
#ifndef KEYS_SIGNER_H
#define KEYS_SIGNER_H

#include "keys/key.h"
#include "keys/keyring.h"

/* The largest message is a push of 500 rows in Base64; what does not fit a datagram travels in a sealed memfd. */
enum { SIGNER_MESSAGE_MAX = 4 * 1024 * 1024, SIGNER_TIMEOUT_MS = 2000, SIGNER_TRIES = 10 };

struct signer;
MUST_CHECK bool signer_new_local(const struct keyring *keyring, struct signer **out,
                                 struct error *err); /* borrows the keyring */
struct signer *signer_new_remote(int fd);            /* takes the descriptor */
void signer_free(struct signer *signer);

/* Other patience than SIGNER_TIMEOUT_MS and SIGNER_TRIES. */
void signer_set_patience(struct signer *signer, int timeout_ms, int tries);

/* Sign with the key in force for `use` (see keyring.h). `kid` gets its id, the signature is added to `signature`. No
 * such key: ERR_NOT_FOUND. */
MUST_CHECK bool signer_sign(struct signer *signer, enum key_use use, enum key_algorithm algorithm, struct span message,
                            struct buf *signature, char kid[KEY_ID_BYTES], struct error *err);
/* The id of the key that signer_sign would use. May be out of date by the time it signs (signer_sign tells): whoever
 * signs the id itself compares and begins again. A remote signer asks once and remembers what later signatures said. */
MUST_CHECK bool signer_kid(struct signer *signer, enum key_use use, enum key_algorithm algorithm,
                           char kid[KEY_ID_BYTES], struct error *err);

/* … no more, until it is asked again: where it matters that the key was followed by another just now. */
void signer_forget_kids(struct signer *signer);
/* A key that follows `kid` (keyring_follow), made and kept by the signer process; it signs from `from_ms` on, and
 * public-keys.json names it before this returns. Nothing of it but its id leaves that process. A local signer, or one
 * that serves no folder: ERR_UNAVAILABLE. */
MUST_CHECK bool signer_rotate(struct signer *signer, const char *kid, int64_t from_ms, char next[KEY_ID_BYTES],
                              struct error *err);

/* What the signer process serves. */
struct signer_home {
    const struct keyring *keyring; /* of the folder */
    const char *folder;            /* NULL: the keys stay as they are */
    const char *public_file;       /* where the public halves are told */
};
/* signer_serve, with keys that can be followed by others. */
MUST_CHECK bool signer_serve_home(const struct signer_home *home, const int *fds, size_t count, int stop_fd,
                                  struct error *err);

/* The signer process: answer on the `count` descriptors until `stop_fd` becomes readable or hangs up. A sibling's end,
 * and whatever it sends, never ends it. Returns true on an orderly stop. */
MUST_CHECK bool signer_serve(const struct keyring *keyring, const int *fds, size_t count, int stop_fd,
                             struct error *err);

DEFINE_AUTO(struct signer *, signer_free)

#endif
