/* schema_internal.h - what the schema_*.c files share: the compiled tree and the walk over it. */
#ifndef SCHEMAS_SCHEMA_INTERNAL_H
#define SCHEMAS_SCHEMA_INTERNAL_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "schemas/schema.h"

/* Limits: calls deep while checking ($ref may go in circles); work of one pattern on one text. */
enum { SCHEMA_CALLS_MAX = 256, SCHEMA_MATCH_LIMIT = 200000, SCHEMA_DOCUMENTS_MAX = 64 };

enum schema_type {
    TYPE_NULL = 1,
    TYPE_BOOLEAN = 2,
    TYPE_OBJECT = 4,
    TYPE_ARRAY = 8,
    TYPE_NUMBER = 16,
    TYPE_STRING = 32,
    TYPE_INTEGER = 64
};

/* A value under check, from jansson or from a flat row. */
struct schema_value {
    unsigned types;     /* a whole number has two */
    struct span text;   /* of a string */
    long double number; /* holds every int64_t and every double exactly */
    const json_t *json; /* of an object or array; NULL in a flat row */
    const struct schema_flat_value *flat;
    size_t flat_count;
};

struct schema_node;

/* A subschema under a name, pattern or position. */
struct schema_child {
    struct span name;
    pcre2_code *pattern; /* patternProperties; freed by the check that holds the child */
    const struct schema_node *node;
    const json_t *names; /* dependentRequired */
};

/* One keyword of one schema object, ready to run. */
struct schema_rule {
    const struct schema_keyword *keyword;
    const json_t *value; /* as written */
    const struct schema_node *owner;
    unsigned types;
    long double number;
    size_t count;
    pcre2_code *pattern;
    struct schema_child *children;
    size_t child_count;
    const struct schema_rule *first; /* sibling keywords that change what this one means */
    const struct schema_rule *second;
};

struct schema_node {
    const json_t *json;
    const char *base; /* URI of the resource it belongs to; owned by the schema */
    char *pointer;
    bool is_false;
    struct schema_rule *rules;
    size_t rule_count;
};

struct schema_run;
struct schema_loader;
#define SCHEMA_CHECK(name)                                                                                             \
    bool name(struct schema_run *run, const struct schema_rule *rule, const struct schema_value *value)

enum schema_shape { SHAPE_PLAIN, SHAPE_SCHEMA, SHAPE_LIST, SHAPE_MAP };

struct schema_keyword {
    const char *name;
    bool (*prepare)(struct schema_loader *loader, struct schema_rule *rule, struct error *err); /* NULL: nothing to */
    SCHEMA_CHECK((*check));  /* NULL: it only annotates, or a sibling looks at it */
    enum schema_shape shape; /* where subschemas stand in its value */
    bool is_flat;            /* known at the top of a flat row */
};

/* schema_keywords.c: the table, in the order of checking; siblings stand before those who look at them. */
const struct schema_keyword *schema_keyword_find(const char *name);
/* Fill the rules of a node whose keywords are known to be in the table. */
MUST_CHECK bool schema_node_prepare(struct schema_loader *loader, struct schema_node *node, struct error *err);
void schema_node_free(struct schema_node *node);

/* schema_load.c */
struct schema {
    struct schema_node **nodes;
    size_t node_count;
    size_t node_room;
    json_t **documents;
    size_t document_count;
    char **texts; /* base URIs */
    size_t text_count;
    const struct schema_node *root;
    bool asserts_format;
    bool is_flat;
    pcre2_match_data *match;
    pcre2_match_context *limits;
};
/* The node of a subschema; NULL (with an error) when `json` stands nowhere a schema may. */
const struct schema_node *schema_node_of(struct schema_loader *loader, const json_t *json);
MUST_CHECK bool schema_reference(struct schema_loader *loader, const struct schema_node *from, const char *reference,
                                 const struct schema_node **out, struct error *err);

/* schema_uri.c: RFC 3986 section 5.2. */
void schema_uri_resolve(const char *base, const char *reference, struct buf *out);
void schema_uri_decode(struct span text, struct buf *out); /* %XX */

/* schema_pattern.c */
MUST_CHECK bool schema_pattern_compile(struct span pattern, pcre2_code **out, struct error *err);
/* 1 matches, 0 does not, -1 took too long. */
int schema_pattern_match(const struct schema *schema, const pcre2_code *pattern, struct span text);

/* schema_equal.c */
bool schema_equal(const json_t *a, const json_t *b); /* 1 and 1.0 are the same */
bool schema_value_equal(const struct schema_value *value, const json_t *other);
bool schema_all_differ(const json_t *array);

/* schema_number.c */
long double schema_number_of(const json_t *number);
bool schema_is_multiple(long double value, long double of);

/* schema_format.c: true as well for a format we do not know. */
bool schema_format_holds(const char *format, struct span text);

/* schema_check.c */
struct schema_step {
    const struct schema_step *up;
    const char *name; /* or NULL: index */
    size_t index;
};
struct schema_run {
    const struct schema *schema;
    const struct schema_report *report;
    const struct schema_step *step;
    size_t problem_count;
    int quiet; /* inside anyOf and the like */
    int calls;
};
struct schema_value schema_value_of(const json_t *json);
bool schema_run_node(struct schema_run *run, const struct schema_node *node, const struct schema_value *value);
/* The same without problems: what is asked under anyOf, oneOf, not, if and contains. */
bool schema_run_quietly(struct schema_run *run, const struct schema_node *node, const struct schema_value *value);
/* The same one step down; `rule` says where a `false` schema stands. */
bool schema_run_below(struct schema_run *run, const struct schema_node *node, const struct schema_value *value,
                      const struct schema_step *step);
/* Nobody listens, or enough was heard. */
bool schema_run_is_over(const struct schema_run *run);
/* Always false. Both formats take the same arguments. */
bool schema_problem_add(struct schema_run *run, const struct schema_rule *rule, const char *en, const char *zh, ...)
    PRINTF(3, 5) PRINTF(4, 5);

/* schema_scalar.c and schema_apply.c: the checks of the table. */
SCHEMA_CHECK(schema_check_type);
SCHEMA_CHECK(schema_check_enum);
SCHEMA_CHECK(schema_check_const);
SCHEMA_CHECK(schema_check_multiple_of);
SCHEMA_CHECK(schema_check_maximum);
SCHEMA_CHECK(schema_check_exclusive_maximum);
SCHEMA_CHECK(schema_check_minimum);
SCHEMA_CHECK(schema_check_exclusive_minimum);
SCHEMA_CHECK(schema_check_max_length);
SCHEMA_CHECK(schema_check_min_length);
SCHEMA_CHECK(schema_check_pattern);
SCHEMA_CHECK(schema_check_format);
SCHEMA_CHECK(schema_check_max_items);
SCHEMA_CHECK(schema_check_min_items);
SCHEMA_CHECK(schema_check_unique_items);
SCHEMA_CHECK(schema_check_contains);
SCHEMA_CHECK(schema_check_prefix_items);
SCHEMA_CHECK(schema_check_items);
SCHEMA_CHECK(schema_check_max_properties);
SCHEMA_CHECK(schema_check_min_properties);
SCHEMA_CHECK(schema_check_required);
SCHEMA_CHECK(schema_check_dependent_required);
SCHEMA_CHECK(schema_check_dependent_schemas);
SCHEMA_CHECK(schema_check_properties);
SCHEMA_CHECK(schema_check_pattern_properties);
SCHEMA_CHECK(schema_check_additional_properties);
SCHEMA_CHECK(schema_check_property_names);
SCHEMA_CHECK(schema_check_all_of);
SCHEMA_CHECK(schema_check_any_of);
SCHEMA_CHECK(schema_check_one_of);
SCHEMA_CHECK(schema_check_not);
SCHEMA_CHECK(schema_check_if);
SCHEMA_CHECK(schema_check_ref);

#endif
