/* channel.h - a channel as the courier and a push need it: the adapter and its settings, read from the configuration,
 * and how a record becomes the row that the channel is told. */
#ifndef GATEWAY_COURIER_CHANNEL_H
#define GATEWAY_COURIER_CHANNEL_H

#include "adapters/adapter.h"
#include "gateway/command/command.h"
#include "gateway/config/config.h"
#include "gateway/outbox/outbox.h"
#include "gateway/registry/record.h"

/* What the courier needs of a channel. Everything is borrowed. */
struct courier_channel {
    enum channel channel;
    const char *name;
    const char *client; /* whose webhook it is; NULL: nobody's. While he is suspended nothing is sent */
    const struct adapter *adapter;
    const struct adapter_config *config;
    const char *certificate_path; /* our client certificate, PEM; NULL: none (webhooks only) */
    const char *key_path;
    const char *ca_path;  /* who vouches for the upstream; nobody else does */
    unsigned concurrency; /* requests in flight at most, 1 to COURIER_CONCURRENCY_MAX */
    int64_t retry_first_ms;
    int64_t retry_max_ms;
    int64_t poll_ms; /* how often outcomes of rows are asked for, at first */
    /* How a later channel is told what the one before has acknowledged; NULL: it is no stage,
     * nothing goes there by itself. */
    row_maker *make_row;
    void *row_context;
};

/* Owns its texts and secrets (wiped when freed). */
struct channel_settings;
/* Reads the layout, and the secrets its protocol needs. ERR_REFUSED "push.channel" when the channel is not configured
 * or not enabled; ERR_INVALID or ERR_IO when a file cannot be used. */
MUST_CHECK bool channel_settings_load(const struct config *config, enum channel channel, struct channel_settings **out,
                                      struct error *err);
void channel_settings_free(struct channel_settings *settings);
const struct adapter *channel_adapter(const struct channel_settings *settings);
const struct adapter_config *channel_adapter_config(const struct channel_settings *settings);
/* Borrowed from the settings, which must outlive the courier's run. */
const struct courier_channel *channel_for_courier(const struct channel_settings *settings);

/* The layout that the configuration names, or the one named after the channel; also of a channel that is not used. */
struct layout;
MUST_CHECK bool channel_layout_load(const struct config *config, enum channel channel, struct layout **out,
                                    struct error *err);

/* The adapter that speaks the channel's protocol; NULL when there is none. */
const struct adapter *channel_adapter_of(const struct config_channel *from, enum channel channel);

/* All channels that are configured and enabled, the stages first and in the order of row 18. */
struct channel_set {
    struct channel_settings *settings[CHANNEL_COUNT];
    struct courier_channel channels[CHANNEL_COUNT]; /* for struct courier_options */
    size_t count;
};
/* ERR_REFUSED "push.channel" when there is none. `out` need not be initialised; on failure there is nothing to end. */
MUST_CHECK bool channel_set_load(const struct config *config, struct channel_set *out, struct error *err);
void channel_set_done(struct channel_set *set);

/* A row_maker of gateway/command/command.h; `context` is a const struct channel_settings. Pure: the same version makes
 * the same row for ever (as long as the provider's names in the configuration stay).
 *
 * QRYZSXRQ is the day of the decision, TGRQ the day the version was approved (proposed, when it is not approved yet),
 * both in Asia/Shanghai. GSZCH, ZCDZ and FDDBR are not in the register and are left out; so is BZ: a reason is written
 * for the reviewer, not for the public. */
MUST_CHECK bool channel_make_row(const struct record *record, void *context, struct buf *row, struct error *err);

DEFINE_AUTO(struct channel_settings *, channel_settings_free)
DEFINE_AUTO_IN_PLACE(struct channel_set, channel_set_done)

#endif
