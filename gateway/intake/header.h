/* header.h - which field of a register file is which column: all columns of the register, in any order, each once, and
 * no others. */
#ifndef GATEWAY_INTAKE_HEADER_H
#define GATEWAY_INTAKE_HEADER_H

#include "gateway/intake/record.h"
#include "schemas/obligation.h"

struct header {
    uint8_t field[COLUMN_COUNT];        /* where each column stands */
    uint8_t column[INTAKE_COLUMNS_MAX]; /* and back; COLUMN_COUNT for an empty header */
    size_t fields;                      /* one more than the last header */
};

/* Refuses (file.columns) what is missing, unknown or there twice, naming it. */
MUST_CHECK bool header_read(const struct record *record, struct header *out, struct error *err);

#endif
