#include "gateway/sheet/sheet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/intake/temporary.h"
#include "gateway/sheet/sheet_check.h"

/* libxlsxwriter's constant memory: a row is written to a temporary file when the next one begins, so rows only go down.
 * The workbook itself goes to a file without a name, reached by /proc/self/fd. */

enum {
    PATH_BYTES = 64,
    WIDTH_DEFAULT = 12,
    WIDTH_MAX = 80,
    PAPER_A4 = 9,
    /* Days from 1899-12-30, where Excel's numbers of days begin (for days after February 1900), to 1970-01-01. */
    SERIAL_OF_EPOCH = 25569,
    ESCAPE_BYTES = 7, /* _xHHHH_ */
    DOUBLE_DIGITS = 15,
    RATE_PARTS = 10000,
};

enum look_kind { LOOK_TEXT, LOOK_COUNT, LOOK_DECIMAL, LOOK_RATE, LOOK_DAY, LOOK_KINDS };
static const char *const NUMBER_FORMATS[LOOK_KINDS] = {"@", "#,##0", "#,##0.######", "0.00%", "yyyy-mm-dd"};

struct sheet {
    lxw_workbook *book;
    lxw_worksheet *page; /* NULL: none begun */
    lxw_format *cells[LOOK_KINDS][SHEET_LOOK_COUNT];
    lxw_format *head;
    lxw_format *title;
    lxw_format *line;
    int fd;
    lxw_row_t first_row; /* below the head */
    lxw_row_t next_row;
    size_t columns;
    bool has_filter;
    uint64_t rows_written; /* of all pages, heads and lines included */
    uint64_t cells_written;
    struct buf text; /* the cell at hand */
};

static lxw_format *cell_format(struct sheet *sheet, enum look_kind kind, enum sheet_look look)
{
    lxw_format *format = workbook_add_format(sheet->book);

    format_set_num_format(format, NUMBER_FORMATS[kind]);
    format_set_align(format, LXW_ALIGN_VERTICAL_TOP);
    if (kind == LOOK_TEXT)
        format_set_text_wrap(format);
    if (kind == LOOK_RATE)
        format_set_align(format, LXW_ALIGN_RIGHT);
    if (look == SHEET_STRONG) {
        format_set_bold(format);
        format_set_top(format, LXW_BORDER_THIN);
    }
    if (look == SHEET_BAD)
        format_set_bg_color(format, 0xFDE2E2);
    return format;
}

static void make_formats(struct sheet *sheet)
{
    for (int kind = 0; kind < LOOK_KINDS; kind++)
        for (int look = 0; look < SHEET_LOOK_COUNT; look++)
            sheet->cells[kind][look] = cell_format(sheet, (enum look_kind)kind, (enum sheet_look)look);
    sheet->head = cell_format(sheet, LOOK_TEXT, SHEET_PLAIN);
    format_set_bold(sheet->head);
    format_set_bg_color(sheet->head, 0xE8EEF5);
    format_set_bottom(sheet->head, LXW_BORDER_THIN);
    sheet->title = workbook_add_format(sheet->book);
    format_set_num_format(sheet->title, "@");
    format_set_bold(sheet->title);
    format_set_font_size(sheet->title, 14);
    sheet->line = workbook_add_format(sheet->book);
    format_set_num_format(sheet->line, "@");
}

bool sheet_new(const struct sheet_options *options, struct sheet **out, struct error *err)
{
    const char *folder = temporary_folder(options->scratch);
    AUTO(sheet_free) struct sheet *sheet = memory_new(sizeof *sheet);
    lxw_workbook_options how = {.constant_memory = LXW_TRUE, .tmpdir = (char *)folder, .use_zip64 = LXW_FALSE};
    lxw_doc_properties about = {.title = (char *)options->title, .author = (char *)options->author};
    char path[PATH_BYTES];

    sheet->fd = -1;
    if (!temporary_fd(folder, &sheet->fd, err))
        return false;
    snprintf(path, sizeof path, "/proc/self/fd/%d", sheet->fd);
    sheet->book = workbook_new_opt(path, &how);
    if (!sheet->book)
        return fail(err, ERR_IO, "%s: a workbook cannot be begun", folder);
    if (workbook_set_properties(sheet->book, &about) != LXW_NO_ERROR)
        return fail(err, ERR_INTERNAL, "a workbook's properties are refused");
    make_formats(sheet);
    *out = TAKE(sheet);
    return true;
}

void sheet_free(struct sheet *sheet)
{
    if (!sheet)
        return;
    lxw_workbook_free(sheet->book);
    file_close(sheet->fd);
    buf_done(&sheet->text);
    free(sheet);
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* _x0041_ in a cell is read as "A" (ECMA-376 Part 1, 22.9.2.19, ST_Xstring): a text that only looks so says so. */
static bool looks_escaped(const char *at, const char *end)
{
    return end - at >= ESCAPE_BYTES && at[1] == 'x' && is_hex(at[2]) && is_hex(at[3]) && is_hex(at[4]) &&
           is_hex(at[5]) && at[6] == '_';
}

/* U+FFFE and U+FFFF are no characters of XML (1.0, section 2.2). */
static bool is_no_character(const char *at, const char *end)
{
    return end - at >= 3 && (unsigned char)at[0] == 0xEF && (unsigned char)at[1] == 0xBF &&
           (unsigned char)at[2] >= 0xBE;
}

/* Cut to what a cell takes; the sign at the end says so. */
static void cut_text(struct buf *text)
{
    size_t characters = 0;
    size_t at = 0;

    if (text->bytes <= SHEET_TEXT_MAX || utf8_count(buf_span(text)) <= SHEET_TEXT_MAX)
        return;
    for (at = 0; characters < SHEET_TEXT_MAX; at++)
        characters += ((unsigned char)text->data[at] & 0xC0) != 0x80;
    text->bytes = at - 1; /* where the last character that would fit begins */
    buf_add_text(text, "…");
}

/* The text of a cell as the library takes it: NUL-terminated, no longer than a cell may be. */
static bool prepare_text(struct sheet *sheet, struct span text, struct error *err)
{
    const char *end = text.bytes ? text.at + text.bytes : NULL;

    if (!utf8_is_valid(text, NULL))
        return fail(err, ERR_INTERNAL, "a cell's text is not UTF-8");
    buf_clear(&sheet->text);
    for (const char *at = text.at; at < end; at++) {
        if (*at == '_' && looks_escaped(at, end)) {
            buf_add_text(&sheet->text, "_x005F_");
        } else if (is_no_character(at, end)) {
            buf_add_text(&sheet->text, "\xEF\xBF\xBD");
            at += 2;
        } else if (*at == '\0') {
            buf_add_text(&sheet->text, "\xEF\xBF\xBD");
        } else {
            buf_add_byte(&sheet->text, *at);
        }
    }
    cut_text(&sheet->text);
    return true;
}

static bool write_text(struct sheet *sheet, lxw_col_t column, struct span text, lxw_format *format, struct error *err)
{
    lxw_error code;

    if (!prepare_text(sheet, text, err))
        return false;
    code = worksheet_write_string(sheet->page, sheet->next_row, column, buf_text(&sheet->text), format);
    if (code != LXW_NO_ERROR)
        return fail(err, ERR_INTERNAL, "row %u, column %u: %s", sheet->next_row + 1, column + 1U, lxw_strerror(code));
    sheet->cells_written++;
    return true;
}

static bool write_number(struct sheet *sheet, lxw_col_t column, double number, lxw_format *format, struct error *err)
{
    lxw_error code = worksheet_write_number(sheet->page, sheet->next_row, column, number, format);

    if (code != LXW_NO_ERROR)
        return fail(err, ERR_INTERNAL, "row %u, column %u: %s", sheet->next_row + 1, column + 1U, lxw_strerror(code));
    sheet->cells_written++;
    return true;
}

/* Digits with or without a point, few enough that a double (and Excel) shows the same number again. */
static bool decimal_fits(struct span text)
{
    size_t digits = 0;
    size_t points = 0;

    for (size_t i = 0; i < text.bytes; i++) {
        if (text.at[i] == '.')
            points++;
        else if (text.at[i] >= '0' && text.at[i] <= '9')
            digits++;
        else
            return false;
    }
    return digits > 0 && digits <= DOUBLE_DIGITS && points <= 1 && text.at[0] != '.' && text.at[text.bytes - 1] != '.';
}

static bool write_decimal(struct sheet *sheet, lxw_col_t column, const struct sheet_cell *cell, struct error *err)
{
    bool is_number = decimal_fits(cell->text);
    char digits[DOUBLE_DIGITS + 2];

    if (!is_number)
        return write_text(sheet, column, cell->text, sheet->cells[LOOK_TEXT][cell->look], err);
    snprintf(digits, sizeof digits, "%.*s", (int)cell->text.bytes, cell->text.at);
    return write_number(sheet, column, strtod(digits, NULL), sheet->cells[LOOK_DECIMAL][cell->look], err);
}

static bool write_count(struct sheet *sheet, lxw_col_t column, const struct sheet_cell *cell, struct error *err)
{
    static const int64_t EXACT = INT64_C(1) << 53; /* beyond it a double has gaps */
    char digits[24];
    int bytes;

    if (cell->number >= -EXACT && cell->number <= EXACT)
        return write_number(sheet, column, (double)cell->number, sheet->cells[LOOK_COUNT][cell->look], err);
    bytes = snprintf(digits, sizeof digits, "%lld", (long long)cell->number);
    return write_text(sheet, column, (struct span){digits, (size_t)bytes}, sheet->cells[LOOK_TEXT][cell->look], err);
}

static bool write_rate(struct sheet *sheet, lxw_col_t column, const struct sheet_cell *cell, struct error *err)
{
    lxw_format *format = sheet->cells[LOOK_RATE][cell->look];
    int64_t parts;

    if (cell->out_of == 0)
        return write_text(sheet, column, SPAN("—"), format, err);
    /* In ten thousandths, cut: what is not all must not be shown as 100.00 %. */
    parts = cell->number * RATE_PARTS / cell->out_of;
    return write_number(sheet, column, (double)parts / RATE_PARTS, format, err);
}

/* A cell that has nothing is left out, unless it is marked. */
static bool write_empty(struct sheet *sheet, lxw_col_t column, enum sheet_look look, struct error *err)
{
    if (look == SHEET_PLAIN)
        return true;
    if (worksheet_write_blank(sheet->page, sheet->next_row, column, sheet->cells[LOOK_TEXT][look]) != LXW_NO_ERROR)
        return fail(err, ERR_INTERNAL, "row %u: an empty cell is refused", sheet->next_row + 1);
    sheet->cells_written++;
    return true;
}

static bool write_cell(struct sheet *sheet, lxw_col_t column, const struct sheet_cell *cell, struct error *err)
{
    bool has_text = cell->kind == SHEET_TEXT || cell->kind == SHEET_DECIMAL;
    bool is_empty = (has_text && cell->text.bytes == 0) || (cell->kind == SHEET_DAY && cell->day == DAY_NONE);

    if (is_empty || cell->kind == SHEET_EMPTY)
        return write_empty(sheet, column, cell->look, err);
    switch (cell->kind) {
    case SHEET_COUNT:
        return write_count(sheet, column, cell, err);
    case SHEET_DECIMAL:
        return write_decimal(sheet, column, cell, err);
    case SHEET_RATE:
        return write_rate(sheet, column, cell, err);
    case SHEET_DAY:
        return write_number(sheet, column, (double)cell->day + SERIAL_OF_EPOCH, sheet->cells[LOOK_DAY][cell->look],
                            err);
    default:
        return write_text(sheet, column, cell->text, sheet->cells[LOOK_TEXT][cell->look], err);
    }
}

static void end_page(struct sheet *sheet)
{
    if (!sheet->page || !sheet->has_filter || sheet->next_row == 0)
        return;
    worksheet_autofilter(sheet->page, sheet->first_row - 1, 0, sheet->next_row - 1, (lxw_col_t)(sheet->columns - 1));
}

static lxw_format *column_format(const struct sheet *sheet, enum sheet_kind kind)
{
    switch (kind) {
    case SHEET_TEXT:
        return sheet->cells[LOOK_TEXT][SHEET_PLAIN];
    case SHEET_DAY:
        return sheet->cells[LOOK_DAY][SHEET_PLAIN];
    default:
        return NULL;
    }
}

static void set_columns(struct sheet *sheet, const struct sheet_page *page)
{
    for (size_t i = 0; i < page->column_count; i++) {
        const struct sheet_column *column = &page->columns[i];
        int width = column->width > 0 ? column->width : WIDTH_DEFAULT;

        worksheet_set_column(sheet->page, (lxw_col_t)i, (lxw_col_t)i, width < WIDTH_MAX ? width : WIDTH_MAX,
                             column_format(sheet, column->kind));
    }
}

static bool set_entry(struct sheet *sheet, size_t at, const struct sheet_entry *entry, struct error *err)
{
    lxw_data_validation how = {.validate = entry->choices ? LXW_VALIDATION_TYPE_LIST : LXW_VALIDATION_TYPE_ANY,
                               .ignore_blank = LXW_VALIDATION_ON,
                               .show_input = entry->hint ? LXW_VALIDATION_ON : LXW_VALIDATION_OFF,
                               .show_error = LXW_VALIDATION_ON,
                               .error_type = LXW_VALIDATION_ERROR_TYPE_STOP,
                               .input_message = (char *)entry->hint,
                               .value_list = (char **)entry->choices};
    lxw_error code;

    if (!entry->hint && !entry->choices)
        return true;
    code = worksheet_data_validation_range(sheet->page, sheet->first_row, (lxw_col_t)at,
                                           sheet->first_row + SHEET_FILLED_ROWS - 1, (lxw_col_t)at, &how);
    return code == LXW_NO_ERROR ||
           fail(err, ERR_INTERNAL, "column %zu: its hint or choices: %s", at + 1, lxw_strerror(code));
}

static bool set_entries(struct sheet *sheet, const struct sheet_page *page, struct error *err)
{
    for (size_t i = 0; page->entries && i < page->column_count; i++)
        if (!set_entry(sheet, i, &page->entries[i], err))
            return false;
    return true;
}

static void set_paper(struct sheet *sheet)
{
    worksheet_freeze_panes(sheet->page, sheet->first_row, 0);
    worksheet_set_paper(sheet->page, PAPER_A4);
    worksheet_set_landscape(sheet->page);
    worksheet_fit_to_pages(sheet->page, 1, 0);
    worksheet_repeat_rows(sheet->page, sheet->first_row - 1, sheet->first_row - 1);
    worksheet_set_footer(sheet->page, "&C第 &P 页，共 &N 页");
}

static bool write_head(struct sheet *sheet, const struct sheet_page *page, struct error *err)
{
    for (size_t i = 0; i < page->line_count; i++) {
        if (!write_text(sheet, 0, span_of(page->lines[i]), i == 0 ? sheet->title : sheet->line, err))
            return false;
        sheet->next_row++;
        sheet->rows_written++;
    }
    for (size_t i = 0; i < page->column_count; i++)
        if (!write_text(sheet, (lxw_col_t)i, span_of(page->columns[i].title), sheet->head, err))
            return false;
    sheet->next_row++;
    sheet->rows_written++;
    return true;
}

bool sheet_page(struct sheet *sheet, const struct sheet_page *page, struct error *err)
{
    if (!sheet->book || page->column_count == 0 || page->column_count > SHEET_COLUMNS_MAX ||
        page->line_count >= SHEET_ROWS_MAX)
        return fail(err, ERR_INTERNAL, "worksheet %s: no head, or more columns than %d", page->name, SHEET_COLUMNS_MAX);
    end_page(sheet);
    sheet->page = workbook_add_worksheet(sheet->book, page->name);
    if (!sheet->page)
        return fail(err, ERR_INTERNAL, "worksheet %s: its name is refused, or there is one already", page->name);
    sheet->next_row = 0;
    sheet->first_row = (lxw_row_t)page->line_count + 1;
    sheet->columns = page->column_count;
    sheet->has_filter = page->has_filter;
    set_columns(sheet, page);
    set_paper(sheet);
    return set_entries(sheet, page, err) && write_head(sheet, page, err);
}

bool sheet_row(struct sheet *sheet, const struct sheet_cell *cells, size_t count, struct error *err)
{
    uint64_t before = sheet->cells_written;

    if (!sheet->page || count > sheet->columns)
        return fail(err, ERR_INTERNAL, "a row has %zu cells, its page %zu columns", count, sheet->columns);
    if (sheet->next_row >= SHEET_ROWS_MAX)
        return refuse(err, ERR_LIMIT, "file.rows", "a worksheet takes %d rows; choose less",
                      "一个工作表最多 %d 行，请缩小范围", SHEET_ROWS_MAX);
    for (size_t i = 0; i < count; i++)
        if (!write_cell(sheet, (lxw_col_t)i, &cells[i], err))
            return false;
    sheet->next_row++;
    sheet->rows_written += sheet->cells_written > before; /* a row without cells is not in the file */
    return true;
}

size_t sheet_rows(const struct sheet *sheet)
{
    return sheet->page ? sheet->next_row - sheet->first_row : 0;
}

static bool read_back(const struct sheet *sheet, struct buf *out, struct error *err)
{
    struct stat about;
    size_t bytes = 0;

    if (fstat(sheet->fd, &about) != 0)
        return file_fail(err, "workbook", "look at");
    if (about.st_size > SHEET_BYTES_MAX)
        return refuse(err, ERR_LIMIT, "file.size", "a workbook takes %d bytes; choose less",
                      "工作簿最多 %d 字节，请缩小范围", SHEET_BYTES_MAX);
    buf_reserve(out, (size_t)about.st_size + 1);
    while (bytes < (size_t)about.st_size) {
        ssize_t got = pread(sheet->fd, out->data + out->bytes, (size_t)about.st_size - bytes, (off_t)bytes);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return file_fail(err, "workbook", "read");
        out->bytes += (size_t)got;
        bytes += (size_t)got;
    }
    out->data[out->bytes] = '\0';
    return true;
}

bool sheet_finish(struct sheet *sheet, struct buf *out, struct error *err)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    lxw_workbook *book;
    lxw_error code;

    if (!sheet->page)
        return fail(err, ERR_INTERNAL, "a workbook without worksheets");
    end_page(sheet);
    sheet->page = NULL;
    book = TAKE(sheet->book);
    code = workbook_close(book); /* frees it, whatever comes of it */
    if (code != LXW_NO_ERROR)
        return fail(err, ERR_IO, "workbook: %s", lxw_strerror(code));
    if (!read_back(sheet, &bytes, err) ||
        !sheet_is_whole(buf_span(&bytes), sheet->rows_written, sheet->cells_written, err))
        return false;
    buf_add_span(out, buf_span(&bytes));
    return true;
}

bool sheet_save(struct sheet *sheet, const char *path, unsigned mode, struct error *err)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;

    return sheet_finish(sheet, &bytes, err) && file_write(path, buf_span(&bytes), mode, err);
}
