#include "gateway/api/openapi.h"

#include <ctype.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"

#define SCHEMA_URN "urn:creditgate:schema:"
#define COMPONENTS "#/components/schemas/"

struct making {
    const char *folder; /* of the schemas */
    json_t *whole;
    json_t *ours; /* our own schemas as components: apart until the end, since the whole is being walked */
};

/* "lookup-answer" → "LookupAnswer" */
static void add_component_name(struct span name, struct buf *out)
{
    bool is_first = true;

    for (size_t i = 0; i < name.bytes; i++) {
        char c = name.at[i];

        if (c != '-')
            buf_add_byte(out, (uint8_t)(is_first ? toupper((unsigned char)c) : c));
        is_first = c == '-';
    }
}

static bool put_in(const struct making *making, struct span name, const char *component, struct error *err);

/* What `reference` becomes; `own`: the component that stands for the document it is in, NULL when it is the whole. */
static bool refer(const struct making *making, const char *reference, const char *own, struct buf *out,
                  struct error *err)
{
    AUTO(buf_done) struct buf component = BUF_INIT;
    struct span name;

    if (strncmp(reference, SCHEMA_URN, strlen(SCHEMA_URN)) != 0) {
        if (own && reference[0] == '#')
            buf_addf(out, COMPONENTS "%s%s", own, reference + 1);
        else
            buf_add_text(out, reference);
        return true;
    }
    name.at = reference + strlen(SCHEMA_URN);
    name.bytes = strcspn(name.at, ":#/.");
    add_component_name(name, &component);
    buf_addf(out, COMPONENTS "%s%s", buf_text(&component), strchr(name.at, '#') ? strchr(name.at, '#') + 1 : "");
    return put_in(making, name, buf_text(&component), err);
}

/* Every $ref below `value`. */
static bool rewrite(const struct making *making, json_t *value, const char *own, struct error *err)
{
    json_t *item;
    const char *key;
    size_t index;
    void *next;

    json_array_foreach(value, index, item)
    {
        if (!rewrite(making, item, own, err))
            return false;
    }
    json_object_foreach_safe(value, next, key, item)
    {
        AUTO(buf_done) struct buf reference = BUF_INIT;

        if (strcmp(key, "$ref") != 0 || !json_is_string(item)) {
            if (!rewrite(making, item, own, err))
                return false;
            continue;
        }
        if (!refer(making, json_string_value(item), own, &reference, err))
            return false;
        json_object_set_new(value, key, json_string(buf_text(&reference)));
    }
    return true;
}

/* The schema `name` becomes the component, once. */
static bool put_in(const struct making *making, struct span name, const char *component, struct error *err)
{
    AUTO(buf_done) struct buf file = BUF_INIT;
    AUTO(text_free) char *path = NULL;
    json_t *schema;

    if (json_object_get(making->ours, component))
        return true;
    buf_addf(&file, "%.*s.schema.json", (int)name.bytes, name.at);
    path = path_join(making->folder, buf_text(&file));
    if (!json_read_file(path, &schema, err))
        return false;
    json_object_del(schema, "$id");
    json_object_del(schema, "$schema");
    json_object_set_new(making->ours, component, schema);
    return rewrite(making, schema, component, err);
}

/* Members of `from` into `into`; one that is there already is an error. */
static bool merge(json_t *into, json_t *from, const char *what, struct error *err)
{
    const char *key;
    json_t *item;

    json_object_foreach(from, key, item)
    {
        if (json_object_get(into, key))
            return fail(err, ERR_INVALID, "%s: %s is there twice", what, key);
        json_object_set(into, key, item);
    }
    return true;
}

static json_t *member_made(json_t *object, const char *name)
{
    if (!json_object_get(object, name))
        json_object_set_new(object, name, json_object());
    return json_object_get(object, name);
}

static bool add_file(const struct making *making, const char *path, struct error *err)
{
    AUTO(json_release) json_t *part = NULL;
    json_t *components = member_made(making->whole, "components");
    const char *kind;
    json_t *items;

    if (!json_read_file(path, &part, err))
        return false;
    json_object_foreach(json_object_get(part, "components"), kind, items)
    {
        if (!merge(member_made(components, kind), items, kind, err))
            return fail_in(err, "%s", path);
    }
    if (!merge(member_made(making->whole, "paths"), json_object_get(part, "paths"), "paths", err))
        return fail_in(err, "%s", path);
    json_object_del(part, "components");
    json_object_del(part, "paths");
    if (!merge(making->whole, part, "the description", err))
        return fail_in(err, "%s", path);
    return true;
}

static bool add_files(const struct making *making, struct error *err)
{
    AUTO(text_free) char *pattern = path_join(making->folder, "openapi/*.json");
    glob_t found = {.gl_pathc = 0};
    bool is_good = glob(pattern, GLOB_ERR, NULL, &found) == 0 && found.gl_pathc <= OPENAPI_FILES_MAX;

    if (!is_good)
        (void)fail(err, ERR_INVALID, "%s: no description of the interface, or too many files", pattern);
    for (size_t i = 0; is_good && i < found.gl_pathc; i++)
        is_good = add_file(making, found.gl_pathv[i], err);
    globfree(&found);
    return is_good;
}

bool openapi_make(const char *schemas_folder, struct buf *out, struct error *err)
{
    AUTO(json_release) json_t *whole = json_object();
    AUTO(json_release) json_t *ours = json_object();
    struct making making = {.folder = schemas_folder, .whole = whole, .ours = ours};
    char *text;

    if (!add_files(&making, err) || !rewrite(&making, whole, NULL, err) ||
        !merge(member_made(member_made(whole, "components"), "schemas"), ours, "schemas", err))
        return false;
    if (!json_object_get(whole, "openapi"))
        return fail(err, ERR_INVALID, "%s/openapi: none of the files says \"openapi\"", schemas_folder);
    text = json_dumps(whole, JSON_INDENT(1));
    if (!text)
        return fail(err, ERR_INTERNAL, "the description of the interface cannot be written");
    buf_add_text(out, text);
    free(text);
    return true;
}
