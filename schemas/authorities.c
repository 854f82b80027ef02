#include "schemas/authorities.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "schemas/lexicon.h"

struct ending {
    struct span text;
    const struct authority_kind *kind;
};

struct authorities {
    const struct divisions *divisions;
    json_t *names_data;
    json_t *kinds_data;
    struct lexicon *by_name;
    struct authority *all;
    size_t count;
    struct authority_kind *kinds;
    size_t kind_count;
    struct ending *endings;
    size_t ending_count;
};

static bool load_endings(struct authorities *authorities, const json_t *item, const struct authority_kind *kind)
{
    const json_t *endings = json_object_get(item, "endings");
    const json_t *ending;
    size_t i;

    authorities->endings = memory_resize(authorities->endings, (authorities->ending_count + json_array_size(endings)) *
                                                                   sizeof *authorities->endings);
    json_array_foreach(endings, i, ending)
    {
        if (!json_is_string(ending))
            return false;
        authorities->endings[authorities->ending_count++] = (struct ending){span_of(json_string_value(ending)), kind};
    }
    return json_array_size(endings) > 0;
}

static bool load_kinds(struct authorities *authorities, struct error *err)
{
    const json_t *items = json_object_get(authorities->kinds_data, "kinds");
    const json_t *item;
    size_t i;

    if (json_array_size(items) == 0)
        return fail(err, ERR_INVALID, "no kinds of authority");
    authorities->kinds = memory_new(json_array_size(items) * sizeof *authorities->kinds);
    json_array_foreach(items, i, item)
    {
        struct authority_kind *kind = &authorities->kinds[authorities->kind_count++];

        kind->name = span_of(json_text_of(item, "name"));
        kind->english = span_of(json_text_of(item, "en"));
        kind->is_listed = json_bool_of(item, "is_listed", true);
        if (kind->name.bytes == 0 || kind->english.bytes == 0 || !load_endings(authorities, item, kind))
            return fail(err, ERR_INVALID, "kind %zu: it needs a name, \"en\" and endings", i);
    }
    return true;
}

/* Absent or null is DAY_NONE. */
static bool day_of_member(const json_t *item, const char *name, int32_t *day)
{
    const char *text = json_text_of(item, name);

    *day = DAY_NONE;
    return !text || day_parse(span_of(text), day);
}

static bool load_names(struct authorities *authorities, struct error *err)
{
    const json_t *items = json_object_get(authorities->names_data, "authorities");
    const json_t *item;
    size_t i;

    if (json_array_size(items) == 0)
        return fail(err, ERR_INVALID, "no authorities");
    authorities->all = memory_new(json_array_size(items) * sizeof *authorities->all);
    json_array_foreach(items, i, item)
    {
        struct authority *authority = &authorities->all[authorities->count];

        authority->name = span_of(json_text_of(item, "name"));
        authority->kind = authorities_kind(authorities, span_of(json_text_of(item, "kind")));
        authority->division = span_of(json_text_of(item, "division"));
        authority->successor = span_of(json_text_of(item, "successor"));
        if (!authority->kind || !divisions_find(authorities->divisions, authority->division) ||
            !day_of_member(item, "from", &authority->from) || !day_of_member(item, "until", &authority->until))
            return fail(err, ERR_INVALID, "authority %zu: unknown kind or division, or not a day", i);
        if (!lexicon_add(authorities->by_name, authority->name, authorities->count, err))
            return false;
        authorities->count++;
    }
    return true;
}

bool authorities_load(const char *folder, const struct divisions *divisions, struct authorities **out,
                      struct error *err)
{
    AUTO(authorities_free) struct authorities *authorities = memory_new(sizeof *authorities);
    AUTO(text_free) char *names = path_join(folder, "authorities.json");
    AUTO(text_free) char *kinds = path_join(folder, "authority-kinds.json");

    authorities->divisions = divisions;
    authorities->by_name = lexicon_new();
    if (!json_read_file(kinds, &authorities->kinds_data, err) || !load_kinds(authorities, err))
        return fail_in(err, "%s", kinds);
    if (!json_read_file(names, &authorities->names_data, err) || !load_names(authorities, err))
        return fail_in(err, "%s", names);
    *out = TAKE(authorities);
    return true;
}

void authorities_free(struct authorities *authorities)
{
    if (!authorities)
        return;
    free(authorities->endings);
    free(authorities->kinds);
    free(authorities->all);
    lexicon_free(authorities->by_name);
    json_decref(authorities->names_data);
    json_decref(authorities->kinds_data);
    free(authorities);
}

const struct authority_kind *authorities_kind(const struct authorities *authorities, struct span name)
{
    for (size_t i = 0; i < authorities->kind_count; i++)
        if (span_equal(authorities->kinds[i].name, name))
            return &authorities->kinds[i];
    return NULL;
}

void authorities_kinds_add(const struct authorities *authorities, struct buf *out)
{
    for (size_t i = 0; i < authorities->kind_count; i++) {
        buf_add_text(out, i == 0 ? "" : " / ");
        buf_add_span(out, authorities->kinds[i].name);
    }
}

static const struct authority_kind *kind_by_ending(const struct authorities *authorities, struct span name)
{
    for (size_t i = 0; i < authorities->ending_count; i++) {
        struct span ending = authorities->endings[i].text;

        if (name.bytes >= ending.bytes && memcmp(name.at + name.bytes - ending.bytes, ending.at, ending.bytes) == 0)
            return authorities->endings[i].kind;
    }
    return NULL;
}

/* 惠州市生态环境局惠阳分局: since 2019 a district's environment body is a branch of the city's. `*district` gets 惠阳.
 */
static const struct authority_kind *kind_of_branch(const struct authorities *authorities, struct span name,
                                                   struct span *district)
{
    static const struct span BRANCH = SPAN("分局");
    static const struct span BUREAU = SPAN("局");

    if (name.bytes <= BRANCH.bytes || memcmp(name.at + name.bytes - BRANCH.bytes, BRANCH.at, BRANCH.bytes) != 0)
        return NULL;
    for (size_t end = name.bytes - BRANCH.bytes; end >= BUREAU.bytes; end--) {
        const struct authority_kind *kind;

        if (memcmp(name.at + end - BUREAU.bytes, BUREAU.at, BUREAU.bytes) != 0)
            continue;
        kind = kind_by_ending(authorities, (struct span){name.at, end});
        if (!kind)
            continue;
        *district = (struct span){name.at + end, name.bytes - BRANCH.bytes - end};
        return kind;
    }
    return NULL;
}

struct authority_match authorities_find(const struct authorities *authorities, struct span name)
{
    struct authority_match match = {NULL, NULL, {.rest = name}};
    const struct authority_kind *kind;
    struct span branch = SPAN_NONE;
    bool is_branch = false;
    size_t number;

    if (lexicon_find(authorities->by_name, name, &number)) {
        match.listed = &authorities->all[number];
        match.kind = match.listed->kind;
        return match;
    }
    match.place = divisions_place(authorities->divisions, name);
    kind = kind_by_ending(authorities, match.place.rest);
    if (!kind) {
        kind = kind_of_branch(authorities, match.place.rest, &branch);
        is_branch = kind != NULL;
        if (is_branch && match.place.city && !match.place.district)
            match.place.district = divisions_district(authorities->divisions, match.place.city, branch);
    }
    if (!kind || !(match.place.city || match.place.is_province))
        return match;
    /* A listed kind has all its city bodies in the directory: a city's body that is not there is a wrong name. */
    if (!kind->is_listed || match.place.district || is_branch)
        match.kind = kind;
    return match;
}

bool authority_is_in_force(const struct authority *authority, int32_t day)
{
    return (authority->from == DAY_NONE || day >= authority->from) &&
           (authority->until == DAY_NONE || day <= authority->until);
}

const struct authority *authorities_bearing(const struct authorities *authorities, const struct authority *authority,
                                            int32_t day)
{
    size_t number;

    for (size_t step = 0; step <= authorities->count; step++) {
        if (authority_is_in_force(authority, day))
            return authority;
        if (authority->successor.bytes == 0 || !lexicon_find(authorities->by_name, authority->successor, &number))
            return NULL;
        authority = &authorities->all[number];
    }
    return NULL; /* they succeed each other in a circle */
}

const struct authority *authorities_on(const struct authorities *authorities, const struct authority_kind *kind,
                                       struct span division, int32_t day)
{
    for (size_t i = 0; i < authorities->count; i++) {
        const struct authority *authority = &authorities->all[i];

        if (authority->kind == kind && span_equal(authority->division, division) &&
            authority_is_in_force(authority, day))
            return authority;
    }
    return NULL;
}

bool authority_covers(const struct authority_match *match, struct span division)
{
    if (!match->listed)
        return place_covers(&match->place, division);
    if (memcmp(match->listed->division.at + 2, "0000", 4) == 0)
        return division.bytes >= 2 && memcmp(match->listed->division.at, division.at, 2) == 0;
    return division.bytes >= 4 && memcmp(match->listed->division.at, division.at, 4) == 0;
}
