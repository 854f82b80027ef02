#include "schemas/divisions.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "schemas/lexicon.h"

enum { CITY_DIGITS = 4, PROVINCE_DIGITS = 2 };

struct divisions {
    json_t *data; /* all spans point into it */
    struct lexicon *codes;
    struct division *all;
    size_t count;
};

static bool shares_digits(struct span a, struct span b, size_t digits)
{
    return a.bytes >= digits && b.bytes >= digits && memcmp(a.at, b.at, digits) == 0;
}

static bool kind_of(const json_t *item, const char *list, enum division_kind *kind)
{
    static const struct {
        const char *name;
        enum division_kind kind;
    } LEVELS[] = {{"province", DIVISION_PROVINCE}, {"city", DIVISION_CITY}, {"district", DIVISION_DISTRICT}};
    const char *level = json_text_of(item, "level");

    if (strcmp(list, "divisions") != 0) {
        *kind = strcmp(list, "former") == 0 ? DIVISION_FORMER : DIVISION_REGISTRY;
        return true;
    }
    for (size_t i = 0; level && i < COUNT_OF(LEVELS); i++) {
        if (strcmp(level, LEVELS[i].name) != 0)
            continue;
        *kind = LEVELS[i].kind;
        return true;
    }
    return false;
}

static bool add_one(struct divisions *divisions, const json_t *item, const char *list, struct error *err)
{
    struct division *division = &divisions->all[divisions->count];
    struct span now = span_of(json_text_of(item, "now"));

    division->code = span_of(json_text_of(item, "code"));
    division->name = span_of(json_text_of(item, "name"));
    if (division->code.bytes != DIVISION_CODE_BYTES || division->name.bytes == 0 ||
        !kind_of(item, list, &division->kind))
        return fail(err, ERR_INVALID, "%s: an entry without a code of six digits, a name or a level", list);
    if (division->kind == DIVISION_FORMER) {
        division->now = divisions_find(divisions, now);
        if (!division->now)
            return fail(err, ERR_INVALID, "former %s: it is now an unknown code", division->code.at);
    }
    if (!lexicon_add(divisions->codes, division->code, divisions->count, err))
        return fail_in(err, "%s", list);
    divisions->count++;
    return true;
}

static bool add_list(struct divisions *divisions, const char *list, struct error *err)
{
    const json_t *items = json_object_get(divisions->data, list);
    const json_t *item;
    size_t i;

    json_array_foreach(items, i, item) if (!add_one(divisions, item, list, err)) return false;
    return true;
}

bool divisions_load(const char *path, struct divisions **out, struct error *err)
{
    AUTO(divisions_free) struct divisions *divisions = memory_new(sizeof *divisions);
    const json_t *data;

    if (!json_read_file(path, &divisions->data, err))
        return fail_in(err, "%s", path);
    data = divisions->data;
    divisions->codes = lexicon_new();
    divisions->all = memory_new((json_array_size(json_object_get(data, "divisions")) +
                                 json_array_size(json_object_get(data, "former")) +
                                 json_array_size(json_object_get(data, "registry")) + 1) *
                                sizeof *divisions->all);
    if (!add_list(divisions, "divisions", err) || !add_list(divisions, "former", err) ||
        !add_list(divisions, "registry", err))
        return fail_in(err, "%s", path);
    if (divisions->count == 0)
        return fail(err, ERR_INVALID, "%s: no divisions", path);
    *out = TAKE(divisions);
    return true;
}

void divisions_free(struct divisions *divisions)
{
    if (!divisions)
        return;
    free(divisions->all);
    lexicon_free(divisions->codes);
    json_decref(divisions->data);
    free(divisions);
}

const struct division *divisions_find(const struct divisions *divisions, struct span code)
{
    size_t number;

    return lexicon_find(divisions->codes, code, &number) ? &divisions->all[number] : NULL;
}

const struct division *divisions_city(const struct divisions *divisions, struct span code)
{
    char city[DIVISION_CODE_BYTES] = {'0', '0', '0', '0', '0', '0'};
    const struct division *found;

    if (code.bytes != DIVISION_CODE_BYTES)
        return NULL;
    memcpy(city, code.at, CITY_DIGITS);
    found = divisions_find(divisions, (struct span){city, sizeof city});
    return found && found->kind == DIVISION_CITY ? found : NULL;
}

bool divisions_has_province(const struct divisions *divisions, struct span code)
{
    const json_t *item;
    size_t i;

    json_array_foreach(json_object_get(divisions->data, "provinces"), i,
                       item) if (json_is_string(item) &&
                                 shares_digits(code, span_of(json_string_value(item)), PROVINCE_DIGITS)) return true;
    return false;
}

static bool take_name(struct span *text, struct span name)
{
    if (text->bytes < name.bytes || memcmp(text->at, name.at, name.bytes) != 0)
        return false;
    text->at += name.bytes;
    text->bytes -= name.bytes;
    return true;
}

static const struct division *take_kind(const struct divisions *divisions, enum division_kind kind, struct place *place)
{
    for (size_t i = 0; i < divisions->count; i++) {
        const struct division *division = &divisions->all[i];

        if (division->kind != kind || (place->city && !shares_digits(division->code, place->city->code, CITY_DIGITS)))
            continue;
        if (take_name(&place->rest, division->name))
            return division->now ? division->now : division;
    }
    return NULL;
}

struct place divisions_place(const struct divisions *divisions, struct span text)
{
    struct place place = {.rest = text};

    place.is_province = take_kind(divisions, DIVISION_PROVINCE, &place) != NULL;
    place.city = take_kind(divisions, DIVISION_CITY, &place);
    place.district = take_kind(divisions, DIVISION_DISTRICT, &place);
    if (!place.district)
        place.district = take_kind(divisions, DIVISION_FORMER, &place);
    if (place.district && !place.city)
        place.city = divisions_city(divisions, place.district->code);
    return place;
}

const struct division *divisions_district(const struct divisions *divisions, const struct division *city,
                                          struct span name)
{
    enum { NAME_BYTES_MIN = 6 }; /* two characters */

    for (size_t i = 0; i < divisions->count; i++) {
        const struct division *division = &divisions->all[i];

        if (division->kind == DIVISION_DISTRICT && shares_digits(division->code, city->code, CITY_DIGITS) &&
            name.bytes >= NAME_BYTES_MIN && name.bytes <= division->name.bytes &&
            memcmp(division->name.at, name.at, name.bytes) == 0)
            return division;
    }
    return NULL;
}

bool place_covers(const struct place *place, struct span code)
{
    if (place->district)
        return span_equal(place->district->code, code);
    if (place->city)
        return shares_digits(place->city->code, code, CITY_DIGITS);
    return place->is_province;
}
