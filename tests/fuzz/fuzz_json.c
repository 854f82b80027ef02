/* JSON as strangers send it (base/json.h): what is read has one canonical form, which reads back as itself, and our
 * reader without allocation (base/walk.h) sees in it what jansson sees. */
#include "fuzz.h"

#include <math.h>

#include "base/json.h"
#include "base/walk.h"

static void check_walk(struct span raw, const json_t *value);

static void check_text(struct span raw, const json_t *value)
{
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct span text;

    FUZZ_CHECK(walk_text(raw, &hold, &text), "%.*s", (int)raw.bytes, raw.at);
    FUZZ_CHECK(text.bytes == json_string_length(value) &&
                   (text.bytes == 0 || memcmp(text.at, json_string_value(value), text.bytes) == 0),
               "%.*s", (int)raw.bytes, raw.at);
}

static void check_array(struct span raw, const json_t *value)
{
    struct walk walk;
    struct span name;
    struct span item;
    size_t count = 0;

    FUZZ_CHECK(walk_begin(&walk, raw), "array");
    while (walk_next(&walk, &name, &item))
        check_walk(item, json_array_get(value, count++));
    FUZZ_CHECK(count == json_array_size(value), "%zu of %zu", count, json_array_size(value));
}

static void check_object(struct span raw, const json_t *value)
{
    struct walk walk;
    struct span name;
    struct span item;
    size_t count = 0;

    FUZZ_CHECK(walk_begin(&walk, raw), "object");
    while (walk_next(&walk, &name, &item)) {
        AUTO(text_free) char *key = memory_copy_span(name);

        count++;
        if (!strchr(key, '\\'))
            check_walk(item, json_object_get(value, key));
    }
    FUZZ_CHECK(count == json_object_size(value), "%zu of %zu", count, json_object_size(value));
}

static void check_walk(struct span raw, const json_t *value)
{
    int64_t number = 0;

    FUZZ_CHECK(value, "no such member");
    if (json_is_string(value))
        check_text(raw, value);
    if (json_is_array(value))
        check_array(raw, value);
    if (json_is_object(value))
        check_object(raw, value);
    if (json_is_integer(value))
        FUZZ_CHECK(walk_integer(raw, &number) && number == json_integer_value(value), "%lld", (long long)number);
}

/* See json_canonical_add: such a number does not read back. */
static bool has_large_real(const json_t *value)
{
    const char *name;
    const json_t *member;
    size_t i;

    if (json_is_real(value))
        return fabs(json_real_value(value)) > 9007199254740992.0;
    json_array_foreach(value, i, member)
    {
        if (has_large_real(member))
            return true;
    }
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        if (has_large_real(member))
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(json_release) json_t *value = NULL;
    AUTO(json_release) json_t *again = NULL;
    AUTO(buf_done) struct buf first = BUF_INIT;
    AUTO(buf_done) struct buf second = BUF_INIT;
    struct walk walk;
    struct span name;
    struct span item;
    struct error err;

    /* Bytes of any kind must be safe to walk over. */
    if (walk_begin(&walk, fuzz_span(data, size))) {
        while (walk_next(&walk, &name, &item))
            ;
    }
    if (!json_read(fuzz_span(data, size), JSON_BYTES_MAX, &value, &err))
        return 0;
    if (!json_canonical_add(value, &first, &err) || has_large_real(value))
        return 0;
    FUZZ_CHECK(json_read(buf_span(&first), JSON_BYTES_MAX, &again, &err), "%s: %s", err.text, first.data);
    FUZZ_CHECK(json_canonical_add(again, &second, &err), "%s", err.text);
    FUZZ_CHECK(first.bytes == second.bytes && memcmp(first.data, second.data, first.bytes) == 0, "%s, %s", first.data,
               second.data);
    check_walk(buf_span(&first), again);
    return 0;
}
