#include "gateway/journal/merkle.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "keys/digest.h"
#include "keys/sha256_front.h"

/* What tells a leaf and a node apart is hashed once. */
struct merkle_hasher {
    struct sha256_front leaf, node;
};

struct merkle_hasher *merkle_hasher_new(void)
{
    struct merkle_hasher *hasher = memory_new(sizeof *hasher);

    sha256_front_set(&hasher->leaf, (struct span){"\0", 1});
    sha256_front_set(&hasher->node, (struct span){"\1", 1});
    return hasher;
}

void merkle_hasher_free(struct merkle_hasher *hasher)
{
    free(hasher);
}

void merkle_leaf(struct merkle_hasher *hasher, struct span entry, uint8_t hash[MERKLE_HASH_BYTES])
{
    sha256_front_digest(&hasher->leaf, entry, hash);
}

void merkle_node(struct merkle_hasher *hasher, const uint8_t left[MERKLE_HASH_BYTES],
                 const uint8_t right[MERKLE_HASH_BYTES], uint8_t hash[MERKLE_HASH_BYTES])
{
    char both[2 * MERKLE_HASH_BYTES];

    memcpy(both, left, MERKLE_HASH_BYTES);
    memcpy(both + MERKLE_HASH_BYTES, right, MERKLE_HASH_BYTES);
    sha256_front_digest(&hasher->node, (struct span){both, sizeof both}, hash);
}

void merkle_empty(uint8_t hash[MERKLE_HASH_BYTES])
{
    digest_sha256(SPAN(""), hash);
}

uint64_t merkle_split(uint64_t size)
{
    return (uint64_t)1 << (63 - __builtin_clzll(size - 1));
}

bool merkle_subtree_is_valid(uint64_t start, uint64_t end)
{
    uint64_t size = end - start;

    if (start > end)
        return false;
    if (size <= 1 || start == 0)
        return true;
    /* merkle_split is half of the power of two that holds the subtree. */
    return merkle_split(size) < (uint64_t)1 << 63 && start % (merkle_split(size) * 2) == 0;
}

/* The next hash of a path, or NULL at its end. */
static const uint8_t *next_hash(struct span *path)
{
    const char *hash = path->at;

    if (path->bytes < MERKLE_HASH_BYTES)
        return NULL;
    path->at += MERKLE_HASH_BYTES;
    path->bytes -= MERKLE_HASH_BYTES;
    return (const uint8_t *)hash;
}

static bool is_hash(struct span span)
{
    return span.bytes == MERKLE_HASH_BYTES;
}

static bool equal(struct span a, const uint8_t b[MERKLE_HASH_BYTES])
{
    return is_hash(a) && memcmp(a.at, b, MERKLE_HASH_BYTES) == 0;
}

static bool fail_proof(struct error *err, const char *why)
{
    return fail(err, ERR_CORRUPT, "the proof does not hold: %s", why);
}

bool merkle_path_add(struct buf *path, struct span hash, struct error *err)
{
    if (!is_hash(hash))
        return fail_proof(err, "a hash has 32 bytes");
    buf_add_span(path, hash);
    return true;
}

bool merkle_inclusion_root(const struct merkle_inclusion *proof, uint8_t root[MERKLE_HASH_BYTES], struct error *err)
{
    AUTO(merkle_hasher_free) struct merkle_hasher *hasher = merkle_hasher_new();
    uint8_t hash[MERKLE_HASH_BYTES];
    struct span path = proof->path;
    uint64_t first = proof->index - proof->start, last = proof->end - proof->start - 1;

    if (proof->index < proof->start || proof->index >= proof->end)
        return fail_proof(err, "the leaf is outside the tree");
    if (!merkle_subtree_is_valid(proof->start, proof->end))
        return fail_proof(err, "this is no subtree");
    if (!is_hash(proof->leaf) || path.bytes % MERKLE_HASH_BYTES != 0)
        return fail_proof(err, "a hash has 32 bytes");
    memcpy(hash, proof->leaf.at, sizeof hash);
    for (const uint8_t *sibling = next_hash(&path); sibling; sibling = next_hash(&path)) {
        if (last == 0)
            return fail_proof(err, "the path is too long");
        if (first & 1 || first == last) {
            merkle_node(hasher, sibling, hash, hash);
            while (!(first & 1) && first != 0) {
                first >>= 1;
                last >>= 1;
            }
        } else {
            merkle_node(hasher, hash, sibling, hash);
        }
        first >>= 1;
        last >>= 1;
    }
    if (last != 0)
        return fail_proof(err, "the path is too short");
    memcpy(root, hash, sizeof hash);
    return true;
}

bool merkle_inclusion_verify(const struct merkle_inclusion *proof, struct span root, struct error *err)
{
    uint8_t reached[MERKLE_HASH_BYTES];

    if (!merkle_inclusion_root(proof, reached, err))
        return false;
    if (!equal(root, reached))
        return fail_proof(err, "it leads to another root");
    return true;
}

/* The positions of the draft: fn, sn (first and last leaf of the subtree) and tn (last leaf of the tree), one level up
 * with every shift; and the two roots as far as they are known. */
struct climb {
    uint64_t first, last, tree_last;
    uint8_t old_root[MERKLE_HASH_BYTES], root[MERKLE_HASH_BYTES];
};

static void shift(struct climb *climb)
{
    climb->first >>= 1;
    climb->last >>= 1;
    climb->tree_last >>= 1;
}

/* Go up to the largest full subtree at the right end of [start, end): where old and new tree still are the same. */
static void climb_start(struct climb *climb)
{
    if (climb->last == climb->tree_last)
        while (climb->first != climb->last)
            shift(climb);
    else
        while (climb->first != climb->last && climb->last & 1)
            shift(climb);
}

static bool climb_step(struct climb *climb, struct merkle_hasher *hasher, const uint8_t *sibling)
{
    if (climb->tree_last == 0)
        return false;
    if (climb->last & 1 || climb->last == climb->tree_last) {
        if (climb->first < climb->last)
            merkle_node(hasher, sibling, climb->old_root, climb->old_root);
        merkle_node(hasher, sibling, climb->root, climb->root);
        while (!(climb->last & 1) && climb->last != 0)
            shift(climb);
    } else {
        merkle_node(hasher, climb->root, sibling, climb->root);
    }
    shift(climb);
    return true;
}

static bool climb_path(struct climb *climb, const struct merkle_consistency *proof, struct error *err)
{
    AUTO(merkle_hasher_free) struct merkle_hasher *hasher = merkle_hasher_new();
    struct span path = proof->path;
    const uint8_t *sibling = (const uint8_t *)proof->old_root.at;

    climb_start(climb);
    if (climb->first != climb->last)
        sibling = next_hash(&path);
    if (!sibling)
        return fail_proof(err, "the path is too short");
    memcpy(climb->old_root, sibling, MERKLE_HASH_BYTES);
    memcpy(climb->root, sibling, MERKLE_HASH_BYTES);
    for (sibling = next_hash(&path); sibling; sibling = next_hash(&path))
        if (!climb_step(climb, hasher, sibling))
            return fail_proof(err, "the path is too long");
    if (climb->tree_last != 0)
        return fail_proof(err, "the path is too short");
    return true;
}

static bool verify_empty(const struct merkle_consistency *proof, struct error *err)
{
    uint8_t empty[MERKLE_HASH_BYTES];

    merkle_empty(empty);
    if (!equal(proof->old_root, empty) || proof->path.bytes > 0)
        return fail_proof(err, "an empty tree has one root and no path");
    return true;
}

static bool verify_same(const struct merkle_consistency *proof, struct error *err)
{
    if (proof->root.bytes == 0 || !span_equal(proof->old_root, proof->root) || proof->path.bytes > 0)
        return fail_proof(err, "a tree and itself have the same root and no path");
    return true;
}

bool merkle_subtree_verify(const struct merkle_consistency *proof, struct error *err)
{
    struct climb climb = {.first = proof->start, .last = proof->end - 1, .tree_last = proof->size - 1};

    if (proof->end > proof->size || !merkle_subtree_is_valid(proof->start, proof->end))
        return fail_proof(err, "this is no subtree of a tree of that size");
    if (proof->start == proof->end)
        return verify_empty(proof, err);
    if (proof->start == 0 && proof->end == proof->size)
        return verify_same(proof, err);
    if (!is_hash(proof->old_root) || !is_hash(proof->root) || proof->path.bytes % MERKLE_HASH_BYTES != 0)
        return fail_proof(err, "a hash has 32 bytes");
    if (!climb_path(&climb, proof, err))
        return false;
    if (!equal(proof->old_root, climb.old_root))
        return fail_proof(err, "it leads to another old root");
    if (!equal(proof->root, climb.root))
        return fail_proof(err, "it leads to another root");
    return true;
}

bool merkle_consistency_verify(const struct merkle_consistency *proof, struct error *err)
{
    if (proof->start != 0)
        return fail_proof(err, "a whole tree starts at 0");
    if (proof->end == 0 && proof->size > 0)
        return fail_proof(err, "nothing follows from an empty tree");
    if (proof->end == 0 && !(is_hash(proof->root) && equal(proof->old_root, (const uint8_t *)proof->root.at)))
        return fail_proof(err, "two empty trees have the same root");
    return merkle_subtree_verify(proof, err);
}
