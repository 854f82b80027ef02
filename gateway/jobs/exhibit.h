/* exhibit.h - a list for auditors as two files of a job, report.csv and report.xlsx, row by row in memory that does not
 * grow. All cells are text: what a stranger typed never becomes a formula (base/csv.h, gateway/sheet). */
#ifndef GATEWAY_JOBS_EXHIBIT_H
#define GATEWAY_JOBS_EXHIBIT_H

#include "gateway/jobs/work.h"

enum { EXHIBIT_ROWS_MAX = 100 * 1000, EXHIBIT_COLUMNS_MAX = 24 };

struct exhibit_column {
    const char *zh;
    const char *en;
    int width;
};
struct exhibit_form {
    const char *zh; /* title, at most 31 characters */
    const char *en;
    const struct exhibit_column *columns;
    size_t count;
};

struct exhibit;
/* One cell a column. Beyond EXHIBIT_ROWS_MAX nothing is added: `*is_full` says so, and so does the file's last row. */
MUST_CHECK bool exhibit_row(struct exhibit *exhibit, const struct span *cells, bool *is_full, struct error *err);
size_t exhibit_rows(const struct exhibit *exhibit);

/* Calls `fill`, which adds the rows; then both files are there, durably. `sha256` gets that of report.csv. */
typedef bool exhibit_fill(struct exhibit *exhibit, void *context, struct error *err);
MUST_CHECK bool exhibit_write(const struct work *work, const struct exhibit_form *form, exhibit_fill *fill,
                              void *context, uint8_t sha256[32], struct error *err);
/* Take both away again: something that must come before them could not be done. */
void exhibit_remove(const struct work *work);

#endif
