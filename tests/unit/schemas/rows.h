/* rows.h - a good row of the register for tests of the rules, to be changed cell by cell. */
#ifndef TESTS_UNIT_SCHEMAS_ROWS_H
#define TESTS_UNIT_SCHEMAS_ROWS_H

#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"
#include "schemas/rules.h"

static struct rules *rules;
static struct obligation row;
static struct problems problems;
static struct rules_context context;
static struct error err;

/* A good row: energy, extended, exited late. */
static inline void good_row(void)
{
    static const struct {
        enum column column;
        const char *text;
    } CELLS[] = {{COLUMN_NAME, "韶关市璞廪钢铁有限公司"},
                 {COLUMN_USCC, "91440224MAYUCHK485"},
                 {COLUMN_DIVISION, "440224"},
                 {COLUMN_REGION, "韶关市仁化县"},
                 {COLUMN_INDUSTRY, "钢铁"},
                 {COLUMN_DIMENSION, "能耗"},
                 {COLUMN_MEASURE, "限期整改"},
                 {COLUMN_AUTHORITY, "韶关市经济和信息化局"},
                 {COLUMN_AUTHORITY_KIND, "经济和信息化主管部门"},
                 {COLUMN_DOCUMENT, "韶经信节能〔2017〕10号"},
                 {COLUMN_ORDER_DATE, "2017-08-31"},
                 {COLUMN_DEADLINE, "2018-02-28"},
                 {COLUMN_EXTENDED_TO, "2018-05-28"},
                 {COLUMN_EXTENSION_DOCUMENT, "韶经信节能〔2017〕10号延期"},
                 {COLUMN_EQUIPMENT, "25吨转炉"},
                 {COLUMN_EQUIPMENT_COUNT, "1"},
                 {COLUMN_CAPACITY, "31.47"},
                 {COLUMN_CAPACITY_UNIT, "万吨/年"},
                 {COLUMN_STATE, "逾期后退出"},
                 {COLUMN_EXIT_DATE, "2018-09-01"}};

    memset(&row, 0, sizeof row);
    for (size_t i = 0; i < COUNT_OF(CELLS); i++)
        row.field[CELLS[i].column] = span_of(CELLS[i].text);
}

static inline void setup(void)
{
    cr_assert(rules_load(TEST_SOURCE "/schemas", &rules, &err), "%s", err.text);
    context = (struct rules_context){.today = day_from_civil(2026, 7, 31)};
    good_row();
}

static inline void teardown(void)
{
    rules_free(rules);
}

static inline void set(enum column column, const char *text)
{
    row.field[column] = span_of(text);
}

static inline void check(void)
{
    problems.count = 0;
    problems.errors = 0;
    rules_check(rules, &row, &context, &problems);
}

static inline bool found(const char *id, enum column column)
{
    for (size_t i = 0; i < problems.count; i++)
        if (strcmp(rule_id(problems.at[i].rule), id) == 0 && problems.at[i].column == column)
            return true;
    return false;
}

static inline void no_extension(void)
{
    set(COLUMN_EXTENDED_TO, "");
    set(COLUMN_EXTENSION_DOCUMENT, "");
}

#endif
