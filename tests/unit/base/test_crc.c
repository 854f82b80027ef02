#include "base/crc.h"

#include <criterion/criterion.h>
#include <zlib.h>

#include "base/text.h"

/* The check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms. */
Test(crc, of_the_nine_digits_is_the_published_value)
{
    cr_assert_eq(crc32_of(0, SPAN("123456789")), 0xCBF43926);
}

Test(crc, of_nothing_is_what_stood_before)
{
    cr_assert_eq(crc32_of(0, SPAN_NONE), 0);
    cr_assert_eq(crc32_of(0xCBF43926, SPAN("")), 0xCBF43926);
}

/* Every length around the blocks, every place of the first byte, with something before and without. */
Test(crc, is_the_same_as_zlibs_for_every_length_and_place)
{
    unsigned char bytes[1200];
    uint32_t state = 1;

    for (size_t i = 0; i < sizeof bytes; i++) {
        state = state * 1664525 + 1013904223;
        bytes[i] = (unsigned char)(state >> 24);
    }
    for (size_t at = 0; at < 17; at++) {
        for (size_t length = 0; length < 1100; length++) {
            uint32_t before = length % 2 ? state : 0;

            cr_assert_eq(crc32_of(before, (struct span){(const char *)bytes + at, length}),
                         (uint32_t)crc32(before, bytes + at, (uInt)length), "%zu bytes at %zu", length, at);
        }
    }
}
