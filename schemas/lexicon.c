#include "schemas/lexicon.h"

#include <stdlib.h>

#include "base/text.h"

struct entry {
    struct span text; /* at is NULL in a free place */
    size_t number;
};

struct lexicon {
    struct entry *places;
    size_t place_count; /* a power of two, at least twice the number of texts */
    size_t count;
};

enum { PLACES_FIRST = 64 };

struct lexicon *lexicon_new(void)
{
    struct lexicon *lexicon = memory_new(sizeof *lexicon);

    lexicon->place_count = PLACES_FIRST;
    lexicon->places = memory_new(PLACES_FIRST * sizeof *lexicon->places);
    return lexicon;
}

void lexicon_free(struct lexicon *lexicon)
{
    if (!lexicon)
        return;
    free(lexicon->places);
    free(lexicon);
}

/* FNV-1a. The texts are our own data, so nobody can crowd one place on purpose. */
static size_t hash_of(struct span text)
{
    uint64_t hash = 14695981039346656037U;

    for (size_t i = 0; i < text.bytes; i++)
        hash = (hash ^ (unsigned char)text.at[i]) * 1099511628211U;
    return (size_t)(hash ^ (hash >> 32));
}

static struct entry *place_of(const struct lexicon *lexicon, struct span text)
{
    size_t mask = lexicon->place_count - 1;
    size_t at = hash_of(text) & mask;

    while (lexicon->places[at].text.at && !span_equal(lexicon->places[at].text, text))
        at = (at + 1) & mask;
    return &lexicon->places[at];
}

static void grow(struct lexicon *lexicon)
{
    struct entry *old = lexicon->places;
    size_t old_count = lexicon->place_count;

    lexicon->place_count *= 2;
    lexicon->places = memory_new(lexicon->place_count * sizeof *lexicon->places);
    for (size_t i = 0; i < old_count; i++)
        if (old[i].text.at)
            *place_of(lexicon, old[i].text) = old[i];
    free(old);
}

bool lexicon_add(struct lexicon *lexicon, struct span text, size_t number, struct error *err)
{
    struct entry *place;

    if (!text.at || text.bytes == 0)
        return fail(err, ERR_INVALID, "an empty name");
    if (2 * (lexicon->count + 1) > lexicon->place_count)
        grow(lexicon);
    place = place_of(lexicon, text);
    if (place->text.at)
        return fail(err, ERR_CONFLICT, "\"%.*s\" stands there twice", (int)text.bytes, text.at);
    *place = (struct entry){text, number};
    lexicon->count++;
    return true;
}

bool lexicon_find(const struct lexicon *lexicon, struct span text, size_t *number)
{
    const struct entry *place = place_of(lexicon, text);

    if (!place->text.at)
        return false;
    *number = place->number;
    return true;
}
