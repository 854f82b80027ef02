#include "tests/flow/openapi/description.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/schema.h"

#define COMPONENTS "#/components/schemas/"
#define DEFS "#/$defs/"

struct description {
    json_t *json;
    json_t *defs; /* components.schemas, their references as in a document of their own */
};

static void rewrite(json_t *value)
{
    const char *key;
    json_t *item;
    size_t index;
    void *next;

    json_array_foreach(value, index, item) rewrite(item);
    json_object_foreach_safe(value, next, key, item)
    {
        AUTO(buf_done) struct buf reference = BUF_INIT;
        const char *text = json_string_value(item);

        if (strcmp(key, "$ref") != 0 || !text || strncmp(text, COMPONENTS, strlen(COMPONENTS)) != 0) {
            rewrite(item);
            continue;
        }
        buf_addf(&reference, DEFS "%s", text + strlen(COMPONENTS));
        json_object_set_new(value, key, json_string(buf_text(&reference)));
    }
}

bool description_load(const char *path, struct description **out, struct error *err)
{
    AUTO(description_free) struct description *description = memory_new(sizeof *description);

    if (!json_read_file(path, &description->json, err))
        return false;
    description->defs = json_deep_copy(json_object_get(json_object_get(description->json, "components"), "schemas"));
    if (!description->defs)
        return fail(err, ERR_INVALID, "%s: no components.schemas", path);
    rewrite(description->defs);
    *out = TAKE(description);
    return true;
}

void description_free(struct description *description)
{
    if (!description)
        return;
    json_decref(description->json);
    json_decref(description->defs);
    free(description);
}

const json_t *description_resolve(const struct description *description, const json_t *value)
{
    const char *reference = json_text_of(value, "$ref");
    const json_t *at = description->json;

    if (!reference)
        return value;
    /* "#/components/responses/Problem": names of components hold no "/" or "~". */
    while (at && (reference = strchr(reference, '/')) != NULL) {
        char name[128];

        reference++;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(reference, "/"), reference);
        at = json_object_get(at, name);
    }
    return at;
}

const json_t *description_component(const struct description *description, const char *kind, const char *name)
{
    return json_object_get(json_object_get(json_object_get(description->json, "components"), kind), name);
}

const json_t *description_paths(const struct description *description)
{
    return json_object_get(description->json, "paths");
}

/* --- which operation --- */

/* One segment against its template: text, "{name}", or a "{name}" with text around it. */
static bool segment_fits(struct span template, struct span segment, int *variables)
{
    const char *open = memchr(template.at, '{', template.bytes);
    const char *close = open ? memchr(template.at, '}', template.bytes) : NULL;
    size_t before, behind;

    if (!close)
        return span_equal(template, segment);
    before = (size_t)(open - template.at);
    behind = (size_t)(template.at + template.bytes - close - 1);
    *variables += before + behind > 0 ? 1 : 2;
    return segment.bytes > before + behind && memcmp(segment.at, template.at, before) == 0 &&
           memcmp(segment.at + segment.bytes - behind, close + 1, behind) == 0;
}

static struct span cut_segment(struct span *rest)
{
    const char *end = memchr(rest->at, '/', rest->bytes);
    struct span segment = {rest->at, end ? (size_t)(end - rest->at) : rest->bytes};
    size_t taken = segment.bytes + (end ? 1 : 0);

    *rest = (struct span){rest->at + taken, rest->bytes - taken};
    return segment;
}

/* How variable the template is, or -1 when the path is not like it. */
static int path_fits(struct span template, struct span path)
{
    int variables = 0;

    while (template.bytes && path.bytes) {
        struct span wanted = cut_segment(&template);
        struct span segment = cut_segment(&path);

        if (!segment_fits(wanted, segment, &variables))
            return -1;
    }
    return template.bytes || path.bytes ? -1 : variables;
}

struct operation description_find(const struct description *description, const char *method, struct span path)
{
    struct operation operation = {.path = NULL};
    int best = -1;
    const char *template;
    json_t *item;
    char name[16];

    json_object_foreach(json_object_get(description->json, "paths"), template, item)
    {
        int variables = path_fits(span_of(template), path);

        if (variables < 0 || (best >= 0 && variables >= best))
            continue;
        best = variables;
        operation = (struct operation){.path = template, .item = item};
    }
    if (!operation.path)
        return operation;
    snprintf(name, sizeof name, "%s", method);
    for (size_t i = 0; name[i]; i++)
        name[i] = (char)tolower((unsigned char)name[i]);
    operation.method = method;
    /* HEAD works wherever GET does, and is not said again at each path. */
    operation.json = json_object_get(operation.item, strcmp(name, "head") == 0 ? "get" : name);
    return operation;
}

static void visit_all(const struct description *description, const json_t *list, description_visit *visit,
                      void *context)
{
    const json_t *item;
    size_t index;

    json_array_foreach(list, index, item) visit(description_resolve(description, item), context);
}

void description_parameters(const struct description *description, const struct operation *operation,
                            description_visit *visit, void *context)
{
    visit_all(description, json_object_get(operation->item, "parameters"), visit, context);
    visit_all(description, json_object_get(operation->json, "parameters"), visit, context);
}

struct wanted {
    const char *in;
    struct span name;
    const json_t *found;
};

static void look(const json_t *parameter, void *context)
{
    struct wanted *wanted = context;
    const char *name = json_text_of(parameter, "name");
    const char *in = json_text_of(parameter, "in");

    if (name && in && strcmp(in, wanted->in) == 0 && span_is(wanted->name, name))
        wanted->found = parameter;
}

const json_t *description_parameter(const struct description *description, const struct operation *operation,
                                    const char *in, struct span name)
{
    struct wanted wanted = {in, name, NULL};

    description_parameters(description, operation, look, &wanted);
    return wanted.found;
}

const json_t *description_response(const struct description *description, const struct operation *operation,
                                   long status, bool *is_exact)
{
    const json_t *responses = json_object_get(operation->json, "responses");
    char exact[24], class[24];
    const json_t *response;

    snprintf(exact, sizeof exact, "%ld", status);
    snprintf(class, sizeof class, "%ldXX", status / 100);
    response = json_object_get(responses, exact);
    *is_exact = response != NULL;
    if (!response)
        response = json_object_get(responses, class);
    if (!response)
        response = json_object_get(responses, "default");
    return response ? description_resolve(description, response) : NULL;
}

/* --- values --- */

static void take_problem(void *context, const struct schema_problem *problem)
{
    struct error *err = context;

    error_set(err, ERR_INVALID, "%s: %s (%s)", *problem->instance ? problem->instance : "the value itself", problem->en,
              problem->schema);
}

bool description_check(const struct description *description, const json_t *schema, const json_t *value,
                       struct error *err)
{
    AUTO(json_release) json_t *document = json_object();
    AUTO(schema_free) struct schema *compiled = NULL;
    struct schema_report report = {.add = take_problem, .context = err, .limit = 1};
    struct schema_options options = {.asserts_format = true};
    json_t *own = json_deep_copy(schema);

    rewrite(own);
    json_object_set_new(document, "allOf", json_pack("[o]", own));
    json_object_set(document, "$defs", description->defs);
    if (!schema_compile(document, "", &options, &compiled, err))
        return fail_in(err, "its schema");
    return schema_check(compiled, value, &report);
}
