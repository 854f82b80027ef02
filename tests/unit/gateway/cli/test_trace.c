#include "gateway/cli/trace.h"

#include <criterion/criterion.h>

#include "base/text.h"

static void expect_cell(struct span text, const char *cell)
{
    AUTO(buf_done) struct buf out = BUF_INIT;

    trace_cell_add(text, &out);
    cr_expect_str_eq(buf_text(&out), cell);
}

Test(trace, a_cell_is_no_formula_and_does_not_end_early)
{
    expect_cell(SPAN("=1+1"), "\"'=1+1\"");
    expect_cell(SPAN("@x"), "\"'@x\"");
    expect_cell(SPAN("-1"), "\"'-1\"");
    expect_cell(SPAN("\t=1"), "\"'\t=1\"");
    expect_cell(SPAN("a\"b,\nc"), "\"a\"\"b,\nc\"");
    expect_cell(SPAN(""), "\"\"");
    expect_cell(SPAN("授权"), "\"授权\"");
}
