#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "schemas/schema.h"
#include "tests/support/support.h"

/* The published tests of draft 2020-12. A file whose keyword we support must pass whole. Of the others, schemas with an
 * unsupported keyword must be refused, and whatever is not refused must be right as well. */
static const char *const WHOLE[] = {
    "additionalProperties",
    "anchor",
    "default",
    "allOf",
    "anyOf",
    "boolean_schema",
    "const",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "if-then-else",
    "infinite-loop-detection",
    "items",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "refRemote",
    "required",
    "type",
    "uniqueItems",
};
static const char *const PARTLY[] = {

    "content",

    "defs",    "dynamicRef",

    "not",     "ref",        "unevaluatedItems", "unevaluatedProperties", "vocabulary",
};

struct tally {
    int right;
    int refused;
};

static char remotes[TEST_PATH_BYTES];

static bool resolve(void *context, const char *uri, json_t **document)
{
    static const char HOST[] = "http://localhost:1234/";
    AUTO(text_free) char *path = NULL;
    struct error err;

    (void)context;
    if (strncmp(uri, HOST, sizeof HOST - 1) != 0)
        return false;
    path = path_join(remotes, uri + sizeof HOST - 1);
    return json_read_file(path, document, &err);
}

static void check_group(const char *file, const json_t *group, bool asserts_format, struct tally *tally)
{
    const struct schema_options options = {asserts_format, resolve, NULL};
    AUTO(schema_free) struct schema *schema = NULL;
    const json_t *tests = json_object_get(group, "tests");
    struct error err;
    json_t *test;
    size_t i;

    if (!schema_compile(json_object_get(group, "schema"), "", &options, &schema, &err)) {
        cr_expect(err.code == ERR_REFUSED || err.code == ERR_NOT_FOUND, "%s: %s: %s", file,
                  json_text_of(group, "description"), err.text);
        tally->refused += (int)json_array_size(tests);
        return;
    }
    json_array_foreach(tests, i, test)
    {
        bool expected = json_is_true(json_object_get(test, "valid"));

        cr_expect_eq(schema_check(schema, json_object_get(test, "data"), NULL), expected, "%s: %s: %s", file,
                     json_text_of(group, "description"), json_text_of(test, "description"));
        tally->right++;
    }
}

static struct tally check_file(const char *folder, const char *name, bool asserts_format)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(json_release) json_t *groups = NULL;
    struct tally tally = {0, 0};
    struct error err;
    json_t *group;
    size_t i;

    buf_addf(&path, "%s/%s.json", folder, name);
    cr_assert(file_read(path.data, JSON_BYTES_MAX, &text, &err), "%s", err.text);
    groups = json_loadb(text.data, text.bytes, JSON_ALLOW_NUL, NULL);
    cr_assert_not_null(groups, "%s", path.data);
    json_array_foreach(groups, i, group)
    {
        check_group(name, group, asserts_format, &tally);
    }
    return tally;
}

static bool find_suite(char folder[TEST_PATH_BYTES])
{
    return test_data_path("vectors/json-schema/remotes", remotes) &&
           test_data_path("vectors/json-schema/draft2020-12", folder);
}

Test(schema_suite, supported_keywords_pass_whole)
{
    char folder[TEST_PATH_BYTES];

    if (!find_suite(folder))
        cr_skip_test("no JSON Schema tests");
    for (size_t i = 0; i < COUNT_OF(WHOLE); i++) {
        struct tally tally = check_file(folder, WHOLE[i], false);

        cr_expect_eq(tally.refused, 0, "%s: %d tests refused", WHOLE[i], tally.refused);
    }
}

Test(schema_suite, other_files_are_right_or_refused)
{
    char folder[TEST_PATH_BYTES];

    if (!find_suite(folder))
        cr_skip_test("no JSON Schema tests");
    for (size_t i = 0; i < COUNT_OF(PARTLY); i++) {
        struct tally tally = check_file(folder, PARTLY[i], false);

        printf("%s: %d right, %d refused for an unsupported keyword\n", PARTLY[i], tally.right, tally.refused);
        cr_expect_gt(tally.refused, 0, "%s passes whole: move it to the other list", PARTLY[i]);
    }
}

Test(schema_suite, formats_in_use_are_asserted_when_asked)
{
    static const char *const FORMATS[] = {"format/date", "format/date-time"};
    char folder[TEST_PATH_BYTES];

    if (!find_suite(folder) || !test_data_path("vectors/json-schema/draft2020-12/optional", folder))
        cr_skip_test("no JSON Schema tests");
    for (size_t i = 0; i < COUNT_OF(FORMATS); i++)
        cr_expect_eq(check_file(folder, FORMATS[i], true).refused, 0);
}
