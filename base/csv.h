/* csv.h - one cell of a CSV that is written (RFC 4180). Rows and their ends are the caller's.
 *
 * Excel, LibreOffice and WPS begin a formula with = + - @ (also full-width) or with a control character before it; what
 * strangers wrote must not become one, so such a cell begins with an apostrophe. Source: OWASP, CSV injection. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/buf.h"

/* Programs read what they are given but for formulas. For people also what is white before a formula counts, and more
 * than 15 digits, which a spreadsheet takes for a number and rounds, are kept as text. */
enum csv_reader { CSV_FOR_PROGRAMS, CSV_FOR_PEOPLE };

void csv_cell_add(struct buf *out, struct span text, enum csv_reader reader);
/* What stands between the quotes of a cell that never is a formula (JSON): quotes are doubled. */
void csv_quoted_add(struct buf *out, struct span text);

#endif
