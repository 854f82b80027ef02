/* proof.h - the proof that an entry stands in one of our logs, in one file that can be checked offline.
 *
 * JSON {"answer","entry","kind":"creditgate.proof/1","proof"}: `entry` is the text whose leaf is in the tree (an event
 * of the journal, an entry of the trace); `proof` is a C2SP tlog-proof (inclusion path and signed checkpoint); `answer`
 * is the text that a trace entry gives the SHA-256 of, and may be left out.
 *
 *     c2sp.org/tlog-proof@v1\nindex <N>\n<Base64 of a hash>\n…\n\n<checkpoint> */
#ifndef GATEWAY_JOURNAL_PROOF_H
#define GATEWAY_JOURNAL_PROOF_H

#include "gateway/journal/checkpoint.h"

#define PROOF_KIND "creditgate.proof/1"
enum { PROOF_PATH_MAX = 63, PROOF_BYTES_MAX = 1024 * 1024 };

struct proof {
    struct span entry;  /* UTF-8 */
    struct span answer; /* UTF-8; empty: none */
    uint64_t index;
    struct span path;       /* hashes of 32 bytes, one after another */
    struct span checkpoint; /* the signed note over a tree that holds the entry */
};
/* Replaces `out`. */
void proof_format(const struct proof *proof, struct buf *out);

/* True only when the entry is in the tree of the checkpoint, which is signed (checkpoint_verify, under whatever origin
 * it names), and the answer, when there is one, is that of the entry. `hold` is emptied first and owns the texts of
 * `out`. ERR_INVALID: not of this form; ERR_CORRUPT: it proves nothing; ERR_FORBIDDEN: nobody we know signed. */
MUST_CHECK bool proof_verify(struct span json, const struct keyring *keys, struct proof *out,
                             struct checkpoint_proof *head, struct buf *hold, struct error *err);
#endif
