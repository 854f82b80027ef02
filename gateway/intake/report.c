#include "gateway/intake/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/intake/report_table.h"
#include "gateway/intake/temporary.h"

struct report {
    char lang[8];
    bool is_chinese;
    struct report_counts counts;
    const struct rules *rules; /* of the intake */
    size_t listed;
    size_t unlisted;
    bool has_json; /* a problem stands in `json` */
    FILE *json;    /* the problems, with commas between them */
    FILE *entries; /* the problems for people */
    struct report_table *table;
    struct buf line;
    struct buf message;
};

bool report_new(const char *scratch, const char *lang, struct report **out, struct error *err)
{
    AUTO(report_free) struct report *report = memory_new(sizeof *report);
    const char *folder = temporary_folder(scratch);

    report->is_chinese = strcmp(lang, "zh") == 0;
    snprintf(report->lang, sizeof report->lang, "%s", report->is_chinese ? "zh" : "en");
    if (!temporary_file(folder, &report->json, err) || !temporary_file(folder, &report->entries, err))
        return false;
    report->table = report_table_new(report->entries, report->is_chinese);
    *out = TAKE(report);
    return true;
}

void report_free(struct report *report)
{
    if (!report)
        return;
    if (report->json)
        fclose(report->json);
    if (report->entries)
        fclose(report->entries);
    report_table_free(report->table);
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
    buf_addf(out, "%s{\"line\":%zu,\"column\":", report->has_json ? "," : "", line);
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
    report->has_json = true;
}

static bool is_same_entry(const struct problem *a, const struct problem *b)
{
    return a->rule == b->rule && strcmp(a->expected, b->expected) == 0;
}

/* The problems from `from` on that are one entry of the table: the same rule about several columns, in the same words.
 */
static size_t entry_size(struct report *report, const struct problems *problems, size_t from,
                         const struct obligation *row)
{
    AUTO(buf_done) struct buf message = BUF_INIT;
    size_t count = 1;

    while (from + count < problems->count && is_same_entry(&problems->at[from], &problems->at[from + count])) {
        buf_clear(&message);
        problem_message_add(&problems->at[from + count], row, report->lang, &message);
        if (!span_equal(buf_span(&message), buf_span(&report->message)))
            break;
        count++;
    }
    return count;
}

static void add_unlisted(struct report *report, size_t line, const struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        report_table_count(report->table, line, &problems->at[i]);
    report->unlisted += problems->count;
}

static void list_problems(struct report *report, size_t line, const struct problems *problems,
                          const struct obligation *row)
{
    size_t count;

    for (size_t i = 0; i < problems->count; i += count) {
        buf_clear(&report->message);
        problem_message_add(&problems->at[i], row, report->lang, &report->message);
        count = entry_size(report, problems, i, row);
        for (size_t j = i; j < i + count; j++)
            add_json(report, line, &problems->at[j]);
        report_table_add(report->table, line, &problems->at[i], count, buf_span(&report->message));
    }
    report->listed += problems->count;
}

static void add_problems(struct report *report, size_t line, const struct problems *problems,
                         const struct obligation *row)
{
    for (size_t i = 0; i < problems->count; i++)
        report->counts.warnings += !rule_is_error(problems->at[i].rule);
    if (report->listed >= REPORT_PROBLEMS_MAX)
        add_unlisted(report, line, problems);
    else
        list_problems(report, line, problems, row);
}

/* Once, before anything is written: how many problems are not listed. */
static void close_list(struct report *report)
{
    struct problems note = {.count = 0};
    char number[24];

    if (report->unlisted == 0)
        return;
    snprintf(number, sizeof number, "%zu", report->unlisted);
    rules_report(report->rules, RULE_REPORT_FULL, COLUMN_COUNT, SPAN_NONE, number, &note);
    list_problems(report, 1, &note, NULL);
    report->unlisted = 0;
}

void report_notes(struct report *report, const struct intake *intake)
{
    report->rules = intake_rules(intake);
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

void report_stale(struct report *report, size_t line)
{
    struct problems problems = {.count = 0};

    report->counts.accepted -= report->counts.accepted > 0;
    report->counts.refused++;
    rules_report(report->rules, RULE_STALE, COLUMN_COUNT, SPAN_NONE, NULL, &problems);
    add_problems(report, line, &problems, NULL);
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

static bool finish(FILE *out, struct error *err)
{
    if (fflush(out) == 0 && !ferror(out))
        return true;
    return fail(err, errno == ENOSPC ? ERR_FULL : ERR_IO, "the report: %s", strerror(errno));
}

static void add_begin(struct buf *out, const char *file, const char *encoding, const struct report_counts *counts)
{
    struct span name = span_of(file);

    buf_clear(out);
    buf_add_text(out, "{\"file\":");
    json_string_add(out, utf8_is_valid(name, NULL) ? name : SPAN("?"));
    if (encoding)
        buf_addf(out, ",\"encoding\":\"%s\"", encoding);
    else
        buf_add_text(out, ",\"encoding\":null");
    buf_addf(out, ",\"rows\":%zu,\"accepted\":%zu,\"unchanged\":%zu,\"refused\":%zu,\"problems\":[", counts->rows,
             counts->accepted, counts->unchanged, counts->refused);
}

bool report_write_json(struct report *report, const char *file, const char *encoding, FILE *out, struct error *err)
{
    close_list(report);
    add_begin(&report->line, file, encoding, &report->counts);
    fwrite(report->line.data, 1, report->line.bytes, out);
    if (!temporary_copy(report->json, out, err))
        return false;
    fputs("]}\n", out);
    return finish(out, err);
}

bool report_write_unusable(const char *file, const struct error *why, const char *lang, FILE *out, struct error *err)
{
    static const struct report_counts NONE = {0};
    AUTO(buf_done) struct buf line = BUF_INIT;
    AUTO(buf_done) struct buf message = BUF_INIT;

    add_begin(&line, file, NULL, &NONE);
    buf_add_text(&line, "{\"line\":1,\"column\":null,\"value\":\"\",\"rule\":");
    json_string_add(&line, span_of(why->rule[0] ? why->rule : "file"));
    text_shown_add(&message, span_of(error_text(why, lang))); /* it may quote a stranger, cut anywhere */
    buf_add_text(&line, ",\"severity\":\"error\",\"message\":");
    json_string_add(&line, buf_span(&message));
    buf_add_text(&line, "}]}\n");
    fwrite(line.data, 1, line.bytes, out);
    return finish(out, err);
}

bool report_write_table(struct report *report, const char *file, const char *encoding, FILE *out, struct error *err)
{
    static const char ENGLISH[] = ": %s, %zu rows: %zu accepted, %zu unchanged, %zu refused; %zu warnings\n";
    static const char CHINESE[] = "：编码 %s，共 %zu 行：接收 %zu，未变 %zu，拒绝 %zu；警告 %zu 条\n";
    const struct report_counts *counts = &report->counts;
    struct buf *line = &report->line;

    close_list(report);
    buf_clear(line);
    text_shown_add(line, span_of(file));
    buf_addf(line, report->is_chinese ? CHINESE : ENGLISH, encoding, counts->rows, counts->accepted, counts->unchanged,
             counts->refused, counts->warnings);
    fwrite(line->data, 1, line->bytes, out);
    report_table_head(report->table, out);
    if (!temporary_copy(report->entries, out, err))
        return false;
    report_table_summary(report->table, out);
    return finish(out, err);
}
