/* result.h - the file that comes back: a row for each row that was asked, in the same order and format, UTF-8.
 *
 * CSV: reference,uscc,name,row,verdict,records,measures,receipt,rule,detail,detail_zh,result. `row` is the record's
 * number in the list; `records` how many are shown; `measures` the ids of those that apply, with blanks between them;
 * rule and detail say why a row was not answered. `result` is the JSON whose SHA-256 the trace holds under the receipt:
 * that of gateway/lookup/batch.h, or the problem. What stands between lists (measures' texts) is in the summary. A text
 * that a spreadsheet would take for a formula (it begins with = + - @, a tabulator or a return, also in full width)
 * gets a ' before it: what a stranger wrote must not run on somebody's desk (CWE-1236).
 *
 * NDJSON: {"name"?,"reference","result":{…}|"problem":{…},"row"}, members in the order of RFC 8785; the name only where
 * no verdict was given. */
#ifndef GATEWAY_SCREENING_RESULT_H
#define GATEWAY_SCREENING_RESULT_H

#include "base/buf.h"
#include "gateway/lookup/lookup.h"
#include "gateway/screening/rows.h"

struct screening_result {
    const struct screening_row *row;
    const char *receipt;
    struct span json;
    const struct lookup_facts *facts; /* NULL: not answered, row->why says why */
};

/* What stands before the first row. */
void screening_result_head(enum screening_format format, bool wants_mark, struct buf *out);
void screening_result_add(enum screening_format format, const struct screening_result *result, struct buf *out);

#endif
