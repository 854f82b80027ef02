/* taking.h - what every platform does with a row: an ordered fault, the field table, what is held; and the same again
 * from the diary. */
#ifndef SANDBOX_TAKING_H
#define SANDBOX_TAKING_H

#include <jansson.h>

#include "sandbox/faults.h"
#include "sandbox/holdings.h"

struct taking {
    struct holdings *holdings;
    struct faults *faults;
    enum fault_at at;
    enum row_table table;
    int32_t today;                  /* the platform's day */
    char ordered[FAULT_CODE_BYTES]; /* the code of an ordered refusal: a verdict may point here until the next row */
};

/* Take or refuse one row that has a name (rowcheck_name), in memory. The verdict's code is ROW_TAKEN when it was taken.
 */
enum held taking_row(struct taking *taking, const json_t *row, struct row_verdict *verdict);

/* Note rows and what became of them (`held`: an array of HELD_NAMES) as a diary kept them. ERR_CORRUPT. */
MUST_CHECK bool taking_replay(struct holdings *holdings, const json_t *rows, const json_t *held, struct error *err);

/* Is an upload of these rows to be refused whole? Fills `code`. */
bool taking_refuses_body(struct faults *faults, enum fault_at at, const json_t *rows, char code[FAULT_CODE_BYTES]);

#endif
