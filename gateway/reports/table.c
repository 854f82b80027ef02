#include "gateway/reports/table.h"

#include <stdlib.h>
#include <string.h>

struct row {
    bool is_sum;
    size_t filled;
    struct table_cell cells[];
};

struct table {
    const struct table_design *design;
    struct row **rows;
    size_t count;
    size_t capacity;
};

struct table *table_new(const struct table_design *design)
{
    struct table *table = memory_new(sizeof *table);

    table->design = design;
    return table;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->count; i++) {
        for (size_t k = 0; k < table->design->count; k++)
            free(table->rows[i]->cells[k].text);
        free(table->rows[i]);
    }
    free((void *)table->rows);
    free(table);
}

void table_row(struct table *table, bool is_sum)
{
    struct row *row = memory_new(sizeof *row + table->design->count * sizeof row->cells[0]);

    if (table->count == TABLE_ROWS_MAX)
        abort();
    if (table->count == table->capacity) {
        table->capacity = table->capacity ? 2 * table->capacity : 64;
        table->rows = memory_resize((void *)table->rows, table->capacity * sizeof *table->rows);
    }
    row->is_sum = is_sum;
    for (size_t i = 0; i < table->design->count; i++)
        row->cells[i].day = DAY_NONE;
    table->rows[table->count++] = row;
}

static struct table_cell *next_cell(struct table *table, enum table_kind kind)
{
    struct row *row = table->count ? table->rows[table->count - 1] : NULL;

    if (!row || row->filled == table->design->count || table->design->columns[row->filled].kind != kind)
        abort();
    return &row->cells[row->filled++];
}

void table_text(struct table *table, struct span text)
{
    next_cell(table, TABLE_TEXT)->text = text.bytes ? memory_copy_span(text) : NULL;
}

void table_word(struct table *table, const char *slug, const char *zh, const char *en)
{
    struct table_cell *cell = next_cell(table, TABLE_TEXT);

    cell->text = memory_copy_text(slug);
    cell->zh = zh;
    cell->en = en;
}

void table_count(struct table *table, int64_t number)
{
    next_cell(table, TABLE_COUNT)->number = number;
}

void table_amount(struct table *table, struct span decimal)
{
    next_cell(table, TABLE_AMOUNT)->text = decimal.bytes ? memory_copy_span(decimal) : NULL;
}

void table_rate(struct table *table, int64_t number, int64_t of)
{
    struct table_cell *cell = next_cell(table, TABLE_RATE);

    cell->number = number;
    cell->of = of;
}

void table_day(struct table *table, int32_t day)
{
    next_cell(table, TABLE_DAY)->day = day;
}

const struct table_design *table_design(const struct table *table)
{
    return table->design;
}

size_t table_rows(const struct table *table)
{
    return table->count;
}

bool table_row_is_sum(const struct table *table, size_t row)
{
    return table->rows[row]->is_sum;
}

const struct table_cell *table_cell(const struct table *table, size_t row, size_t column)
{
    return &table->rows[row]->cells[column];
}
