/* rowcheck.h - is one row of an upload what the field table of upstreams.md allows? Pure: knows nothing of what is
 * held.
 *
 * VERSION and OP may come as JSON numbers or as decimal text (the page does not say); answers give them back as they
 * came. All other members are text. Unknown members are refused. */
#ifndef SANDBOX_ROWCHECK_H
#define SANDBOX_ROWCHECK_H

#include <jansson.h>

#include "base/error.h"

/* Outcome codes of upstreams.md section 1. 20001 (this version is held: taken) is never given: such a row is 0. */
#define ROW_TAKEN "0"
#define ROW_NAME_EMPTY "10002"
#define ROW_DATE_EMPTY "10003"
#define ROW_FORMAT "10004"
#define ROW_CODE_WRONG "10005"
#define ROW_OLDER "20002"
#define ROW_RULE "40001"

enum row_operation { ROW_ADD = 1, ROW_CHANGE, ROW_WITHDRAW, ROW_REPAIR, ROW_DISPUTE, ROW_DISPUTE_END };
enum { ROW_MESSAGE_BYTES = 256, ROW_ID_BYTES = 65 };

struct row_verdict {
    const char *code; /* one of the above: static text */
    char message[ROW_MESSAGE_BYTES];
};

/* Who the row is: without these no outcome can be told. `rowid` is borrowed from the row. */
struct row_name {
    const char *rowid;
    int64_t version;
};
MUST_CHECK bool rowcheck_name(const json_t *row, struct row_name *name);
/* 0 when OP is not one of the six. */
int rowcheck_operation(const json_t *row);

/* Every rule of the field table; `today` is the platform's day. The first fault found decides. Returns true when the
 * row is fine: then the code is ROW_TAKEN. */
bool rowcheck(const json_t *row, int32_t today, struct row_verdict *verdict);

/* The same under the field table of another table: what clients fed back. That one is no page of upstreams.md, which
 * has none: it is what adapters/layouts/feedback.json says that is assumed, written down here again. */
enum row_table { TABLE_RECORDS, TABLE_FEEDBACK };
bool rowcheck_of(enum row_table table, const json_t *row, int32_t today, struct row_verdict *verdict);

/* Set a verdict. Always returns false, so that a check can end with it. */
bool rowcheck_refuse(struct row_verdict *verdict, const char *code, const char *format, ...) PRINTF(3, 4);

#endif
