#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/canonical.h"

static bool canonical(const char *text, struct buf *out)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    bool ok;

    cr_assert_not_null(value, "%s", text);
    ok = canonical_add(value, out);
    json_decref(value);
    return ok;
}

static void expect(const char *text, const char *expected)
{
    AUTO(buf_done) struct buf out = BUF_INIT;

    cr_assert(canonical(text, &out), "%s", text);
    cr_assert_str_eq(buf_text(&out), expected);
}

Test(canonical, what_has_no_form_here_is_refused)
{
    AUTO(buf_done) struct buf none = BUF_INIT;
    static const char *const WRONG[] = {"1.0",
                                        "1e3",
                                        "9007199254740993",
                                        "-9007199254740993",
                                        "{\"\xe5\xad\x97\":1}",
                                        "[{\"a\":[1,0.5]}]",
                                        "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"};

    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        AUTO(buf_done) struct buf out = BUF_INIT;

        cr_assert_not(canonical(WRONG[i], &out), "%s", WRONG[i]);
    }
    cr_assert_not(canonical_add(NULL, &none));
}

/* RFC 8785 section 3.2.2 */
Test(canonical, texts_are_escaped_as_the_rfc_says)
{
    expect("\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\"",
           "\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"");
    expect("\"\\b\\t\\n\\f\\r\\u007f\"", "\"\\b\\t\\n\\f\\r\x7f\"");
    expect("\"\\u5b57\"", "\"\xe5\xad\x97\"");
}

Test(canonical, names_are_sorted_and_nothing_stands_between)
{
    expect(" { \"b\" : [ 1 , -2, true, false, null ] , \"B\" : { } , \"a1\" : \"\" , \"a\": 0 } ",
           "{\"B\":{},\"a\":0,\"a1\":\"\",\"b\":[1,-2,true,false,null]}");
    expect("9007199254740992", "9007199254740992");
    expect("[]", "[]");
}
