#include <criterion/criterion.h>

#include "keys/digest.h"
#include "keys/sha256_front.h"

/* Wherever the cut is: within a block, at its end, before anything, after everything. */
Test(sha256_front, a_front_and_a_rest_have_the_digest_of_the_whole)
{
    char text[300];
    uint8_t whole[32], both[32];

    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i * 7);
    digest_sha256((struct span){text, sizeof text}, whole);
    for (size_t cut = 0; cut <= sizeof text; cut++) {
        struct sha256_front front;

        sha256_front_set(&front, (struct span){text, cut});
        sha256_front_digest(&front, (struct span){text + cut, sizeof text - cut}, both);
        cr_assert_arr_eq(both, whole, sizeof whole, "cut at %zu", cut);
    }
}

Test(sha256_front, a_front_serves_many_rests)
{
    struct sha256_front front;
    uint8_t digest[32], wanted[32];

    sha256_front_set(&front, SPAN("ab"));
    sha256_front_digest(&front, SPAN("x"), digest);
    sha256_front_digest(&front, SPAN("c"), digest);
    digest_sha256(SPAN("abc"), wanted);
    cr_assert_arr_eq(digest, wanted, sizeof digest);
    sha256_front_digest(&front, SPAN_NONE, digest);
    digest_sha256(SPAN("ab"), wanted);
    cr_assert_arr_eq(digest, wanted, sizeof digest);
}
