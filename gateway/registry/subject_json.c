#include "gateway/registry/subject_json.h"

#include <string.h>

#include "base/text.h"

/* `name` is given with its quotes and colon, and with the comma or brace before it. */
static void text_add(struct buf *out, const char *name, struct span text)
{
    buf_add_text(out, name);
    if (text.bytes == 0)
        buf_add_text(out, "null");
    else
        json_string_add(out, text);
}

static void plain_add(struct buf *out, const char *name, const char *plain)
{
    buf_add_text(out, name);
    buf_add_byte(out, '"');
    buf_add_text(out, plain);
    buf_add_byte(out, '"');
}

static void day_add(struct buf *out, const char *name, int32_t day)
{
    char text[DAY_TEXT_BYTES];

    if (day != DAY_NONE) {
        plain_add(out, name, day_format(day, text));
        return;
    }
    buf_add_text(out, name);
    buf_add_text(out, "null");
}

static void capacity_add(struct buf *out, struct span capacity)
{
    buf_add_text(out, ",\"capacity\":");
    if (capacity.bytes == 0 || !decimal_is_valid(capacity))
        buf_add_text(out, "null");
    else
        buf_add_span(out, decimal_canonical(capacity));
}

void subject_json_obligation_add(const struct obligation_version *version, const struct obligation *row,
                                 struct buf *out)
{
    char id[33];

    text_add(out, "{\"authority\":", row->field[COLUMN_AUTHORITY]);
    capacity_add(out, row->field[COLUMN_CAPACITY]);
    text_add(out, ",\"capacity_unit\":", row->field[COLUMN_CAPACITY_UNIT]);
    day_add(out, ",\"deadline\":", version->deadline);
    text_add(out, ",\"document\":", row->field[COLUMN_DOCUMENT]);
    text_add(out, ",\"equipment\":", row->field[COLUMN_EQUIPMENT]);
    day_add(out, ",\"exit_date\":", version->exit_date);
    day_add(out, ",\"extended_to\":", version->extended_to);
    plain_add(out, ",\"ground\":", GROUND_SLUGS[version->ground]);
    text_add(out, ",\"industry\":", row->field[COLUMN_INDUSTRY]);
    obligation_id_text(version->id, id);
    plain_add(out, ",\"obligation\":", id);
    day_add(out, ",\"order_date\":", version->order_date);
    plain_add(out, ",\"state\":", STATE_SLUGS[version->state]);
    json_count_add(out, ",\"version\":", version->version);
    buf_add_byte(out, '}');
}

void subject_json_record_add(const struct record *record, int64_t from_ms, struct buf *out)
{
    char listed[INSTANT_TEXT_BYTES];

    day_add(out, "{\"decided_on\":", record->decided_on);
    buf_add_text(out, record->is_disputed ? ",\"disputed\":true" : ",\"disputed\":false");
    text_add(out, ",\"document\":", record->document);
    day_add(out, ",\"due\":", record->due);
    text_add(out, ",\"facts\":", record->facts);
    plain_add(out, ",\"ground\":", GROUND_SLUGS[record->ground]);
    text_add(out, ",\"industry\":", record->industry);
    plain_add(out, ",\"listed_at\":", instant_format(from_ms, listed));
    text_add(out, ",\"listing_authority\":", record->listing_authority);
    text_add(out, ",\"name\":", record->name);
    json_count_add(out, ",\"op\":", record->op);
    day_add(out, ",\"publication_end\":", record->publication_end);
    plain_add(out, ",\"record\":", record->id);
    json_count_add(out, ",\"scope\":", record->scope);
    json_count_add(out, ",\"severity\":", record->severity);
    json_count_add(out, ",\"version\":", record->version);
    buf_add_byte(out, '}');
}
