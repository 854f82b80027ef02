#include "schemas/schema_internal.h"

#include <stdlib.h>
#include <string.h>

/* Loading goes in two passes. The walk finds every subschema, its base URI ($id) and its names ($anchor), and refuses
 * keywords we do not know. Then each node is prepared; a $ref to a document not seen yet brings it in, walks it, and
 * its nodes are prepared at the end of the same list. So references may go in circles. */

/* A place that a URI names: a resource ("https://…/x") or an anchor ("https://…/x#name"). */
struct place {
    const char *uri;
    const json_t *json;
};

struct schema_loader {
    struct schema *schema;
    const struct schema_options *options;
    struct place *places;
    size_t place_count;
};

static const struct schema_node NODE_TRUE = {.base = "", .pointer = NULL};
static const struct schema_node NODE_FALSE = {.base = "", .pointer = NULL, .is_false = true};

const struct schema_node *schema_node_of(struct schema_loader *loader, const json_t *json)
{
    if (json_is_boolean(json))
        return json_is_true(json) ? &NODE_TRUE : &NODE_FALSE;
    for (size_t i = 0; i < loader->schema->node_count; i++) {
        if (loader->schema->nodes[i]->json == json)
            return loader->schema->nodes[i];
    }
    return NULL;
}

static const char *text_keep(struct schema_loader *loader, struct span text)
{
    struct schema *schema = loader->schema;

    schema->texts = memory_resize(schema->texts, (schema->text_count + 1) * sizeof *schema->texts);
    schema->texts[schema->text_count] = memory_copy_span(text);
    return schema->texts[schema->text_count++];
}

static const json_t *place_find(const struct schema_loader *loader, const char *uri)
{
    for (size_t i = 0; i < loader->place_count; i++) {
        if (strcmp(loader->places[i].uri, uri) == 0)
            return loader->places[i].json;
    }
    return NULL;
}

static bool place_add(struct schema_loader *loader, const char *uri, const json_t *json, struct error *err)
{
    const json_t *known = place_find(loader, uri);

    if (known == json)
        return true;
    if (known)
        return fail(err, ERR_INVALID, "two schemas are named %s", uri);
    loader->places = memory_resize(loader->places, (loader->place_count + 1) * sizeof *loader->places);
    loader->places[loader->place_count++] = (struct place){uri, json};
    return true;
}

/* The base URI inside `json`: its own $id, resolved, without an empty fragment; else that of its surroundings. */
static bool base_take(struct schema_loader *loader, const json_t *json, const char **base, struct error *err)
{
    AUTO(buf_done) struct buf uri = BUF_INIT;
    const char *id = json_text_of(json, "$id");
    const char *anchor = json_text_of(json, "$anchor");
    const char *hash;

    if (id) {
        schema_uri_resolve(*base, id, &uri);
        hash = strchr(buf_text(&uri), '#');
        if (hash && hash[1])
            return fail(err, ERR_INVALID, "$id may not have a fragment: %s", id);
        *base = text_keep(loader, (struct span){buf_text(&uri), hash ? (size_t)(hash - uri.data) : uri.bytes});
        if (!place_add(loader, *base, json, err))
            return false;
    }
    if (!anchor)
        return true;
    buf_clear(&uri);
    buf_addf(&uri, "%s#%s", *base, anchor);
    return place_add(loader, text_keep(loader, buf_span(&uri)), json, err);
}

static struct schema_node *node_add(struct schema *schema, const json_t *json, const char *base, struct span pointer)
{
    struct schema_node *node = memory_new(sizeof *node);

    if (schema->node_count == schema->node_room) {
        schema->node_room = schema->node_room ? schema->node_room * 2 : 32;
        schema->nodes = memory_resize(schema->nodes, schema->node_room * sizeof *schema->nodes);
    }
    node->json = json;
    node->base = base;
    node->pointer = memory_copy_span(pointer);
    schema->nodes[schema->node_count++] = node;
    return node;
}

static bool walk_schema(struct schema_loader *loader, const json_t *json, const char *base, struct buf *pointer,
                        struct error *err);

static void pointer_add(struct buf *pointer, const char *name)
{
    buf_add_byte(pointer, '/');
    for (; *name; name++) {
        if (*name == '~' || *name == '/')
            buf_add_text(pointer, *name == '~' ? "~0" : "~1");
        else
            buf_add_byte(pointer, *name);
    }
}

static void pointer_cut(struct buf *pointer, size_t bytes)
{
    pointer->bytes = bytes;
    pointer->data[bytes] = '\0';
}

/* The subschemas inside one keyword's value. */
static bool walk_value(struct schema_loader *loader, const json_t *value, const struct schema_node *node,
                       enum schema_shape shape, struct buf *pointer, struct error *err)
{
    size_t before = pointer->bytes;
    const char *name;
    json_t *inner;
    size_t i;

    if (shape == SHAPE_SCHEMA)
        return walk_schema(loader, value, node->base, pointer, err);
    if (shape == SHAPE_LIST) {
        json_array_foreach(value, i, inner)
        {
            buf_addf(pointer, "/%zu", i);
            if (!walk_schema(loader, inner, node->base, pointer, err))
                return false;
            pointer_cut(pointer, before);
        }
    }
    if (shape == SHAPE_MAP) {
        json_object_foreach((json_t *)value, name, inner)
        {
            pointer_add(pointer, name);
            if (!walk_schema(loader, inner, node->base, pointer, err))
                return false;
            pointer_cut(pointer, before);
        }
    }
    return true;
}

static bool walk_schema(struct schema_loader *loader, const json_t *json, const char *base, struct buf *pointer,
                        struct error *err)
{
    const struct schema_node *node;
    size_t before = pointer->bytes;
    const char *name;
    json_t *value;

    if (json_is_boolean(json))
        return true;
    if (!json_is_object(json))
        return fail(err, ERR_INVALID, "%s%s: a schema is an object, true or false", base, buf_text(pointer));
    if (!base_take(loader, json, &base, err))
        return false;
    node = node_add(loader->schema, json, base, buf_span(pointer));
    json_object_foreach((json_t *)json, name, value)
    {
        const struct schema_keyword *keyword = schema_keyword_find(name);

        pointer_add(pointer, name);
        if (!keyword)
            return refuse(err, ERR_REFUSED, "schema.keyword-unsupported", "%s%s: the keyword \"%s\" is not supported",
                          "%s%s：不支持关键字“%s”", base, buf_text(pointer), name);
        if (!walk_value(loader, value, node, keyword->shape, pointer, err))
            return false;
        pointer_cut(pointer, before);
    }
    return true;
}

static bool document_add(struct schema_loader *loader, json_t *document, const char *uri, struct error *err)
{
    AUTO(buf_done) struct buf pointer = BUF_INIT;
    struct schema *schema = loader->schema;
    const char *base = text_keep(loader, (struct span){uri, strcspn(uri, "#")});

    if (schema->document_count == SCHEMA_DOCUMENTS_MAX)
        return fail(err, ERR_LIMIT, "more than %d schema documents", SCHEMA_DOCUMENTS_MAX);
    schema->documents = memory_resize(schema->documents, (schema->document_count + 1) * sizeof *schema->documents);
    schema->documents[schema->document_count++] = json_incref(document);
    return place_add(loader, base, document, err) && walk_schema(loader, document, base, &pointer, err);
}

/* One step of a JSON pointer (RFC 6901). */
static const json_t *step_into(const json_t *json, struct span token)
{
    AUTO(buf_done) struct buf name = BUF_INIT;
    int64_t index;

    for (size_t i = 0; i < token.bytes; i++) {
        bool is_escape = token.at[i] == '~' && i + 1 < token.bytes;

        buf_add_byte(&name, !is_escape ? token.at[i] : token.at[i + 1] == '1' ? '/' : '~');
        i += is_escape;
    }
    if (json_is_array(json))
        return integer_parse(buf_span(&name), &index) ? json_array_get(json, (size_t)index) : NULL;
    return json_object_get(json, buf_text(&name));
}

static const json_t *follow_pointer(const json_t *json, const char *pointer)
{
    while (json && *pointer == '/') {
        size_t bytes = strcspn(pointer + 1, "/");

        json = step_into(json, (struct span){pointer + 1, bytes});
        pointer += bytes + 1;
    }
    return json;
}

static bool resource_bring(struct schema_loader *loader, const char *uri, struct error *err)
{
    AUTO(json_release) json_t *document = NULL;

    if (place_find(loader, uri))
        return true;
    if (!loader->options->resolve || !loader->options->resolve(loader->options->context, uri, &document))
        return fail(err, ERR_NOT_FOUND, "no schema is known as %s", uri);
    return document_add(loader, document, uri, err);
}

bool schema_reference(struct schema_loader *loader, const struct schema_node *from, const char *reference,
                      const struct schema_node **out, struct error *err)
{
    AUTO(buf_done) struct buf uri = BUF_INIT;
    AUTO(buf_done) struct buf fragment = BUF_INIT;
    const json_t *json;
    char *hash;

    schema_uri_resolve(from->base, reference, &uri);
    hash = strchr(buf_text(&uri), '#');
    if (hash) {
        schema_uri_decode(span_of(hash + 1), &fragment);
        pointer_cut(&uri, (size_t)(hash - uri.data));
    }
    if (!resource_bring(loader, buf_text(&uri), err))
        return false;
    json = place_find(loader, buf_text(&uri));
    if (fragment.bytes && fragment.data[0] == '/') {
        json = follow_pointer(json, fragment.data);
    } else if (fragment.bytes) {
        buf_addf(&uri, "#%s", fragment.data);
        json = place_find(loader, uri.data);
    }
    *out = json ? schema_node_of(loader, json) : NULL;
    return *out || fail(err, ERR_INVALID, "%s leads to no schema", reference);
}

static bool is_flat(const struct schema_node *node)
{
    for (size_t i = 0; i < node->rule_count; i++) {
        if (!node->rules[i].keyword->is_flat)
            return false;
    }
    return true;
}

static void schema_make_patterns(struct schema *schema)
{
    schema->match = pcre2_match_data_create(1, NULL);
    schema->limits = pcre2_match_context_create(NULL);
    if (!schema->match || !schema->limits)
        abort();
    pcre2_set_match_limit(schema->limits, SCHEMA_MATCH_LIMIT);
}

bool schema_compile(json_t *document, const char *uri, const struct schema_options *options, struct schema **out,
                    struct error *err)
{
    static const struct schema_options DEFAULTS;
    AUTO(schema_free) struct schema *schema = memory_new(sizeof *schema);
    struct schema_loader loader = {.schema = schema, .options = options ? options : &DEFAULTS};
    bool is_done;

    schema->asserts_format = loader.options->asserts_format;
    schema_make_patterns(schema);
    is_done = document_add(&loader, document, uri, err);
    for (size_t i = 0; is_done && i < schema->node_count; i++)
        is_done = schema_node_prepare(&loader, schema->nodes[i], err);
    free(loader.places);
    if (!is_done)
        return false;
    schema->root = schema_node_of(&loader, document);
    schema->is_flat = is_flat(schema->root);
    *out = TAKE(schema);
    return true;
}

bool schema_load(const char *path, const struct schema_options *options, struct schema **out, struct error *err)
{
    AUTO(json_release) json_t *document = NULL;

    if (!json_read_file(path, &document, err))
        return false;
    if (!schema_compile(document, "", options, out, err))
        return fail_in(err, "%s", path);
    return true;
}

void schema_free(struct schema *schema)
{
    if (!schema)
        return;
    for (size_t i = 0; i < schema->node_count; i++)
        schema_node_free(schema->nodes[i]);
    for (size_t i = 0; i < schema->document_count; i++)
        json_decref(schema->documents[i]);
    for (size_t i = 0; i < schema->text_count; i++)
        free(schema->texts[i]);
    free(schema->nodes);
    free(schema->documents);
    free(schema->texts);
    pcre2_match_data_free(schema->match);
    pcre2_match_context_free(schema->limits);
    free(schema);
}
