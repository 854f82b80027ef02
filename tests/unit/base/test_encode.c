#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"

static void expect_refused(bool (*decode)(struct span, struct buf *), const char *text)
{
    AUTO(buf_done) struct buf out = BUF_INIT;

    buf_add_text(&out, "kept");
    cr_assert_not(decode(span_of(text), &out), "%s", text);
    cr_assert_eq(out.bytes, 4);
    cr_assert_str_eq(out.data, "kept");
}

Test(encode, hex_that_is_none_is_refused)
{
    static const char *const BAD[] = {"0", "0g", "g0", " 00", "00 ", "0x00", "000"};

    for (size_t i = 0; i < COUNT_OF(BAD); i++)
        expect_refused(hex_decode, BAD[i]);
}

Test(encode, base64_that_is_not_exact_is_refused)
{
    static const char *const BAD[] = {"Zg",   "Zg=",      "Z===", "====", "Zh==",  "Zm9=",   "Zg==\n",  " Zg==",
                                      "Zg-_", "Zg==Zg==", "=Zg=", "Z=g=", "Zm9vY", "Zm9vYQ", "Zm9v===="};

    for (size_t i = 0; i < COUNT_OF(BAD); i++)
        expect_refused(base64_decode, BAD[i]);
}

Test(encode, base64url_that_is_not_exact_is_refused)
{
    static const char *const BAD[] = {"Z", "Zg==", "Zm8=", "Zh", "Zm9", "Zm9v+", "Zm+v", "Zm/v", "Zm 9", "Zm9vY"};

    for (size_t i = 0; i < COUNT_OF(BAD); i++)
        expect_refused(base64url_decode, BAD[i]);
}

Test(encode, rfc4648_section_10)
{
    static const char *const PAIRS[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};

    for (size_t i = 0; i < COUNT_OF(PAIRS); i++) {
        AUTO(buf_done) struct buf text = BUF_INIT;
        AUTO(buf_done) struct buf back = BUF_INIT;

        base64_add(&text, PAIRS[i][0], strlen(PAIRS[i][0]));
        cr_assert_str_eq(buf_text(&text), PAIRS[i][1]);
        cr_assert(base64_decode(buf_span(&text), &back));
        cr_assert_str_eq(buf_text(&back), PAIRS[i][0]);
    }
}

Test(encode, every_byte_comes_back_at_every_length)
{
    unsigned char data[256];

    for (int i = 0; i < 256; i++)
        data[i] = (unsigned char)(255 - i);
    for (size_t bytes = 0; bytes <= sizeof data; bytes++) {
        AUTO(buf_done) struct buf text = BUF_INIT;
        AUTO(buf_done) struct buf back = BUF_INIT;

        hex_add(&text, data, bytes);
        cr_assert(hex_decode(buf_span(&text), &back));
        cr_assert(back.bytes == bytes && memcmp(buf_text(&back), data, bytes) == 0);
        buf_clear(&text);
        buf_clear(&back);
        base64_add(&text, data, bytes);
        cr_assert(base64_decode(buf_span(&text), &back));
        cr_assert(back.bytes == bytes && memcmp(buf_text(&back), data, bytes) == 0);
        buf_clear(&text);
        buf_clear(&back);
        base64url_add(&text, data, bytes);
        cr_assert_null(strpbrk(buf_text(&text), "+/="));
        cr_assert(base64url_decode(buf_span(&text), &back));
        cr_assert(back.bytes == bytes && memcmp(buf_text(&back), data, bytes) == 0);
    }
}

Test(encode, base32_of_the_rfc_both_ways_and_in_either_case)
{
    static const char *const PAIRS[][2] = {{"", ""},
                                           {"f", "MY"},
                                           {"fo", "MZXQ"},
                                           {"foo", "MZXW6"},
                                           {"foob", "MZXW6YQ"},
                                           {"fooba", "MZXW6YTB"},
                                           {"foobar", "MZXW6YTBOI"}}; /* RFC 4648 section 10 */

    for (size_t i = 0; i < COUNT_OF(PAIRS); i++) {
        AUTO(buf_done) struct buf text = BUF_INIT;
        AUTO(buf_done) struct buf back = BUF_INIT;

        base32_add(&text, PAIRS[i][0], strlen(PAIRS[i][0]));
        cr_assert_str_eq(buf_text(&text), PAIRS[i][1]);
        for (char *at = text.data; at && *at; at++)
            *at = i % 2 && *at >= 'A' && *at <= 'Z' ? (char)(*at + 32) : *at;
        cr_assert(base32_decode(buf_span(&text), &back));
        cr_assert_str_eq(buf_text(&back), PAIRS[i][0]);
    }
}

Test(encode, base32_that_no_encoder_writes_is_refused)
{
    static const char *const WRONG[] = {"M", "MZX", "MZXW6Y", "MZ", "MY=", "M1", "M ", "MZXW60"};

    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        AUTO(buf_done) struct buf back = BUF_INIT;

        cr_assert_not(base32_decode(span_of(WRONG[i]), &back), "%s", WRONG[i]);
        cr_assert_eq(back.bytes, 0);
    }
}
