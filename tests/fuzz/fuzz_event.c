/* Events of the journal as a copied or damaged store may hold them: read, or refused; what is read and written again is
 * the same event (gateway/journal/event.h), and its data is read by tables (gateway/outbox/fields.h). */
#include "fuzz.h"

#include "base/json.h"
#include "gateway/journal/event.h"
#include "gateway/outbox/fields.h"
#include "gateway/outbox/outbox.h"

struct data {
    struct span raw;
    struct span text;
    int64_t number;
    uint8_t call[16];
    bool is;
};

static void read_fields(struct span raw)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct data data;
    const struct field fields[] = {
        {"deliveries", FIELD_RAW, true, &data.raw},   {"reason", FIELD_TEXT, true, &data.text},
        {"due_ms", FIELD_NUMBER, true, &data.number}, {"call", FIELD_CALL, true, data.call},
        {"split", FIELD_BOOL, true, &data.is},        {"channel", FIELD_TEXT, false, &data.text},
    };
    struct error err;

    if (!fields_read(raw, fields, COUNT_OF(fields), &hold, &err))
        FUZZ_CHECK(err.text[0], "refused without a word");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(buf_done) struct buf again = BUF_INIT;
    AUTO(json_release) json_t *json = NULL;
    struct span bytes = fuzz_span(data, size);
    struct event event;
    struct event same;
    struct error err;

    read_fields(bytes);
    if (!event_parse(bytes, &event, &err))
        return 0;
    FUZZ_CHECK(event.data.at >= bytes.at && event.data.at + event.data.bytes <= bytes.at + bytes.bytes, "data outside");
    read_fields(event.data);
    (void)outbox_applies(event.type);
    if (!json_read(bytes, JSON_BYTES_MAX, &json, &err))
        return 0; /* what we wrote is JSON, and only that is promised to come out as it went in */
    event_format(&event, &again);
    FUZZ_CHECK(event_parse(buf_span(&again), &same, &err), "%.*s\nbecame\n%s", (int)size, (const char *)data,
               again.data);
    FUZZ_CHECK(same.at_ms == event.at_ms && span_equal(same.data, event.data) && span_equal(same.type, event.type) &&
                   span_equal(same.by, event.by),
               "%.*s\nbecame\n%s", (int)size, (const char *)data, again.data);
    return 0;
}
