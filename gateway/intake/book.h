/* book.h - what the cells of a sheet need to know of their workbook (ECMA-376 Part 1, SpreadsheetML): which sheet is
 * read, the shared texts, which styles are dates and from which day they count. */
#ifndef GATEWAY_INTAKE_BOOK_H
#define GATEWAY_INTAKE_BOOK_H

#include "gateway/intake/package.h"

enum { BOOK_SHARED_BYTES_MAX = 64 * 1024 * 1024, BOOK_STYLES_MAX = 65536, BOOK_RELATIONS_MAX = 256 };

struct book;

MUST_CHECK bool book_open(int fd, struct book **out, struct error *err);
void book_free(struct book *book);
struct package *book_package(struct book *book);
/* The part of the first visible sheet. */
const char *book_sheet(const struct book *book);
/* The name of another visible sheet that has cells, or NULL. */
const char *book_other_sheet(const struct book *book);
/* False when there is no such text. */
bool book_shared(const struct book *book, size_t number, struct span *text);
bool book_style_is_date(const struct book *book, size_t style);
/* A date-styled number as text: YYYY-MM-DD, with the time when it has one. False when it is no day. */
bool book_date(const struct book *book, double serial, char text[32]);

DEFINE_AUTO(struct book *, book_free)

#endif
