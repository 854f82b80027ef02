/* The channels of the file: the common settings, then those of the protocol each of them speaks. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/config/loading.h"

/* A setting of another protocol is not misspelt but out of place: say whose it is. */
static void tell_foreign(struct loading *loading, const struct setting_protocol *spoken, struct tree *child)
{
    for (size_t i = 0; i < SETTINGS_PROTOCOL_COUNT; i++) {
        const struct setting_protocol *other = &SETTINGS_PROTOCOLS[i];

        for (size_t j = 0; j < other->own.count && !child->is_used; j++) {
            struct error err = {0};

            if (strcmp(other->own.settings[j].name, child->name) != 0)
                continue;
            child->is_used = true;
            error_set_both(&err, ERR_INVALID, "config.protocol", "this setting is of the protocol %s, not of %s",
                           "该设置属于协议 %s，不属于 %s", other->name, spoken->name);
            loading_tell(loading, child, child->name, &err);
        }
    }
}

const char *config_protocol_default(const char *channel)
{
    return strcmp(channel, CONFIG_CHANNEL_NAMES[CONFIG_FEEDBACK]) == 0 ? CONFIG_CHANNEL_NAMES[0] : channel;
}

static void check_file_code(struct loading *loading, const struct config_channel *channel, struct tree *tree)
{
    struct error err = {0};

    if (!channel->file_code || strspn(channel->file_code, "0123456789") == strlen(channel->file_code))
        return;
    error_set_both(&err, ERR_INVALID, "config.file-code", "\"%s\" is not of 6 digits", "“%s”不是 6 位数字",
                   channel->file_code);
    loading_tell(loading, tree_find(tree, "file_code"), "file_code", &err);
}

static void fill_layout(struct loading *loading, const char *name, struct config_channel *channel)
{
    AUTO(buf_done) struct buf path = BUF_INIT;

    if (!channel->layout || *channel->layout || !loading->config->data)
        return;
    buf_addf(&path, "%s/adapters/layouts/%s.json", loading->config->data, name);
    free(channel->layout);
    channel->layout = memory_copy_span(buf_span(&path));
}

static void load_channel(struct loading *loading, const char *name, struct tree *tree, struct config_channel *channel)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    const struct setting_protocol *protocol;

    buf_addf(&path, "channels.%s.", name);
    loading->path = buf_text(&path);
    loading_group(loading, SETTINGS_CHANNEL, tree, channel);
    if (channel->protocol && !*channel->protocol) {
        free(channel->protocol);
        channel->protocol = memory_copy_text(config_protocol_default(name));
    }
    protocol = channel->protocol ? setting_protocol_find(channel->protocol) : NULL;
    if (protocol)
        loading_group(loading, protocol->own, tree, channel);
    check_file_code(loading, channel, tree);
    fill_layout(loading, name, channel);
    for (size_t i = 0; protocol && tree->kind == TREE_MAP && i < tree->count; i++)
        tell_foreign(loading, protocol, tree->children[i]);
    loading->path = "";
}

void loading_channels(struct loading *loading, struct tree *tree)
{
    for (size_t i = 0; i < CONFIG_CHANNEL_COUNT; i++) {
        AUTO(buf_done) struct buf path = BUF_INIT;
        struct tree *channel;

        buf_addf(&path, "channels.%s", CONFIG_CHANNEL_NAMES[i]);
        channel = tree_find(tree, buf_text(&path));
        if (channel)
            load_channel(loading, CONFIG_CHANNEL_NAMES[i], channel, &loading->config->channels[i]);
    }
}
