#define _GNU_SOURCE /* memmem */
#include "gateway/intake/xlsx.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/intake/book.h"

/* ST_CellType */
enum cell_type { TYPE_NUMBER, TYPE_SHARED, TYPE_TEXT, TYPE_BOOLEAN, TYPE_ERROR, TYPE_DATE };

struct sheet {
    struct book *book;
    struct part *part;
    struct spool *spool;
    struct record record;
    struct buf text; /* of all cells of the row */
    size_t start[INTAKE_COLUMNS_MAX];
    size_t bytes[INTAKE_COLUMNS_MAX];
    size_t line; /* of the row at hand, or the last one */
    size_t next; /* the least column that the next cell may have */
    size_t rows; /* with content */
    size_t hidden_rows;
    size_t merged;         /* ranges of merged cells */
    char first_merged[24]; /* "A2:A3" */
    bool is_hidden;        /* the row at hand */
    bool is_in_data;
    bool is_in_row;
    bool is_in_cell;
    bool is_in_value; /* <v>, or <t> of an inline text */
    bool is_in_phonetic;
    /* The cell at hand. */
    enum cell_type type;
    size_t style;
    size_t column;
    struct buf cell;
    bool is_long;
};

enum { LINES_MAX = 10 * 1000 * 1000, CELL_TEXT_BYTES = 32 };

static bool refuse_sheet(const struct sheet *sheet, struct error *err)
{
    return refuse(err, ERR_INVALID, "file.xlsx",
                  "the workbook's sheet is malformed near row %zu: open it in a spreadsheet program and save it anew",
                  "工作表第 %zu 行附近的结构有误：请用表格软件打开后另存为 .xlsx", sheet->line);
}

/* "AB12" → 27. False when it is no reference. */
static bool column_parse(struct span reference, size_t *column)
{
    size_t sum = 0;
    size_t i = 0;

    while (i < reference.bytes && i < 3 && reference.at[i] >= 'A' && reference.at[i] <= 'Z')
        sum = sum * 26 + (size_t)(reference.at[i++] - 'A') + 1;
    if (i == 0 || i == reference.bytes || reference.at[i] < '0' || reference.at[i] > '9')
        return false;
    *column = sum - 1;
    return true;
}

static enum cell_type type_parse(struct span text)
{
    static const struct {
        const char *name;
        enum cell_type type;
    } TYPES[] = {{"s", TYPE_SHARED},  {"inlineStr", TYPE_TEXT}, {"str", TYPE_TEXT},
                 {"b", TYPE_BOOLEAN}, {"e", TYPE_ERROR},        {"d", TYPE_DATE}};

    for (size_t i = 0; i < COUNT_OF(TYPES); i++)
        if (span_is(text, TYPES[i].name))
            return TYPES[i].type;
    return TYPE_NUMBER;
}

static bool begin_row(struct sheet *sheet, struct error *err)
{
    int64_t line = (int64_t)sheet->line + 1;
    const char *name;
    struct span value;

    if (sheet->is_in_row)
        return refuse_sheet(sheet, err);
    sheet->is_hidden = false;
    while (part_attribute(sheet->part, &name, &value)) {
        if (strcmp(name, "hidden") == 0)
            sheet->is_hidden = span_is(value, "1") || span_is(value, "true");
        else if (strcmp(name, "r") == 0 && !integer_parse(value, &line))
            return refuse_sheet(sheet, err);
    }
    if (line <= (int64_t)sheet->line || line > LINES_MAX)
        return refuse_sheet(sheet, err);
    sheet->line = (size_t)line;
    sheet->is_in_row = true;
    sheet->next = 0;
    sheet->record = (struct record){.line = sheet->line};
    buf_clear(&sheet->text);
    memset(sheet->bytes, 0, sizeof sheet->bytes);
    memset(sheet->start, 0, sizeof sheet->start);
    return true;
}

static bool end_row(struct sheet *sheet, struct error *err)
{
    struct record *record = &sheet->record;

    sheet->is_in_row = false;
    if (record->filled == 0)
        return true;
    if (++sheet->rows > INTAKE_ROWS_MAX)
        return refuse(err, ERR_LIMIT, "file.rows", "more than %d rows: split the file", "超过 %d 行：请拆分文件",
                      INTAKE_ROWS_MAX);
    sheet->hidden_rows += sheet->is_hidden;
    for (size_t i = 0; i < record_stored(record); i++)
        record->field[i] = (struct span){buf_text(&sheet->text) + sheet->start[i], sheet->bytes[i]};
    return spool_add(sheet->spool, record, err);
}

static bool begin_cell(struct sheet *sheet, struct error *err)
{
    const char *name;
    struct span value;
    int64_t style = 0;

    if (!sheet->is_in_row || sheet->is_in_cell)
        return refuse_sheet(sheet, err);
    sheet->type = TYPE_NUMBER;
    sheet->column = sheet->next;
    while (part_attribute(sheet->part, &name, &value)) {
        if (strcmp(name, "t") == 0)
            sheet->type = type_parse(value);
        else if ((strcmp(name, "s") == 0 && !integer_parse(value, &style)) ||
                 (strcmp(name, "r") == 0 && !column_parse(value, &sheet->column)))
            return refuse_sheet(sheet, err);
    }
    if (sheet->column < sheet->next)
        return refuse_sheet(sheet, err);
    sheet->style = (size_t)style;
    sheet->next = sheet->column + 1;
    sheet->is_in_cell = true;
    sheet->is_long = false;
    buf_clear(&sheet->cell);
    return true;
}

/* A decimal number as XML Schema writes it, with blanks around it; nothing that only strtod() knows. */
static bool number_parse(struct span raw, double *number)
{
    char copy[CELL_TEXT_BYTES * 2];
    char *end;

    raw = span_trim(raw);
    if (raw.bytes == 0 || raw.bytes >= sizeof copy)
        return false;
    for (size_t i = 0; i < raw.bytes; i++)
        if (!memchr("0123456789.+-eE", raw.at[i], 15))
            return false;
    memcpy(copy, raw.at, raw.bytes);
    copy[raw.bytes] = '\0';
    *number = strtod(copy, &end);
    return *end == '\0' && isfinite(*number);
}

/* A number as people see it: 15 digits, so that 31.469999999999999 is 31.47 again. */
static bool show_number(const struct sheet *sheet, struct span raw, char text[CELL_TEXT_BYTES], enum cell_kind *kind)
{
    double number;

    if (!number_parse(raw, &number))
        return false;
    *kind = CELL_TEXT;
    if (book_style_is_date(sheet->book, sheet->style) && book_date(sheet->book, number, text))
        return true;
    *kind = CELL_NUMBER;
    snprintf(text, CELL_TEXT_BYTES, "%.15g", number);
    return true;
}

/* _x000D_ stands for a character that XML cannot hold or that Excel did not want to write. */
static bool escape_parse(struct span text, unsigned *character)
{
    unsigned sum = 0;

    if (text.bytes < 7 || memcmp(text.at, "_x", 2) != 0 || text.at[6] != '_')
        return false;
    for (size_t i = 2; i < 6; i++) {
        char byte = text.at[i];
        bool is_digit = byte >= '0' && byte <= '9';

        if (!is_digit && !(byte >= 'A' && byte <= 'F'))
            return false;
        sum = sum * 16 + (unsigned)(is_digit ? byte - '0' : byte - 'A' + 10);
    }
    *character = sum;
    return true;
}

/* Only ASCII is unescaped: that is what is escaped in practice, and all that the rules ask about. */
static void unescape(struct buf *text)
{
    size_t to = 0;

    if (text->bytes == 0 || !memmem(text->data, text->bytes, "_x00", 4))
        return;
    for (size_t from = 0; from < text->bytes;) {
        unsigned character;

        if (escape_parse((struct span){text->data + from, text->bytes - from}, &character) && character < 0x80) {
            text->data[to++] = (char)character;
            from += 7;
        } else {
            text->data[to++] = text->data[from++];
        }
    }
    text->bytes = to;
}

static void store(struct sheet *sheet, struct span text, enum cell_kind kind)
{
    struct record *record = &sheet->record;
    size_t column = sheet->column;

    record->count = column + 1;
    if (text.bytes == 0)
        return;
    record->filled = column + 1;
    if (column >= INTAKE_COLUMNS_MAX)
        return;
    if ((sheet->is_long || text.bytes > INTAKE_FIELD_BYTES_MAX) && record->fault == RECORD_GOOD) {
        record->fault = RECORD_FIELD_LONG;
        record->fault_field = column;
    } else if (sheet->text.bytes + text.bytes > INTAKE_RECORD_BYTES_MAX && record->fault == RECORD_GOOD) {
        record->fault = RECORD_LONG;
        record->fault_field = column;
    }
    if (record->fault != RECORD_GOOD)
        text = utf8_cut(text, INTAKE_KEPT_BYTES);
    record->kind[column] = (uint8_t)kind;
    sheet->start[column] = sheet->text.bytes;
    sheet->bytes[column] = text.bytes;
    buf_add_span(&sheet->text, text);
}

static bool store_shared(struct sheet *sheet, struct error *err)
{
    struct span text = SPAN_NONE;
    bool is_there = false;
    int64_t number;

    if (integer_parse(span_trim(buf_span(&sheet->cell)), &number) &&
        !book_shared(sheet->book, (size_t)number, &is_there, &text, err))
        return false;
    if (!is_there)
        return refuse_sheet(sheet, err);
    buf_clear(&sheet->cell);
    buf_add_span(&sheet->cell, text);
    unescape(&sheet->cell);
    store(sheet, buf_span(&sheet->cell), CELL_TEXT);
    return true;
}

static bool end_cell(struct sheet *sheet, struct error *err)
{
    struct span raw = buf_span(&sheet->cell);
    char text[CELL_TEXT_BYTES];
    enum cell_kind kind = CELL_TEXT;

    sheet->is_in_cell = false;
    if (raw.bytes == 0) {
        store(sheet, SPAN_NONE, CELL_TEXT);
        return true;
    }
    if (sheet->type == TYPE_SHARED)
        return store_shared(sheet, err);
    if (sheet->type == TYPE_NUMBER) {
        bool is_number = show_number(sheet, raw, text, &kind);

        store(sheet, is_number ? span_of(text) : raw, is_number ? kind : CELL_ERROR);
        return true;
    }
    if (sheet->type == TYPE_BOOLEAN)
        raw = span_is(raw, "1") ? SPAN("TRUE") : SPAN("FALSE");
    if (sheet->type == TYPE_BOOLEAN || sheet->type == TYPE_ERROR)
        kind = CELL_ERROR;
    /* ISO 8601; midnight is how a day without time is written. */
    if (sheet->type == TYPE_DATE && raw.bytes > 10 &&
        span_starts((struct span){raw.at + 10, raw.bytes - 10}, "T00:00:00"))
        raw.bytes = 10;
    if (sheet->type == TYPE_TEXT) {
        unescape(&sheet->cell);
        raw = buf_span(&sheet->cell);
    }
    store(sheet, raw, kind);
    return true;
}

static void take_text(struct sheet *sheet)
{
    struct span text = span_of((const char *)xmlTextReaderConstValue(part_reader(sheet->part)));

    if (!sheet->is_in_cell || !sheet->is_in_value || sheet->is_in_phonetic)
        return;
    if (sheet->cell.bytes + text.bytes > INTAKE_FIELD_BYTES_MAX) {
        sheet->is_long = true;
        text = utf8_cut(text, sheet->cell.bytes < INTAKE_KEPT_BYTES ? INTAKE_KEPT_BYTES : 0);
    }
    buf_add_span(&sheet->cell, text);
}

static bool take_begin(struct sheet *sheet, const char *name, struct error *err)
{
    bool is_empty = xmlTextReaderIsEmptyElement(part_reader(sheet->part)) == 1;

    if (strcmp(name, "c") == 0)
        return begin_cell(sheet, err) && (!is_empty || end_cell(sheet, err));
    if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0)
        sheet->is_in_value = !is_empty;
    else if (strcmp(name, "row") == 0)
        return begin_row(sheet, err) && (!is_empty || end_row(sheet, err));
    else if (strcmp(name, "rPh") == 0)
        sheet->is_in_phonetic = !is_empty;
    return true;
}

static bool take_end(struct sheet *sheet, const char *name, struct error *err)
{
    if (strcmp(name, "c") == 0)
        return end_cell(sheet, err);
    if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0)
        sheet->is_in_value = false;
    else if (strcmp(name, "row") == 0)
        return end_row(sheet, err);
    else if (strcmp(name, "rPh") == 0)
        sheet->is_in_phonetic = false;
    else if (strcmp(name, "sheetData") == 0)
        sheet->is_in_data = false;
    return true;
}

/* Where the first merged range is, when it is written as a reference is. */
static void take_merged(struct sheet *sheet)
{
    const char *name;
    struct span value;

    sheet->merged++;
    while (part_attribute(sheet->part, &name, &value)) {
        if (sheet->merged > 1 || strcmp(name, "ref") != 0 || value.bytes >= sizeof sheet->first_merged)
            continue;
        memcpy(sheet->first_merged, value.at, value.bytes);
        sheet->first_merged[value.bytes] = '\0';
    }
}

static bool take_node(struct sheet *sheet, struct error *err)
{
    xmlTextReaderPtr reader = part_reader(sheet->part);
    int type = xmlTextReaderNodeType(reader);
    const char *name;

    if (!sheet->is_in_data) {
        if (part_begins(sheet->part, "mergeCell"))
            take_merged(sheet);
        sheet->is_in_data = part_begins(sheet->part, "sheetData") && xmlTextReaderIsEmptyElement(reader) != 1;
        return true;
    }
    if (type == XML_READER_TYPE_ELEMENT || type == XML_READER_TYPE_END_ELEMENT) {
        name = (const char *)xmlTextReaderConstLocalName(reader);
        return type == XML_READER_TYPE_ELEMENT ? take_begin(sheet, name, err) : take_end(sheet, name, err);
    }
    if (type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA ||
        type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE || type == XML_READER_TYPE_WHITESPACE)
        take_text(sheet);
    return true;
}

static void sheet_free(struct sheet *sheet)
{
    if (!sheet)
        return;
    part_free(sheet->part);
    book_free(sheet->book);
    buf_done(&sheet->text);
    buf_done(&sheet->cell);
    free(sheet);
}
DEFINE_AUTO(struct sheet *, sheet_free)

static void add_note(const struct rules *rules, enum rules_reading which, const char *expected, struct problems *notes)
{
    rules_report(rules, which, COLUMN_COUNT, SPAN_NONE, expected, notes);
}

static void add_notes(const struct sheet *sheet, const struct rules *rules, struct problems *notes)
{
    char text[64];

    if (*book_other_sheets(sheet->book))
        add_note(rules, RULE_SHEETS, book_other_sheets(sheet->book), notes);
    if (sheet->merged > 0) {
        snprintf(text, sizeof text, "%s%s", sheet->first_merged, sheet->merged > 1 ? " …" : "");
        add_note(rules, RULE_MERGED, text, notes);
    }
    if (sheet->hidden_rows > 0) {
        snprintf(text, sizeof text, "%zu", sheet->hidden_rows);
        add_note(rules, RULE_HIDDEN_ROWS, text, notes);
    }
}

bool xlsx_read(const struct xlsx_source *source, struct spool *spool, struct problems *notes, struct error *err)
{
    AUTO(sheet_free) struct sheet *sheet = memory_new(sizeof *sheet);
    bool is_end = false;

    sheet->spool = spool;
    if (!book_open(source->fd, source->scratch, &sheet->book, err) ||
        !part_open(book_package(sheet->book), book_sheet(sheet->book), &sheet->part, err))
        return false;
    while (!is_end)
        if (!part_next(sheet->part, &is_end, err) || (!is_end && !take_node(sheet, err)))
            return false;
    add_notes(sheet, source->rules, notes);
    return true;
}
