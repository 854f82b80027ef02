/* layout.h - what one upstream calls our fields, how it writes them, and what its result codes mean: data, one JSON
 * file an upstream (adapters/layouts, shape: schemas/layout.schema.json). A new province is such a file and a section
 * of the configuration; only a new protocol is code.
 *
 * A layout is read once and does not change. Sources: upstreams.md ("Row fields", result codes), issue: field mapping,
 * code tables and sizes are configuration. */
#ifndef ADAPTERS_LAYOUT_H
#define ADAPTERS_LAYOUT_H

#include "base/buf.h"
#include "base/error.h"

enum {
    LAYOUT_BYTES_MAX = 1024 * 1024,
    LAYOUT_FIELDS_MAX = 128,
    LAYOUT_CODES_MAX = 4000, /* of one field's code table */
    LAYOUT_RESULTS_MAX = 500,
    LAYOUT_RESULT_FIELDS_MAX = 8
};

struct layout;

/* Strict: ERR_INVALID names the file and the place in it (line and column, or JSON pointer) of an unknown member, an
 * unknown source, a field that stands there twice, a code table that leaves out a value. ROWID from the record's id and
 * VERSION from its version must be there and required: answers are read by them. `schemas` is the folder of
 * layout.schema.json. */
MUST_CHECK bool layout_load(const char *path, const char *schemas, struct layout **out, struct error *err);
void layout_free(struct layout *layout);

/* "信用广东法人黑名单"; never empty. Borrowed. */
const char *layout_title(const struct layout *layout, bool is_chinese);
/* The field of that place in the file: what it is called in a row, and what people call it. False behind the last.
 * Borrowed. */
struct layout_column {
    const char *name;
    const char *label;
};
bool layout_column(const struct layout *layout, size_t place, struct layout_column *out);
/* What its rows are about. */
enum layout_subject { LAYOUT_OF_RECORDS, LAYOUT_OF_FEEDBACK };
enum layout_subject layout_subject(const struct layout *layout);
/* Rows of one call at most, as the upstream says; the adapter's own limit holds besides. */
unsigned layout_rows_max(const struct layout *layout);

/* A required field from a source that our register does not have today (registration, address, representative, remark):
 * every row would be refused; or that a feedback need not have (measures, action, reason, the day, remark): many would
 * be. Its name, borrowed; NULL when there is none. */
const char *layout_unfilled(const struct layout *layout);

/* What a result code does to a row when the layout decides it. */
enum layout_meaning { LAYOUT_AS_PROTOCOL, LAYOUT_TAKEN, LAYOUT_REFUSED };

/* What a refusal says of the row's content (domain.md 2.5: completeness, accuracy). */
enum layout_fault {
    LAYOUT_FAULT_UNTOLD,  /* the layout does not say */
    LAYOUT_FAULT_MISSING, /* something is not there */
    LAYOUT_FAULT_WRONG,   /* something is not right */
    LAYOUT_FAULT_NONE     /* nothing: the way was at fault (keys, order, transport), not the row */
};

/* A result code in plain words. Borrowed from the layout. */
struct layout_result {
    const char *code;
    enum layout_meaning meaning;
    enum layout_fault fault;
    const char *reason_zh; /* why: "" when the row is taken */
    const char *reason_en;
    const char *correct_zh; /* what to correct */
    const char *correct_en;
    const char *const *fields; /* names of the fields that it is about */
    size_t field_count;
};
/* NULL when the layout does not know this code. */
const struct layout_result *layout_result_find(const struct layout *layout, const char *code);

/* What a row's outcome is when the layout decides about its code; an outcome that is still open stays so. */
struct adapter_outcome;
void layout_judge(const struct layout *layout, struct adapter_outcome *outcome);

DEFINE_AUTO(struct layout *, layout_free)

#endif
