#include "tests/flow/openapi/plan.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

struct plan {
    const struct description *description;
    const char *folder;
    unsigned count;
    struct operation operation;
    const json_t *more;  /* an optional parameter for this request, or NULL */
    const char *unknown; /* a parameter that nobody knows, or NULL */
    struct buf target;
    struct buf headers;
    bool has_query;
};

static void add_escaped(struct span text, struct buf *out)
{
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (isalnum(c) || strchr("-._~:", c))
            buf_add_byte(out, c);
        else
            buf_addf(out, "%%%02X", c);
    }
}

static void example_text(const json_t *parameter, struct buf *out)
{
    const json_t *example = json_object_get(parameter, "example");

    if (json_is_integer(example))
        buf_addf(out, "%lld", (long long)json_integer_value(example));
    else if (json_is_string(example))
        buf_add_text(out, json_string_value(example));
}

static void add_parameter(const json_t *parameter, void *context)
{
    struct plan *plan = context;
    AUTO(buf_done) struct buf text = BUF_INIT;
    const char *in = json_text_of(parameter, "in");
    const char *name = json_text_of(parameter, "name");

    if (!in || !name || (!json_bool_of(parameter, "required", false) && parameter != plan->more))
        return;
    example_text(parameter, &text);
    if (strcmp(in, "query") == 0) {
        buf_addf(&plan->target, "%c%s", plan->has_query ? '&' : '?', name);
        if (text.bytes)
            buf_add_byte(&plan->target, '=');
        add_escaped(buf_span(&text), &plan->target);
        plan->has_query = true;
    } else if (strcmp(in, "header") == 0 && strcmp(name, "Idempotency-Key") == 0) {
        buf_addf(&plan->headers, "%s: \"plan-%u\"\n", name, plan->count); /* another each time */
    } else if (strcmp(in, "header") == 0) {
        buf_addf(&plan->headers, "%s: %s\n", name, buf_text(&text));
    }
}

static void add_path(struct plan *plan)
{
    const char *at = plan->operation.path;

    while (*at) {
        size_t bytes = strcspn(at, "{");

        buf_add(&plan->target, at, bytes);
        at += bytes;
        if (*at == '{') {
            AUTO(buf_done) struct buf text = BUF_INIT;
            struct span name = {at + 1, strcspn(at, "}") - 1};

            example_text(description_parameter(plan->description, &plan->operation, "path", name), &text);
            add_escaped(buf_span(&text), &plan->target);
            at = name.at + name.bytes + 1;
        }
    }
}

static bool write_part(const struct plan *plan, const char *name, struct span text, struct error *err)
{
    AUTO(buf_done) struct buf path = BUF_INIT;

    buf_addf(&path, "%s/%04u", plan->folder, plan->count);
    if (!file_make_folder(buf_text(&path), 0700, err))
        return false;
    buf_addf(&path, "/%s", name);
    return file_write(buf_text(&path), text, 0600, err);
}

struct body {
    const char *type; /* NULL: none */
    const json_t *value;
};

static bool write_body(struct plan *plan, const struct body *body, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    if (!body->type)
        return true;
    buf_addf(&plan->headers, "Content-Type: %s\n", body->type);
    if (json_is_string(body->value))
        buf_add_text(&text, json_string_value(body->value));
    else if (!json_canonical_add(body->value, &text, err))
        return false;
    return write_part(plan, "sent", buf_span(&text), err);
}

struct request {
    const char *method;
    const char *client;
    const char *expect;
    struct body body;
};

static bool write_request(struct plan *plan, const struct request *request, struct error *err)
{
    AUTO(buf_done) struct buf operation = BUF_INIT;

    plan->count++;
    plan->has_query = false;
    buf_clear(&plan->target);
    buf_clear(&plan->headers);
    add_path(plan);
    description_parameters(plan->description, &plan->operation, add_parameter, plan);
    if (plan->unknown)
        buf_addf(&plan->target, "%c%s", plan->has_query ? '&' : '?', plan->unknown);
    buf_addf(&operation, "%s %s", plan->operation.method, plan->operation.path);
    return write_body(plan, &request->body, err) && write_part(plan, "operation", buf_span(&operation), err) &&
           write_part(plan, "client", span_of(request->client), err) &&
           write_part(plan, "method", span_of(request->method), err) &&
           write_part(plan, "target", buf_span(&plan->target), err) &&
           write_part(plan, "headers", buf_span(&plan->headers), err) &&
           write_part(plan, "expect", span_of(request->expect), err);
}

/* The first body that the description gives. */
static struct body first_body(const struct plan *plan)
{
    const json_t *content = json_object_get(
        description_resolve(plan->description, json_object_get(plan->operation.json, "requestBody")), "content");
    const char *type = json_object_iter_key(json_object_iter((json_t *)content));
    const json_t *examples = json_object_get(json_object_get(content, type ? type : ""), "examples");

    return (struct body){type, json_object_get(json_object_iter_value(json_object_iter((json_t *)examples)), "value")};
}

/* Most may be asked by a bank; what only another may says so. */
static const char *asker(const struct plan *plan)
{
    const char *name = json_text_of(plan->operation.json, "x-asked-by");

    return name ? name : "bank";
}

static bool write_bodies(struct plan *plan, struct error *err)
{
    const json_t *body = description_resolve(plan->description, json_object_get(plan->operation.json, "requestBody"));
    const char *type, *name;
    json_t *media, *example;

    json_object_foreach(json_object_get(body, "content"), type, media)
    {
        json_object_foreach(json_object_get(media, "examples"), name, example)
        {
            struct request request = {
                plan->operation.method,
                "bank",
                "2XX",
                {type, json_object_get(description_resolve(plan->description, example), "value")}};

            if (!write_request(plan, &request, err))
                return false;
        }
    }
    return true;
}

struct optional {
    struct plan *plan;
    struct error *err;
    bool is_good;
};

static void write_optional(const json_t *parameter, void *context)
{
    struct optional *optional = context;
    struct plan *plan = optional->plan;
    struct request request = {plan->operation.method, asker(plan), "2XX", first_body(plan)};

    if (!optional->is_good || json_bool_of(parameter, "required", false) || !json_object_get(parameter, "example"))
        return;
    plan->more = parameter;
    optional->is_good = write_request(plan, &request, optional->err);
    plan->more = NULL;
}

static bool says(const struct plan *plan, const char *status)
{
    return json_object_get(json_object_get(plan->operation.json, "responses"), status) != NULL;
}

static bool is_for_all(const struct plan *plan)
{
    const json_t *security = json_object_get(plan->operation.json, "security");

    return json_is_array(security) && json_array_size(security) == 0;
}

static bool write_refused(struct plan *plan, struct error *err)
{
    struct request request = {plan->operation.method, "bank", "400", first_body(plan)};
    bool is_good;

    plan->unknown = "no-such-parameter=1";
    is_good = !says(plan, "400") || write_request(plan, &request, err);
    plan->unknown = NULL;
    request.expect = "403";
    request.client = "stranger";
    is_good = is_good && (is_for_all(plan) || !says(plan, "403") || write_request(plan, &request, err));
    request = (struct request){"PATCH", "bank", "405", {NULL, NULL}};
    return is_good && write_request(plan, &request, err);
}

static bool write_operation(struct plan *plan, struct error *err)
{
    struct optional optional = {plan, err, true};
    struct request request = {plan->operation.method, asker(plan), "2XX", {NULL, NULL}};

    if (json_object_get(plan->operation.json, "requestBody") ? !write_bodies(plan, err)
                                                             : !write_request(plan, &request, err))
        return false;
    description_parameters(plan->description, &plan->operation, write_optional, &optional);
    return optional.is_good && write_refused(plan, err);
}

bool plan_write(const struct description *description, const char *folder, struct error *err)
{
    static const char *const METHODS[] = {"PUT", "POST", "GET", "DELETE"};
    struct plan plan = {.description = description, .folder = folder};
    const char *path;
    json_t *item;
    bool is_good = true;

    /* What is made before what is read before what is removed. */
    for (size_t i = 0; i < COUNT_OF(METHODS); i++) {
        json_object_foreach((json_t *)description_paths(description), path, item)
        {
            plan.operation = description_find(description, METHODS[i], span_of(path));
            if (is_good && plan.operation.json)
                is_good = write_operation(&plan, err);
        }
    }
    buf_done(&plan.target);
    buf_done(&plan.headers);
    return is_good;
}
