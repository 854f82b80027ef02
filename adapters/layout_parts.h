/* layout_parts.h - what a layout consists of, between layout*.c and row.c; nobody else includes it. */
#ifndef ADAPTERS_LAYOUT_PARTS_H
#define ADAPTERS_LAYOUT_PARTS_H

#include "adapters/layout.h"
#include "base/json.h"

/* Where a field comes from. */
enum layout_source {
    SOURCE_CONSTANT,
    SOURCE_RECORD,
    SOURCE_VERSION,
    SOURCE_OP,
    SOURCE_NAME,
    SOURCE_CODE,
    SOURCE_ORGANISATION, /* places 9 to 17 of the code */
    SOURCE_REGISTRATION,
    SOURCE_ADDRESS,
    SOURCE_REPRESENTATIVE,
    SOURCE_FACTS,
    SOURCE_ORDER,
    SOURCE_LISTED_ON,
    SOURCE_PUBLISHED_UNTIL,
    SOURCE_AUTHORITY,
    SOURCE_DOCUMENT,
    SOURCE_PROVIDED_ON,
    SOURCE_DIVISION,
    SOURCE_SCOPE,
    SOURCE_SEVERITY,
    SOURCE_REMARK,
    SOURCE_PROVIDER_CODE,
    SOURCE_PROVIDER_NAME,
    SOURCE_EXCHANGE_UNIT,
    SOURCE_RECEIPT, /* from here on: of a feedback */
    SOURCE_ANSWERED_ON,
    SOURCE_SHOWN,
    SOURCE_SHOWN_VERSION,
    SOURCE_CLIENT,
    SOURCE_DOMAIN,
    SOURCE_DOMAIN_NAME,
    SOURCE_PURPOSE,
    SOURCE_RESULT,
    SOURCE_MEASURES,
    SOURCE_MEASURE_IDS,
    SOURCE_ACTION,
    SOURCE_REASON,
    SOURCE_ACTED_ON,
    SOURCE_GIVEN_ON,
    SOURCE_COUNT
};

/* What a field's text must look like beyond its length. */
enum layout_form {
    FORM_TEXT,
    FORM_NUMBER,      /* written as a JSON number: 0 to 15 digits */
    FORM_DATE,        /* 2026-11-25 */
    FORM_DATE_BASIC,  /* 20261125 */
    FORM_DATE_SLASH,  /* 2026/11/25 */
    FORM_CREDIT_CODE, /* 18 places, digits and capitals (GB 32100) */
    FORM_DIVISION,    /* 6 digits (GB/T 2260) */
    FORM_COUNT
};

/* As layouts write it: "name", "listed_on". */
const char *layout_source_name(enum layout_source source);

/* The values that a code table must have, all of them; NULL-terminated. The place of a word is its number in struct
 * adapter_record. NULL for a source that has free values. */
const char *const *layout_words(enum layout_source source);

/* Is it an integer as canonical JSON writes it, of at most 15 digits? */
bool layout_is_number(struct span text);

/* One line of a code table. */
struct layout_pair {
    struct span ours;
    struct span theirs;
};

struct layout_field {
    const char *name;
    const char *label; /* as people there call it */
    enum layout_source source;
    struct span constant;
    enum layout_form form;
    size_t max; /* characters */
    bool is_required;
    struct layout_pair *codes; /* by our value; NULL: the value goes as it is */
    size_t code_count;
};

int layout_compare_pairs(const void *a, const void *b); /* for qsort and bsearch */
/* Their code for a value of ours; no bytes when the table has none. */
struct span layout_code_of(const struct layout_field *field, struct span ours);

struct layout {
    json_t *json; /* the file; owns the texts */
    enum layout_subject subject;
    unsigned rows_max;
    struct layout_field *fields; /* by name: a row comes out canonical */
    size_t field_count;
    struct layout_result *results; /* by code */
    size_t result_count;
};

#endif
