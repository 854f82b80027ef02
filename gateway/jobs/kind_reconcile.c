/* kind_reconcile.c - is what we believe what the upstream holds? Everybody on the staff may ask; to tell it again what
 * is missing takes another role than the one that pushes, and a reason. */
#include <string.h>

#include "base/text.h"
#include "gateway/jobs/kinds.h"
#include "gateway/jobs/reconcile.h"

bool run_reconcile(struct work *work, struct error *err)
{
    AUTO(channel_settings_free) struct channel_settings *settings = NULL;
    bool repairs = strcmp(work->spec->kind, "reconcile-repair") == 0;
    const char *name = argument_id(work->arguments, 0);
    enum channel channel;

    if (!channel_parse(span_of(name), &channel))
        return refuse(err, ERR_INVALID, "channel.unknown", "there is no channel \"%.40s\"", "没有“%.40s”这个渠道",
                      name);
    return channel_settings_load(work->environment->config, channel, &settings, err) &&
           reconcile_channel(work, channel_for_courier(settings),
                             repairs ? argument_text(work->arguments, "reason") : NULL, err);
}
