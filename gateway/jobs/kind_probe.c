/* kind_probe.c - is a channel's connection good, layer by layer? Looks and asks, changes nothing. A channel that is
 * paused may be tested, too: that is when one wants to. */
#include <stdio.h>

#include "base/text.h"
#include "gateway/courier/probe.h"
#include "gateway/jobs/kinds.h"
#include "gateway/jobs/lists.h"

enum { FOUND_COLUMNS = 100 };

static const struct listing_column COLUMNS[] = {
    {"层次", "layer", 0, false},
    {"结果", "result", 0, false},
    {"毫秒", "ms", 0, true},
    {"情况", "found", FOUND_COLUMNS, false},
    {"怎么办", "what to do", 0, false},
};

static const char *state_word(const struct work *work, enum probe_state state)
{
    static const char *const ZH[] = {"未测到", "正常", "注意", "失败"};

    return work_say(work, ZH[state], probe_state_key(state));
}

static void item_json(const struct probe_step *step, enum probe_layer layer, struct buf *out)
{
    lists_text(out, "{\"layer\":", span_of(probe_layer_key(layer)));
    lists_text(out, ",\"state\":", span_of(probe_state_key(step->state)));
    if (step->millis < 0)
        buf_add_text(out, ",\"ms\":null");
    else
        json_count_add(out, ",\"ms\":", (uint64_t)step->millis);
    lists_text(out, ",\"detail\":", buf_span(&step->en));
    lists_text(out, ",\"detail_zh\":", buf_span(&step->zh));
    lists_text(out, ",\"advice\":", span_of(step->advice_en));
    lists_text(out, ",\"advice_zh\":", span_of(step->advice_zh));
    buf_add_text(out, ",\"facts\":{");
    if (step->facts.bytes > 0)
        buf_add(out, step->facts.data + 1, step->facts.bytes - 1);
    buf_add_text(out, "}}");
}

static void add(const struct work *work, const struct probe_step *step, enum probe_layer layer, struct listing *listing)
{
    AUTO(buf_done) struct buf json = BUF_INIT;
    const char *advice = work_say(work, step->advice_zh, step->advice_en);
    char millis[24] = "";
    const struct span cells[COUNT_OF(COLUMNS)] = {
        span_of(probe_layer_name(layer, work_is_chinese(work))), span_of(state_word(work, step->state)),
        (step->millis < 0 ? snprintf(millis, sizeof millis, "-")
                          : snprintf(millis, sizeof millis, "%lld", (long long)step->millis),
         span_of(millis)),
        buf_span(work_is_chinese(work) ? &step->zh : &step->en), span_of(advice ? advice : "")};

    item_json(step, layer, &json);
    listing_row(listing, cells, buf_span(&json));
}

static const char *closing_of(const struct work *work, unsigned failed, unsigned warnings)
{
    if (failed > 0)
        return work_say(work, "连接有问题：先处理最上面的失败项，再测一次。未向对方报送任何数据。",
                        "Something is wrong: mend the topmost failure, then test again. No row was sent.");
    if (warnings > 0)
        return work_say(work, "连接可用，但有需要注意的地方。未向对方报送任何数据。",
                        "The connection works, but look at the warnings. No row was sent.");
    return work_say(work, "连接正常。未向对方报送任何数据。", "The connection is good. No row was sent.");
}

static bool report(struct work *work, const struct courier_channel *channel, const struct probe *probe,
                   struct error *err)
{
    AUTO(buf_done) struct buf head = BUF_INIT;
    AUTO(listing_free) struct listing *listing = NULL;
    unsigned count[PROBE_FAILED + 1] = {0};

    if (!listing_new(work->folder, work_is_chinese(work), COLUMNS, COUNT_OF(COLUMNS), &listing, err))
        return false;
    for (unsigned i = 0; i < PROBE_LAYERS; i++) {
        count[probe->steps[i].state]++;
        add(work, &probe->steps[i], (enum probe_layer)i, listing);
    }
    lists_text(&head, "\"channel\":", span_of(channel->name));
    lists_text(&head, ",\"protocol\":", span_of(channel->adapter->name));
    lists_text(&head, ",\"base\":", span_of(channel->config->base_url));
    lists_instant(&head, ",\"at\":", clock_now_ms(work->environment->clock));
    buf_addf(&head, ",\"good\":%s,", count[PROBE_FAILED] == 0 ? "true" : "false");
    work->exit = count[PROBE_FAILED] > 0 ? WORK_EXIT_SOME_REFUSED : WORK_EXIT_DONE;
    work_count(work, "failed", count[PROBE_FAILED]);
    work_count(work, "warnings", count[PROBE_WARNING]);
    return lists_finish(work, listing, buf_span(&head),
                        span_of(closing_of(work, count[PROBE_FAILED], count[PROBE_WARNING])), err);
}

bool run_probe(struct work *work, struct error *err)
{
    AUTO(channel_settings_free) struct channel_settings *settings = NULL;
    AUTO(probe_done) struct probe probe = {0};
    const char *name = argument_id(work->arguments, 0);
    enum channel channel;

    if (!channel_parse(span_of(name), &channel))
        return refuse(err, ERR_INVALID, "channel.unknown", "there is no channel \"%.40s\"", "没有“%.40s”这个渠道",
                      name);
    return channel_settings_load(work->environment->config, channel, &settings, err) &&
           probe_channel(channel_for_courier(settings), work->environment->clock, &probe, err) &&
           report(work, channel_for_courier(settings), &probe, err);
}
