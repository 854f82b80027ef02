#include "gateway/names/names_register.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/text.h"
#include "tests/support/support.h"

static struct name_tables *tables;
static struct names_register *reg;
static struct error err;
static int fd = -1;

static void setup(void)
{
    cr_assert(name_tables_load(TEST_SOURCE "/schemas/data/names", &tables, &err), "%s", err.text);
}

static void teardown(void)
{
    names_register_free(reg);
    name_tables_free(tables);
    file_close(fd);
}

TestSuite(names_register, .init = setup, .fini = teardown);

static bool open_bytes(struct span bytes)
{
    fd = memfd_create("register", 0);
    cr_assert_geq(fd, 0);
    cr_assert(file_write_all(fd, bytes, &err), "%s", err.text);
    return names_register_open(fd, tables, &reg, &err);
}

static const struct names_row *next(void)
{
    const struct names_row *row;

    cr_assert(names_register_next(reg, &row, &err), "%s", err.text);
    return row;
}

static void is_refused(const char *rule)
{
    const struct names_row *row = next();

    cr_assert_not_null(row);
    cr_assert_eq(row->state, NAMES_ROW_REFUSED, "line %zu", row->line);
    cr_assert_str_eq(row->why.rule, rule);
    cr_assert(*row->why.zh && *row->why.text);
}

Test(names_register, a_file_without_its_columns_is_refused_as_a_whole)
{
    cr_assert_not(open_bytes(SPAN("code,title\n91440224MAYUCHK485,韶关市璞廪钢铁有限公司\n")));
    cr_assert_str_eq(err.rule, "file.header");
}

Test(names_register, a_column_that_stands_twice_is_refused)
{
    cr_assert_not(open_bytes(SPAN("uscc,name,企业名称\n91440224MAYUCHK485,甲,乙\n")));
    cr_assert_str_eq(err.rule, "file.columns");
}

Test(names_register, bytes_in_no_encoding_refuse_the_file)
{
    cr_assert_not(open_bytes(SPAN("uscc,name\n91440224MAYUCHK485,\xFF\xFE\xC3(\n韶关\n")));
    cr_assert(span_starts(span_of(err.rule), "file."), "%s", err.rule);
}

Test(names_register, an_empty_file_is_refused)
{
    cr_assert_not(open_bytes(SPAN("")));
}

Test(names_register, each_wrong_row_says_what_is_wrong_and_the_others_are_read)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    buf_add_text(&text, "name,uscc\n璞廪,91440224MAYUCHK486\n,91440224MAYUCHK485\n（）,91440224MAYUCHK485\n");
    for (int i = 0; i < 400; i++)
        buf_add_text(&text, "长");
    buf_add_text(&text, ",91440224MAYUCHK485\n\"甲\"乙,91440224MAYUCHK485\n甲\x01乙,91440224MAYUCHK485\n,\n"
                        "韶关市璞廪钢铁有限公司,91440224MAYUCHK485\n");
    cr_assert(open_bytes(buf_span(&text)), "%s", err.text);
    is_refused("names.code");
    is_refused("names.missing");
    is_refused("names.empty");
    is_refused("names.long");
    is_refused("names.row");
    is_refused("names.characters");
    cr_assert_eq(next()->state, NAMES_ROW_GOOD);
    cr_assert_null(next());
}

Test(names_register, one_code_has_one_name)
{
    cr_assert(open_bytes(SPAN("uscc\tname\n91440224MAYUCHK485\t璞廪钢铁\n91440224MAYUCHK485\t璞廪钢铁\n"
                              "91440224MAYUCHK485\t璞廪建材\n")),
              "%s", err.text);
    cr_assert_eq(next()->state, NAMES_ROW_GOOD);
    cr_assert_eq(next()->state, NAMES_ROW_REPEAT);
    is_refused("names.twice");
}

Test(names_register, former_names_are_cut_at_their_marks)
{
    const struct names_row *row;

    cr_assert(open_bytes(SPAN("曾用名,企业名称,统一社会信用代码\n甲厂;乙厂；丙厂|,丁公司,91440224MAYUCHK485\n戊厂,,"
                              "91441303MAY1A0TP3P\n")),
              "%s", err.text);
    row = next();
    cr_assert_eq(row->state, NAMES_ROW_GOOD);
    cr_assert(span_is(row->name, "丁公司"));
    cr_assert_eq(row->former_count, 3);
    cr_assert(span_is(row->former[2], "丙厂"));
    row = next();
    cr_assert_eq(row->state, NAMES_ROW_GOOD);
    cr_assert_eq(row->name.bytes, 0);
    cr_assert_eq(row->former_count, 1);
}

Test(names_register, too_many_former_names_refuse_the_row)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    buf_add_text(&text, "uscc,name,former_name\n91440224MAYUCHK485,丁公司,");
    for (int i = 0; i <= NAMES_REGISTER_FORMER_MAX; i++)
        buf_add_text(&text, "甲厂;");
    cr_assert(open_bytes(buf_span(&text)), "%s", err.text);
    is_refused("names.former");
}

Test(names_register, rows_of_another_set_are_left_out)
{
    const struct names_row *row;
    size_t counts[4] = {0};

    fd = open(TEST_SOURCE "/tests/cases/names/register-dev-names.tsv", O_RDONLY | O_CLOEXEC);
    cr_assert(names_register_open(fd, tables, &reg, &err), "%s", err.text);
    while ((row = next()))
        counts[row->state]++;
    cr_assert_eq(counts[NAMES_ROW_GOOD], 500);
    cr_assert_eq(counts[NAMES_ROW_LEFT_OUT], 125);
    cr_assert_eq(counts[NAMES_ROW_REFUSED], 0);
}
