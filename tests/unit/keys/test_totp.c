#include <criterion/criterion.h>

#include "base/text.h"
#include "keys/totp.h"

/* RFC 6238 appendix B, the last six of its eight digits. */
static const struct span SECRET = {"12345678901234567890", 20};

Test(totp, codes_of_the_rfc)
{
    static const struct {
        int64_t second;
        const char *code;
    } CASES[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                 {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};

    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        char code[TOTP_CODE_BYTES];

        totp_code(SECRET, CASES[i].second / 30, code);
        cr_assert_str_eq(code, CASES[i].code);
    }
}

Test(totp, a_code_is_taken_once_and_never_an_earlier_one_after_it)
{
    int64_t used = 0;
    char before[TOTP_CODE_BYTES], now[TOTP_CODE_BYTES];

    totp_code(SECRET, 1000, before);
    totp_code(SECRET, 1001, now);
    cr_assert(totp_check(SECRET, span_of(now), 1001 * 30000, &used));
    cr_assert_eq(used, 1001);
    cr_assert_not(totp_check(SECRET, span_of(now), 1001 * 30000, &used));
    cr_assert_not(totp_check(SECRET, span_of(before), 1001 * 30000, &used));
}

Test(totp, a_code_is_good_one_step_early_or_late_and_not_two)
{
    char code[TOTP_CODE_BYTES];

    totp_code(SECRET, 1000, code);
    for (int64_t step = 997; step <= 1003; step++) {
        int64_t used = 0;

        cr_assert_eq(totp_check(SECRET, span_of(code), step * 30000, &used), step >= 999 && step <= 1001, "%lld",
                     (long long)step);
    }
}

Test(totp, what_is_no_code_is_refused)
{
    static const char *const WRONG[] = {"", "28708", "2870822", "28708a", " 287082"};

    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        int64_t used = 0;

        cr_assert_not(totp_check(SECRET, span_of(WRONG[i]), 59000, &used), "%s", WRONG[i]);
        cr_assert_eq(used, 0);
    }
}

Test(totp, the_address_holds_the_secret_in_base32_and_escapes_names)
{
    AUTO(buf_done) struct buf address = BUF_INIT;

    totp_address_add(SECRET, "省发改委", "a&b", &address);
    cr_assert_str_eq(buf_text(&address), "otpauth://totp/%E7%9C%81%E5%8F%91%E6%94%B9%E5%A7%94:a%26b"
                                         "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
                                         "&issuer=%E7%9C%81%E5%8F%91%E6%94%B9%E5%A7%94");
}
