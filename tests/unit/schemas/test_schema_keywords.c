/* The list of keywords: the README's, the code's and what our own schemas use are one and the same. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "schemas/schema.h"
#include "tests/support/support.h"

/* Every keyword of draft 2020-12 with a value it may have, and the file of the published suite that tests it (NULL: it
 * only names or annotates). */
static const struct keyword {
    const char *name;
    const char *value;
    const char *suite;
} KEYWORDS[] = {
    {"$schema", "\"https://json-schema.org/draft/2020-12/schema\"", NULL},
    {"$id", "\"urn:x\"", "refRemote"},
    {"$anchor", "\"a\"", "anchor"},
    {"$ref", "\"#\"", "ref"},
    {"$defs", "{}", "defs"},
    {"$comment", "\"a\"", NULL},
    {"$dynamicRef", "\"#a\"", NULL},
    {"$dynamicAnchor", "\"a\"", NULL},
    {"$vocabulary", "{}", NULL},
    {"type", "\"object\"", "type"},
    {"enum", "[1]", "enum"},
    {"const", "1", "const"},
    {"multipleOf", "2", "multipleOf"},
    {"maximum", "1", "maximum"},
    {"exclusiveMaximum", "1", "exclusiveMaximum"},
    {"minimum", "1", "minimum"},
    {"exclusiveMinimum", "1", "exclusiveMinimum"},
    {"maxLength", "1", "maxLength"},
    {"minLength", "1", "minLength"},
    {"pattern", "\"a\"", "pattern"},
    {"format", "\"date\"", "format"},
    {"prefixItems", "[true]", "prefixItems"},
    {"items", "true", "items"},
    {"contains", "true", "contains"},
    {"minContains", "1", "minContains"},
    {"maxContains", "1", "maxContains"},
    {"maxItems", "1", "maxItems"},
    {"minItems", "1", "minItems"},
    {"uniqueItems", "true", "uniqueItems"},
    {"properties", "{}", "properties"},
    {"patternProperties", "{}", "patternProperties"},
    {"additionalProperties", "false", "additionalProperties"},
    {"propertyNames", "true", "propertyNames"},
    {"required", "[]", "required"},
    {"dependentRequired", "{}", "dependentRequired"},
    {"dependentSchemas", "{}", "dependentSchemas"},
    {"maxProperties", "1", "maxProperties"},
    {"minProperties", "1", "minProperties"},
    {"allOf", "[true]", "allOf"},
    {"anyOf", "[true]", "anyOf"},
    {"oneOf", "[true]", "oneOf"},
    {"not", "false", "not"},
    {"if", "true", "if-then-else"},
    {"then", "true", "if-then-else"},
    {"else", "true", "if-then-else"},
    {"unevaluatedItems", "true", NULL},
    {"unevaluatedProperties", "true", NULL},
    {"title", "\"a\"", NULL},
    {"description", "\"a\"", NULL},
    {"default", "1", "default"},
    {"examples", "[1]", NULL},
    {"deprecated", "true", NULL},
    {"readOnly", "true", NULL},
    {"writeOnly", "true", NULL},
    {"contentEncoding", "\"base64\"", NULL},
    {"contentMediaType", "\"text/plain\"", NULL},
    {"contentSchema", "true", NULL},
    {"definitions", "{}", NULL},
    {"dependencies", "{}", NULL},
    {"$recursiveRef", "\"#\"", NULL},
    {"additionalItems", "true", NULL},
    {"errorMessage", "\"a\"", NULL},
};

static struct error err;

static bool compiles(const char *keyword, const char *value)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(json_release) json_t *document = NULL;
    AUTO(schema_free) struct schema *schema = NULL;

    buf_addf(&text, "{\"%s\":%s}", keyword, value);
    cr_assert(json_read(buf_span(&text), JSON_BYTES_MAX, &document, &err), "%s: %s", keyword, err.text);
    return schema_compile(document, "", NULL, &schema, &err);
}

/* Whether the README's table (the text before "Not supported") has the keyword in backticks. */
static bool readme_has(const struct buf *readme, const char *keyword)
{
    char marked[64];
    const char *end = strstr(readme->data, "Not supported");
    const char *at;

    cr_assert_not_null(end);
    snprintf(marked, sizeof marked, "`%s`", keyword);
    at = strstr(readme->data, marked);
    return at && at < end;
}

static void read_readme(struct buf *readme)
{
    cr_assert(file_read(TEST_SOURCE "/schemas/README.md", 1 << 20, readme, &err), "%s", err.text);
}

Test(schema_keywords, readme_lists_exactly_what_is_accepted)
{
    AUTO(buf_done) struct buf readme = BUF_INIT;

    read_readme(&readme);
    for (size_t i = 0; i < COUNT_OF(KEYWORDS); i++) {
        bool is_accepted = compiles(KEYWORDS[i].name, KEYWORDS[i].value);

        cr_expect_eq(is_accepted, readme_has(&readme, KEYWORDS[i].name), "%s is %s", KEYWORDS[i].name,
                     is_accepted ? "accepted" : err.text);
        if (is_accepted)
            continue;
        cr_expect_eq(err.code, ERR_REFUSED, "%s", KEYWORDS[i].name);
        cr_expect(strstr(err.text, KEYWORDS[i].name), "%s: %s", KEYWORDS[i].name, err.text);
    }
}

/* Keywords of a schema and of the schemas below it; what stands below enum, const, default and the like is a value. */
static void expect_known(const json_t *schema, const char *where);

static void expect_known_list(const json_t *list, const char *where)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item) expect_known(item, where);
}

static void expect_known_members(const json_t *members, const char *where)
{
    const char *name;
    json_t *item;

    json_object_foreach((json_t *)members, name, item) /* only reads */
        expect_known(item, where);
}

static const struct keyword *keyword_of(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(KEYWORDS); i++)
        if (strcmp(KEYWORDS[i].name, name) == 0)
            return &KEYWORDS[i];
    return NULL;
}

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static void expect_known(const json_t *schema, const char *where)
{
    static const char *const MEMBERS[] = {"properties", "patternProperties", "$defs", "dependentSchemas", NULL};
    static const char *const LISTS[] = {"allOf", "anyOf", "oneOf", "prefixItems", NULL};
    static const char *const SINGLE[] = {
        "items", "contains", "additionalProperties", "propertyNames", "not", "if", "then", "else", NULL};
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)schema, name, value) /* only reads */
    {
        const struct keyword *keyword = keyword_of(name);
        char path[TEST_PATH_BYTES];
        char suite[64];

        cr_expect(keyword && compiles(name, keyword->value), "%s uses %s", where, name);
        if (keyword && keyword->suite) {
            snprintf(suite, sizeof suite, "vectors/json-schema/draft2020-12/%s.json", keyword->suite);
            cr_expect(test_data_path(suite, path) || !test_data_path("vectors/json-schema", path), "no tests of %s",
                      name);
        }
        if (is_one_of(name, MEMBERS))
            expect_known_members(value, where);
        else if (is_one_of(name, LISTS))
            expect_known_list(value, where);
        else if (is_one_of(name, SINGLE))
            expect_known(value, where);
    }
}

Test(schema_keywords, our_own_schemas_use_only_keywords_that_the_suite_tests)
{
    DIR *folder = opendir(TEST_SOURCE "/schemas");
    const struct dirent *entry;
    size_t count = 0;

    cr_assert_not_null(folder);
    while ((entry = readdir(folder))) {
        AUTO(json_release) json_t *document = NULL;
        AUTO(text_free) char *path = path_join(TEST_SOURCE "/schemas", entry->d_name);

        if (!strstr(entry->d_name, ".schema.json"))
            continue;
        cr_assert(json_read_file(path, &document, &err), "%s", err.text);
        expect_known(document, entry->d_name);
        count++;
    }
    closedir(folder);
    cr_assert_geq(count, 1);
}

Test(schema_keywords, a_foreign_keyword_anywhere_refuses_the_schema_with_its_place)
{
    static const char DEEP[] = "{\"properties\":{\"a\":{\"items\":{\"unevaluatedItems\":false}}}}";
    AUTO(json_release) json_t *document = NULL;
    struct schema *schema = NULL;

    cr_assert(json_read(SPAN(DEEP), JSON_BYTES_MAX, &document, &err), "%s", err.text);
    cr_assert_not(schema_compile(document, "", NULL, &schema, &err));
    cr_assert_eq(err.code, ERR_REFUSED);
    cr_assert(strstr(err.text, "/properties/a/items/unevaluatedItems"), "%s", err.text);
}
