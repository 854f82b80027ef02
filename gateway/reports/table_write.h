/* table_write.h - a report as JSON, as text for a terminal, as CSV, as a workbook: all from the same tables. */
#ifndef GATEWAY_REPORTS_TABLE_WRITE_H
#define GATEWAY_REPORTS_TABLE_WRITE_H

#include "gateway/reports/report.h"
#include "gateway/sheet/sheet.h"

/* {"report","title","title_zh","authority","year","month","at","sequence","notes":[{"en","zh"}…],"tables":[{"key","title",
 * "title_zh","columns":[{"key","title","title_zh","kind"}…],"count","rows":[{…}…]}…]}. A row has a member a column by
 * its key: counts as numbers, amounts as texts of digits, days as YYYY-MM-DD, rates {"count","of","rate"} (cut to four
 * places; null when it is of none), words that we have in two languages {"en","value","zh"}; what is empty is null. A
 * row that sums up the others has "sum":true. `month` is null for a whole year, both are null where there is no period;
 * `kind` is text, count, amount, rate or day. `count` is how many rows the table has; at most REPORT_JSON_ROWS_MAX of
 * them are told (the first ones; all of them are in the workbook). */
enum { REPORT_JSON_ROWS_MAX = 2000 };
void report_json_add(const struct report *report, struct buf *out);
/* Tables under one another, columns lined up; nothing in it that a terminal obeys. */
void report_text_add(const struct report *report, bool is_chinese, struct buf *out);
/* The same with commas (base/csv.h, for people), an empty line between two tables; UTF-8 with the mark by which Excel
 * knows it. */
void report_csv_add(const struct report *report, bool is_chinese, struct buf *out);

/* Tables as worksheets, the notes as the last one. More may be put behind the tables before report_sheet_end. */
struct report_sheet {
    struct sheet *sheet; /* owned; NULL at first */
    bool is_chinese;
};
MUST_CHECK bool report_sheet_begin(const struct report *report, struct report_sheet *out, const char *scratch,
                                   struct error *err);
MUST_CHECK bool report_sheet_end(const struct report *report, struct report_sheet *sheet, struct buf *out,
                                 struct error *err);
void report_sheet_done(struct report_sheet *sheet);

/* "2026 年落后产能退出情况" / "2026 年 5 月…"; "Exits of outdated capacity, 2026-05". */
void report_title_add(const struct report *report, bool is_chinese, struct buf *out);
/* "统计时点 2026-11-25 14:00，日志序号 1234" */
void report_as_of_add(const struct report *report, bool is_chinese, struct buf *out);

DEFINE_AUTO_IN_PLACE(struct report_sheet, report_sheet_done)

#endif
