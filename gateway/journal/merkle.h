/* merkle.h - Merkle trees as RFC 9162 section 2.1 hashes them, and the check of their proofs. No storage: for proofs
 * that come from anywhere.
 *
 * Leaf = SHA-256(0x00 || entry), node = SHA-256(0x01 || left || right), the empty tree = SHA-256(""). A path is hashes
 * of 32 bytes one after another.
 *
 * Both proofs are understood for a *subtree* [start, end) as well (draft-ietf-plants-merkle-tree-certs section 4): it
 * is valid when start is a multiple of the smallest power of two that is not below end - start. The whole tree is
 * [0, size). */
#ifndef GATEWAY_JOURNAL_MERKLE_H
#define GATEWAY_JOURNAL_MERKLE_H

#include "base/buf.h"
#include "base/error.h"

enum { MERKLE_HASH_BYTES = 32 };

/* SHA-256 made ready once: hashing many small things costs mostly the making ready. */
struct merkle_hasher;
struct merkle_hasher *merkle_hasher_new(void);
void merkle_hasher_free(struct merkle_hasher *hasher);
void merkle_leaf(struct merkle_hasher *hasher, struct span entry, uint8_t hash[MERKLE_HASH_BYTES]);
/* `hash` may be one of the two. */
void merkle_node(struct merkle_hasher *hasher, const uint8_t left[MERKLE_HASH_BYTES],
                 const uint8_t right[MERKLE_HASH_BYTES], uint8_t hash[MERKLE_HASH_BYTES]);
void merkle_empty(uint8_t hash[MERKLE_HASH_BYTES]);

/* Whoever reads a path from a list of hashes adds them with this: one that has not 32 bytes is ERR_CORRUPT, so that
 * none slips into its neighbour. */
MUST_CHECK bool merkle_path_add(struct buf *path, struct span hash, struct error *err);

bool merkle_subtree_is_valid(uint64_t start, uint64_t end);
/* The largest power of two below `size` (> 1): where a tree of that size is divided. */
uint64_t merkle_split(uint64_t size);

/* The leaf at `index` is in [start, end). */
struct merkle_inclusion {
    uint64_t index, start, end;
    struct span leaf; /* its hash */
    struct span path;
};
/* The root that the proof leads to (RFC 9162 2.1.3.2). ERR_CORRUPT when it cannot be a proof of this shape. */
MUST_CHECK bool merkle_inclusion_root(const struct merkle_inclusion *proof, uint8_t root[MERKLE_HASH_BYTES],
                                      struct error *err);
/* ERR_CORRUPT unless it leads to `root`. */
MUST_CHECK bool merkle_inclusion_verify(const struct merkle_inclusion *proof, struct span root, struct error *err);

/* The tree of `size` and root `root` continues [start, end), whose root was `old_root`. */
struct merkle_consistency {
    uint64_t start, end, size;
    struct span old_root, root;
    struct span path;
};
/* RFC 9162 2.1.4.2 for subtrees. An empty subtree has the empty path and the empty tree's root: that holds in every
 * tree and proves nothing about `root`. A tree and itself need the same root and no path; the roots are only compared
 * then, not measured. ERR_CORRUPT when it does not hold. */
MUST_CHECK bool merkle_subtree_verify(const struct merkle_consistency *proof, struct error *err);
/* The same between two whole trees (start = 0). Refuses to start from the empty tree, for that would prove nothing;
 * only empty to empty holds. */
MUST_CHECK bool merkle_consistency_verify(const struct merkle_consistency *proof, struct error *err);

DEFINE_AUTO(struct merkle_hasher *, merkle_hasher_free)

#endif
