/* table.h - a table of a report: columns that say what they hold, rows of typed cells, in memory. What is shown on a
 * page, printed, written to a workbook or a CSV is made of these alone (table_write.h), so that all of them agree.
 *
 * Texts that are the same in both languages (names, codes) are copied; words that we have in two (grounds, states) must
 * be static. A table of a report holds sums: TABLE_ROWS_MAX is far beyond what a year has. */
#ifndef GATEWAY_REPORTS_TABLE_H
#define GATEWAY_REPORTS_TABLE_H

#include "base/buf.h"
#include "base/time.h"

enum { TABLE_COLUMNS_MAX = 20, TABLE_ROWS_MAX = 100 * 1000 };

enum table_kind {
    TABLE_TEXT,
    TABLE_COUNT,
    TABLE_AMOUNT, /* a decimal as text, without superfluous zeros */
    TABLE_RATE,   /* so many of so many; of none: no rate, which is neither 0 nor 100 % */
    TABLE_DAY
};

struct table_column {
    const char *key; /* of the JSON's rows */
    const char *zh;
    const char *en;
    enum table_kind kind;
    int width; /* in a worksheet; 0: as usual */
};

struct table_design {
    const char *key;
    const char *zh; /* of a worksheet, too: at most 31 characters */
    const char *en;
    const struct table_column *columns;
    size_t count;
};

struct table_cell {
    char *text;     /* owned; NULL: none */
    const char *zh; /* of a word in two languages; else NULL */
    const char *en;
    int64_t number;
    int64_t of;
    int32_t day;
};

struct table;
/* The design is borrowed and must stay. */
struct table *table_new(const struct table_design *design);
void table_free(struct table *table);

/* Begin a row; what follows fills its columns from the first on, each with the kind of its column (a wrong kind, a
 * column too many or a row beyond TABLE_ROWS_MAX stops the process: our own fault). `is_sum`: the sum of the others. */
void table_row(struct table *table, bool is_sum);
void table_text(struct table *table, struct span text);
/* A word: `slug` is what programs read. */
void table_word(struct table *table, const char *slug, const char *zh, const char *en);
void table_count(struct table *table, int64_t number);
void table_amount(struct table *table, struct span decimal);
void table_rate(struct table *table, int64_t number, int64_t of);
void table_day(struct table *table, int32_t day);

const struct table_design *table_design(const struct table *table);
size_t table_rows(const struct table *table);
bool table_row_is_sum(const struct table *table, size_t row);
/* Cells of a row that were not filled are empty. Borrowed until the table changes. */
const struct table_cell *table_cell(const struct table *table, size_t row, size_t column);

DEFINE_AUTO(struct table *, table_free)

#endif
