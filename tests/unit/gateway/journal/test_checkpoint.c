#include "gateway/journal/checkpoint.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "keys/digest.h"
#include "tests/support/support.h"

#define ORIGIN "gateway.example/journal"

static char folder[TEST_PATH_BYTES];
static struct keyring *keys;
static struct signer *signer;
static struct buf note;
static struct checkpoint_proof proof;
static struct error err;
static struct checkpoint head;

static void setup(void)
{
    char path[TEST_PATH_BYTES + 8];

    test_folder_new(folder);
    snprintf(path, sizeof path, "%s/keys", folder);
    cr_assert(keyring_create(path, "test", 0, &err) && keyring_load(path, &keys, &err), "%s", err.text);
    cr_assert(signer_new_local(keys, &signer, &err), "%s", err.text);
    head = (struct checkpoint){.origin = ORIGIN, .size = 20852163, .root = {1, 2, 3}};
    cr_assert(checkpoint_sign(&head, keys, signer, &note, &err), "%s", err.text);
}

static void teardown(void)
{
    buf_done(&note);
    signer_free(signer);
    keyring_free(keys);
    test_folder_remove(folder);
}

TestSuite(checkpoint, .init = setup, .fini = teardown, .timeout = 60);

static bool verify(struct span text)
{
    return checkpoint_verify(text, ORIGIN, keys, &proof, &err);
}

static void expect_bad(const char *text, enum error_code code)
{
    cr_expect_not(verify(span_of(text)), "%s", text);
    cr_expect_eq(err.code, code, "%s: %s", text, err.text);
}

Test(checkpoint, what_is_no_note_is_refused)
{
    const char *lines = strstr(note.data, "\n\n") + 1;
    AUTO(buf_done) struct buf text = BUF_INIT;
    static const char *const HEADS[] = {
        "",
        "\n",
        ORIGIN "\n",
        ORIGIN "\n5\n",
        ORIGIN "\n05\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        ORIGIN "\n+5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        ORIGIN "\n\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        ORIGIN "\n18446744073709551616\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        ORIGIN "\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n",
        ORIGIN "\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
        ORIGIN "\n5\nAAAA\n",
        ORIGIN "\r\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        ORIGIN "\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nextension\n",
        "two words\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "a+b\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "a\xe3\x80\x80z\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "a\xff\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
    };

    for (size_t i = 0; i < COUNT_OF(HEADS); i++) {
        buf_clear(&text);
        buf_addf(&text, "%s%s", HEADS[i], lines);
        expect_bad(text.data, ERR_INVALID);
    }
    expect_bad("", ERR_INVALID);
}

Test(checkpoint, bad_signature_lines_are_refused)
{
    static const char *const LINES[] = {"",
                                        "- " ORIGIN " AAAAAAA=\n",
                                        "\xe2\x80\x94 " ORIGIN "\n",
                                        "\xe2\x80\x94  AAAAAAA=\n",
                                        "\xe2\x80\x94 " ORIGIN " AAAAAAA\n",
                                        "\xe2\x80\x94 " ORIGIN " AAAA\n",
                                        "\xe2\x80\x94 " ORIGIN " AAAAAAA= \n",
                                        "\xe2\x80\x94 " ORIGIN " AAAAAAA="};
    size_t head_bytes = (size_t)(strstr(note.data, "\n\n") + 2 - note.data);

    for (size_t i = 0; i < COUNT_OF(LINES); i++) {
        AUTO(buf_done) struct buf text = BUF_INIT;

        buf_add(&text, note.data, head_bytes);
        buf_add_text(&text, LINES[i]);
        expect_bad(text.data, ERR_INVALID);
    }
}

Test(checkpoint, unknown_signatures_alone_are_not_enough_and_beside_ours_no_harm)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    size_t head_bytes = (size_t)(strstr(note.data, "\n\n") + 2 - note.data);

    buf_add(&text, note.data, head_bytes);
    buf_add_text(&text, "\xe2\x80\x94 " ORIGIN " AAAAAAA=\n\xe2\x80\x94 witness.example AAAAAAA=\n");
    expect_bad(text.data, ERR_FORBIDDEN);
    buf_add_text(&text, note.data + head_bytes);
    cr_assert(verify(buf_span(&text)), "%s", err.text);
}

Test(checkpoint, too_many_signatures_and_too_long_a_note_are_refused)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    buf_add_span(&text, buf_span(&note));
    for (int i = 0; i < CHECKPOINT_SIGNATURES_MAX; i++)
        buf_add_text(&text, "\xe2\x80\x94 witness.example AAAAAAA=\n");
    expect_bad(text.data, ERR_LIMIT);
    for (int i = 0; i < 3000; i++)
        buf_add_text(&text, "\xe2\x80\x94 witness.example AAAAAAA=\n");
    expect_bad(text.data, ERR_LIMIT);
}

Test(checkpoint, another_log_s_checkpoint_is_not_ours)
{
    cr_assert_not(checkpoint_verify(buf_span(&note), "gateway.example/trace", keys, &proof, &err));
    cr_assert_eq(err.code, ERR_FORBIDDEN);
}

Test(checkpoint, no_changed_byte_verifies_as_something_else)
{
    for (size_t at = 0; at < note.bytes; at++) {
        struct checkpoint_proof seen;

        note.data[at] ^= 1;
        /* A changed key id makes a stranger's line of ours: the other signature still stands, for the same head. */
        if (checkpoint_verify(buf_span(&note), ORIGIN, keys, &seen, &err)) {
            cr_assert(seen.has_ed25519 != seen.has_sm2, "byte %zu", at);
            cr_assert_eq(seen.checkpoint.size, head.size);
            cr_assert_arr_eq(seen.checkpoint.root, head.root, sizeof head.root);
        }
        note.data[at] ^= 1;
    }
}

Test(checkpoint, keys_of_another_gateway_do_not_count)
{
    AUTO(keyring_free) struct keyring *others = NULL;
    char path[TEST_PATH_BYTES + 8];

    snprintf(path, sizeof path, "%s/others", folder);
    cr_assert(keyring_create(path, "other", 0, &err) && keyring_load(path, &others, &err), "%s", err.text);
    cr_assert_not(checkpoint_verify(buf_span(&note), ORIGIN, others, &proof, &err));
    cr_assert_eq(err.code, ERR_FORBIDDEN);
    cr_assert_not(checkpoint_sign(&head, others, signer, &note, &err));
    cr_assert_eq(err.code, ERR_UNAVAILABLE);
}

Test(checkpoint, an_origin_that_is_no_key_name_is_not_signed)
{
    AUTO(buf_done) struct buf out = BUF_INIT;

    snprintf(head.origin, sizeof head.origin, "two words");
    cr_assert_not(checkpoint_sign(&head, keys, signer, &out, &err));
    cr_assert_eq(err.code, ERR_INVALID);
    cr_assert_eq(out.bytes, 0);
}

Test(checkpoint, both_signatures_verify_and_public_halves_suffice)
{
    AUTO(keyring_free) struct keyring *public_keys = NULL;
    AUTO(buf_done) struct buf json = BUF_INIT;

    cr_assert(keyring_public_json(keys, &json, &err) && keyring_parse_public(buf_span(&json), &public_keys, &err));
    cr_assert(checkpoint_verify(buf_span(&note), ORIGIN, public_keys, &proof, &err), "%s", err.text);
    cr_assert(proof.has_ed25519 && proof.has_sm2);
    cr_assert_eq(proof.checkpoint.size, head.size);
    cr_assert_arr_eq(proof.checkpoint.root, head.root, sizeof head.root);
    cr_assert_str_eq(proof.checkpoint.origin, ORIGIN);
    cr_assert(span_starts(buf_span(&note), ORIGIN "\n20852163\nAQIDAAAA"));
}
