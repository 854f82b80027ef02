/* rejects.h - the refused rows of an import as a workbook: the register's columns as the file (and who corrected it)
 * has them, and the reasons in a last column, so that it can be corrected and imported again. What is wrong is marked.
 * The cells of a row that could not be divided into columns are left out: the reasons say in which line of the file it
 * stands. A row is never taken by chance: as it stands here it would be refused again.
 *
 * It is the job's report.xlsx; there is none when nothing was refused. Beyond REJECTS_MAX rows the last row says so. */
#ifndef GATEWAY_JOBS_REJECTS_H
#define GATEWAY_JOBS_REJECTS_H

#include "gateway/intake/intake.h"
#include "gateway/jobs/work.h"

enum { REJECTS_MAX = 50000, REJECTS_CELL_BYTES_MAX = 4000 /* longer than any that is good, also when it is cut */ };

struct rejects;

struct rejects *rejects_new(const struct work *work);
void rejects_free(struct rejects *rejects);
MUST_CHECK bool rejects_row(struct rejects *rejects, const struct intake_row *row, struct error *err);
/* A row whose cells are not at hand any more. */
MUST_CHECK bool rejects_line(struct rejects *rejects, size_t line, const char *reason, struct error *err);
MUST_CHECK bool rejects_save(struct rejects *rejects, struct error *err);

DEFINE_AUTO(struct rejects *, rejects_free)

#endif
