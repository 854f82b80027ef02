/* sheet.h - writing a workbook (.xlsx, ECMA-376 Parts 1 and 2) row by row, with libxlsxwriter, in memory that does not
 * grow with the rows.
 *
 *     AUTO(sheet_free) struct sheet *sheet = NULL;
 *     if (!sheet_new(&options, &sheet, err) || !sheet_page(sheet, &page, err))
 *         return false;
 *     … sheet_row(sheet, cells, count, err) …
 *     return sheet_finish(sheet, &bytes, err);
 *
 * What a stranger typed stays text: a cell that begins with = + - @ a tab or a carriage return is written as text in a
 * cell whose format is text ("@"), never as a formula, and reads back as the very same characters (CWE-1236). Nothing
 * here writes formulas or links. A text that looks like the format's own escapes (_x0041_) is kept as it is, too.
 * The bytes are read through once before they are handed out: a full disk cannot make a workbook that lacks rows. */
#ifndef GATEWAY_SHEET_SHEET_H
#define GATEWAY_SHEET_SHEET_H

#include "base/buf.h"
#include "base/error.h"
#include "base/time.h"

enum {
    SHEET_ROWS_MAX = 200 * 1000, /* of one page, with what stands above them; more: ERR_LIMIT, file.rows */
    SHEET_COLUMNS_MAX = 64,      /* more is our own fault: ERR_INTERNAL */
    SHEET_TEXT_MAX = 32767,      /* characters of a cell (Excel's limit); a longer text is cut, "…" at its end */
    SHEET_FILLED_ROWS = 20000,
    SHEET_HINT_MAX = 255,
    SHEET_BYTES_MAX = 128 * 1024 * 1024, /* of a workbook; more: ERR_LIMIT */
};

enum sheet_kind {
    SHEET_EMPTY,
    SHEET_TEXT,    /* text; must be valid UTF-8 */
    SHEET_COUNT,   /* number: a whole number, shown with thousands */
    SHEET_DECIMAL, /* text: digits with or without a point, as capacities are written; a number when a double holds it
                    */
    SHEET_RATE,    /* number of `out_of`, a percentage with two decimals, cut; 0 of 0 stands as "—" */
    SHEET_DAY,     /* day; DAY_NONE is empty */
};

enum sheet_look { SHEET_PLAIN, SHEET_STRONG /* a sum */, SHEET_BAD /* what is to be corrected */, SHEET_LOOK_COUNT };

struct sheet_cell {
    enum sheet_kind kind;
    enum sheet_look look;
    struct span text;
    int64_t number;
    int64_t out_of;
    int32_t day;
};

static inline struct sheet_cell sheet_text(struct span text)
{
    return (struct sheet_cell){.kind = SHEET_TEXT, .text = text};
}
static inline struct sheet_cell sheet_count(int64_t number)
{
    return (struct sheet_cell){.kind = SHEET_COUNT, .number = number};
}
static inline struct sheet_cell sheet_decimal(struct span text)
{
    return (struct sheet_cell){.kind = SHEET_DECIMAL, .text = text};
}
static inline struct sheet_cell sheet_rate(int64_t number, int64_t out_of)
{
    return (struct sheet_cell){.kind = SHEET_RATE, .number = number, .out_of = out_of};
}
static inline struct sheet_cell sheet_day(int32_t day)
{
    return (struct sheet_cell){.kind = SHEET_DAY, .day = day};
}

struct sheet_column {
    const char *title;
    int width;            /* in characters of a Latin digit; 0: 12 */
    enum sheet_kind kind; /* how cells that nobody has written yet behave: SHEET_TEXT keeps what is typed as text */
};

/* What people are told who fill a column in, over its first SHEET_FILLED_ROWS rows. */
struct sheet_entry {
    const char *hint;           /* beside a cell that is chosen, at most SHEET_HINT_MAX characters; NULL: none */
    const char *const *choices; /* NULL-terminated, together at most SHEET_HINT_MAX characters; NULL: anything */
};

/* One worksheet. All borrowed for the call. */
struct sheet_page {
    const char *name;         /* 1 to 31 characters, without []:*?/\ */
    const char *const *lines; /* above the head: the first one is the title; NULL: none, the head is line 1 */
    size_t line_count;
    const struct sheet_column *columns;
    size_t column_count;
    const struct sheet_entry *entries; /* one a column; NULL: nobody fills it in */
    bool has_filter;                   /* the head's buttons of filtering, over all rows */
};

struct sheet_options {
    const char *title;  /* the file's properties; NULL: none */
    const char *author; /* NULL: none */
    const char
        *scratch; /* folder for temporary files, borrowed until the end; NULL: as in gateway/intake/temporary.h */
};

struct sheet;

MUST_CHECK bool sheet_new(const struct sheet_options *options, struct sheet **out, struct error *err);
void sheet_free(struct sheet *sheet);
/* Begin a worksheet: lines, head (bold, frozen, repeated on every printed page), widths; A4, landscape, one page wide,
 * page numbers at the foot. The one before is closed. */
MUST_CHECK bool sheet_page(struct sheet *sheet, const struct sheet_page *page, struct error *err);
/* The next row of the worksheet; `count` cells from the first column on. A second call continues below. */
MUST_CHECK bool sheet_row(struct sheet *sheet, const struct sheet_cell *cells, size_t count, struct error *err);
/* How many rows the worksheet has so far, without head and lines. */
size_t sheet_rows(const struct sheet *sheet);
/* Close the workbook and add its bytes to `out`. Nothing can be written to it any more. ERR_FULL, ERR_IO: the
 * temporary files could not be written whole. */
MUST_CHECK bool sheet_finish(struct sheet *sheet, struct buf *out, struct error *err);
/* The same, to a file, durably (base/file.h). */
MUST_CHECK bool sheet_save(struct sheet *sheet, const char *path, unsigned mode, struct error *err);

DEFINE_AUTO(struct sheet *, sheet_free)

#endif
