#include "gateway/intake/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/intake/csv.h"
#include "gateway/intake/encoding.h"
#include "gateway/intake/header.h"
#include "gateway/intake/kind.h"
#include "gateway/intake/seen.h"
#include "gateway/intake/spool.h"
#include "gateway/intake/temporary.h"
#include "gateway/intake/xlsx.h"
#include "schemas/uscc.h"

struct intake {
    int own_fd; /* -1: borrowed */
    int fd;
    const struct rules *rules;
    const struct corrections *corrections; /* or NULL */
    enum encoding encoding;
    struct decoder *decoder;
    struct csv *csv;
    struct spool *spool; /* of a spreadsheet; NULL for CSV */
    struct seen *seen;
    struct header header;
    size_t rows;
    struct problems notes;
    struct record record;
    struct intake_row row;
};

static bool next_piece(void *context, struct span *piece, struct error *err)
{
    struct intake *intake = context;

    return decoder_next(intake->decoder, piece, err);
}

static bool begin_csv(struct intake *intake, struct error *err)
{
    csv_free(TAKE(intake->csv));
    decoder_free(TAKE(intake->decoder));
    if (!decoder_new(intake->fd, intake->encoding, &intake->decoder, err))
        return false;
    intake->csv = csv_new(next_piece, intake);
    return true;
}

static bool begin(struct intake *intake, struct error *err)
{
    return intake->spool ? spool_rewind(intake->spool, err) : begin_csv(intake, err);
}

static bool is_blank(const struct record *record)
{
    if (record->fault != RECORD_GOOD || record->filled > INTAKE_COLUMNS_MAX)
        return false;
    for (size_t i = 0; i < record->filled; i++)
        if (span_trim(record->field[i]).bytes > 0)
            return false;
    return true;
}

/* The next record that is not blank: blank ones count as lines, not as rows. */
static bool next_filled(struct intake *intake, bool *is_end, struct error *err)
{
    struct record *record = &intake->record;

    do {
        bool is_read =
            intake->spool ? spool_next(intake->spool, record, is_end, err) : csv_next(intake->csv, record, is_end, err);

        if (!is_read)
            return false;
    } while (!*is_end && is_blank(record));
    return true;
}

/* The first row is no header: when one of the next is, the rows above it are what is in the way. */
static bool search_header(struct intake *intake, struct error *err)
{
    enum { ROWS_SEARCHED = 20 };
    struct error why;
    bool is_end = false;

    for (int i = 0; i < ROWS_SEARCHED && !is_end; i++) {
        if (!next_filled(intake, &is_end, &why))
            return false;
        if (!is_end && header_is(&intake->record))
            return refuse(err, ERR_INVALID, "file.header",
                          "the header stands in line %zu: remove the lines above it (titles, notes)",
                          "表头在第 %zu 行：请删去它上面的标题、说明等行", intake->record.line);
    }
    return false;
}

static bool read_header(struct intake *intake, struct error *err)
{
    if (header_read(&intake->record, &intake->header, err))
        return true;
    return header_is(&intake->record) ? false : search_header(intake, err);
}

static enum column column_at(const struct intake *intake, size_t field)
{
    return field < intake->header.fields ? (enum column)intake->header.column[field] : COLUMN_COUNT;
}

/* The first column of the register that a short record does not reach. */
static enum column first_missing(const struct intake *intake)
{
    for (size_t field = intake->record.count; field < intake->header.fields; field++)
        if (column_at(intake, field) != COLUMN_COUNT)
            return column_at(intake, field);
    return COLUMN_COUNT;
}

static bool is_short(const struct intake *intake)
{
    return !intake->spool && first_missing(intake) != COLUMN_COUNT;
}

static bool is_divided(const struct intake *intake)
{
    const struct record *record = &intake->record;

    return record->fault == RECORD_GOOD && !is_short(intake) && record->filled <= intake->header.fields;
}

static bool refuse_no_row(size_t line, struct error *err)
{
    return refuse(err, ERR_INVALID, "correction.line", "there is no row in line %zu to be corrected",
                  "第 %zu 行没有可更正的内容", line);
}

/* Lines come in order: *met corrections have found their rows so far, and the next must not be passed over. */
static bool meet_corrections(const struct intake *intake, size_t *met, struct error *err)
{
    size_t line = intake->record.line;
    size_t count;

    if (*met == corrections_count(intake->corrections))
        return true;
    if (corrections_at(intake->corrections, *met)->line < line)
        return refuse_no_row(corrections_at(intake->corrections, *met)->line, err);
    if (!corrections_of(intake->corrections, line, &count))
        return true;
    *met += count;
    return is_divided(intake) ||
           refuse(err, ERR_INVALID, "correction.row",
                  "line %zu could not be divided into columns: it can only be corrected in the file",
                  "第 %zu 行没有正确分列，只能在原文件中更正", line);
}

/* Read all of it once: the header, the number of rows, and whether the end is reached in good order. */
static bool look_through(struct intake *intake, struct error *err)
{
    size_t met = 0;
    bool is_end;

    if (!begin(intake, err) || !next_filled(intake, &is_end, err))
        return false;
    if (is_end)
        return refuse(err, ERR_INVALID, "file.empty",
                      "there is nothing in the file, not even a header: check that it is the right file%s",
                      "文件没有内容，连表头也没有：请确认选对了文件%s", "");
    if (!read_header(intake, err))
        return false;
    for (;;) {
        if (!next_filled(intake, &is_end, err))
            return false;
        if (is_end)
            break;
        if (++intake->rows > INTAKE_ROWS_MAX)
            return refuse(err, ERR_LIMIT, "file.rows", "more than %d rows: split the file", "超过 %d 行：请拆分文件",
                          INTAKE_ROWS_MAX);
        if (!meet_corrections(intake, &met, err))
            return false;
    }
    if (met < corrections_count(intake->corrections))
        return refuse_no_row(corrections_at(intake->corrections, met)->line, err);
    if (intake->header.unread[0])
        rules_report(intake->rules, RULE_COLUMNS_UNREAD, COLUMN_COUNT, SPAN_NONE, intake->header.unread,
                     &intake->notes);
    if (intake->rows == 0)
        rules_report(intake->rules, RULE_NO_ROWS, COLUMN_COUNT, SPAN_NONE, NULL, &intake->notes);
    return begin(intake, err) && next_filled(intake, &is_end, err);
}

static bool load(struct intake *intake, const struct intake_options *options, struct error *err)
{
    const char *scratch = temporary_folder(options->scratch);
    bool is_xlsx;
    struct stat status;

    if (fstat(intake->fd, &status) != 0)
        return fail(err, ERR_IO, "%s", strerror(errno));
    if (!S_ISREG(status.st_mode))
        return refuse(err, ERR_INVALID, "file.kind", "this is not a plain file: name a CSV or .xlsx file%s",
                      "这不是普通文件：请指定 CSV 或 .xlsx 文件%s", "");
    if (!kind_judge(intake->fd, &is_xlsx, err))
        return false;
    if (!is_xlsx && !encoding_detect(intake->fd, &intake->encoding, err))
        return false;
    if (is_xlsx) {
        const struct xlsx_source source = {intake->fd, scratch, intake->rules};

        if (!spool_new(scratch, &intake->spool, err) || !xlsx_read(&source, intake->spool, &intake->notes, err))
            return false;
    }
    return look_through(intake, err) && seen_new(scratch, intake->rows, &intake->seen, err);
}

bool intake_open_fd(int fd, const struct intake_options *options, struct intake **out, struct error *err)
{
    AUTO(intake_free) struct intake *intake = memory_new(sizeof *intake);

    intake->own_fd = -1;
    intake->fd = fd;
    intake->rules = options->rules;
    intake->row.context.today = options->today;
    intake->corrections = options->corrections;
    if (!load(intake, options, err))
        return false;
    *out = TAKE(intake);
    return true;
}

bool intake_open(const char *path, const struct intake_options *options, struct intake **out, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return refuse(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "file.open", "%s cannot be opened: %s",
                      "%s 无法打开：%s", path, strerror(errno));
    if (!intake_open_fd(fd, options, out, err)) {
        file_close(fd);
        return false;
    }
    (*out)->own_fd = fd;
    return true;
}

void intake_free(struct intake *intake)
{
    if (!intake)
        return;
    csv_free(intake->csv);
    decoder_free(intake->decoder);
    spool_free(intake->spool);
    seen_free(intake->seen);
    file_close(intake->own_fd);
    free(intake);
}

const char *intake_encoding(const struct intake *intake)
{
    return intake->spool ? "xlsx" : encoding_name(intake->encoding);
}

size_t intake_rows(const struct intake *intake)
{
    return intake->rows;
}

const struct rules *intake_rules(const struct intake *intake)
{
    return intake->rules;
}

const struct problems *intake_notes(const struct intake *intake)
{
    return &intake->notes;
}

static void take_fields(struct intake *intake)
{
    const struct record *record = &intake->record;
    struct obligation *row = &intake->row.obligation;

    memset(row, 0, sizeof *row);
    intake->row.context.number_cells = 0;
    for (int column = 0; column < COLUMN_COUNT; column++) {
        size_t field = intake->header.field[column];

        if (field >= record_stored(record))
            continue;
        row->field[column] = span_trim(record->field[field]);
        if (record->kind[field] == CELL_NUMBER)
            intake->row.context.number_cells |= UINT32_C(1) << column;
    }
}

/* A cell that holds no text is another one when the same stands there as text. */
static void take_corrections(struct intake *intake)
{
    struct intake_row *row = &intake->row;
    size_t count;
    const struct correction *corrections = corrections_of(intake->corrections, intake->record.line, &count);

    row->corrected = 0;
    for (size_t i = 0; i < count; i++) {
        enum column column = corrections[i].column;
        size_t field = intake->header.field[column];
        bool was_text = field >= record_stored(&intake->record) || intake->record.kind[field] == CELL_TEXT;

        if (was_text && span_equal(row->obligation.field[column], corrections[i].value))
            continue;
        row->was[column] = row->obligation.field[column];
        row->obligation.field[column] = corrections[i].value;
        row->corrected |= UINT32_C(1) << column;
        row->context.number_cells &= ~(UINT32_C(1) << column);
    }
}

static bool is_corrected(const struct intake *intake, enum column column)
{
    return column < COLUMN_COUNT && (intake->row.corrected >> column & 1);
}

static void report_number(struct intake *intake, enum rules_reading which, enum column column, size_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%zu", number);
    rules_report(intake->rules, which, column, column < COLUMN_COUNT ? intake->row.obligation.field[column] : SPAN_NONE,
                 text, &intake->row.problems);
}

static void report_cell(struct intake *intake, enum rules_reading which, size_t field)
{
    struct span value = field < record_stored(&intake->record) ? intake->record.field[field] : SPAN_NONE;

    rules_report(intake->rules, which, column_at(intake, field), value, NULL, &intake->row.problems);
}

/* Cells of the register's columns that have content; *first is the first of them. */
static size_t filled_columns(const struct intake *intake, enum column *first)
{
    size_t count = 0;

    *first = COLUMN_COUNT;
    for (size_t field = 0; field < intake->header.fields; field++) {
        enum column column = column_at(intake, field);

        if (column == COLUMN_COUNT || intake->row.obligation.field[column].bytes == 0)
            continue;
        *first = *first == COLUMN_COUNT ? column : *first;
        count++;
    }
    return count;
}

/* A total, a note, a signature below the table: one problem says it better than one for each empty cell. */
static void report_sparse(struct intake *intake)
{
    enum { SPARSE_MAX = 3 };
    const struct span *field = intake->row.obligation.field;
    enum column first;
    size_t count = filled_columns(intake, &first);

    if (count > SPARSE_MAX || field[COLUMN_USCC].bytes > 0 || field[COLUMN_DOCUMENT].bytes > 0)
        return;
    report_number(intake, RULE_ROW_SPARSE, first, count);
}

/* What is wrong with the record as a record; the rules are not asked about a row that is not one. */
static void check_form(struct intake *intake)
{
    static const enum rules_reading BY_FAULT[] = {
        [RECORD_FIELD_LONG] = RULE_FIELD_LONG, [RECORD_LONG] = RULE_RECORD_LONG, [RECORD_QUOTE] = RULE_QUOTE};
    const struct record *record = &intake->record;

    if (record->fault != RECORD_GOOD) {
        report_cell(intake, BY_FAULT[record->fault], record->fault_field);
        return;
    }
    if (is_short(intake)) {
        report_number(intake, RULE_FIELDS_MISSING, first_missing(intake), record->count);
        return;
    }
    if (record->filled > intake->header.fields) {
        report_number(intake, RULE_FIELDS_SURPLUS, COLUMN_COUNT, record->filled);
        return;
    }
    /* No code is so long: the question is dear, and is asked of hardly any row. */
    if (intake->row.obligation.field[COLUMN_USCC].bytes > USCC_BYTES && header_is(record)) {
        rules_report(intake->rules, RULE_HEADER_AGAIN, COLUMN_COUNT, SPAN_NONE, NULL, &intake->row.problems);
        return;
    }
    for (size_t field = 0; field < record_stored(record); field++)
        if (record->kind[field] == CELL_ERROR && column_at(intake, field) != COLUMN_COUNT &&
            !is_corrected(intake, column_at(intake, field)))
            report_cell(intake, RULE_CELL_ERROR, field);
    if (intake->row.problems.errors == 0)
        report_sparse(intake);
}

static bool check_repeat(struct intake *intake, struct error *err)
{
    struct intake_row *row = &intake->row;
    enum seen_verdict verdict;
    size_t earlier;

    if (!seen_check(intake->seen, &row->obligation, row->line, &verdict, &earlier, err))
        return false;
    row->is_repeat = verdict == SEEN_REPEAT;
    if (verdict != SEEN_NEW)
        report_number(intake, verdict == SEEN_REPEAT ? RULE_REPEAT : RULE_CONTRADICTION, COLUMN_DOCUMENT, earlier);
    return true;
}

bool intake_next(struct intake *intake, struct intake_row **row, struct error *err)
{
    struct intake_row *current = &intake->row;
    bool is_end;

    if (!next_filled(intake, &is_end, err))
        return false;
    if (is_end) {
        *row = NULL;
        return true;
    }
    current->line = intake->record.line;
    current->problems.count = 0;
    current->problems.errors = 0;
    current->is_divided = is_divided(intake);
    take_fields(intake);
    take_corrections(intake);
    check_form(intake);
    if (current->problems.errors == 0)
        rules_check(intake->rules, &current->obligation, &intake->row.context, &current->problems);
    current->is_repeat = false;
    if (current->problems.errors == 0 && !check_repeat(intake, err))
        return false;
    current->is_good = current->problems.errors == 0;
    *row = current;
    return true;
}
