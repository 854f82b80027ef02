#include "gateway/config/tree.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/text.h"

enum { DEPTH_MAX = 8, NODES_MAX = 100000 };

struct builder {
    yaml_parser_t *parser;
    size_t nodes;
};

void tree_free(struct tree *tree)
{
    if (!tree)
        return;
    for (size_t i = 0; i < tree->count; i++)
        tree_free(tree->children[i]);
    free(tree->children);
    free(tree->name);
    free(tree->text);
    free(tree);
}

static bool fail_at(yaml_mark_t mark, const char *en, const char *zh, struct error *err)
{
    return refuse(err, ERR_INVALID, "config.form", "line %zu, column %zu: %s%.0s", "第 %zu 行第 %zu 列：%.0s%s",
                  mark.line + 1, mark.column + 1, en, zh);
}

static bool next_event(struct builder *builder, yaml_event_t *event, struct error *err)
{
    if (!yaml_parser_parse(builder->parser, event)) {
        yaml_mark_t mark = builder->parser->problem_mark;
        const char *problem = builder->parser->problem ? builder->parser->problem : "not YAML";

        return fail_at(mark, problem, problem, err);
    }
    return true;
}

static bool build(struct builder *builder, yaml_event_t *event, int depth, struct tree **out, struct error *err);

static struct tree *node_new(enum tree_kind kind, yaml_mark_t mark)
{
    struct tree *tree = memory_new(sizeof *tree);

    tree->kind = kind;
    tree->line = mark.line + 1;
    tree->column = mark.column + 1;
    return tree;
}

static void add_child(struct tree *parent, struct tree *child)
{
    if ((parent->count & (parent->count + 1)) == 0 || parent->count == 0)
        parent->children = memory_resize(parent->children, (2 * parent->count + 2) * sizeof *parent->children);
    parent->children[parent->count++] = child;
}

static bool has_child(const struct tree *parent, const char *name)
{
    for (size_t i = 0; i < parent->count; i++) {
        if (strcmp(parent->children[i]->name, name) == 0)
            return true;
    }
    return false;
}

/* One member of a map: `event` is its name. Consumes the name and the value. */
static bool add_member(struct builder *builder, yaml_event_t *event, int depth, struct tree *map, struct error *err)
{
    AUTO(text_free) char *name = NULL;
    yaml_mark_t mark = event->start_mark;
    struct tree *child = NULL;
    yaml_event_t value;

    if (event->type != YAML_SCALAR_EVENT)
        return fail_at(mark, "a name was expected here", "此处应为设置名", err);
    name = memory_copy_text((const char *)event->data.scalar.value);
    if (has_child(map, name))
        return fail_at(mark, "this name stands here twice", "该设置重复", err);
    if (!next_event(builder, &value, err))
        return false;
    if (!build(builder, &value, depth + 1, &child, err)) {
        yaml_event_delete(&value);
        return false;
    }
    yaml_event_delete(&value);
    child->name = TAKE(name);
    add_child(map, child);
    return true;
}

static bool build_children(struct builder *builder, int depth, struct tree *parent, struct error *err)
{
    for (;;) {
        yaml_event_t event;
        struct tree *child = NULL;
        bool is_good;

        if (!next_event(builder, &event, err))
            return false;
        if (event.type == YAML_MAPPING_END_EVENT || event.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&event);
            return true;
        }
        if (parent->kind == TREE_MAP) {
            is_good = add_member(builder, &event, depth, parent, err);
        } else {
            is_good = build(builder, &event, depth + 1, &child, err);
            if (is_good)
                add_child(parent, child);
        }
        yaml_event_delete(&event);
        if (!is_good)
            return false;
    }
}

static bool build(struct builder *builder, yaml_event_t *event, int depth, struct tree **out, struct error *err)
{
    AUTO(tree_free) struct tree *tree = NULL;

    if (depth > DEPTH_MAX || ++builder->nodes > NODES_MAX)
        return fail_at(event->start_mark, "too deep or too large", "层次过深或内容过多", err);
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        if (event->data.scalar.anchor || event->data.scalar.tag)
            break;
        if (strlen((char *)event->data.scalar.value) != event->data.scalar.length)
            return fail_at(event->start_mark, "NUL in a text", "文本中有 NUL 字符", err);
        tree = node_new(TREE_SCALAR, event->start_mark);
        tree->text = memory_copy_text((const char *)event->data.scalar.value);
        *out = TAKE(tree);
        return true;
    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT:
        if (event->data.mapping_start.anchor || event->data.mapping_start.tag)
            break;
        tree = node_new(event->type == YAML_MAPPING_START_EVENT ? TREE_MAP : TREE_LIST, event->start_mark);
        if (!build_children(builder, depth, tree, err))
            return false;
        *out = TAKE(tree);
        return true;
    default:
        break;
    }
    return fail_at(event->start_mark, "anchors, aliases and tags are not used here", "此处不使用锚点、别名和标签", err);
}

static bool parse_document(struct builder *builder, struct tree **out, struct error *err)
{
    AUTO(tree_free) struct tree *tree = NULL;

    for (;;) {
        yaml_event_t event;
        yaml_event_type_t type;

        if (!next_event(builder, &event, err))
            return false;
        type = event.type;
        if (type == YAML_STREAM_END_EVENT) {
            yaml_event_delete(&event);
            break;
        }
        if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT && type != YAML_DOCUMENT_END_EVENT) {
            bool is_good = tree ? fail_at(event.start_mark, "more than one document", "只能有一个文档", err)
                                : build(builder, &event, 0, &tree, err);

            if (!is_good) {
                yaml_event_delete(&event);
                return false;
            }
        }
        yaml_event_delete(&event);
    }
    if (!tree || tree->kind != TREE_MAP)
        return refuse(err, ERR_INVALID, "config.form", "the file holds no settings", "文件中没有任何设置");
    *out = TAKE(tree);
    return true;
}

bool tree_parse(struct span yaml, struct tree **out, struct error *err)
{
    yaml_parser_t parser;
    struct builder builder = {&parser, 0};
    bool is_good;

    if (!yaml_parser_initialize(&parser))
        return fail(err, ERR_INTERNAL, "libyaml does not start");
    yaml_parser_set_input_string(&parser, (const unsigned char *)yaml.at, yaml.bytes);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    is_good = parse_document(&builder, out, err);
    yaml_parser_delete(&parser);
    return is_good;
}

struct tree *tree_find(struct tree *tree, const char *path)
{
    while (tree && *path) {
        size_t bytes = strcspn(path, ".");
        struct tree *found = NULL;

        tree->is_used = true;
        for (size_t i = 0; tree->kind == TREE_MAP && i < tree->count && !found; i++) {
            if (span_equal(span_of(tree->children[i]->name), (struct span){path, bytes}))
                found = tree->children[i];
        }
        tree = found;
        path += bytes + (path[bytes] == '.');
    }
    if (tree)
        tree->is_used = true;
    return tree;
}
