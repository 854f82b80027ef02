#include "gateway/outbox/fields.h"

#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "base/walk.h"

static bool read_raw(struct span raw, struct buf *hold, void *out)
{
    (void)hold;
    *(struct span *)out = raw;
    return true;
}

static bool read_text(struct span raw, struct buf *hold, void *out)
{
    return raw.bytes >= 2 && raw.at[0] == '"' && walk_text(raw, hold, out);
}

static bool read_number(struct span raw, struct buf *hold, void *out)
{
    int64_t value;

    (void)hold;
    if (!walk_integer(raw, &value) || value < 0)
        return false;
    *(int64_t *)out = value;
    return true;
}

static bool read_call(struct span raw, struct buf *hold, void *out)
{
    AUTO(buf_done) struct buf id = BUF_INIT;

    (void)hold;
    if (raw.bytes != 34 || raw.at[0] != '"' || !hex_decode((struct span){raw.at + 1, 32}, &id))
        return false;
    memcpy(out, id.data, 16);
    return true;
}

static bool read_bool(struct span raw, struct buf *hold, void *out)
{
    (void)hold;
    *(bool *)out = span_is(raw, "true");
    return span_is(raw, "true") || span_is(raw, "false");
}

static bool (*const READERS[])(struct span raw, struct buf *hold, void *out) = {
    [FIELD_RAW] = read_raw,   [FIELD_TEXT] = read_text, [FIELD_NUMBER] = read_number,
    [FIELD_CALL] = read_call, [FIELD_BOOL] = read_bool,
};

static bool field_find(struct span name, const struct field *fields, size_t count, size_t *at)
{
    for (size_t i = 0; i < count; i++) {
        if (span_is(name, fields[i].name)) {
            *at = i;
            return true;
        }
    }
    return false;
}

bool fields_read(struct span data, const struct field *fields, size_t count, struct buf *hold, struct error *err)
{
    bool is_there[FIELDS_MAX] = {false};
    struct walk walk;
    struct span name;
    struct span raw;

    /* Texts point into `hold`, which therefore must not move while we add. */
    buf_reserve(hold, data.bytes);
    if (!walk_begin(&walk, data) || walk.is_array)
        return fail(err, ERR_INVALID, "the data is no object");
    while (walk_next(&walk, &name, &raw)) {
        size_t at;

        if (!field_find(name, fields, count, &at) || is_there[at])
            return fail(err, ERR_INVALID, "\"%.*s\" is unknown or twice there", (int)name.bytes, name.at);
        if (!READERS[fields[at].kind](raw, hold, fields[at].out))
            return fail(err, ERR_INVALID, "\"%s\" has the wrong form", fields[at].name);
        is_there[at] = true;
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_there[i] && !fields[i].is_optional)
            return fail(err, ERR_INVALID, "\"%s\" is missing", fields[i].name);
    }
    return true;
}
