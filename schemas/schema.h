/* schema.h - JSON Schema, draft 2020-12 (Core and Validation of 2022-06-16), for the keywords listed in README.md.
 *
 * A schema is compiled once and checks many values; checking a value that is right allocates nothing. A schema with a
 * keyword that we do not check is refused when it is loaded: a rule that is silently skipped would be worse than none.
 * A compiled schema keeps one match buffer for its patterns: use it in one thread at a time. */
#ifndef SCHEMAS_SCHEMA_H
#define SCHEMAS_SCHEMA_H

#include "base/json.h"

struct schema;

struct schema_options {
    bool asserts_format; /* check `format` date and date-time; otherwise, and for other formats, it only annotates */
    /* Finds a document that a $ref names: a new reference in `*document`, or false. May be NULL: nothing outside. */
    bool (*resolve)(void *context, const char *uri, json_t **document);
    void *context;
};

/* `document` is kept (its reference is counted) and must not change. `uri` is where it was found, or "". Options may be
 * NULL. ERR_REFUSED names a keyword that is not supported and its JSON pointer; ERR_INVALID a keyword misused. */
MUST_CHECK bool schema_compile(json_t *document, const char *uri, const struct schema_options *options,
                               struct schema **out, struct error *err);
MUST_CHECK bool schema_load(const char *path, const struct schema_options *options, struct schema **out,
                            struct error *err);
void schema_free(struct schema *schema);
DEFINE_AUTO(struct schema *, schema_free)

/* What is wrong with a value. All texts are borrowed and die with the call. */
struct schema_problem {
    const char *instance; /* JSON pointer into the value; "" is the value itself */
    const char *keyword;
    const char *schema; /* JSON pointer of the keyword in its document */
    const char *en;
    const char *zh;
};

/* Where problems go. Under anyOf, oneOf, not and if only the keyword itself is a problem, not what led to it. */
struct schema_report {
    void (*add)(void *context, const struct schema_problem *problem);
    void *context;
    size_t limit; /* stop after so many; 0 stops after the first */
};

/* True when the value is right. Without a report (NULL) it stops at the first problem. Texts must be valid UTF-8. */
bool schema_check(const struct schema *schema, const json_t *value, const struct schema_report *report);

/* One member of a flat object, without jansson. */
enum schema_flat_type { SCHEMA_FLAT_NULL, SCHEMA_FLAT_STRING, SCHEMA_FLAT_INTEGER, SCHEMA_FLAT_NUMBER };
struct schema_flat_value {
    const char *key;
    enum schema_flat_type type;
    struct span text; /* of a string */
    int64_t integer;  /* of an integer */
    double number;    /* of a number */
};

/* True when the outermost schema uses only what schema_check_flat knows: type, properties, required,
 * additionalProperties, minProperties, maxProperties and annotations. Below `properties` every keyword may stand. */
bool schema_is_flat(const struct schema *schema);
/* The same verdict as schema_check on an object of these members. Each key once; fastest in the order of the schema's
 * own `properties`. A schema that is not flat accepts nothing. */
bool schema_check_flat(const struct schema *schema, const struct schema_flat_value *values, size_t count,
                       const struct schema_report *report);

#endif
