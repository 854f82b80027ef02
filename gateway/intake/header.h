/* header.h - which field of a register file is which column: all columns of the register, in any order, each once.
 * Other columns are not read, and the header says which. A name is recognised with white space or line breaks in it,
 * with a star before it, in full-width or half-width signs, and by its key (schemas/obligation.h). */
#ifndef GATEWAY_INTAKE_HEADER_H
#define GATEWAY_INTAKE_HEADER_H

#include "gateway/intake/record.h"
#include "schemas/rules.h"

struct header {
    uint8_t field[COLUMN_COUNT];         /* where each column stands */
    uint8_t column[INTAKE_COLUMNS_MAX];  /* and back; COLUMN_COUNT for a column that is not read */
    size_t fields;                       /* one more than the last header */
    char unread[PROBLEM_EXPECTED_BYTES]; /* names of the columns that are not read; "" when there are none */
};

/* Refuses (file.header, file.columns, file.separator) what is no header of the register, saying why. */
MUST_CHECK bool header_read(const struct record *record, struct header *out, struct error *err);
/* Whether a record is a header of the register: most of its columns by name. */
bool header_is(const struct record *record);

#endif
