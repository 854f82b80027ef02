#include "gateway/intake/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/intake/temporary.h"

enum { COLUMN_WIDTH = 18, VALUE_CHARACTERS = 24 };

struct report {
    char lang[8];
    bool is_chinese;
    struct report_counts counts;
    bool has_problems;
    FILE *json; /* the problems, with commas between them */
    FILE *table;
    struct buf line;
    struct buf message;
};

bool report_new(const char *scratch, const char *lang, struct report **out, struct error *err)
{
    AUTO(report_free) struct report *report = memory_new(sizeof *report);
    const char *folder = scratch ? scratch : "/var/tmp";

    report->is_chinese = strcmp(lang, "zh") == 0;
    snprintf(report->lang, sizeof report->lang, "%s", report->is_chinese ? "zh" : "en");
    if (!temporary_file(folder, &report->json, err) || !temporary_file(folder, &report->table, err))
        return false;
    *out = TAKE(report);
    return true;
}

void report_free(struct report *report)
{
    if (!report)
        return;
    if (report->json)
        fclose(report->json);
    if (report->table)
        fclose(report->table);
    buf_done(&report->line);
    buf_done(&report->message);
    free(report);
}

static struct span cut_characters(struct span text, size_t limit)
{
    size_t count = 0;

    for (size_t i = 0; i < text.bytes; i++)
        if (((unsigned char)text.at[i] & 0xC0) != 0x80 && count++ == limit)
            return (struct span){text.at, i};
    return text;
}

static void add_json(struct report *report, size_t line, const struct problem *problem)
{
    struct buf *out = &report->line;

    buf_clear(out);
    buf_addf(out, "%s{\"line\":%zu,\"column\":", report->has_problems ? "," : "", line);
    if (problem->column < COLUMN_COUNT)
        json_string_add(out, span_of(COLUMN_HEADERS[problem->column]));
    else
        buf_add_text(out, "null");
    buf_add_text(out, ",\"value\":");
    json_string_add(out, cut_characters(problem->value, REPORT_VALUE_CHARACTERS));
    buf_add_text(out, ",\"rule\":");
    json_string_add(out, span_of(rule_id(problem->rule)));
    buf_addf(out, ",\"severity\":\"%s\",\"message\":", rule_is_error(problem->rule) ? "error" : "warning");
    json_string_add(out, buf_span(&report->message));
    buf_add_byte(out, '}');
    fwrite(out->data, 1, out->bytes, report->json);
}

/* The value stands in brackets: copied into a spreadsheet it is text. */
static void add_table(struct report *report, size_t line, const struct problem *problem)
{
    const char *header = problem->column < COLUMN_COUNT ? COLUMN_HEADERS[problem->column] : "-";
    bool is_error = rule_is_error(problem->rule);
    struct span value = cut_characters(problem->value, VALUE_CHARACTERS);
    struct buf *out = &report->line;

    buf_clear(out);
    buf_addf(out, "%8zu  ", line);
    if (report->is_chinese)
        buf_add_text(out, is_error ? "拒绝  " : "警告  ");
    else
        buf_add_text(out, is_error ? "refused  " : "warning  ");
    text_padded_add(out, span_of(header), COLUMN_WIDTH);
    buf_add_text(out, " 「");
    text_shown_add(out, value);
    buf_add_text(out, value.bytes < problem->value.bytes ? "…」 " : "」 ");
    text_shown_add(out, buf_span(&report->message));
    buf_addf(out, " [%s]\n", rule_id(problem->rule));
    fwrite(out->data, 1, out->bytes, report->table);
}

static void add_problems(struct report *report, size_t line, const struct problems *problems,
                         const struct obligation *row)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *problem = &problems->at[i];

        buf_clear(&report->message);
        problem_message_add(problem, row, report->lang, &report->message);
        add_json(report, line, problem);
        add_table(report, line, problem);
        report->has_problems = true;
        report->counts.warnings += !rule_is_error(problem->rule);
    }
}

void report_notes(struct report *report, const struct intake *intake)
{
    add_problems(report, 1, intake_notes(intake), NULL);
}

void report_row(struct report *report, const struct intake_row *row)
{
    report->counts.rows++;
    if (!row->is_good)
        report->counts.refused++;
    else if (row->is_repeat)
        report->counts.unchanged++;
    else
        report->counts.accepted++;
    add_problems(report, row->line, &row->problems, &row->obligation);
}

void report_unchanged(struct report *report, size_t rows)
{
    size_t moved = rows < report->counts.accepted ? rows : report->counts.accepted;

    report->counts.accepted -= moved;
    report->counts.unchanged += moved;
}

void report_counts(const struct report *report, struct report_counts *out)
{
    *out = report->counts;
}

bool report_all(struct report *report, struct intake *intake, struct error *err)
{
    struct intake_row *row;

    report_notes(report, intake);
    for (;;) {
        if (!intake_next(intake, &row, err))
            return false;
        if (!row)
            return true;
        report_row(report, row);
    }
}

/* The whole file from its beginning; afterwards it can grow again. */
static bool copy(FILE *from, FILE *to, struct error *err)
{
    char piece[16384];
    size_t bytes;

    if (fflush(from) != 0 || ferror(from) || fseeko(from, 0, SEEK_SET) != 0)
        return fail(err, errno == ENOSPC ? ERR_FULL : ERR_IO, "temporary file: %s", strerror(errno));
    while ((bytes = fread(piece, 1, sizeof piece, from)) > 0)
        fwrite(piece, 1, bytes, to);
    if (ferror(from) || fseeko(from, 0, SEEK_END) != 0)
        return fail(err, ERR_IO, "temporary file: %s", strerror(errno));
    return true;
}

static bool finish(FILE *out, struct error *err)
{
    if (fflush(out) == 0 && !ferror(out))
        return true;
    return fail(err, errno == ENOSPC ? ERR_FULL : ERR_IO, "the report: %s", strerror(errno));
}

bool report_write_json(struct report *report, const char *file, const char *encoding, FILE *out, struct error *err)
{
    const struct report_counts *counts = &report->counts;
    struct span name = span_of(file);
    struct buf *line = &report->line;

    buf_clear(line);
    buf_add_text(line, "{\"file\":");
    json_string_add(line, utf8_is_valid(name, NULL) ? name : SPAN("?"));
    buf_addf(line,
             ",\"encoding\":\"%s\",\"rows\":%zu,\"accepted\":%zu,\"unchanged\":%zu,\"refused\":%zu,\"problems\":[",
             encoding, counts->rows, counts->accepted, counts->unchanged, counts->refused);
    fwrite(line->data, 1, line->bytes, out);
    if (!copy(report->json, out, err))
        return false;
    fputs("]}\n", out);
    return finish(out, err);
}

bool report_write_table(struct report *report, const char *file, const char *encoding, FILE *out, struct error *err)
{
    static const char ENGLISH[] = ": %s, %zu rows: %zu accepted, %zu unchanged, %zu refused; %zu warnings\n";
    static const char CHINESE[] = "：编码 %s，共 %zu 行：接收 %zu，未变 %zu，拒绝 %zu；警告 %zu 条\n";
    const struct report_counts *counts = &report->counts;
    struct buf *line = &report->line;

    buf_clear(line);
    text_shown_add(line, span_of(file));
    buf_addf(line, report->is_chinese ? CHINESE : ENGLISH, encoding, counts->rows, counts->accepted, counts->unchanged,
             counts->refused, counts->warnings);
    if (report->has_problems)
        buf_add_text(line, report->is_chinese ? "    行号  级别  列                  内容与说明\n"
                                              : "    line  severity column              value and what to do\n");
    fwrite(line->data, 1, line->bytes, out);
    return copy(report->table, out, err) && finish(out, err);
}
