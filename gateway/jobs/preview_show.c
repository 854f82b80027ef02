#include <string.h>

#include "adapters/layout.h"
#include "base/text.h"
#include "gateway/jobs/preview.h"

static void member(struct buf *out, const char *before, const char *text)
{
    buf_add_text(out, before);
    if (text && *text)
        json_string_add(out, span_of(text));
    else
        buf_add_text(out, "null");
}

static void json_member(struct buf *out, const char *before, const struct buf *json)
{
    buf_add_text(out, before);
    if (json->bytes > 0)
        buf_add_span(out, buf_span(json));
    else
        buf_add_text(out, "null");
}

/* {"rule","zh","en"}, or null. */
static void why_add(struct buf *out, const char *before, const struct error *why)
{
    buf_add_text(out, before);
    if (why->code == ERR_NONE) {
        buf_add_text(out, "null");
        return;
    }
    member(out, "{\"en\":", why->text);
    member(out, ",\"rule\":", why->rule);
    member(out, ",\"zh\":", why->zh[0] ? why->zh : why->text);
    buf_add_byte(out, '}');
}

/* --- what is the same for all --- */

static void channel_add(const struct preview *preview, enum channel channel, struct buf *out)
{
    const struct preview_channel *of = &preview->channels[channel];
    struct layout_column column;

    member(out, "{\"channel\":", CHANNEL_NAMES[channel]);
    member(out, ",\"title\":{\"en\":", of->layout ? layout_title(of->layout, false) : CHANNEL_NAMES[channel]);
    member(out, ",\"zh\":", of->layout ? layout_title(of->layout, true) : CHANNEL_NAMES[channel]);
    why_add(out, "},\"why\":", &of->why);
    buf_add_text(out, ",\"fields\":[");
    for (size_t i = 0; of->layout && layout_column(of->layout, i, &column); i++) {
        member(out, i ? ",{\"code\":" : "{\"code\":", column.name);
        member(out, ",\"label\":", column.label);
        buf_add_byte(out, '}');
    }
    buf_add_text(out, "]}");
}

void preview_head_add(const struct preview *preview, struct buf *out)
{
    member(out, "\"order\":", PREVIEW_ORDERS[preview->order]);
    json_count_add(out, ",\"sequence\":", preview->sequence);
    buf_add_text(out, ",\"channels\":[");
    for (int channel = 0; channel < STAGE_COUNT; channel++) {
        if (channel)
            buf_add_byte(out, ',');
        channel_add(preview, (enum channel)channel, out);
    }
    buf_add_text(out, "],\"domains\":[");
    for (size_t i = 0; i < preview->domain_count; i++) {
        const struct domain *domain = domains_at(preview->domains, i);

        member(out, i ? ",{\"domain\":" : "{\"domain\":", domain_name(domain));
        member(out, ",\"title\":{\"en\":", domain_title(domain, "en"));
        member(out, ",\"zh\":", domain_title(domain, "zh"));
        buf_add_text(out, "}}");
    }
    buf_add_text(out, "],");
}

/* --- an item --- */

static void sendings_add(const struct preview *preview, const struct preview_item *item, struct buf *out)
{
    buf_add_text(out, ",\"channels\":[");
    for (int channel = 0; channel < STAGE_COUNT; channel++) {
        const struct preview_sending *sending = &item->sendings[channel];

        member(out, channel ? ",{\"channel\":" : "{\"channel\":", CHANNEL_NAMES[channel]);
        buf_addf(out, ",\"sends\":[%s]", buf_text(&sending->json));
        why_add(out,
                ",\"why\":", preview->channels[channel].settings ? &sending->why : &preview->channels[channel].why);
        buf_add_byte(out, '}');
    }
    buf_add_byte(out, ']');
}

/* Of every domain what is answered before and after, to anybody and to a department; for whom it is. */
static void answers_add(const struct preview *preview, const struct preview_item *item, struct buf *out)
{
    buf_add_text(out, ",\"answers\":{");
    for (size_t i = 0; preview->tells_answers && item->is_in_force && i < preview->domain_count; i++) {
        const struct preview_answers *answers = &item->answers[i];

        buf_addf(out, "%s\"%s\":[\"%s\",\"%s\",\"%s\",\"%s\"]", i ? "," : "",
                 domain_name(domains_at(preview->domains, i)), VERDICT_NAMES[answers->before[ASKER_OTHER]],
                 VERDICT_NAMES[answers->after[ASKER_OTHER]], VERDICT_NAMES[answers->before[ASKER_GOVERNMENT]],
                 VERDICT_NAMES[answers->after[ASKER_GOVERNMENT]]);
    }
    buf_add_byte(out, '}');
}

struct saying {
    struct buf *out;
    unsigned count;
};

static void add_sentence(const char *topic, const char *zh, const char *en, void *context)
{
    struct saying *saying = context;

    member(saying->out, saying->count++ ? ",{\"en\":" : "{\"en\":", en);
    member(saying->out, ",\"topic\":", topic);
    member(saying->out, ",\"zh\":", zh);
    buf_add_byte(saying->out, '}');
}

void preview_item_add(const struct preview *preview, const struct preview_item *item, struct buf *out)
{
    static const char *const RESULTS[] = {"unchanged", "refused", "done"};
    static const uint8_t NONE[OBLIGATION_ID_BYTES] = {0};
    struct saying saying = {out, 0};
    char obligation[33] = "";

    if (memcmp(item->obligation, NONE, sizeof NONE) != 0)
        obligation_id_text(item->obligation, obligation);
    member(out, "{\"record\":", item->record);
    member(out, ",\"obligation\":", obligation);
    member(out, ",\"name\":", buf_text(&item->name));
    member(out, ",\"uscc\":", item->uscc);
    member(out, ",\"result\":", RESULTS[item->result]);
    if (item->version)
        json_count_add(out, ",\"version\":", item->version);
    else
        buf_add_text(out, ",\"version\":null");
    why_add(out, ",\"why\":", &item->why);
    buf_addf(out, ",\"needs_approval\":%s", item->needs_approval ? "true" : "false");
    why_add(out, ",\"approval\":", &item->approval);
    json_member(out, ",\"claim\":", &item->claim);
    json_member(out, ",\"held\":", &item->held);
    sendings_add(preview, item, out);
    answers_add(preview, item, out);
    buf_addf(out, ",\"watches\":%u,\"webhooks\":%u,\"will\":[", item->watches, item->webhooks);
    preview_words(preview, item, add_sentence, &saying);
    buf_add_text(out, "]}");
}
