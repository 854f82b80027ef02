#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "sandbox/rowcheck.h"
#include "tests/support/reporter.h"

static json_t *row;

static void begin(void)
{
    row = reporter_row("R0123456789abcdef0123", 1);
}

static void end(void)
{
    json_decref(row);
}

static void expect(const char *code)
{
    struct row_verdict verdict;
    bool ok = rowcheck(row, day_from_civil(2020, 6, 1), &verdict);

    cr_assert_str_eq(verdict.code, code, "%s: %s", verdict.code, verdict.message);
    cr_assert_eq(ok, strcmp(code, ROW_TAKEN) == 0);
    cr_assert_eq(verdict.message[0] == '\0', ok);
}

static void expect_with(const char *field, const char *value, const char *code)
{
    json_t *before = json_incref(json_object_get(row, field));

    json_object_set_new(row, field, json_string(value));
    expect(code);
    json_object_del(row, field);
    if (before)
        json_object_set_new(row, field, before);
}

static void expect_without(const char *field, const char *code)
{
    expect_with(field, "", code);
    expect_with(field, " \xe3\x80\x80\t", code);
    json_object_del(row, field);
    expect(code);
}

/* `count` times 字. */
static char *long_text(size_t count)
{
    char *text = malloc(3 * count + 1);

    for (size_t i = 0; i < count; i++)
        memcpy(text + 3 * i, "字", 3);
    text[3 * count] = '\0';
    return text;
}

static void expect_limit(const char *field, size_t max)
{
    char *fits = long_text(max);
    char *too_long = long_text(max + 1);

    expect_with(field, fits, ROW_TAKEN);
    expect_with(field, too_long, ROW_FORMAT);
    free(fits);
    free(too_long);
}

TestSuite(rowcheck, .init = begin, .fini = end);

Test(rowcheck, an_empty_name_is_10002)
{
    expect_without("JGQC", "10002");
}

Test(rowcheck, an_empty_listing_date_is_10003)
{
    expect_without("QRYZSXRQ", "10003");
}

Test(rowcheck, an_empty_end_of_publication_is_10003)
{
    expect_without("GSJZQ", "10003");
}

Test(rowcheck, an_empty_day_of_provision_is_10003)
{
    expect_without("TGRQ", "10003");
}

Test(rowcheck, an_empty_credit_code_is_10005)
{
    expect_without("TYSHXYDM", "10005");
}

Test(rowcheck, other_required_fields_that_are_empty_are_40001)
{
    static const char *const FIELDS[] = {"ZYSXSS", "SCFZYNR", "RDDW", "RDWH", "BMBM",
                                         "BMMC",   "JHDWQC",  "XZQH", "SYFW", "SXYZCD"};

    for (size_t i = 0; i < COUNT_OF(FIELDS); i++)
        expect_with(FIELDS[i], "", "40001");
}

Test(rowcheck, a_wrong_check_character_is_10005)
{
    json_object_del(row, "ZZJGDM");
    expect_with("TYSHXYDM", "914403001922038215", "10005");
    expect_with("TYSHXYDM", "9131000063139428XL", "10005");
    expect_with("TYSHXYDM", "91440300192203821", "10005");
    expect_with("TYSHXYDM", "91440300192203821O", "10005");
    expect_with("TYSHXYDM", "91440300192203821\xe4\xb8\x80", "10005");
}

Test(rowcheck, an_organisation_code_that_is_not_part_of_the_credit_code_is_10005)
{
    expect_with("ZZJGDM", "192203822", "10005");
    expect_with("ZZJGDM", "19220382", "10005");
}

Test(rowcheck, a_date_that_does_not_exist_is_10004)
{
    expect_with("QRYZSXRQ", "2020-02-30", "10004");
    expect_with("GSJZQ", "2020/12/31", "10004");
    expect_with("TGRQ", "20200107", "10004");
    expect_with("TGRQ", "2020-1-7", "10004");
}

Test(rowcheck, dates_out_of_order_are_40001)
{
    expect_with("GSJZQ", "2020-01-05", "40001");
    expect_with("TGRQ", "2020-01-05", "40001");
    expect_with("TGRQ", "2020-06-03", "40001");
    expect_with("TGRQ", "2020-06-02", ROW_TAKEN);
}

Test(rowcheck, a_publication_longer_than_the_severity_allows_is_40001)
{
    expect_with("GSJZQ", "2021-01-07", "40001");
    json_object_set_new(row, "SXYZCD", json_string("1"));
    expect_with("GSJZQ", "2020-04-06", ROW_TAKEN);
    expect_with("GSJZQ", "2020-04-07", "40001");
    json_object_set_new(row, "SXYZCD", json_string("3"));
    expect_with("GSJZQ", "2023-01-06", ROW_TAKEN);
    expect_with("GSJZQ", "2023-01-07", "40001");
}

Test(rowcheck, a_division_outside_gb_2260_is_10004)
{
    expect_with("XZQH", "440", "10004");
    expect_with("XZQH", "44030A", "10004");
    expect_with("XZQH", "160000", "10004");
    expect_with("XZQH", "441000", "10004");
    expect_with("XZQH", "450100", ROW_TAKEN);
}

Test(rowcheck, codes_outside_their_lists_are_10004)
{
    expect_with("SYFW", "3", "10004");
    expect_with("SYFW", "00", "10004");
    expect_with("SXYZCD", "0", "10004");
    expect_with("SXYZCD", "4", "10004");
    expect_with("OP", "0", "10004");
    expect_with("OP", "7", "10004");
    expect_with("OP", "", "10004");
}

Test(rowcheck, lengths_count_characters_not_bytes)
{
    expect_limit("JGQC", 200);
    expect_limit("GSZCH", 15);
    expect_limit("ZCDZ", 500);
    expect_limit("FDDBR", 100);
    expect_limit("ZYSXSS", 4000);
    expect_limit("SCFZYNR", 4000);
    expect_limit("RDDW", 200);
    expect_limit("RDWH", 200);
    expect_limit("BMBM", 50);
    expect_limit("BMMC", 200);
    expect_limit("JHDWQC", 200);
    expect_limit("BZ", 500);
}

Test(rowcheck, a_value_of_another_type_is_10004)
{
    json_object_set_new(row, "JGQC", json_integer(1));
    expect("10004");
    json_object_set_new(row, "JGQC", json_null());
    expect("10004");
}

Test(rowcheck, control_characters_are_10004_but_line_ends_are_fine)
{
    expect_with("ZYSXSS", "a\001b", "10004");
    expect_with("ZYSXSS", "a\x7f", "10004");
    expect_with("ZYSXSS", "a\r\n\tb", ROW_TAKEN);
}

Test(rowcheck, words_are_cut_between_characters)
{
    struct row_verdict verdict;
    char *name = long_text(200);
    json_t *word;

    json_object_set_new(row, name, json_string("x"));
    cr_assert_not(rowcheck(row, day_from_civil(2020, 6, 1), &verdict));
    word = json_string(verdict.message);
    cr_assert_not_null(word);
    json_decref(word);
    for (size_t before = 0; before < 4; before++) {
        (void)rowcheck_refuse(&verdict, ROW_RULE, "%.*s%s", (int)before, "abc", name);
        word = json_string(verdict.message);
        cr_assert_not_null(word, "%zu", before);
        cr_assert_geq(strlen(verdict.message), 248);
        json_decref(word);
    }
    free(name);
}

Test(rowcheck, an_unknown_field_is_10004)
{
    expect_with("JGQC2", "x", "10004");
}

Test(rowcheck, a_row_without_a_usable_name_has_none)
{
    struct row_name name;

    json_object_set_new(row, "VERSION", json_string("01"));
    cr_assert_not(rowcheck_name(row, &name));
    json_object_set_new(row, "VERSION", json_integer(0));
    cr_assert_not(rowcheck_name(row, &name));
    json_object_set_new(row, "VERSION", json_integer(3000000000));
    cr_assert_not(rowcheck_name(row, &name));
    json_object_set_new(row, "VERSION", json_real(1.5));
    cr_assert_not(rowcheck_name(row, &name));
    json_object_set_new(row, "VERSION", json_integer(1));
    json_object_set_new(row, "ROWID", json_string("R\""));
    cr_assert_not(rowcheck_name(row, &name));
    json_object_set_new(row, "ROWID", json_string(""));
    cr_assert_not(rowcheck_name(row, &name));
}

Test(rowcheck, optional_fields_may_be_absent_or_empty)
{
    expect_with("BZ", "", ROW_TAKEN);
    expect_with("ZZJGDM", "", ROW_TAKEN);
    json_object_del(row, "ZZJGDM");
    json_object_del(row, "FDDBR");
    expect(ROW_TAKEN);
}

Test(rowcheck, version_and_operation_may_be_numbers_or_text)
{
    json_object_set_new(row, "VERSION", json_string("12"));
    json_object_set_new(row, "OP", json_integer(6));
    expect(ROW_TAKEN);
}

Test(rowcheck, a_right_row_is_taken)
{
    expect(ROW_TAKEN);
}
