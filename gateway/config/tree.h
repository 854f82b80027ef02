/* tree.h - a YAML file as a tree of scalars, maps and lists with the place of each. Only what a configuration needs: no
 * anchors, no aliases, no tags, one document, depth ≤ 8, at most 100,000 nodes, no name twice in a map. */
#ifndef GATEWAY_CONFIG_TREE_H
#define GATEWAY_CONFIG_TREE_H

#include "base/buf.h"
#include "base/error.h"

enum tree_kind { TREE_SCALAR, TREE_MAP, TREE_LIST };

struct tree {
    enum tree_kind kind;
    char *name; /* in a map */
    char *text; /* of a scalar */
    size_t line;
    size_t column;
    struct tree **children;
    size_t count;
    bool is_used; /* somebody asked for it */
};

/* ERR_INVALID with "line L, column C: …" in both languages. */
MUST_CHECK bool tree_parse(struct span yaml, struct tree **out, struct error *err);
void tree_free(struct tree *tree);
/* "a.b" below a map; NULL when absent. Marks what it passes as used. */
struct tree *tree_find(struct tree *tree, const char *path);

DEFINE_AUTO(struct tree *, tree_free)

#endif
