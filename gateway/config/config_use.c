/* Using a configuration: freeing, finding, describing. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/config/config.h"
#include "gateway/config/table.h"

static void group_free(struct setting_group group, char *base)
{
    for (size_t i = 0; i < group.count; i++) {
        enum setting_type type = group.settings[i].type;

        if (type == SETTING_TEXT || type == SETTING_PATH || type == SETTING_LIST)
            free(TAKE(*(char **)(void *)(base + group.settings[i].offset)));
    }
}

/* All protocols: those it does not speak have left nothing. */
static void channel_free(struct config_channel *channel)
{
    group_free(SETTINGS_CHANNEL, (char *)channel);
    for (size_t i = 0; i < SETTINGS_PROTOCOL_COUNT; i++)
        group_free(SETTINGS_PROTOCOLS[i].own, (char *)channel);
}

static void words_free(char **words)
{
    for (size_t i = 0; words && words[i]; i++)
        free(words[i]);
    free(words);
}

static void client_free(struct config_client *client)
{
    for (size_t i = 0; i < client->certificate_count; i++)
        group_free(SETTINGS_CERTIFICATE, (char *)&client->certificates[i]);
    free(client->certificates);
    free(client->addresses);
    group_free(SETTINGS_CLIENT, (char *)client);
    group_free(SETTINGS_WEBHOOK, (char *)client);
}

void config_free(struct config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < config->staff_count; i++)
        group_free(SETTINGS_PERSON, (char *)&config->staff[i]);
    for (size_t i = 0; i < config->client_count; i++) {
        client_free(&config->clients[i]);
        words_free(config->clients[i].domains);
        words_free(config->clients[i].purposes);
    }
    group_free(SETTINGS_MAIN, (char *)config);
    for (size_t i = 0; i < CONFIG_CHANNEL_COUNT; i++)
        channel_free(&config->channels[i]);
    free(config->staff);
    free(config->clients);
    free(config->path);
    free(config);
}

char *config_state_path(const struct config *config, const char *name)
{
    return path_join(config->state, name);
}

const struct config_person *config_person_of_uid(const struct config *config, int64_t uid)
{
    for (size_t i = 0; i < config->staff_count; i++) {
        if (config->staff[i].uid == uid && uid != CONFIG_UID_NONE)
            return &config->staff[i];
    }
    return NULL;
}

const struct config_person *config_person_of_name(const struct config *config, struct span name)
{
    for (size_t i = 0; i < config->staff_count; i++) {
        if (span_is(name, config->staff[i].name))
            return &config->staff[i];
    }
    return NULL;
}

const struct config_client *config_client_of_fingerprint(const struct config *config, const uint8_t fingerprint[32])
{
    for (size_t i = 0; i < config->client_count; i++) {
        const struct config_client *client = &config->clients[i];

        for (size_t j = 0; j < client->certificate_count; j++) {
            if (memcmp(client->certificates[j].fingerprint, fingerprint, 32) == 0)
                return client;
        }
    }
    return NULL;
}

bool config_client_has_domain(const struct config_client *client, const char *domain)
{
    for (size_t i = 0; client->domains[i]; i++) {
        if (strcmp(client->domains[i], domain) == 0)
            return true;
    }
    return false;
}

bool config_client_has_purpose(const struct config_client *client, struct span purpose)
{
    char *const *purposes = client->purposes;
    bool is_named = !purposes || !purposes[0];

    for (size_t i = 0; !is_named && purposes[i]; i++)
        is_named = span_is(purpose, purposes[i]);
    return is_named;
}

bool config_client_may_ask(const struct config_client *client, const char *domain, struct span purpose)
{
    return config_client_has_purpose(client, purpose) && client->kind != CLIENT_SUPERVISOR &&
           config_client_has_domain(client, domain);
}

bool config_channel_is_used(const struct config_channel *channel)
{
    return channel->base && channel->is_enabled;
}

static void describe_group(const char *title, struct setting_group group, const char *lang, struct buf *out)
{
    bool is_zh = strcmp(lang, "zh") == 0;

    buf_addf(out, "%s\n", title);
    for (size_t i = 0; i < group.count; i++) {
        const struct setting *setting = &group.settings[i];
        const char *otherwise = setting->otherwise;

        buf_addf(out, "  %-22s %s", setting->name, is_zh ? setting->zh : setting->en);
        if (!otherwise)
            buf_add_text(out, is_zh ? "；必填" : "; required");
        else if (*otherwise)
            buf_addf(out, is_zh ? "；默认 %s" : "; default %s", otherwise);
        if (setting->choices)
            buf_addf(out, is_zh ? "；可选 %s" : "; one of %s", setting->choices);
        else if (setting->type == SETTING_INTEGER || setting->type == SETTING_SIZE || setting->type == SETTING_DURATION)
            buf_addf(out, is_zh ? "；范围 %lld 至 %lld%s" : "; %lld to %lld%s", (long long)setting->least,
                     (long long)setting->most,
                     setting->type == SETTING_DURATION ? " ms"
                     : setting->type == SETTING_SIZE   ? " B"
                                                       : "");
        buf_add_byte(out, '\n');
    }
}

void config_describe(const char *lang, struct buf *out)
{
    describe_group("", SETTINGS_MAIN, lang, out);
    describe_group("staff[]", SETTINGS_PERSON, lang, out);
    describe_group("clients[]", SETTINGS_CLIENT, lang, out);
    describe_group("clients[].certificates[]", SETTINGS_CERTIFICATE, lang, out);
    describe_group("clients[]", SETTINGS_WEBHOOK, lang, out);
    describe_group("channels.{credit-guangdong,national-platform,credit-china}", SETTINGS_CHANNEL, lang, out);
    for (size_t i = 0; i < SETTINGS_PROTOCOL_COUNT; i++) {
        AUTO(buf_done) struct buf title = BUF_INIT;

        buf_addf(&title, strcmp(lang, "zh") == 0 ? "channels.*（协议 %s）" : "channels.* (protocol %s)",
                 SETTINGS_PROTOCOLS[i].name);
        describe_group(buf_text(&title), SETTINGS_PROTOCOLS[i].own, lang, out);
    }
}
