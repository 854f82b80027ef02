#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

Test(buf, an_empty_one_is_an_empty_text)
{
    AUTO(buf_done) struct buf buf = BUF_INIT;

    cr_assert_str_eq(buf_text(&buf), "");
    cr_assert_eq(buf_span(&buf).bytes, 0);
    buf_add(&buf, NULL, 0);
    buf_add_span(&buf, SPAN_NONE);
    cr_assert_str_eq(buf_text(&buf), "");
    buf_clear(&buf);
}

Test(buf, growing_keeps_what_was_there_and_the_nul_behind)
{
    AUTO(buf_done) struct buf buf = BUF_INIT;

    for (int i = 0; i < 10000; i++) {
        buf_add_byte(&buf, (char)('a' + i % 26));
        cr_assert_eq(buf.data[buf.bytes], '\0');
    }
    for (int i = 0; i < 10000; i++)
        cr_assert_eq(buf.data[i], 'a' + i % 26);
}

Test(buf, bytes_may_hold_nul)
{
    AUTO(buf_done) struct buf buf = BUF_INIT;

    buf_add_span(&buf, SPAN("a\0b"));
    cr_assert_eq(buf.bytes, 3);
    cr_assert(memcmp(buf.data, "a\0b", 4) == 0);
}

Test(buf, formatting_appends_whatever_its_length)
{
    AUTO(buf_done) struct buf buf = BUF_INIT;

    buf_addf(&buf, "%s", "");
    buf_addf(&buf, "%0500d|", 7);
    buf_addf(&buf, "%s", "end");
    cr_assert_eq(buf.bytes, 504);
    cr_assert_str_eq(buf.data + 499, "7|end");
}

Test(buf, clearing_keeps_the_memory)
{
    AUTO(buf_wipe_done) struct buf buf = BUF_INIT;
    const char *before;

    buf_add_text(&buf, "secret");
    before = buf.data;
    buf_clear(&buf);
    cr_assert_str_eq(buf_text(&buf), "");
    buf_add_text(&buf, "x");
    cr_assert_eq(buf.data, before);
}

Test(buf, copies_are_whole_and_end)
{
    AUTO(text_free) char *copy = memory_copy_span((struct span){"abcdef", 3});
    AUTO(text_free) char *empty = memory_copy_span(SPAN_NONE);

    cr_assert_str_eq(copy, "abc");
    cr_assert_str_eq(empty, "");
}

Test(buf, new_memory_is_zero)
{
    AUTO(text_free) char *memory = memory_new(100);

    for (int i = 0; i < 100; i++)
        cr_assert_eq(memory[i], 0);
}
