/* rows.h - the rows of a list to be screened, one at a time in memory that does not grow with the list.
 *
 * CSV (RFC 4180; UTF-8 with or without a mark, or GB18030; gateway/intake): the first row names the columns, in any
 * order, in Chinese or English: 统一社会信用代码 uscc, 企业名称 name, 授权书编号 authorisation, 业务编号 reference.
 * Another column is refused: a misspelt one would change what is asked. NDJSON: a line an object with these members.
 *
 * What is wrong with the list as a whole (columns, encoding, an open quote) refuses it; what is wrong with a row is the
 * row's. Rows without any content are passed over. */
#ifndef GATEWAY_SCREENING_ROWS_H
#define GATEWAY_SCREENING_ROWS_H

#include "base/error.h"

enum {
    SCREENING_REFERENCE_BYTES_MAX = 200,
    SCREENING_NAME_BYTES_MAX = 600,
    SCREENING_AUTHORISATION_BYTES_MAX = 200,
    SCREENING_LINE_BYTES_MAX = 64 * 1024 /* of NDJSON; a longer one refuses itself */
};

enum screening_format { SCREENING_CSV, SCREENING_NDJSON, SCREENING_FORMAT_COUNT };
extern const char *const SCREENING_FORMAT_NAMES[SCREENING_FORMAT_COUNT];

/* Texts are valid UTF-8, borrowed until the next one. */
struct screening_row {
    uint64_t line; /* from 1: the record of the CSV, the line of the NDJSON */
    struct span reference;
    struct span uscc;
    struct span name;
    struct span authorisation;
    bool is_bad;
    struct error why;
};

struct screening_rows;
/* From the beginning of `fd`, which is borrowed. ERR_INVALID with a rule file.… or screening.…: the list cannot be
 * used. */
MUST_CHECK bool screening_rows_open(int fd, enum screening_format format, struct screening_rows **out,
                                    struct error *err);
void screening_rows_free(struct screening_rows *rows);
MUST_CHECK bool screening_rows_next(struct screening_rows *rows, struct screening_row *row, bool *is_end,
                                    struct error *err);
/* How many were passed over so far, since there was nothing in them. */
uint64_t screening_rows_empty(const struct screening_rows *rows);
/* "utf-8" or "gb18030". */
const char *screening_rows_encoding(const struct screening_rows *rows);
/* Did a mark stand at its beginning, or was it GB18030? Then a spreadsheet made it, and will want one in what comes
 * back. */
bool screening_rows_wants_mark(const struct screening_rows *rows);

DEFINE_AUTO(struct screening_rows *, screening_rows_free)

#endif
