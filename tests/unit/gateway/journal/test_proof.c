#include "gateway/journal/proof.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "gateway/journal/journal.h"
#include "keys/digest.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static struct keyring *keys;
static struct signer *signer;
static struct store *store;
static struct buf note, path, bundle, hold;
static struct proof proof;
static struct checkpoint_proof head;
static struct error err;

#define ANSWER "{\"verdict\":\"listed\"}"

enum { ENTRIES = 21, PROVEN = 13, ENTRY_BYTES = 160 };

static char digest[68]; /* of ANSWER, in quotes */

static void entry_text(int i, char text[ENTRY_BYTES])
{
    /* 13 has the digest of ANSWER. */
    snprintf(text, ENTRY_BYTES, "{\"answer_sha256\":%s,\"receipt\":\"r-%d\"}", i == PROVEN ? digest : "null", i);
}

static void fill_log(void)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    AUTO(journal_writer_free) struct journal_writer *writer = NULL;
    struct checkpoint checkpoint = {.origin = "gate/trace", .size = ENTRIES};

    cr_assert(store_begin(store, STORE_WRITE, &txn, &err) && journal_writer_new(txn, &writer, &err));
    for (int i = 0; i < ENTRIES; i++) {
        char text[ENTRY_BYTES];

        entry_text(i, text);
        journal_append(writer, span_of(text), NULL);
    }
    cr_assert(journal_writer_finish(writer, &err), "%s", err.text);
    cr_assert(journal_root(txn, ENTRIES, checkpoint.root, &err), "%s", err.text);
    cr_assert(journal_inclusion(txn, PROVEN, ENTRIES, &path, &err), "%s", err.text);
    cr_assert(checkpoint_sign(&checkpoint, keys, signer, &note, &err), "%s", err.text);
}

static void digest_answer(void)
{
    AUTO(buf_done) struct buf hex = BUF_INIT;
    uint8_t bytes[32];

    digest_sha256(SPAN(ANSWER), bytes);
    hex_add(&hex, bytes, sizeof bytes);
    snprintf(digest, sizeof digest, "\"%s\"", hex.data);
}

static void setup(void)
{
    char name[TEST_PATH_BYTES + 8];

    digest_answer();
    test_folder_new(folder);
    snprintf(name, sizeof name, "%s/keys", folder);
    cr_assert(keyring_create(name, "test", 0, &err) && keyring_load(name, &keys, &err), "%s", err.text);
    cr_assert(signer_new_local(keys, &signer, &err), "%s", err.text);
    snprintf(name, sizeof name, "%s/store", folder);
    cr_assert(store_open(name, &(struct store_options){.creates = true, .is_scratch = true}, &store, &err));
    fill_log();
}

static void teardown(void)
{
    buf_done(&note);
    buf_done(&path);
    buf_done(&bundle);
    buf_done(&hold);
    store_close(store);
    signer_free(signer);
    keyring_free(keys);
    test_folder_remove(folder);
}

TestSuite(proof, .init = setup, .fini = teardown, .timeout = 120);

static void make(uint64_t index, const char *entry, const char *answer)
{
    struct proof parts = {span_of(entry), span_of(answer), index, buf_span(&path), buf_span(&note)};

    proof_format(&parts, &bundle);
}

static bool verify(void)
{
    return proof_verify(buf_span(&bundle), keys, &proof, &head, &hold, &err);
}

static void expect_bad(enum error_code code, const char *what)
{
    cr_expect_not(verify(), "%s passed", what);
    cr_expect_eq(err.code, code, "%s: %s", what, err.text);
}

Test(proof, what_is_no_proof_is_refused)
{
    static const char *const TEXTS[] = {
        "",
        "[]",
        "{}",
        "{\"kind\":\"creditgate.proof/1\"}",
        "{\"kind\":\"creditgate.proof/2\",\"entry\":\"e\",\"proof\":\"p\"}",
        "{\"kind\":\"creditgate.proof/1\",\"entry\":\"e\",\"proof\":\"p\"}",
        "{\"kind\":\"creditgate.proof/1\",\"entry\":\"e\",\"proof\":\"c2sp.org/tlog-proof@v1\\n\"}",
        "{\"kind\":\"creditgate.proof/1\",\"entry\":\"e\",\"proof\":\"c2sp.org/tlog-proof@v1\\nindex 01\\n\\nx\\n\"}",
        "{\"kind\":\"creditgate.proof/1\",\"entry\":\"e\",\"proof\":\"c2sp.org/tlog-proof@v1\\nindex -1\\n\\nx\\n\"}",
        "{\"kind\":\"creditgate.proof/1\",\"entry\":\"e\",\"proof\":\"c2sp.org/tlog-proof@v1\\nindex "
        "1\\nAAAA\\n\\nx\\n\"}",
        "{\"kind\":\"creditgate.proof/1\",\"entry\":\"e\",\"proof\":\"c2sp.org/tlog-proof@v1\\nindex 1\\n\"}",
        "{\"kind\":\"creditgate.proof/1\",\"entry\":\"e\",\"proof\":\"c2sp.org/tlog-proof@v1\\nindex 1\\n\\nx\\n\","
        "\"more\":1}",
        "{\"kind\":\"creditgate.proof/1\",\"entry\":\"e\",\"proof\":\"c2sp.org/tlog-proof@v1\\nindex 1\\n\\nx\\n\","
        "\"answer\":1}",
    };

    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        buf_clear(&bundle);
        buf_add_text(&bundle, TEXTS[i]);
        expect_bad(ERR_INVALID, TEXTS[i]);
    }
}

Test(proof, a_path_longer_than_any_tree_is_refused)
{
    buf_clear(&path);
    for (int i = 0; i < PROOF_PATH_MAX + 1; i++)
        buf_add(&path, head.checkpoint.root, MERKLE_HASH_BYTES);
    make(PROVEN, "{}", NULL);
    expect_bad(ERR_INVALID, "a long path");
}

Test(proof, another_entry_or_another_place_is_refused)
{
    char text[ENTRY_BYTES];

    entry_text(PROVEN, text);
    make(PROVEN - 1, text, NULL);
    expect_bad(ERR_CORRUPT, "another place");
    make(ENTRIES + 1, text, NULL);
    expect_bad(ERR_CORRUPT, "a place beyond the tree");
    entry_text(PROVEN + 1, text);
    make(PROVEN, text, NULL);
    expect_bad(ERR_CORRUPT, "another entry");
}

Test(proof, strangers_keys_prove_nothing)
{
    AUTO(keyring_free) struct keyring *others = NULL;
    char name[TEST_PATH_BYTES + 8];
    char text[ENTRY_BYTES];

    entry_text(PROVEN, text);
    make(PROVEN, text, NULL);
    snprintf(name, sizeof name, "%s/others", folder);
    cr_assert(keyring_create(name, "test", 0, &err) && keyring_load(name, &others, &err), "%s", err.text);
    cr_expect_not(proof_verify(buf_span(&bundle), others, &proof, &head, &hold, &err));
    cr_expect_eq(err.code, ERR_FORBIDDEN, "%s", err.text);
}

Test(proof, an_answer_that_the_entry_does_not_speak_of_is_refused)
{
    char text[ENTRY_BYTES];

    entry_text(PROVEN, text);
    make(PROVEN, text, ANSWER " ");
    expect_bad(ERR_CORRUPT, "another answer");
    make(PROVEN, text, ANSWER);
    cr_expect(verify() && span_is(proof.answer, ANSWER), "%s", err.text);
}

Test(proof, a_good_one_tells_the_entry_its_place_and_the_head)
{
    char text[ENTRY_BYTES];

    entry_text(PROVEN, text);
    make(PROVEN, text, NULL);
    cr_assert(verify(), "%s", err.text);
    cr_expect(span_is(proof.entry, text));
    cr_expect_eq(proof.index, PROVEN);
    cr_expect_eq(proof.answer.bytes, 0);
    cr_expect_eq(head.checkpoint.size, ENTRIES);
    cr_expect_str_eq(head.checkpoint.origin, "gate/trace");
    cr_expect(head.has_sm2 && head.has_ed25519);
}

/* Whatever one byte becomes: refused, or the same entry at the same place under the same head. */
Test(proof, no_flipped_byte_proves_anything_else)
{
    AUTO(buf_done) struct buf good = BUF_INIT;
    struct checkpoint_proof good_head;
    char text[ENTRY_BYTES];
    size_t passed = 0;

    entry_text(PROVEN, text);
    make(PROVEN, text, NULL);
    buf_add_span(&good, buf_span(&bundle));
    cr_assert(verify(), "%s", err.text);
    good_head = head;
    for (size_t i = 0; i < good.bytes; i++) {
        static const uint8_t FLIPS[] = {0x01, 0x20, 0x80};

        for (size_t j = 0; j < COUNT_OF(FLIPS); j++) {
            bundle.data[i] = (char)((uint8_t)good.data[i] ^ FLIPS[j]);
            if (verify()) {
                passed++;
                cr_expect(span_is(proof.entry, text) && proof.index == PROVEN, "byte %zu", i);
                cr_expect(head.checkpoint.size == good_head.checkpoint.size &&
                              memcmp(head.checkpoint.root, good_head.checkpoint.root, 32) == 0 &&
                              strcmp(head.checkpoint.origin, good_head.checkpoint.origin) == 0,
                          "byte %zu", i);
            }
            bundle.data[i] = good.data[i];
        }
    }
    /* A signature of ours that is told apart no more counts as a stranger's: such notes have one good one left. */
    cr_expect_lt(passed, good.bytes, "%zu of %zu", passed, good.bytes);
    cr_assert(verify(), "%s", err.text);
}
