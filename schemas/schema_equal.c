#include "schemas/schema_internal.h"

#include <stdlib.h>
#include <string.h>

static struct span text_of(const json_t *json)
{
    return (struct span){json_string_value(json), json_string_length(json)};
}

static bool equal_members(const json_t *a, const json_t *b)
{
    const char *name;
    json_t *value;

    if (json_object_size(a) != json_object_size(b))
        return false;
    json_object_foreach((json_t *)a, name, value)
    {
        const json_t *other = json_object_get(b, name);

        if (!other || !schema_equal(value, other))
            return false;
    }
    return true;
}

static bool equal_items(const json_t *a, const json_t *b)
{
    if (json_array_size(a) != json_array_size(b))
        return false;
    for (size_t i = 0; i < json_array_size(a); i++) {
        if (!schema_equal(json_array_get(a, i), json_array_get(b, i)))
            return false;
    }
    return true;
}

bool schema_equal(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b))
        return schema_number_of(a) == schema_number_of(b);
    if (json_typeof(a) != json_typeof(b))
        return false;
    if (json_is_object(a))
        return equal_members(a, b);
    if (json_is_array(a))
        return equal_items(a, b);
    return !json_is_string(a) || span_equal(text_of(a), text_of(b));
}

bool schema_value_equal(const struct schema_value *value, const json_t *other)
{
    if (value->json)
        return schema_equal(value->json, other);
    if (value->types & TYPE_STRING)
        return json_is_string(other) && span_equal(value->text, text_of(other));
    if (value->types & TYPE_NUMBER)
        return json_is_number(other) && value->number == schema_number_of(other);
    return (value->types & TYPE_NULL) && json_is_null(other);
}

/* FNV-1a, enough to bring equal items together; the same for 1 and 1.0 and in any order of members. */
static uint64_t hash_bytes(uint64_t hash, const void *data, size_t bytes)
{
    const unsigned char *at = data;

    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ at[i]) * 0x100000001b3ULL;
    return hash;
}

static uint64_t hash_of(const json_t *json)
{
    uint64_t hash = 0xcbf29ce484222325ULL;
    const char *name;
    json_t *value;
    size_t i;

    if (json_is_number(json)) {
        double number = (double)schema_number_of(json) + 0.0;

        return hash_bytes(hash, &number, sizeof number);
    }
    if (json_is_string(json))
        return hash_bytes(hash + 1, json_string_value(json), json_string_length(json));
    if (json_is_object(json)) {
        json_object_foreach((json_t *)json, name, value)
        {
            hash += hash_bytes(hash_of(value), name, strlen(name));
        }
        return hash + 2;
    }
    json_array_foreach(json, i, value)
    {
        uint64_t item = hash_of(value);

        hash = hash_bytes(hash, &item, sizeof item);
    }
    return hash + 3 + (uint64_t)json_typeof(json);
}

struct hashed {
    uint64_t hash;
    const json_t *json;
};

static int compare_hashes(const void *left, const void *right)
{
    uint64_t a = ((const struct hashed *)left)->hash;
    uint64_t b = ((const struct hashed *)right)->hash;

    return a < b ? -1 : a > b;
}

static bool differs_from_following(const struct hashed *items, size_t count, size_t at)
{
    for (size_t i = at + 1; i < count && items[i].hash == items[at].hash; i++) {
        if (schema_equal(items[at].json, items[i].json))
            return false;
    }
    return true;
}

bool schema_all_differ(const json_t *array)
{
    size_t count = json_array_size(array);
    struct hashed *items = memory_new(count * sizeof *items);
    bool all_differ = true;

    for (size_t i = 0; i < count; i++)
        items[i] = (struct hashed){hash_of(json_array_get(array, i)), json_array_get(array, i)};
    qsort(items, count, sizeof *items, compare_hashes);
    for (size_t i = 0; i < count && all_differ; i++)
        all_differ = differs_from_following(items, count, i);
    free(items);
    return all_differ;
}
