#include "gateway/jobs/rejects.h"

#include <stdlib.h>

#include "base/text.h"
#include "gateway/sheet/sheet.h"

enum { COLUMNS = COLUMN_COUNT + 1, REASONS_WIDTH = 60, REASONS_BYTES_MAX = 8000 };

struct rejects {
    const struct work *work;
    struct sheet *sheet; /* NULL: no row yet */
    struct buf reasons;
};

struct rejects *rejects_new(const struct work *work)
{
    struct rejects *rejects = memory_new(sizeof *rejects);

    rejects->work = work;
    return rejects;
}

void rejects_free(struct rejects *rejects)
{
    if (!rejects)
        return;
    sheet_free(rejects->sheet);
    buf_done(&rejects->reasons);
    free(rejects);
}

static bool begin(struct rejects *rejects, struct error *err)
{
    const struct sheet_options options = {.title = work_say(rejects->work, "被拒的行", "Refused rows"),
                                          .scratch = rejects->work->folder};
    struct sheet_column columns[COLUMNS];
    const struct sheet_page page = {
        .name = work_say(rejects->work, "被拒的行", "Refused rows"), .columns = columns, .column_count = COLUMNS};

    for (int column = 0; column < COLUMN_COUNT; column++)
        columns[column] = (struct sheet_column){COLUMN_HEADERS[column], 16, SHEET_TEXT};
    columns[COLUMN_COUNT] = (struct sheet_column){INTAKE_REASONS_HEADER, REASONS_WIDTH, SHEET_TEXT};
    return sheet_new(&options, &rejects->sheet, err) && sheet_page(rejects->sheet, &page, err);
}

static bool write_row(struct rejects *rejects, struct sheet_cell *cells, struct error *err)
{
    if (!rejects->sheet && !begin(rejects, err))
        return false;
    if (sheet_rows(rejects->sheet) > REJECTS_MAX)
        return true;
    if (sheet_rows(rejects->sheet) == REJECTS_MAX) {
        for (int column = 0; column < COLUMN_COUNT; column++)
            cells[column] = (struct sheet_cell){.kind = SHEET_EMPTY};
        buf_clear(&rejects->reasons);
        buf_addf(&rejects->reasons,
                 work_is_chinese(rejects->work) ? "被拒的行超过 %d 行，其余未列出：请先改正这些。"
                                                : "More than %d rows are refused: the others are not listed.",
                 (int)REJECTS_MAX);
    }
    cells[COLUMN_COUNT] = sheet_text(utf8_cut(buf_span(&rejects->reasons), REASONS_BYTES_MAX));
    return sheet_row(rejects->sheet, cells, COLUMNS, err);
}

static void line_add(struct rejects *rejects, size_t line)
{
    buf_clear(&rejects->reasons);
    buf_addf(&rejects->reasons, work_is_chinese(rejects->work) ? "原文件第 %zu 行。" : "Line %zu of the file. ", line);
}

static void reasons_add(struct rejects *rejects, const struct intake_row *row)
{
    line_add(rejects, row->line);
    for (size_t i = 0; i < row->problems.count; i++) {
        const struct problem *problem = &row->problems.at[i];

        if (!rule_is_error(problem->rule))
            continue;
        problem_message_add(problem, &row->obligation, work_is_chinese(rejects->work) ? "zh" : "en", &rejects->reasons);
        buf_add_text(&rejects->reasons, work_is_chinese(rejects->work) ? "" : " ");
    }
}

static uint32_t bad_columns(const struct problems *problems)
{
    uint32_t columns = 0;

    for (size_t i = 0; i < problems->count; i++)
        if (problems->at[i].column < COLUMN_COUNT && rule_is_error(problems->at[i].rule))
            columns |= UINT32_C(1) << problems->at[i].column;
    return columns;
}

bool rejects_row(struct rejects *rejects, const struct intake_row *row, struct error *err)
{
    struct sheet_cell cells[COLUMNS] = {{.kind = SHEET_EMPTY}};
    uint32_t bad = bad_columns(&row->problems);

    for (int column = 0; row->is_divided && column < COLUMN_COUNT; column++) {
        cells[column] = sheet_text(utf8_cut(row->obligation.field[column], REJECTS_CELL_BYTES_MAX));
        cells[column].look = bad >> column & 1 ? SHEET_BAD : SHEET_PLAIN;
    }
    reasons_add(rejects, row);
    return write_row(rejects, cells, err);
}

bool rejects_line(struct rejects *rejects, size_t line, const char *reason, struct error *err)
{
    struct sheet_cell cells[COLUMNS] = {{.kind = SHEET_EMPTY}};

    line_add(rejects, line);
    buf_add_text(&rejects->reasons, reason);
    return write_row(rejects, cells, err);
}

bool rejects_save(struct rejects *rejects, struct error *err)
{
    AUTO(text_free) char *path = path_join(rejects->work->folder, JOB_WORKBOOK_FILE);

    return !rejects->sheet || sheet_save(rejects->sheet, path, JOB_FILE_MODE, err);
}
