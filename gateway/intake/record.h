/* record.h - one record of a register file, whatever the file was, and the limits of what is read. */
#ifndef GATEWAY_INTAKE_RECORD_H
#define GATEWAY_INTAKE_RECORD_H

#include "base/error.h"

enum {
    INTAKE_COLUMNS_MAX = 64,
    INTAKE_FIELD_BYTES_MAX = 32 * 1024,   /* a longer field refuses its row */
    INTAKE_RECORD_BYTES_MAX = 256 * 1024, /* a longer record refuses itself */
    INTAKE_KEPT_BYTES = 512,              /* of a field that is too long, for the report */
    INTAKE_ROWS_MAX = 5 * 1000 * 1000,
    INTAKE_CHUNK_BYTES = 256 * 1024
};

enum cell_kind {
    CELL_TEXT,
    CELL_NUMBER, /* a number of a spreadsheet that is not a date */
    CELL_ERROR   /* #N/A and the like, TRUE, FALSE */
};

enum record_fault {
    RECORD_GOOD,
    RECORD_FIELD_LONG,
    RECORD_LONG,
    RECORD_QUOTE /* text after a closing quote */
};

struct record {
    size_t line;                           /* counted from 1, the header included */
    size_t count;                          /* fields found, also beyond INTAKE_COLUMNS_MAX */
    size_t filled;                         /* one more than the last field that is not empty */
    struct span field[INTAKE_COLUMNS_MAX]; /* borrowed from the reader until its next record; UTF-8 */
    uint8_t kind[INTAKE_COLUMNS_MAX];      /* of enum cell_kind */
    enum record_fault fault;               /* the first */
    size_t fault_field;
};

static inline size_t record_stored(const struct record *record)
{
    return record->count < INTAKE_COLUMNS_MAX ? record->count : INTAKE_COLUMNS_MAX;
}

#endif
