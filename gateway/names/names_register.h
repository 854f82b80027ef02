/* names_register.h - a register of companies as a file: whom a question may mean although nothing is known against
 * them. Without those that are not listed, a relative one character away looks like the one that was meant.
 *
 * CSV (RFC 4180) or the same with tabulators, UTF-8 or GB18030, the first line a heading. Columns, in any order:
 *   uscc         or 统一社会信用代码: the code (GB 32100-2015), its check character right
 *   name         or 企业名称: the name as registered
 *   former_name  or 曾用名: earlier names, several with ; ；or | between them
 *   set          rows that say anything but "index" are left out (marked test data)
 * Others are not read. Code and one of the two names must be there. Every row is judged by itself; the same file is
 * judged in the same way wherever it is read (registered by a job, then indexed). Source of what a name is:
 * State Council Order 734 of 2020, article 6. */
#ifndef GATEWAY_NAMES_NAMES_REGISTER_H
#define GATEWAY_NAMES_NAMES_REGISTER_H

#include "gateway/names/names_normal.h"

enum { NAMES_REGISTER_ROWS_MAX = 5 * 1000 * 1000, NAMES_REGISTER_FORMER_MAX = 16 };

enum names_row_state {
    NAMES_ROW_GOOD,
    NAMES_ROW_REPEAT,   /* code and name stood in an earlier row */
    NAMES_ROW_LEFT_OUT, /* by its `set` */
    NAMES_ROW_REFUSED
};

/* Borrowed from the reader until its next row. */
struct names_row {
    size_t line; /* records, counted from 1, the heading included */
    enum names_row_state state;
    struct span code;
    struct span name; /* empty: the row only tells former names */
    struct span former[NAMES_REGISTER_FORMER_MAX];
    size_t former_count;
    struct error why; /* when refused: rule, zh and en */
};

struct names_register;
/* `fd` is read from its beginning and stays the caller's; `tables` is borrowed. ERR_INVALID with a rule "file.…" when
 * the file as a whole cannot be used. */
MUST_CHECK bool names_register_open(int fd, const struct name_tables *tables, struct names_register **out,
                                    struct error *err);
/* `*row` NULL: there was no further one. ERR_LIMIT behind NAMES_REGISTER_ROWS_MAX rows. */
MUST_CHECK bool names_register_next(struct names_register *reg, const struct names_row **row, struct error *err);
void names_register_free(struct names_register *reg);

DEFINE_AUTO(struct names_register *, names_register_free)

#endif
