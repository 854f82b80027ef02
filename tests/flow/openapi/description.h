/* description.h - an OpenAPI 3.1 description as the checker needs it: which operation a request is, what it may be
 * answered with, and whether a value is what its schema says. Everything that is returned is borrowed from the
 * description. */
#ifndef TESTS_FLOW_OPENAPI_DESCRIPTION_H
#define TESTS_FLOW_OPENAPI_DESCRIPTION_H

#include "base/json.h"

struct description;
MUST_CHECK bool description_load(const char *path, struct description **out, struct error *err);
void description_free(struct description *description);

/* What a $ref of the description (not of a schema) points to, or the value itself. */
const json_t *description_resolve(const struct description *description, const json_t *value);
/* components.<kind>.<name>, or NULL. */
const json_t *description_component(const struct description *description, const char *kind, const char *name);
const json_t *description_paths(const struct description *description);

struct operation {
    const char *path; /* the template; NULL: no path is like this one */
    const char *method;
    const json_t *item; /* of the path */
    const json_t *json; /* NULL: no such method there */
};
/* `path` without query. A template with fewer variable segments comes first. */
struct operation description_find(const struct description *description, const char *method, struct span path);
/* The parameter, of the operation or of its path; NULL: there is none. */
const json_t *description_parameter(const struct description *description, const struct operation *operation,
                                    const char *in, struct span name);
/* Visit all of them. */
typedef void description_visit(const json_t *parameter, void *context);
void description_parameters(const struct description *description, const struct operation *operation,
                            description_visit *visit, void *context);
/* The response for a status: its own, or that of its class ("4XX"), or the default. `*is_exact`: its own. */
const json_t *description_response(const struct description *description, const struct operation *operation,
                                   long status, bool *is_exact);
/* Is `value` what the schema (of this description) wants? */
MUST_CHECK bool description_check(const struct description *description, const json_t *schema, const json_t *value,
                                  struct error *err);

DEFINE_AUTO(struct description *, description_free)

#endif
