#include "gateway/config/reload.h"

#include <string.h>

#include "base/text.h"
#include "gateway/config/table.h"

/* The first that differs, or NULL. */
static const char *differs(struct setting_group group, const void *now, const void *next)
{
    for (size_t i = 0; i < group.count; i++) {
        if (!setting_is_equal(&group.settings[i], now, next))
            return group.settings[i].name;
    }
    return NULL;
}

static bool refuse_restart(const char *before, const char *name, struct error *err)
{
    return refuse(err, ERR_REFUSED, "config.restart",
                  "%s%s was changed: that wants a restart of the gateway; nothing was taken over",
                  "%s%s 已改动：须重启网关才能生效；本次未作任何更改", before, name);
}

static bool has_test(const struct config *config)
{
    for (size_t i = 0; i < config->client_count; i++) {
        if (config->clients[i].is_test)
            return true;
    }
    return false;
}

bool config_may_replace(const struct config *now, const struct config *next, struct error *err)
{
    const char *name = differs(SETTINGS_MAIN, now, next);

    if (name)
        return refuse_restart("", name, err);
    for (size_t i = 0; i < CONFIG_CHANNEL_COUNT; i++) {
        AUTO(buf_done) struct buf before = BUF_INIT;

        buf_addf(&before, "channels.%s.", CONFIG_CHANNEL_NAMES[i]);
        name = differs(SETTINGS_CHANNEL, &now->channels[i], &next->channels[i]);
        for (size_t j = 0; !name && j < SETTINGS_PROTOCOL_COUNT; j++)
            name = differs(SETTINGS_PROTOCOLS[j].own, &now->channels[i], &next->channels[i]);
        if (name)
            return refuse_restart(buf_text(&before), name, err);
    }
    /* The test list is made at the start: without it no process that answers could begin. */
    return has_test(now) || !has_test(next) || refuse_restart("clients.", "test", err);
}

bool config_reload(const struct config *now, int64_t now_ms, config_report *report, void *context, struct config **out,
                   struct error *err)
{
    AUTO(config_free) struct config *next = NULL;

    if (!config_load(now->path, report, context, &next, err))
        return false;
    if (!config_check(next, now_ms, report, context))
        return refuse(err, ERR_INVALID, "config.check",
                      "%s does not pass its check (creditgate check says why): nothing was taken over",
                      "%s 未通过检查（详见 creditgate check）：本次未作任何更改", now->path);
    if (!config_may_replace(now, next, err))
        return false;
    *out = TAKE(next);
    return true;
}
