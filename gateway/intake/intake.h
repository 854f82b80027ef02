/* intake.h - reading register files: CSV in UTF-8 or GB18030, and .xlsx. One row at a time in memory that does not grow
 * with the file; each row typed and checked against the rules (seed rows 1 to 7) and against the rows before it: the
 * same obligation twice is a warning when the rows agree, an error in the later row when they do not.
 *
 * A file is looked at as a whole when it is opened (encoding, quotes, header, limits), so that a file is either
 * unusable from the beginning or every row of it can be read: nobody has to take back what was already imported. RFC
 * 4180 (CSV), GB 18030, ECMA-376 (Office Open XML). */
#ifndef GATEWAY_INTAKE_INTAKE_H
#define GATEWAY_INTAKE_INTAKE_H

#include "gateway/intake/corrections.h"
#include "schemas/rules.h"

/* The last column of a workbook of refused rows (jobs/rejects.h): it is not read either, and nobody needs to be told.
 */
#define INTAKE_REASONS_HEADER "拒收原因"

struct intake_options {
    const struct rules *rules; /* borrowed */
    int32_t today;             /* the day of the import */
    const char *scratch;       /* folder for temporary files; NULL: $TMPDIR, /var/tmp or /tmp */
    /* Read in the place of cells; NULL: none. Borrowed. One for a line that is no row is ERR_INVALID "correction.line";
     * one for a row that could not be divided into columns "correction.row": what would stand where is not known. */
    const struct corrections *corrections;
};

/* One row. Everything is borrowed until the next call of intake_next. */
struct intake_row {
    size_t line;                  /* the header is line 1, also when fields hold line breaks */
    struct obligation obligation; /* complete and valid when is_good; else what could be read */
    struct problems problems;     /* errors and warnings */
    bool is_good;                 /* no errors */
    bool is_repeat;               /* good, but an earlier row of the file says the same: nothing to do */
    bool is_divided;              /* its fields are those of the columns, also when they are wrong */
    /* What the rules knew beside it. */
    struct rules_context context;
    /* Bit c: column c is not as the file has it, and was[c] is what the file has. */
    uint32_t corrected;
    struct span was[COLUMN_COUNT];
};

struct intake;

/* ERR_INVALID, ERR_LIMIT with a slug file.…: the file is unusable (said in both languages). ERR_IO: it cannot be read.
 */
MUST_CHECK bool intake_open(const char *path, const struct intake_options *options, struct intake **out,
                            struct error *err);
/* The same for an open file, which is borrowed and must stay open. */
MUST_CHECK bool intake_open_fd(int fd, const struct intake_options *options, struct intake **out, struct error *err);
void intake_free(struct intake *intake);

/* "utf-8", "gb18030" or "xlsx" */
const char *intake_encoding(const struct intake *intake);
size_t intake_rows(const struct intake *intake);               /* how many rows intake_next will give */
const struct rules *intake_rules(const struct intake *intake); /* those of the options */
/* Warnings about the file itself (line 1). */
const struct problems *intake_notes(const struct intake *intake);
/* The next row, or NULL at the end. */
MUST_CHECK bool intake_next(struct intake *intake, struct intake_row **row, struct error *err);

DEFINE_AUTO(struct intake *, intake_free)

#endif
