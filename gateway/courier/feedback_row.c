#include "gateway/courier/feedback_row.h"

#include <stdlib.h>

#include "adapters/layout.h"
#include "base/json.h"
#include "gateway/courier/channel.h"

struct feedback_rows {
    const struct domains *domains;
    struct layout *layout;
    const struct adapter *adapter;
    struct adapter_config config;
    struct feedback_channel channel;
};

static void add_measures(const struct domain *domain, const json_t *ids, struct buf *words, struct buf *list)
{
    const json_t *item;
    size_t i;

    json_array_foreach(ids, i, item)
    {
        const char *id = json_string_value(item);
        const char *text = domain && id ? domain_measure_text(domain, id) : NULL;

        if (!id)
            continue;
        buf_add_text(words, words->bytes ? "；" : "");
        buf_add_text(words, text ? text : id);
        buf_addf(list, "%s%s", list->bytes ? "," : "", id);
    }
}

static struct span text_of(const json_t *json, const char *name)
{
    const json_t *value = json_object_get(json, name);

    return json_is_string(value) ? (struct span){json_string_value(value), json_string_length(value)} : SPAN_NONE;
}

static int32_t acted_on(const json_t *detail)
{
    struct span text = text_of(detail, "acted_on");
    int32_t day;

    return text.bytes > 0 && day_parse(text, &day) ? day : DAY_NONE;
}

static bool make_row(const struct feedback_said *said, void *context, struct buf *row, struct error *err)
{
    const struct feedback_rows *rows = context;
    const struct domain *domain = domains_find(rows->domains, said->domain);
    AUTO(buf_done) struct buf words = BUF_INIT;
    AUTO(buf_done) struct buf list = BUF_INIT;
    struct adapter_feedback feedback = {
        .receipt = said->receipt,
        .answered_on = day_of_instant(said->answered_ms),
        .shown = text_of(said->detail, "id"),
        .shown_version = said->version,
        .client = said->client,
        .domain = said->domain,
        .domain_name = domain ? span_of(domain_title(domain, "zh")) : said->domain,
        .purpose = said->purpose,
        .result = text_of(said->detail, "result"),
        .action = text_of(said->detail, "action"),
        .reason = text_of(said->detail, "reason"),
        .acted_on = acted_on(said->detail),
        .given_on = day_of_instant(said->given_ms),
    };
    struct adapter_record told = {.feedback = &feedback,
                                  .record = span_of(said->row),
                                  .version = 1,
                                  .op = ADAPTER_OP_ADD,
                                  .name = said->name,
                                  .code = said->uscc,
                                  .remark = text_of(said->detail, "remark")};

    add_measures(domain, json_object_get(said->detail, "measures"), &words, &list);
    feedback.measures = buf_span(&words);
    feedback.measure_ids = buf_span(&list);
    return rows->adapter->row(&rows->config, &told, row, err) || fail_in(err, "%s", said->row);
}

bool feedback_rows_load(const struct config *config, const struct domains *domains, struct feedback_rows **out,
                        struct error *err)
{
    AUTO(feedback_rows_free) struct feedback_rows *rows = NULL;
    const struct config_channel *from = &config->channels[CHANNEL_FEEDBACK];

    *out = NULL;
    if (!config_channel_is_used(from))
        return true;
    rows = memory_new(sizeof *rows);
    rows->domains = domains;
    rows->adapter = channel_adapter_of(from, CHANNEL_FEEDBACK);
    if (!rows->adapter)
        return fail(err, ERR_INVALID, "feedback: nothing here speaks its protocol");
    if (!channel_layout_load(config, CHANNEL_FEEDBACK, &rows->layout, err))
        return fail_in(err, "feedback");
    if (layout_subject(rows->layout) != LAYOUT_OF_FEEDBACK)
        return refuse(err, ERR_INVALID, "config.layout", "feedback: its layout is one of records",
                      "feedback：其对照表是记录的对照表");
    rows->config = (struct adapter_config){.layout = rows->layout,
                                           .provider_code = from->provider_code,
                                           .provider_name = from->provider_name,
                                           .exchange_unit = from->exchange_name};
    rows->channel = (struct feedback_channel){make_row, rows};
    *out = TAKE(rows);
    return true;
}

void feedback_rows_free(struct feedback_rows *rows)
{
    if (!rows)
        return;
    layout_free(rows->layout);
    free(rows);
}

const struct feedback_channel *feedback_rows_channel(const struct feedback_rows *rows)
{
    return rows ? &rows->channel : NULL;
}
