/* notation.h - what a text that is not written as the register asks most likely stands for: a date in another
 * notation, a serial number of a spreadsheet, a code with characters that do not belong.
 *
 * Only to tell people what to write: a value is never taken as what it seems to mean. */
#ifndef SCHEMAS_NOTATION_H
#define SCHEMAS_NOTATION_H

#include "base/base.h"
#include "base/time.h"
#include "schemas/uscc.h"

/* `text` without white space (ASCII, U+00A0, U+3000) and invisible marks (U+200B, U+FEFF), its full-width forms (U+FF01
 * to U+FF5E) as ASCII. Returns the bytes in `out`; what does not fit in `room` bytes is left out. */
size_t notation_fold(struct span text, char *out, size_t room);

enum date_notation {
    DATE_GOOD,        /* YYYY-MM-DD, a day that exists */
    DATE_NO_SUCH_DAY, /* a date, but that month has no such day, or there is no such month */
    DATE_OTHER,       /* 2018/2/3, 2018年2月3日, 20180203, with a time behind it …: *day is the day */
    DATE_SERIAL,      /* a number that a spreadsheet would show as *day (from 1900 on, years 1990 to 2099) */
    DATE_NONE         /* nothing of the kind, or a year before 1900 or after 2199 */
};
enum date_notation notation_date(struct span text, int32_t *day);

/* Whether the text is a number in scientific notation: 9.144E+17. */
bool notation_is_scientific(struct span text);
/* True: without spaces, hyphens, quotes and the like, and in half-width capital letters, it is a usable code: `code`
 * (terminated). False also when it is one as it stands. */
bool notation_uscc(struct span text, char code[USCC_BYTES + 1]);

#endif
