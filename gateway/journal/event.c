#include "gateway/journal/event.h"

#include "base/encode.h"
#include "base/text.h"
#include "base/time.h"
#include "base/walk.h"

void event_format_of_job(const struct event *event, struct span job, const uint8_t *salt, struct buf *out)
{
    char at[INSTANT_TEXT_BYTES];

    buf_clear(out);
    buf_add_text(out, "{\"at\":\"");
    buf_add_text(out, instant_format(event->at_ms, at));
    buf_add_text(out, "\",\"by\":");
    json_string_add(out, event->by);
    buf_add_text(out, ",\"data\":");
    buf_add_span(out, event->data);
    if (job.bytes > 0) {
        buf_add_text(out, ",\"job\":");
        json_string_add(out, job);
    }
    if (salt) {
        buf_add_text(out, ",\"salt\":\"");
        hex_add(out, salt, EVENT_SALT_BYTES);
        buf_add_byte(out, '"');
    }
    buf_add_text(out, ",\"type\":");
    json_string_add(out, event->type);
    buf_add_byte(out, '}');
}

void event_format(const struct event *event, struct buf *out)
{
    event_format_of_job(event, SPAN_NONE, NULL, out);
}

struct span event_job(struct span bytes)
{
    return walk_plain_of(bytes, "job");
}

bool event_parse(struct span bytes, struct event *out, struct error *err)
{
    struct event event = {0};
    struct span at = walk_plain_of(bytes, "at");

    event.by = walk_plain_of(bytes, "by");
    event.type = walk_plain_of(bytes, "type");
    event.data = walk_member(bytes, "data");
    if (!instant_parse(at, &event.at_ms) || event.by.bytes == 0 || event.type.bytes == 0 || event.data.bytes == 0)
        return fail(err, ERR_CORRUPT, "these bytes are no event");
    *out = event;
    return true;
}
