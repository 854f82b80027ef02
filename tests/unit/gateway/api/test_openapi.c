/* The description of the interface is put together from its files, or refused; that it is true is shown by
 * tests/flow/openapi.sh against the running server. */
#include <criterion/criterion.h>

#include "base/file.h"
#include "base/json.h"
#include "gateway/api/api_internal.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static struct error err;

static void write_file(const char *name, const char *text)
{
    AUTO(text_free) char *path = path_join(folder, name);

    cr_assert(file_write(path, span_of(text), 0600, &err), "%s", err.text);
}

static void begin(void)
{
    AUTO(text_free) char *part = NULL;

    test_folder_new(folder);
    part = path_join(folder, "openapi");
    cr_assert(file_make_folder(part, 0700, &err), "%s", err.text);
    write_file("openapi/openapi.json", "{\"openapi\":\"3.1.0\",\"paths\":{\"/a\":{}}}");
}

static void end(void)
{
    test_folder_remove(folder);
}

static json_t *made_of(const char *from)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    json_t *json;

    cr_assert(openapi_make(from, &text, &err), "%s", err.text);
    cr_assert(json_read(buf_span(&text), JSON_BYTES_MAX, &json, &err), "%s", err.text);
    return json;
}

static void refuses(const char *why)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    cr_assert_not(openapi_make(folder, &text, &err));
    cr_assert(strstr(err.text, why), "%s", err.text);
    cr_assert_eq(text.bytes, 0);
}

TestSuite(openapi, .init = begin, .fini = end);

Test(openapi, a_path_that_two_files_describe_is_refused_with_the_file)
{
    write_file("openapi/second.json", "{\"paths\":{\"/a\":{}}}");
    refuses("second.json");
    refuses("/a is there twice");
}

Test(openapi, a_schema_that_is_not_there_is_refused)
{
    write_file("openapi/second.json", "{\"paths\":{\"/b\":{\"$ref\":\"urn:creditgate:schema:nothing:2026\"}}}");
    refuses("nothing.schema.json");
}

Test(openapi, a_file_that_is_no_json_and_a_folder_without_files_are_refused)
{
    write_file("openapi/second.json", "{");
    refuses("second.json");
    test_folder_remove(folder);
    test_folder_new(folder);
    refuses("no description");
}

Test(openapi, what_no_file_calls_openapi_is_refused)
{
    write_file("openapi/openapi.json", "{\"paths\":{\"/a\":{}}}");
    refuses("none of the files");
}

Test(openapi, schemas_that_are_named_are_put_in_and_name_one_another_there)
{
    AUTO(json_release) json_t *made = NULL;
    const json_t *schemas, *property;

    write_file("one-thing.schema.json",
               "{\"$id\":\"x\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/b\"},"
               "\"c\":{\"$ref\":\"urn:creditgate:schema:other:2026#/x\"}},\"$defs\":{\"b\":{}}}");
    write_file("other.schema.json", "{\"x\":{\"$ref\":\"urn:creditgate:schema:one-thing:2026\"}}");
    write_file("openapi/second.json", "{\"paths\":{\"/b\":{\"$ref\":\"urn:creditgate:schema:one-thing:2026#/$defs/b\"},"
                                      "\"/c\":{\"$ref\":\"#/components/x\"}}}");
    made = made_of(folder);
    schemas = json_object_get(json_object_get(made, "components"), "schemas");
    cr_assert_null(json_object_get(json_object_get(schemas, "OneThing"), "$id"));
    property = json_object_get(json_object_get(schemas, "OneThing"), "properties");
    cr_assert_str_eq(json_text_of(json_object_get(property, "a"), "$ref"), "#/components/schemas/OneThing/$defs/b");
    cr_assert_str_eq(json_text_of(json_object_get(property, "c"), "$ref"), "#/components/schemas/Other/x");
    property = json_object_get(json_object_get(schemas, "Other"), "x");
    cr_assert_str_eq(json_text_of(property, "$ref"), "#/components/schemas/OneThing");
    property = json_object_get(json_object_get(made, "paths"), "/b");
    cr_assert_str_eq(json_text_of(property, "$ref"), "#/components/schemas/OneThing/$defs/b");
    property = json_object_get(json_object_get(made, "paths"), "/c");
    cr_assert_str_eq(json_text_of(property, "$ref"), "#/components/x");
}

static bool begins(const char *path, const char *prefix)
{
    size_t bytes = strlen(prefix);

    return strncmp(path, prefix, bytes) == 0 && (path[bytes] == '\0' || path[bytes] == '/');
}

Test(openapi, every_route_of_outside_systems_is_described_and_no_other)
{
    AUTO(json_release) json_t *made = made_of(TEST_SOURCE "/schemas");
    const char *path, *prefix;
    bool is_public;
    json_t *item;

    for (size_t i = 0; (prefix = api_route(i, &is_public)) != NULL; i++) {
        bool is_there = false;

        json_object_foreach(json_object_get(made, "paths"), path, item) is_there = is_there || begins(path, prefix);
        cr_assert_eq(is_there, is_public, "%s", prefix);
    }
    json_object_foreach(json_object_get(made, "paths"), path, item)
    {
        bool is_there = false;

        for (size_t i = 0; (prefix = api_route(i, &is_public)) != NULL; i++)
            is_there = is_there || begins(path, prefix);
        cr_assert(is_there, "%s", path);
    }
}
