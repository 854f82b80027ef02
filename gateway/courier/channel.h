/* channel.h - a channel as the courier and a push need it: the adapter and its settings, read from the configuration,
 * and how a record becomes the row that the channel is told. */
#ifndef GATEWAY_COURIER_CHANNEL_H
#define GATEWAY_COURIER_CHANNEL_H

#include "adapters/adapter.h"
#include "gateway/config/config.h"
#include "gateway/outbox/outbox.h"
#include "gateway/registry/record.h"

/* Owns its texts and secrets (wiped when freed). */
struct channel_settings;
/* Reads the token and key files. ERR_REFUSED "push.channel" when the channel is not configured or not enabled. */
MUST_CHECK bool channel_settings_load(const struct config *config, enum channel channel, struct channel_settings **out,
                                      struct error *err);
void channel_settings_free(struct channel_settings *settings);
const struct adapter *channel_adapter(const struct channel_settings *settings);
const struct adapter_config *channel_adapter_config(const struct channel_settings *settings);

/* A row_maker of gateway/command/command.h; `context` is a const struct channel_settings. Pure. */
MUST_CHECK bool channel_make_row(const struct record *record, void *context, struct buf *row, struct error *err);

DEFINE_AUTO(struct channel_settings *, channel_settings_free)

#endif
