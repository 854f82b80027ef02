/* book.h - what the cells of a sheet need to know of their workbook (ECMA-376 Part 1, SpreadsheetML): which sheet is
 * read, the shared texts, which styles are dates and from which day they count. */
#ifndef GATEWAY_INTAKE_BOOK_H
#define GATEWAY_INTAKE_BOOK_H

#include "gateway/intake/package.h"

enum { BOOK_STYLES_MAX = 65536, BOOK_RELATIONS_MAX = 256 };

struct book;

/* `scratch` is a folder for temporary files, borrowed. */
MUST_CHECK bool book_open(int fd, const char *scratch, struct book **out, struct error *err);
void book_free(struct book *book);
struct package *book_package(struct book *book);
/* The part of the first visible sheet that has cells with content; of the first visible one when none has. */
const char *book_sheet(const struct book *book);
/* The names of other visible sheets that have content, or "". */
const char *book_other_sheets(const struct book *book);
/* *is_there: false when there is no such text. Borrowed until the next call. */
MUST_CHECK bool book_shared(struct book *book, size_t number, bool *is_there, struct span *text, struct error *err);
bool book_style_is_date(const struct book *book, size_t style);
/* A date-styled number as text: YYYY-MM-DD, with the time when it has one. False when it is no day. */
bool book_date(const struct book *book, double serial, char text[32]);

DEFINE_AUTO(struct book *, book_free)

#endif
