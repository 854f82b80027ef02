#include "gateway/command/telling.h"

#include "base/text.h"

bool tell_queued(const struct telling *telling, struct span row, struct error *err)
{
    const struct record *record = telling->record;
    AUTO(buf_done) struct buf data = BUF_INIT;

    outbox_queued_data(telling->channel, record->id, record->version, record->uscc, row, &data);
    return ledger_emit(telling->ledger, telling->person, "delivery.queued", buf_span(&data), NULL, err);
}

bool tell_skipped(const struct telling *telling, uint32_t by_version, struct error *err)
{
    const struct record *record = telling->record;
    AUTO(buf_done) struct buf data = BUF_INIT;

    buf_add_byte(&data, '{');
    if (by_version > 0)
        buf_addf(&data, "\"by_version\":%u,", by_version);
    buf_addf(&data, "\"channel\":\"%s\",\"reason\":\"%s\",\"record\":\"%s\",\"version\":%u}",
             CHANNEL_NAMES[telling->channel], by_version > 0 ? "superseded" : "never-taken", record->id,
             record->version);
    return ledger_emit(telling->ledger, telling->person, "delivery.skipped", buf_span(&data), NULL, err);
}

void tell_why_skipped(uint32_t by_version, struct error *out)
{
    if (by_version == 0)
        error_set_both(out, ERR_REFUSED, "push.never-taken",
                       "they never took this record: nothing is to be told, what waited or was refused is closed",
                       "对方从未接收该记录：无需再报，此前待报或被拒的报送已了结");
    else
        error_set_both(out, ERR_REFUSED, "push.superseded",
                       "they have not seen this version, and version %u takes its place: only that one is told",
                       "对方尚未见过此版本，已由版本 %u 取代：只报后者", by_version);
}

bool tell_held(const struct telling *telling, const struct error *why, struct error *err)
{
    const struct record *record = telling->record;
    AUTO(buf_done) struct buf data = BUF_INIT;
    AUTO(buf_done) struct buf words = BUF_INIT;

    buf_addf(&words, "%s / %s", why->zh, why->text);
    buf_addf(&data, "{\"channel\":\"%s\",\"code\":", CHANNEL_NAMES[telling->channel]);
    json_string_add(&data, span_of(why->rule));
    buf_add_text(&data, ",\"message\":");
    json_string_add(&data, buf_span(&words));
    buf_addf(&data, ",\"record\":\"%s\",\"version\":%u}", record->id, record->version);
    return ledger_emit(telling->ledger, telling->person, "delivery.held", buf_span(&data), NULL, err);
}
