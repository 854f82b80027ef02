/* loading.h - settings of the table taken from the tree of a file. Private to this room. */
#ifndef GATEWAY_CONFIG_LOADING_H
#define GATEWAY_CONFIG_LOADING_H

#include "gateway/config/table.h"
#include "gateway/config/tree.h"

/* What is being loaded, and where its problems go. */
struct loading {
    struct config *config;
    const char *folder;
    config_report *report;
    void *context;
    const char *path; /* before the names of settings: "" or "channels.NAME." */
    size_t errors;
    struct error first;
};

/* Counts and reports a problem of the setting `path` + `setting`. `at` may be NULL: the whole file. */
void loading_tell(struct loading *loading, const struct tree *at, const char *setting, const struct error *what);
/* Every setting of `group` that `tree` has, or its default, into the struct at `base`. */
void loading_group(struct loading *loading, struct setting_group group, struct tree *tree, void *base);
/* The list `name` of `tree`, each item by `group` into a struct of `size` bytes; the caller's to free. */
void *loading_list(struct loading *loading, struct tree *tree, const char *name, struct setting_group group,
                   size_t size, size_t *count);
/* What of a client is more than a value of the table: certificates, words, scopes, addresses (clients.c). */
void loading_client(struct loading *loading, struct tree *tree, struct config_client *client);
/* A client's webhook (table_webhook.c): its settings, and whether they fit together. */
void loading_webhook(struct loading *loading, struct tree *tree, struct config_client *client);
/* The channels (channels.c), into loading->config. */
void loading_channels(struct loading *loading, struct tree *tree);

#endif
