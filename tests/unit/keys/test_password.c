#include <criterion/criterion.h>

#include "base/text.h"
#include "keys/password.h"

static struct error err;

Test(password, lengths_out_of_bounds_are_refused)
{
    AUTO(buf_done) struct buf verifier = BUF_INIT;
    char text[PASSWORD_BYTES_MAX + 1];

    memset(text, 'a', sizeof text);
    cr_assert_not(password_keep((struct span){text, PASSWORD_BYTES_MIN - 1}, &verifier, &err));
    cr_assert_str_eq(err.rule, "password.length");
    cr_assert_not(password_keep((struct span){text, PASSWORD_BYTES_MAX + 1}, &verifier, &err));
    cr_assert_eq(verifier.bytes, 0);
}

Test(password, only_the_same_password_fits_and_two_verifiers_differ)
{
    AUTO(buf_done) struct buf first = BUF_INIT;
    AUTO(buf_done) struct buf second = BUF_INIT;

    cr_assert(password_keep(span_of("正确的马电池订书钉"), &first, &err), "%s", err.text);
    cr_assert(password_keep(span_of("正确的马电池订书钉"), &second, &err), "%s", err.text);
    cr_assert(strncmp(buf_text(&first), "$argon2id$v=19$m=65536,t=3,p=1$", 31) == 0, "%s", buf_text(&first));
    cr_assert_str_neq(buf_text(&first), buf_text(&second));
    cr_assert(password_check(buf_text(&first), span_of("正确的马电池订书钉")));
    cr_assert_not(password_check(buf_text(&first), span_of("正确的马电池订书钊")));
    cr_assert_not(password_check(buf_text(&first), span_of("")));
    cr_assert_not(password_is_weak(buf_text(&first)));
}

Test(password, what_is_no_verifier_or_asks_for_too_much_fits_nobody)
{
    static const char *const WRONG[] = {
        "", "password", "$argon2i$v=19$m=65536,t=3,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
        "$argon2id$v=19$m=999999999,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaA",
        "$argon2id$v=19$m=65536,t=999999999,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaA"};

    for (size_t i = 0; i < COUNT_OF(WRONG); i++)
        cr_assert_not(password_check(WRONG[i], span_of("password")), "%s", WRONG[i]);
    cr_assert(password_is_weak("$argon2id$v=19$m=1024,t=3,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"));
}
