/* The proofs of RFC 9162's reference tree, and transparency-dev's good and bad ones. */
#define _GNU_SOURCE
#include "gateway/journal/merkle.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "tests/support/support.h"

enum { HASH = MERKLE_HASH_BYTES };

static struct error err;

static void hex_of(const json_t *text, struct buf *out)
{
    cr_assert(hex_decode(span_of(json_string_value(text)), out));
}

static void hex_path(const json_t *list, struct buf *out)
{
    size_t i;
    json_t *item;

    json_array_foreach(list, i, item) hex_of(item, out);
}

static json_t *reference(void)
{
    json_t *file = NULL;

    cr_assert(json_read_file(TEST_SOURCE "/tests/cases/vectors/merkle/rfc6962.json", &file, &err), "%s", err.text);
    return file;
}

Test(merkle, what_is_no_subtree_is_told)
{
    cr_assert(merkle_subtree_is_valid(0, 0));
    cr_assert(merkle_subtree_is_valid(0, UINT64_MAX));
    cr_assert(merkle_subtree_is_valid(7, 8));
    cr_assert(merkle_subtree_is_valid(4, 7));
    cr_assert(merkle_subtree_is_valid((uint64_t)1 << 62, (uint64_t)1 << 63));
    cr_assert_not(merkle_subtree_is_valid(2, 5));
    cr_assert_not(merkle_subtree_is_valid(8, 4));
    cr_assert_not(merkle_subtree_is_valid(1, UINT64_MAX));
    cr_assert_not(merkle_subtree_is_valid((uint64_t)1 << 62, UINT64_MAX));
}

Test(merkle, leaves_and_the_empty_tree_hash_as_published)
{
    AUTO(json_release) json_t *file = reference();
    AUTO(merkle_hasher_free) struct merkle_hasher *hasher = merkle_hasher_new();
    AUTO(buf_done) struct buf leaf = BUF_INIT;
    AUTO(buf_done) struct buf wanted = BUF_INIT;
    uint8_t hash[HASH];

    merkle_empty(hash);
    hex_of(json_object_get(file, "empty_root"), &wanted);
    cr_assert_arr_eq(hash, wanted.data, HASH);
    buf_clear(&wanted);
    hex_of(json_array_get(json_object_get(file, "leaves_hex"), 7), &leaf);
    merkle_leaf(hasher, buf_span(&leaf), hash);
    hex_of(json_object_get(json_array_get(json_object_get(file, "inclusion"), 35), "leaf_hash"), &wanted);
    cr_assert_arr_eq(hash, wanted.data, HASH);
}

Test(merkle, the_36_inclusion_proofs_of_the_reference_hold)
{
    AUTO(json_release) json_t *file = reference();
    json_t *list = json_object_get(file, "inclusion"), *item;
    size_t i;

    cr_assert_eq(json_array_size(list), 36);
    json_array_foreach(list, i, item)
    {
        AUTO(buf_done) struct buf leaf = BUF_INIT;
        AUTO(buf_done) struct buf root = BUF_INIT;
        AUTO(buf_done) struct buf path = BUF_INIT;
        struct merkle_inclusion proof = {.index = (uint64_t)json_integer_of(item, "leaf_index", -1),
                                         .end = (uint64_t)json_integer_of(item, "tree_size", -1)};

        hex_of(json_object_get(item, "leaf_hash"), &leaf);
        hex_of(json_object_get(item, "root"), &root);
        hex_path(json_object_get(item, "path"), &path);
        proof.leaf = buf_span(&leaf);
        proof.path = buf_span(&path);
        cr_assert(merkle_inclusion_verify(&proof, buf_span(&root), &err), "%zu: %s", i, err.text);
        leaf.data[0] ^= 1;
        cr_assert_not(merkle_inclusion_verify(&proof, buf_span(&root), &err));
    }
}

Test(merkle, the_36_consistency_proofs_of_the_reference_hold)
{
    AUTO(json_release) json_t *file = reference();
    json_t *list = json_object_get(file, "consistency"), *item;
    size_t i;

    cr_assert_eq(json_array_size(list), 36);
    json_array_foreach(list, i, item)
    {
        AUTO(buf_done) struct buf old_root = BUF_INIT;
        AUTO(buf_done) struct buf root = BUF_INIT;
        AUTO(buf_done) struct buf path = BUF_INIT;
        struct merkle_consistency proof = {.end = (uint64_t)json_integer_of(item, "first", -1),
                                           .size = (uint64_t)json_integer_of(item, "second", -1)};

        hex_of(json_object_get(item, "first_root"), &old_root);
        hex_of(json_object_get(item, "second_root"), &root);
        hex_path(json_object_get(item, "path"), &path);
        proof.old_root = buf_span(&old_root);
        proof.root = buf_span(&root);
        proof.path = buf_span(&path);
        cr_assert(merkle_consistency_verify(&proof, &err), "%zu: %s", i, err.text);
        root.data[31] ^= 1;
        cr_assert_not(merkle_consistency_verify(&proof, &err));
    }
}

/* transparency-dev: one proof a file. Numbers may be beyond int64, so they are read from the text. */
struct proof_file {
    struct buf text;
    json_t *json;
    struct buf old_root, root, leaf, path;
    bool has_bad_hash;
};

static uint64_t number_in(const struct proof_file *file, const char *name)
{
    char quoted[32];
    const char *at;

    snprintf(quoted, sizeof quoted, "\"%s\":", name);
    at = strstr(file->text.data, quoted);
    return at ? strtoull(at + strlen(quoted), NULL, 10) : 0;
}

static void base64_of(const struct proof_file *file, const char *name, struct buf *out)
{
    const char *text = json_string_value(json_object_get(file->json, name));

    cr_assert(!text || base64_decode(span_of(text), out));
}

static void add_to_path(struct proof_file *file, const char *text)
{
    AUTO(buf_done) struct buf hash = BUF_INIT;

    cr_assert(base64_decode(span_of(text), &hash));
    file->has_bad_hash |= !merkle_path_add(&file->path, buf_span(&hash), &err);
}

static void load_proof(const char *path, struct proof_file *file)
{
    json_t *item;
    size_t i;

    cr_assert(file_read(path, 65536, &file->text, &err), "%s", err.text);
    file->json = json_loads(file->text.data, JSON_DECODE_INT_AS_REAL, NULL);
    cr_assert_not_null(file->json, "%s", path);
    base64_of(file, "root1", &file->old_root);
    base64_of(file, "root2", &file->root);
    base64_of(file, "root", &file->root);
    base64_of(file, "leafHash", &file->leaf);
    json_array_foreach(json_object_get(file->json, "proof"), i, item) add_to_path(file, json_string_value(item));
}

static void proof_done(struct proof_file *file)
{
    json_decref(file->json);
    buf_done(&file->text);
    buf_done(&file->old_root);
    buf_done(&file->root);
    buf_done(&file->leaf);
    buf_done(&file->path);
}

static bool inclusion_verdict(const struct proof_file *file, const char *end)
{
    return merkle_inclusion_verify(&(struct merkle_inclusion){.index = number_in(file, "leafIdx"),
                                                              .start = number_in(file, "start"),
                                                              .end = number_in(file, end),
                                                              .leaf = buf_span(&file->leaf),
                                                              .path = buf_span(&file->path)},
                                   buf_span(&file->root), &err);
}

static bool verdict(const struct proof_file *file, const char *path)
{
    struct merkle_consistency way = {
        .old_root = buf_span(&file->old_root), .root = buf_span(&file->root), .path = buf_span(&file->path)};

    if (file->has_bad_hash)
        return false;
    if (strstr(path, "/subtreeinclusion/"))
        return inclusion_verdict(file, "end");
    if (strstr(path, "/inclusion/"))
        return inclusion_verdict(file, "treeSize");
    if (strstr(path, "/subtreeconsistency/")) {
        way.start = number_in(file, "start");
        way.end = number_in(file, "end");
        way.size = number_in(file, "size");
        return merkle_subtree_verify(&way, &err);
    }
    way.end = number_in(file, "size1");
    way.size = number_in(file, "size2");
    return merkle_consistency_verify(&way, &err);
}

static int proofs_seen;

static int judge_file(const char *path, const struct stat *info, int type, struct FTW *where)
{
    struct proof_file file = {.json = NULL};
    bool is_bad;

    (void)info;
    (void)where;
    if (type != FTW_F || !strstr(path, ".json"))
        return 0;
    load_proof(path, &file);
    is_bad = json_is_true(json_object_get(file.json, "wantErr"));
    cr_expect_eq(verdict(&file, path), !is_bad, "%s: wanted %s", path, is_bad ? "bad" : "good");
    proof_done(&file);
    proofs_seen++;
    return 0;
}

Test(merkle, the_518_proofs_of_transparency_dev_are_judged_right)
{
    char path[TEST_PATH_BYTES];

    if (!test_data_path("vectors/merkle/transparency-dev", path))
        cr_skip_test("no data");
    cr_assert_eq(nftw(path, judge_file, 16, FTW_PHYS), 0);
    cr_assert_eq(proofs_seen, 518);
}
