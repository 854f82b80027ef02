#include <criterion/criterion.h>
#include <stdlib.h>

#include "keys/digest.h"

/* Where the processor cannot make pairs this is digester_sha256, twice. */
static struct digester *digester;

static void setup(void)
{
    digester = digester_new();
}

static void teardown(void)
{
    digester_free(digester);
}

TestSuite(sha256_pair, .init = setup, .fini = teardown);

static void expect_pair(struct span left, struct span right)
{
    const struct span texts[2] = {left, right};
    uint8_t digests[2][32], wanted[2][32];

    digester_sha256_pair(digester, texts, digests);
    digest_sha256(left, wanted[0]);
    digest_sha256(right, wanted[1]);
    cr_assert_arr_eq(digests[0], wanted[0], 32, "the first of %zu and %zu bytes", left.bytes, right.bytes);
    cr_assert_arr_eq(digests[1], wanted[1], 32, "the second of %zu and %zu bytes", left.bytes, right.bytes);
}

/* FIPS 180-4's own examples (NIST, SHA-256 example values). */
Test(sha256_pair, what_is_known_of_two_texts_is_what_comes_out)
{
    static const uint8_t ABC[32] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                                    0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                    0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    static const uint8_t LONGER[32] = {0x24, 0x8d, 0x6a, 0x61, 0xd2, 0x06, 0x38, 0xb8, 0xe5, 0xc0, 0x26,
                                       0x93, 0x0c, 0x3e, 0x60, 0x39, 0xa3, 0x3c, 0xe4, 0x59, 0x64, 0xff,
                                       0x21, 0x67, 0xf6, 0xec, 0xed, 0xd4, 0x19, 0xdb, 0x06, 0xc1};
    const struct span texts[2] = {SPAN("abc"), SPAN("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")};
    uint8_t digests[2][32];

    digester_sha256_pair(digester, texts, digests);
    cr_assert_arr_eq(digests[0], ABC, sizeof ABC);
    cr_assert_arr_eq(digests[1], LONGER, sizeof LONGER);
}

/* Wherever the ends are: within a block, at its end, where the length needs a block of its own; nothing at all. */
Test(sha256_pair, texts_of_every_length_have_the_digests_that_each_has_alone)
{
    static const size_t OTHERS[] = {0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 250};
    char text[600];

    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i * 31 + i / 7);
    for (size_t bytes = 0; bytes <= 300; bytes++) {
        for (size_t i = 0; i < COUNT_OF(OTHERS); i++) {
            expect_pair((struct span){text + 1, bytes}, (struct span){text + 300, OTHERS[i]});
            expect_pair((struct span){text + 300, OTHERS[i]}, (struct span){text + 1, bytes});
        }
    }
    expect_pair(SPAN_NONE, SPAN_NONE);
    expect_pair(SPAN_NONE, SPAN("a"));
}

Test(sha256_pair, a_long_text_beside_a_short_one_is_hashed_to_its_end)
{
    enum { BYTES = 100000 };
    char *text = memory_new(BYTES);

    for (size_t i = 0; i < BYTES; i++)
        text[i] = (char)(i % 251);
    expect_pair((struct span){text, BYTES}, SPAN("short"));
    expect_pair(SPAN("short"), (struct span){text, BYTES});
    expect_pair((struct span){text, BYTES}, (struct span){text + 3, BYTES - 3});
    free(text);
}
