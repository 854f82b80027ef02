#include "gateway/intake/report_table.h"

#include <stdlib.h>

#include "base/text.h"
#include "base/wrap.h"

enum { VALUE_CHARACTERS = 40, RULES_COUNTED_MAX = 128, LINE_COLUMNS = 7 };

struct counted {
    const struct rule *rule;
    size_t count;
    size_t first_line;
};

struct report_table {
    FILE *lines;
    bool is_chinese;
    struct counted rules[RULES_COUNTED_MAX];
    size_t rule_count;
    size_t total;
    bool has_entries;
    struct buf entry;
    struct buf text;
};

struct report_table *report_table_new(FILE *lines, bool is_chinese)
{
    struct report_table *table = memory_new(sizeof *table);

    table->lines = lines;
    table->is_chinese = is_chinese;
    return table;
}

void report_table_free(struct report_table *table)
{
    if (!table)
        return;
    buf_done(&table->entry);
    buf_done(&table->text);
    free(table);
}

static const char *severity(const struct report_table *table, const struct rule *rule)
{
    if (table->is_chinese)
        return rule_is_error(rule) ? "拒绝" : "警告";
    return rule_is_error(rule) ? "refused" : "warning";
}

void report_table_count(struct report_table *table, size_t line, const struct problem *problem)
{
    size_t i = 0;

    table->total++;
    while (i < table->rule_count && table->rules[i].rule != problem->rule)
        i++;
    if (i == RULES_COUNTED_MAX)
        return;
    if (i == table->rule_count)
        table->rules[table->rule_count++] = (struct counted){problem->rule, 0, line};
    table->rules[i].count++;
}

static struct span cut_characters(struct span text, size_t limit)
{
    size_t count = 0;

    for (size_t i = 0; i < text.bytes; i++)
        if (((unsigned char)text.at[i] & 0xC0) != 0x80 && count++ == limit)
            return (struct span){text.at, i};
    return text;
}

/* 统一社会信用代码「9144…」: the value stands in brackets, so that it is text wherever it is copied to. */
static void add_cell(struct report_table *table, size_t line, const struct problem *problem)
{
    struct span value = cut_characters(problem->value, VALUE_CHARACTERS);
    const char *whole =
        line == 1 ? (table->is_chinese ? "（文件）" : "(file)") : (table->is_chinese ? "（整行）" : "(row)");

    if (problem->column == COLUMN_COUNT) {
        buf_add_text(&table->text, whole);
        return;
    }
    buf_add_text(&table->text, COLUMN_HEADERS[problem->column]);
    if (value.bytes == 0) {
        buf_add_text(&table->text, table->is_chinese ? "（空）" : " (empty)");
        return;
    }
    buf_add_text(&table->text, "「");
    buf_add_span(&table->text, value);
    buf_add_text(&table->text, value.bytes < problem->value.bytes ? "…」" : "」");
}

static size_t indent_of(const struct report_table *table, const struct rule *rule)
{
    return LINE_COLUMNS + 2 + utf8_columns(span_of(severity(table, rule))) + 2;
}

void report_table_add(struct report_table *table, size_t line, const struct problem *problems, size_t count,
                      struct span message)
{
    const struct rule *rule = problems->rule;
    size_t indent = indent_of(table, rule);

    buf_clear(&table->text);
    for (size_t i = 0; i < count; i++) {
        buf_add_text(&table->text, i == 0 ? "" : table->is_chinese ? "、" : ", ");
        add_cell(table, line, &problems[i]);
        report_table_count(table, line, &problems[i]);
    }
    buf_clear(&table->entry);
    buf_addf(&table->entry, "%*zu  %s  ", LINE_COLUMNS, line, severity(table, rule));
    wrap_add(&table->entry, buf_span(&table->text), indent, indent, REPORT_COLUMNS);
    buf_clear(&table->text);
    buf_add_span(&table->text, message);
    buf_addf(&table->text, " [%s]", rule_id(rule));
    buf_addf(&table->entry, "\n%*s", (int)indent, "");
    wrap_add(&table->entry, buf_span(&table->text), indent, indent, REPORT_COLUMNS);
    buf_add_byte(&table->entry, '\n');
    fwrite(table->entry.data, 1, table->entry.bytes, table->lines);
    table->has_entries = true;
}

void report_table_head(const struct report_table *table, FILE *out)
{
    if (table->has_entries)
        fputs(table->is_chinese ? "   行号  级别  列「内容」，下一行为说明与做法 [规则]\n"
                                : "   line  level    column「value」, below: what is wrong and what to do [rule]\n",
              out);
}

void report_table_summary(const struct report_table *table, FILE *out)
{
    if (table->total < 2)
        return;
    fputs(table->is_chinese ? "按规则汇总：\n" : "By rule:\n", out);
    for (size_t i = 0; i < table->rule_count; i++) {
        const struct counted *counted = &table->rules[i];

        fprintf(out, table->is_chinese ? "%*zu  %s  %s，首见第 %zu 行\n" : "%*zu  %s  %s, first in line %zu\n",
                LINE_COLUMNS, counted->count, severity(table, counted->rule), rule_id(counted->rule),
                counted->first_line);
    }
}
