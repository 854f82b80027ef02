/* The feedback table of the stand-in: what is assumed of a platform that takes feedback. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/time.h"
#include "sandbox/rowcheck.h"

static json_t *row;

static void begin(void)
{
    row = json_pack("{s:s,s:i,s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "ROWID",
                    "F000000000012-0001", "VERSION", 1, "OP", "1", "JGQC", "某某水泥有限公司", "TYSHXYDM",
                    "91440224MAYUCHK485", "CXHZ", "6b0628002c0c2be0ba5b3ae3-0", "CXRQ", "2026-08-01", "JLBS",
                    "R00000000000000000001", "JLBB", 1, "FKDW", "land", "LYMC", "土地供应", "CXMD", "land-grant",
                    "FKJG", "2", "CLJG", "已约谈", "FKRQ", "2026-08-03", "BMBM", "D", "BMMC", "部门", "JHDWQC", "单位");
    cr_assert(row);
}

static void end(void)
{
    json_decref(row);
}

TestSuite(rowcheck_feedback, .init = begin, .fini = end);

static void expect(enum row_table table, const char *code, const char *field)
{
    struct row_verdict verdict;
    bool ok = rowcheck_of(table, row, day_from_civil(2026, 8, 3), &verdict);

    cr_expect_str_eq(verdict.code, code, "%s: %s", verdict.code, verdict.message);
    cr_expect_eq(ok, strcmp(code, ROW_TAKEN) == 0);
    cr_expect(strstr(verdict.message, field), "%s", verdict.message);
}

static void expect_with(const char *field, json_t *value, const char *code)
{
    end();
    begin();
    json_object_set_new(row, field, value);
    expect(TABLE_FEEDBACK, code, field);
}

Test(rowcheck_feedback, every_fault_has_its_code)
{
    expect_with("JGQC", json_string(""), ROW_NAME_EMPTY);
    expect_with("TYSHXYDM", json_string("91440224MAYUCHK486"), ROW_CODE_WRONG);
    expect_with("CXRQ", json_string(""), ROW_DATE_EMPTY);
    expect_with("CLRQ", json_string("2026-02-30"), ROW_FORMAT);
    expect_with("FKRQ", json_string("2026-08-05"), ROW_RULE);
    expect_with("FKRQ", json_string("2026-07-31"), ROW_RULE);
    expect_with("FKJG", json_string("4"), ROW_FORMAT);
    expect_with("JLBB", json_string("x"), ROW_FORMAT);
    expect_with("CXHZ", json_string(""), ROW_RULE);
    expect_with("OP", json_string("3"), ROW_FORMAT);
    expect_with("QRYZSXRQ", json_string("2026-08-01"), ROW_FORMAT);
}

Test(rowcheck_feedback, what_was_done_is_said_or_why_nothing_was)
{
    json_object_del(row, "CLJG");
    expect(TABLE_FEEDBACK, ROW_RULE, "CSNR");
    json_object_set_new(row, "FKJG", json_string("3"));
    expect(TABLE_FEEDBACK, ROW_RULE, "BSYLY");
    json_object_set_new(row, "BSYLY", json_string("申请已撤回"));
    expect(TABLE_FEEDBACK, ROW_TAKEN, "");
}

Test(rowcheck_feedback, a_row_is_for_its_own_table)
{
    expect(TABLE_FEEDBACK, ROW_TAKEN, "");
    expect(TABLE_RECORDS, ROW_RULE, "ZYSXSS");
}
