#include "base/csv.h"

#include <criterion/criterion.h>

#include "base/text.h"

static void is_written(const char *text, enum csv_reader reader, const char *wanted)
{
    AUTO(buf_done) struct buf out = BUF_INIT;

    csv_cell_add(&out, span_of(text), reader);
    cr_assert_str_eq(buf_text(&out), wanted);
}

Test(csv, what_a_spreadsheet_takes_for_a_formula_is_text_for_everybody)
{
    static const char *const FORMULAS[] = {"=1+1", "+1", "-1", "@SUM(A1)", "＝1", "＋1", "－1", "＠A"};

    for (size_t i = 0; i < COUNT_OF(FORMULAS); i++) {
        AUTO(buf_done) struct buf wanted = BUF_INIT;

        buf_addf(&wanted, "\"'%s\"", FORMULAS[i]);
        is_written(FORMULAS[i], CSV_FOR_PROGRAMS, buf_text(&wanted));
        is_written(FORMULAS[i], CSV_FOR_PEOPLE, buf_text(&wanted));
    }
    is_written("\t=1", CSV_FOR_PROGRAMS, "\"'\t=1\"");
    is_written("=HYPERLINK(\"x\"),", CSV_FOR_PEOPLE, "\"'=HYPERLINK(\"\"x\"\"),\"");
}

Test(csv, a_long_number_keeps_its_digits_for_people_and_its_bytes_for_programs)
{
    is_written("440224000000000123", CSV_FOR_PEOPLE, "\"'440224000000000123\"");
    is_written("440224000000000123", CSV_FOR_PROGRAMS, "440224000000000123");
    is_written("440224", CSV_FOR_PEOPLE, "440224");
}

Test(csv, what_is_white_before_a_formula_does_not_hide_it_from_people)
{
    is_written(" =1", CSV_FOR_PEOPLE, "\"' =1\"");
    is_written("'=1", CSV_FOR_PEOPLE, "\"''=1\"");
}

Test(csv, only_what_needs_quotes_has_them)
{
    is_written("", CSV_FOR_PEOPLE, "");
    is_written("韶关市璞廪钢铁有限公司", CSV_FOR_PEOPLE, "韶关市璞廪钢铁有限公司");
    is_written("a,b", CSV_FOR_PROGRAMS, "\"a,b\"");
    is_written("a\"b", CSV_FOR_PROGRAMS, "\"a\"\"b\"");
    is_written("a\r\nb", CSV_FOR_PROGRAMS, "\"a\r\nb\"");
    is_written(" a ", CSV_FOR_PROGRAMS, "\" a \"");
}
