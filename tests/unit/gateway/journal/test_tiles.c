/* Every proof of every small tree, from tiles in memory, against trees hashed the plain way. */
#include "gateway/journal/tiles.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { SIZES = 301, MEMORY_TILES = 3 };

/* A shelf of level 0 tiles 0 and 1, and level 1 tile 0. */
struct shelf {
    struct buf tiles[MEMORY_TILES];
    bool refuses;
};

static size_t slot_of(struct tile_place place)
{
    cr_assert(place.level < 2 && place.index < 2 - place.level);
    return place.level == 1 ? 2 : place.index;
}

static bool read_tile(void *context, struct tile_place place, struct span *hashes)
{
    struct shelf *shelf = context;

    *hashes = buf_span(&shelf->tiles[slot_of(place)]);
    return hashes->bytes > 0;
}

static bool write_tile(void *context, struct tile_place place, struct span hashes, struct error *err)
{
    struct shelf *shelf = context;
    struct buf *tile = &shelf->tiles[slot_of(place)];

    if (shelf->refuses)
        return fail(err, ERR_FULL, "no room");
    buf_clear(tile);
    buf_add_span(tile, hashes);
    return true;
}

static struct shelf memory;
static const struct tile_shelf SHELF = {read_tile, write_tile, &memory};
static uint8_t leaves[SIZES][32];
static struct merkle_hasher *hasher;
static struct error err;

static void setup(void)
{
    struct tile_writer *writer = NULL;

    hasher = merkle_hasher_new();
    cr_assert(tile_writer_new(&SHELF, 0, &writer, &err), "%s", err.text);
    for (int i = 0; i < SIZES; i++) {
        char text[32];

        snprintf(text, sizeof text, "leaf %d", i);
        merkle_leaf(hasher, span_of(text), leaves[i]);
        tile_writer_add(writer, span_of(text));
    }
    cr_assert(tile_writer_finish(writer, &err), "%s", err.text);
    tile_writer_free(writer);
}

static void teardown(void)
{
    for (int i = 0; i < MEMORY_TILES; i++)
        buf_done(&memory.tiles[i]);
    merkle_hasher_free(hasher);
}

TestSuite(tiles, .init = setup, .fini = teardown, .timeout = 120);

/* MTH as RFC 9162 2.1.1 writes it. */
static void plain_root(uint64_t start, uint64_t end, uint8_t root[32])
{
    uint8_t left[32], right[32];
    uint64_t half = 1;

    if (start == end) {
        merkle_empty(root);
        return;
    }
    if (end - start == 1) {
        memcpy(root, leaves[start], 32);
        return;
    }
    while (half * 2 < end - start)
        half *= 2;
    plain_root(start, start + half, left);
    plain_root(start + half, end, right);
    merkle_node(hasher, left, right, root);
}

static struct span hash_span(const uint8_t *hash)
{
    return (struct span){(const char *)hash, 32};
}

Test(tiles, a_shelf_that_refuses_is_told_at_the_end)
{
    struct tile_writer *writer = NULL;

    memory.refuses = true;
    cr_assert(tile_writer_new(&SHELF, 0, &writer, &err));
    for (int i = 0; i < 300; i++)
        tile_writer_add(writer, SPAN("x"));
    cr_assert_not(tile_writer_finish(writer, &err));
    cr_assert_eq(err.code, ERR_FULL);
    tile_writer_free(writer);
}

Test(tiles, a_tile_that_is_too_short_is_noticed)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    struct tile_writer *writer = NULL;
    uint8_t root[32];

    memory.tiles[1].bytes -= 1;
    cr_assert_not(tile_writer_new(&SHELF, SIZES, &writer, &err));
    cr_assert_eq(err.code, ERR_CORRUPT);
    cr_assert_not(tiles_root(&SHELF, 0, SIZES, root, &err));
    cr_assert_not(tiles_inclusion(&SHELF, 0, SIZES, &path, &err));
    cr_assert_not(tiles_consistency(&SHELF, (struct tile_range){0, 5}, SIZES, &path, &err));
    cr_assert_eq(path.bytes, 0);
    cr_assert(tiles_root(&SHELF, 0, SIZES - 1, root, &err));
}

Test(tiles, what_is_no_subtree_has_no_root)
{
    uint8_t root[32];

    cr_assert_not(tiles_root(&SHELF, 1, 3, root, &err));
    cr_assert_not(tiles_root(&SHELF, 4, 3, root, &err));
    cr_assert_eq(err.code, ERR_INVALID);
}

Test(tiles, roots_of_all_subtrees_are_those_of_the_definition)
{
    uint8_t root[32], wanted[32];

    for (uint64_t start = 0; start < SIZES; start += 4)
        for (uint64_t end = start; end <= SIZES; end++) {
            if (!merkle_subtree_is_valid(start, end))
                continue;
            cr_assert(tiles_root(&SHELF, start, end, root, &err), "%s", err.text);
            plain_root(start, end, wanted);
            cr_assert_arr_eq(root, wanted, 32);
        }
}

static bool inclusion_holds(uint64_t index, uint64_t size, struct span path, const uint8_t root[32])
{
    struct merkle_inclusion proof = {index, 0, size, hash_span(leaves[index]), path};

    return merkle_inclusion_verify(&proof, hash_span(root), &err);
}

Test(tiles, every_inclusion_proof_holds_and_no_damaged_one)
{
    for (uint64_t size = 1; size < SIZES; size++) {
        uint8_t root[32];

        plain_root(0, size, root);
        for (uint64_t index = 0; index < size; index++) {
            AUTO(buf_done) struct buf path = BUF_INIT;
            size_t at;

            cr_assert(tiles_inclusion(&SHELF, index, size, &path, &err), "%s", err.text);
            cr_assert(inclusion_holds(index, size, buf_span(&path), root), "%s", err.text);
            if (path.bytes == 0)
                continue;
            at = (size_t)(index * 31 + size * 17) % path.bytes;
            path.data[at] ^= 1;
            cr_assert_not(inclusion_holds(index, size, buf_span(&path), root));
            path.data[at] ^= 1;
            cr_assert_not(inclusion_holds(index, size, (struct span){path.data, path.bytes - 32}, root));
            buf_add(&path, root, 32);
            cr_assert_not(inclusion_holds(index, size, buf_span(&path), root));
        }
    }
}

Test(tiles, any_damaged_byte_of_a_proof_is_noticed)
{
    static const uint64_t SIZE[] = {7, 64, 255, 256, 300};

    for (size_t i = 0; i < COUNT_OF(SIZE); i++) {
        AUTO(buf_done) struct buf path = BUF_INIT;
        AUTO(buf_done) struct buf way = BUF_INIT;
        uint64_t half = SIZE[i] / 2 + 1;
        uint8_t root[32], old_root[32];
        struct merkle_consistency proof = {
            .end = half, .size = SIZE[i], .old_root = hash_span(old_root), .root = hash_span(root)};

        plain_root(0, SIZE[i], root);
        plain_root(0, half, old_root);
        cr_assert(tiles_inclusion(&SHELF, half, SIZE[i], &path, &err));
        cr_assert(tiles_consistency(&SHELF, (struct tile_range){0, half}, SIZE[i], &way, &err));
        proof.path = buf_span(&way);
        cr_assert(merkle_consistency_verify(&proof, &err), "%s", err.text);
        for (size_t at = 0; at < path.bytes; at++) {
            path.data[at] ^= 0x40;
            cr_assert_not(inclusion_holds(half, SIZE[i], buf_span(&path), root));
            path.data[at] ^= 0x40;
        }
        for (size_t at = 0; at < way.bytes; at++) {
            way.data[at] ^= 0x40;
            cr_assert_not(merkle_consistency_verify(&proof, &err));
            way.data[at] ^= 0x40;
        }
        for (size_t at = 0; at < 32; at++) {
            root[at] ^= 0x40;
            cr_assert_not(merkle_consistency_verify(&proof, &err));
            cr_assert_not(inclusion_holds(half, SIZE[i], buf_span(&path), root));
            root[at] ^= 0x40;
            old_root[at] ^= 0x40;
            cr_assert_not(merkle_consistency_verify(&proof, &err));
            old_root[at] ^= 0x40;
        }
    }
}

static void check_consistency(uint64_t start, uint64_t end, uint64_t size, const uint8_t root[32])
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    uint8_t old_root[32];
    struct merkle_consistency proof = {start, end, size, hash_span(old_root), hash_span(root), SPAN_NONE};
    size_t at;

    cr_assert(tiles_consistency(&SHELF, (struct tile_range){start, end}, size, &path, &err), "%s", err.text);
    plain_root(start, end, old_root);
    proof.path = buf_span(&path);
    cr_assert(merkle_subtree_verify(&proof, &err), "[%d, %d) of %d: %s", (int)start, (int)end, (int)size, err.text);
    cr_assert(start > 0 || merkle_consistency_verify(&proof, &err));
    if (path.bytes == 0)
        return;
    at = (size_t)(start * 13 + end * 31 + size * 17) % path.bytes;
    path.data[at] ^= 1;
    cr_assert_not(merkle_subtree_verify(&proof, &err));
    path.data[at] ^= 1;
    proof.path.bytes -= 32;
    cr_assert_not(merkle_subtree_verify(&proof, &err));
}

Test(tiles, every_consistency_proof_holds_and_no_damaged_one)
{
    for (uint64_t size = 1; size < SIZES; size++) {
        uint8_t root[32];

        plain_root(0, size, root);
        for (uint64_t old = 1; old <= size; old++)
            check_consistency(0, old, size, root);
    }
}

Test(tiles, every_subtree_proof_holds_and_no_damaged_one)
{
    for (uint64_t size = 1; size < 70; size++) {
        uint8_t root[32];

        plain_root(0, size, root);
        for (uint64_t start = 1; start < size; start++)
            for (uint64_t end = start + 1; end <= size; end++)
                if (merkle_subtree_is_valid(start, end))
                    check_consistency(start, end, size, root);
    }
}

static void expect_path(unsigned level, uint64_t index, unsigned width, const char *wanted)
{
    AUTO(buf_done) struct buf path = BUF_INIT;

    tile_path_add(&path, (struct tile_place){level, index}, width);
    cr_assert_str_eq(path.data, wanted);
}

Test(tiles, paths_are_those_of_the_specification)
{
    expect_path(0, 0, 256, "tile/0/000");
    expect_path(0, 1234067, 256, "tile/0/x001/x234/067");
    expect_path(1, 999, 5, "tile/1/999.p/5");
    expect_path(2, 1000, 255, "tile/2/x001/000.p/255");
    expect_path(0, UINT64_MAX, 256, "tile/0/x018/x446/x744/x073/x709/x551/615");
}
