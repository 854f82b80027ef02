/* The checker of tests/flow/openapi.sh:
 *
 *   flow_openapi plan DESCRIPTION FOLDER     requests from the examples (plan.h)
 *   flow_openapi check DESCRIPTION FOLDER    every exchange in the folders of FOLDER (exchange.h) is as the description
 *                                            says; every status that it names for an operation was seen; every example
 *                                            is what its schema wants. Says what is not so, and ends with 1. */
#include <ctype.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "tests/flow/openapi/description.h"
#include "tests/flow/openapi/exchange.h"
#include "tests/flow/openapi/plan.h"

enum { VALUE_BYTES_MAX = 64 * 1024 * 1024 };

struct checking {
    const struct description *description;
    json_t *seen; /* "GET /v1/x 200" → true */
    unsigned problems;
    unsigned exchanges;
    unsigned examples;
};

__attribute__((format(printf, 2, 3))) static void tell(struct checking *checking, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    checking->problems++;
}

/* --- one exchange --- */

static bool is_json(struct span type)
{
    return span_is(type, "application/json") || span_is(type, "application/problem+json");
}

/* Without parameters: "text/csv" of "text/csv; charset=utf-8". */
static struct span media_of(struct span type)
{
    const char *end = memchr(type.at, ';', type.bytes);

    return end ? span_trim((struct span){type.at, (size_t)(end - type.at)}) : type;
}

static const json_t *media_find(const json_t *content, struct span type)
{
    const char *name;
    json_t *media;

    json_object_foreach((json_t *)content, name, media)
    {
        if (span_equal(media_of(span_of(name)), type))
            return media;
    }
    return NULL;
}

/* A body against the description of it. */
static bool check_body(const struct checking *checking, const json_t *content, struct span type, const struct buf *body,
                       struct error *err)
{
    AUTO(json_release) json_t *value = NULL;
    const json_t *media = media_find(content, media_of(type));

    if (!content)
        return body->bytes == 0 || fail(err, ERR_INVALID, "there is a body (%.*s)", (int)type.bytes, type.at);
    if (!media)
        return fail(err, ERR_INVALID, "its media type is not described: \"%.*s\"", (int)type.bytes, type.at);
    if (!is_json(media_of(type)))
        return true;
    return json_read(buf_span(body), VALUE_BYTES_MAX, &value, err) &&
           description_check(checking->description, json_object_get(media, "schema"), value, err);
}

static bool check_fields(const struct checking *checking, const json_t *response, struct span fields, struct error *err)
{
    const char *name;
    json_t *header;

    json_object_foreach(json_object_get(response, "headers"), name, header)
    {
        const json_t *described = description_resolve(checking->description, header);

        if (json_bool_of(described, "required", false) && exchange_field(fields, name).bytes == 0)
            return fail(err, ERR_INVALID, "the field %s is missing", name);
    }
    return true;
}

/* Every parameter of a request that was answered well is described. */
static bool check_query(const struct checking *checking, const struct operation *operation, struct span query,
                        struct error *err)
{
    while (query.bytes) {
        size_t bytes = 0;
        struct span name;

        while (bytes < query.bytes && query.at[bytes] != '&')
            bytes++;
        name = (struct span){query.at, 0};
        while (name.bytes < bytes && query.at[name.bytes] != '=')
            name.bytes++;
        if (!description_parameter(checking->description, operation, "query", name))
            return fail(err, ERR_INVALID, "the parameter %.*s is not described", (int)name.bytes, name.at);
        bytes += bytes < query.bytes ? 1 : 0;
        query = (struct span){query.at + bytes, query.bytes - bytes};
    }
    return true;
}

static bool check_request(const struct checking *checking, const struct operation *operation,
                          const struct exchange *exchange, struct error *err)
{
    const json_t *body = description_resolve(checking->description, json_object_get(operation->json, "requestBody"));

    if (exchange->status >= 300)
        return true;
    if (!check_query(checking, operation, exchange->query, err))
        return false;
    if (!body && exchange->sent.bytes == 0)
        return true;
    return check_body(checking, json_object_get(body, "content"), exchange_field(exchange->fields, "Content-Type"),
                      &exchange->sent, err) ||
           fail_in(err, "request");
}

/* A path that is not described, and a method that its path does not have, can only be refused. */
static bool check_unknown(const struct checking *checking, const struct operation *operation,
                          const struct exchange *exchange, struct error *err)
{
    long wanted = operation->path ? 405 : 404;
    const json_t *problem =
        description_component(checking->description, "responses", operation->path ? "Method" : "Problem");

    if (exchange->status != wanted)
        return fail(err, ERR_INVALID, "%s is not described, yet the answer is not %ld",
                    operation->path ? "this method" : "this path", wanted);
    return check_fields(checking, problem, exchange->answer_fields, err) &&
           check_body(checking, json_object_get(problem, "content"),
                      exchange_field(exchange->answer_fields, "Content-Type"), &exchange->body, err);
}

static bool check_exchange(struct checking *checking, const struct exchange *exchange, struct error *err)
{
    struct operation operation = description_find(checking->description, exchange->method, exchange->path);
    struct span type = exchange_field(exchange->answer_fields, "Content-Type");
    const json_t *response;
    bool is_exact;
    char name[256];

    if (!operation.json)
        return check_unknown(checking, &operation, exchange, err);
    response = description_response(checking->description, &operation, exchange->status, &is_exact);
    if (!response)
        return fail(err, ERR_INVALID, "this status is not described");
    if (!check_request(checking, &operation, exchange, err) ||
        !check_fields(checking, response, exchange->answer_fields, err) ||
        (strcmp(exchange->method, "HEAD") != 0 &&
         !check_body(checking, json_object_get(response, "content"), type, &exchange->body, err)))
        return false;
    snprintf(name, sizeof name, "%s %s %ld", exchange->method, operation.path, exchange->status);
    if (is_exact)
        json_object_set_new(checking->seen, name, json_true());
    return true;
}

static void check_folder(struct checking *checking, const char *folder)
{
    AUTO(exchange_done) struct exchange exchange = {.status = 0};
    struct error err;

    checking->exchanges++;
    if (!exchange_load(folder, &exchange, &err)) {
        tell(checking, "%s: %s", folder, err.text);
        return;
    }
    if (!check_exchange(checking, &exchange, &err))
        tell(checking, "%s %.*s → %ld: %s\n    %.*s", exchange.method, (int)exchange.target.bytes, exchange.target.at,
             exchange.status, err.text, (int)(exchange.body.bytes < 600 ? exchange.body.bytes : 600),
             (const char *)exchange.body.data);
}

/* --- the whole --- */

static void check_seen(struct checking *checking, const char *path, const char *method, const json_t *operation)
{
    const char *status;
    json_t *response;

    json_object_foreach(json_object_get(operation, "responses"), status, response)
    {
        char name[256];

        if (strlen(status) != 3 || strstr(status, "XX"))
            continue;
        snprintf(name, sizeof name, "%s %s %s", method, path, status);
        for (char *at = name; *at && *at != ' '; at++)
            *at = (char)toupper((unsigned char)*at);
        if (!json_object_get(checking->seen, name))
            tell(checking, "%s: described, and never seen", name);
    }
}

/* Below `value`, which is of the part "content" of a request or an answer. */
static void check_examples(struct checking *checking, const char *where, const json_t *content)
{
    const char *type, *name;
    json_t *media, *example;

    json_object_foreach((json_t *)content, type, media)
    {
        json_object_foreach(json_object_get(media, "examples"), name, example)
        {
            const json_t *value = json_object_get(description_resolve(checking->description, example), "value");
            struct error err;

            checking->examples++;
            if (is_json(media_of(span_of(type))) &&
                !description_check(checking->description, json_object_get(media, "schema"), value, &err))
                tell(checking, "%s, example %s: %s", where, name, err.text);
        }
    }
}

static void check_operation(struct checking *checking, const char *path, const char *method, const json_t *operation)
{
    const struct description *description = checking->description;
    const char *status;
    json_t *response;
    char where[256];

    snprintf(where, sizeof where, "%s %s", method, path);
    check_examples(
        checking, where,
        json_object_get(description_resolve(description, json_object_get(operation, "requestBody")), "content"));
    json_object_foreach(json_object_get(operation, "responses"), status, response)
    {
        check_examples(checking, where, json_object_get(description_resolve(description, response), "content"));
    }
    check_seen(checking, path, method, operation);
}

static void check_parameter(const json_t *parameter, void *context)
{
    struct checking *checking = context;
    const json_t *example = json_object_get(parameter, "example");
    struct error err;

    if (!json_object_get(parameter, "schema") || !json_text_of(parameter, "description"))
        tell(checking, "parameter %s: no schema or no description", json_text_of(parameter, "name"));
    else if (example && !description_check(checking->description, json_object_get(parameter, "schema"), example, &err))
        tell(checking, "parameter %s: its example: %s", json_text_of(parameter, "name"), err.text);
}

static void check_all(struct checking *checking)
{
    static const char *const METHODS[] = {"get", "put", "post", "delete"};
    const char *path;
    json_t *item;

    json_object_foreach((json_t *)description_paths(checking->description), path, item)
    {
        for (size_t i = 0; i < COUNT_OF(METHODS); i++) {
            struct operation operation = {.path = path, .item = item, .json = json_object_get(item, METHODS[i])};

            if (!operation.json)
                continue;
            check_operation(checking, path, METHODS[i], operation.json);
            description_parameters(checking->description, &operation, check_parameter, checking);
        }
    }
}

static int check(const struct description *description, const char *folder)
{
    AUTO(json_release) json_t *seen = json_object();
    AUTO(text_free) char *pattern = path_join(folder, "*/request");
    struct checking checking = {.description = description, .seen = seen};
    glob_t found = {.gl_pathc = 0};

    if (glob(pattern, 0, NULL, &found) != 0)
        tell(&checking, "%s: nothing was sent", folder);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        *strrchr(found.gl_pathv[i], '/') = '\0';
        check_folder(&checking, found.gl_pathv[i]);
    }
    globfree(&found);
    check_all(&checking);
    printf("%u exchanges, %u examples, %zu statuses of operations seen, %u problems\n", checking.exchanges,
           checking.examples, json_object_size(seen), checking.problems);
    return checking.problems ? 1 : 0;
}

int main(int count, char **words)
{
    AUTO(description_free) struct description *description = NULL;
    struct error err;

    if (count != 4 || (strcmp(words[1], "plan") != 0 && strcmp(words[1], "check") != 0)) {
        fprintf(stderr, "flow_openapi plan|check DESCRIPTION FOLDER\n");
        return 2;
    }
    if (!description_load(words[2], &description, &err) ||
        (words[1][0] == 'p' && !plan_write(description, words[3], &err))) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    return words[1][0] == 'p' ? 0 : check(description, words[3]);
}
