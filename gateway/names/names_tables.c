#include "gateway/names/names_tables.h"

#include <math.h>
#include <stdlib.h>

#include <utf8proc.h>

#include "base/file.h"
#include "base/text.h"

enum { FILE_BYTES_MAX = 1024 * 1024, PLACES_MAX = 8192, WORDS_MAX = 1024, SPREAD = 16384, ALIKE_ALL_MAX = 200000 };

/* Chances of a slip, per character: set once by a prototype on labelled queries, rounded. A homophone has to share its
 * chance with the others of its sound, a look-alike with those that look more like it. */
static const double SOUND_CHANCE = 0.006;
static const double NEAR_CHANCE = 0.001;
static const double LOOK_CHANCE = 0.006;
static const double OTHER_CHANCE = 3e-4 / 6000;
static const double LOOK_LEAST = 0.70;

struct words {
    struct name_word *at;
    size_t count;
};

struct name_tables {
    uint16_t simplified[NAME_UNITS_ALL];
    uint16_t sound[NAME_UNITS_ALL]; /* 0: none known */
    uint16_t near[NAME_SOUNDS_MAX]; /* the first sound that is easily taken for this one */
    uint16_t sharing[NAME_SOUNDS_MAX];
    float sound_log[NAME_SOUNDS_MAX];
    float near_log[NAME_SOUNDS_MAX];
    uint32_t alike_first[NAME_UNITS_ALL];
    uint8_t alike_count[NAME_UNITS_ALL];
    struct name_alike *alike;
    size_t alikes;
    struct name_place *places;
    size_t place_count;
    bool is_begin[NAME_UNITS_ALL]; /* a place's name begins so: most names are asked in vain */
    uint16_t place_spread[SPREAD]; /* hash of a full or brief name: 1 + place; next by probing */
    struct words words[NAME_WORD_KINDS];
    size_t sounds;
    char sound_text[NAME_SOUNDS_MAX][8];
    float other_log;
};

/* --- reading --- */

/* The next character of valid UTF-8 as one unit; 0 at the end and for what lies beyond the basic plane. */
static uint16_t next_unit(struct span *text)
{
    utf8proc_int32_t point = 0;
    utf8proc_ssize_t took =
        text->bytes ? utf8proc_iterate((const utf8proc_uint8_t *)text->at, (utf8proc_ssize_t)text->bytes, &point) : 0;

    if (took <= 0)
        return 0;
    text->at += took;
    text->bytes -= (size_t)took;
    return point < NAME_UNITS_ALL ? (uint16_t)point : 0;
}

static struct span cut_at(struct span *rest, char mark)
{
    const char *end = rest->bytes ? memchr(rest->at, mark, rest->bytes) : NULL;
    struct span part = {rest->at, end ? (size_t)(end - rest->at) : rest->bytes};
    size_t taken = part.bytes + (end ? 1 : 0);

    *rest = (struct span){rest->at ? rest->at + taken : NULL, rest->bytes - taken};
    return part;
}

static bool word_of(struct span text, struct name_word *word, struct error *err)
{
    *word = (struct name_word){.count = 0};
    while (text.bytes) {
        uint16_t unit = next_unit(&text);

        if (!unit || word->count == NAME_WORD_UNITS)
            return fail(err, ERR_INVALID, "a word is too long or holds what is no character");
        word->at[word->count++] = unit;
    }
    return word->count || fail(err, ERR_INVALID, "a word is empty");
}

static bool read_simplified(struct name_tables *tables, struct span line, struct error *err)
{
    struct span from = cut_at(&line, '\t');
    uint16_t a = next_unit(&from);
    uint16_t b = next_unit(&line);

    if (!a || !b || from.bytes || line.bytes)
        return fail(err, ERR_INVALID, "not two characters");
    tables->simplified[a] = b;
    return true;
}

/* What speakers of the south take for one another: zh and z, n and l, ng and n. */
static void merge_sound(const char *sound, char merged[8])
{
    size_t bytes = strlen(sound);
    size_t used = 0;

    for (size_t i = 0; i < bytes; i++) {
        bool is_flat = i == 1 && sound[1] == 'h' && strchr("zcs", sound[0]);
        bool is_tail = i == bytes - 1 && i > 0 && sound[i] == 'g' && sound[i - 1] == 'n';

        if (!is_flat && !is_tail)
            merged[used++] = i == 0 && sound[0] == 'l' ? 'n' : sound[i];
    }
    merged[used] = '\0';
}

static uint16_t sound_number(struct name_tables *tables, const char *sound)
{
    size_t number;

    for (number = 1; number <= tables->sounds; number++) {
        if (strcmp(tables->sound_text[number], sound) == 0)
            return (uint16_t)number;
    }
    if (number >= NAME_SOUNDS_MAX)
        return 0;
    tables->sounds = number;
    memcpy(tables->sound_text[number], sound, strlen(sound) + 1);
    return (uint16_t)number;
}

static bool read_homophones(struct name_tables *tables, struct span line, struct error *err)
{
    struct span sound = cut_at(&line, '\t');
    char text[8] = "";
    char merged[8];
    uint16_t number;
    uint16_t near;

    if (!sound.bytes || sound.bytes >= sizeof(text) || !line.bytes)
        return fail(err, ERR_INVALID, "not a sound and its characters");
    memcpy(text, sound.at, sound.bytes);
    merge_sound(text, merged);
    number = sound_number(tables, text);
    near = sound_number(tables, merged);
    if (!number || !near)
        return fail(err, ERR_LIMIT, "more than %d sounds", NAME_SOUNDS_MAX);
    tables->near[number] = near;
    while (line.bytes) {
        uint16_t unit = next_unit(&line);

        if (!unit)
            return fail(err, ERR_INVALID, "a sound of what is no character");
        tables->sound[unit] = number;
        tables->sharing[number]++;
    }
    tables->sound_log[number] = (float)log(SOUND_CHANCE / fmax(3, tables->sharing[number] * 0.5));
    tables->near_log[number] = (float)log(NEAR_CHANCE / fmax(3, tables->sharing[number]));
    return true;
}

static bool read_alike(struct name_tables *tables, uint16_t unit, struct span *line, struct error *err)
{
    uint16_t other = next_unit(line);
    int likeness = 0;
    size_t rank = tables->alike_count[unit];
    double chance;

    while (line->bytes && line->at[0] >= '0' && line->at[0] <= '9' && likeness <= 100) {
        likeness = likeness * 10 + (line->at[0] - '0');
        line->at++;
        line->bytes--;
    }
    if (!other || likeness < 71 || likeness > 100 || rank >= NAME_ALIKE_MAX || tables->alikes >= ALIKE_ALL_MAX)
        return fail(err, ERR_INVALID, "not a look-alike and its likeness");
    chance = LOOK_CHANCE * (likeness / 100.0 - LOOK_LEAST) / (1 - LOOK_LEAST) / (4 + (double)rank);
    if (tables->alikes % 1024 == 0)
        tables->alike = memory_resize(tables->alike, (tables->alikes + 1024) * sizeof(*tables->alike));
    tables->alike[tables->alikes++] = (struct name_alike){other, (float)log(chance)};
    tables->alike_count[unit]++;
    return true;
}

static bool read_lookalikes(struct name_tables *tables, struct span line, struct error *err)
{
    uint16_t unit = next_unit(&line);

    if (!unit || tables->alike_count[unit] || cut_at(&line, '\t').bytes)
        return fail(err, ERR_INVALID, "not a character and its look-alikes");
    tables->alike_first[unit] = (uint32_t)tables->alikes;
    while (line.bytes) {
        if (!read_alike(tables, unit, &line, err))
            return false;
    }
    return true;
}

static const uint32_t HASH_BEGIN = 2166136261U;

static uint32_t hash_more(uint32_t hash, uint16_t unit)
{
    return (hash ^ unit) * 16777619U;
}

static size_t slot_of(uint32_t hash)
{
    return (hash ^ hash >> 15) % SPREAD;
}

static size_t spread_of(const uint16_t *units, size_t count)
{
    uint32_t hash = HASH_BEGIN;

    for (size_t i = 0; i < count; i++)
        hash = hash_more(hash, units[i]);
    return slot_of(hash);
}

static bool word_is(const struct name_word *word, const uint16_t *units, size_t count)
{
    return word->count == count && word->at[0] == units[0] && memcmp(word->at, units, count * sizeof(*units)) == 0;
}

static void spread_place(struct name_tables *tables, const struct name_word *name, size_t place)
{
    size_t slot = spread_of(name->at, name->count);

    while (tables->place_spread[slot])
        slot = (slot + 1) % SPREAD;
    tables->is_begin[name->at[0]] = true;
    tables->place_spread[slot] = (uint16_t)(place + 1);
}

static bool read_regions(struct name_tables *tables, struct span line, struct error *err)
{
    struct span code = cut_at(&line, '\t');
    struct span full = cut_at(&line, '\t');
    struct name_place place = {.digits = (uint8_t)code.bytes};
    int64_t number;

    if (!integer_parse(code, &number) || (code.bytes != 2 && code.bytes != 4 && code.bytes != 6))
        return fail(err, ERR_INVALID, "not a place's code");
    if (tables->place_count >= PLACES_MAX * 3 / 4)
        return fail(err, ERR_LIMIT, "too many places");
    place.code = (uint32_t)number;
    if (!word_of(full, &place.full, err) || !word_of(line, &place.brief, err))
        return false;
    if (!tables->places)
        tables->places = memory_new(PLACES_MAX * sizeof(*tables->places));
    tables->places[tables->place_count] = place;
    spread_place(tables, &place.full, tables->place_count);
    if (place.brief.count != place.full.count)
        spread_place(tables, &place.brief, tables->place_count);
    tables->place_count++;
    return true;
}

static bool read_words(struct name_tables *tables, struct span line, struct error *err)
{
    static const char *const KINDS[NAME_WORD_KINDS] = {"suffix", "branch", "industry", "latin", "label", "mark"};
    struct span kind = cut_at(&line, '\t');
    size_t number = 0;
    struct words *words;

    while (number < NAME_WORD_KINDS && !span_is(kind, KINDS[number]))
        number++;
    if (number == NAME_WORD_KINDS)
        return fail(err, ERR_INVALID, "no such kind of word");
    words = &tables->words[number];
    while (line.bytes) {
        if (words->count % WORDS_MAX == 0)
            words->at = memory_resize(words->at, (words->count + WORDS_MAX) * sizeof(*words->at));
        if (!word_of(cut_at(&line, ' '), &words->at[words->count], err))
            return false;
        words->count++;
    }
    return true;
}

static const struct {
    const char *file;
    bool (*read)(struct name_tables *tables, struct span line, struct error *err);
} FILES[] = {
    {"simplified.tsv", read_simplified}, {"homophones.tsv", read_homophones}, {"lookalikes.tsv", read_lookalikes},
    {"regions.tsv", read_regions},       {"words.tsv", read_words},
};

static bool read_file(struct name_tables *tables, const char *folder, size_t file, struct error *err)
{
    AUTO(text_free) char *path = path_join(folder, FILES[file].file);
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    struct span rest;

    if (!file_read(path, FILE_BYTES_MAX, &bytes, err))
        return false;
    if (!utf8_is_valid(buf_span(&bytes), NULL))
        return fail(err, ERR_INVALID, "%s: not UTF-8", path);
    rest = buf_span(&bytes);
    for (int number = 1; rest.bytes; number++) {
        struct span line = cut_at(&rest, '\n');

        if (line.bytes && line.at[0] != '#' && !FILES[file].read(tables, line, err))
            return fail_in(err, "%s, line %d", path, number);
    }
    return true;
}

bool name_tables_load(const char *folder, struct name_tables **out, struct error *err)
{
    AUTO(name_tables_free) struct name_tables *tables = memory_new(sizeof(*tables));

    tables->other_log = (float)log(OTHER_CHANCE);
    for (size_t file = 0; file < COUNT_OF(FILES); file++) {
        if (!read_file(tables, folder, file, err))
            return false;
    }
    *out = TAKE(tables);
    return true;
}

void name_tables_free(struct name_tables *tables)
{
    if (!tables)
        return;
    for (size_t kind = 0; kind < NAME_WORD_KINDS; kind++)
        free(tables->words[kind].at);
    free(tables->places);
    free(tables->alike);
    free(tables);
}

/* --- asking --- */

uint16_t name_simplified(const struct name_tables *tables, uint16_t unit)
{
    return tables->simplified[unit] ? tables->simplified[unit] : unit;
}

static float look_log(const struct name_tables *tables, uint16_t meant, uint16_t written)
{
    const struct name_alike *alike = tables->alike + tables->alike_first[meant];

    for (size_t i = 0; i < tables->alike_count[meant]; i++) {
        if (alike[i].unit == written)
            return alike[i].log;
    }
    return tables->other_log;
}

float name_slip_log(const struct name_tables *tables, uint16_t meant, uint16_t written, enum name_slip *slip)
{
    uint16_t a = tables->sound[meant];
    uint16_t b = tables->sound[written];
    enum name_slip why = SLIP_OTHER;
    float best = tables->other_log;
    float look;

    if (meant == written) {
        best = 0;
        why = SLIP_NONE;
    } else if (a && a == b) {
        best = tables->sound_log[a];
        why = SLIP_SOUND;
    } else if (a && b && tables->near[a] == tables->near[b]) {
        best = tables->near_log[a];
        why = SLIP_NEAR_SOUND;
    }
    look = why == SLIP_NONE ? best : look_log(tables, meant, written);
    if (look > best) {
        best = look;
        why = SLIP_LOOK;
    }
    if (slip)
        *slip = why;
    return best;
}

static int longest_word(const struct words *words, const uint16_t *units, size_t count, size_t *word_units, bool is_end)
{
    int best = -1;

    *word_units = 0;
    for (size_t i = 0; i < words->count; i++) {
        const struct name_word *word = &words->at[i];

        if (word->count > *word_units && word->count <= count &&
            word_is(word, is_end ? units + count - word->count : units, word->count)) {
            best = (int)i;
            *word_units = word->count;
        }
    }
    return best;
}

int name_word_at_end(const struct name_tables *tables, enum name_word_kind kind, const uint16_t *units, size_t count,
                     size_t *word_units)
{
    return longest_word(&tables->words[kind], units, count, word_units, true);
}

int name_word_at_begin(const struct name_tables *tables, enum name_word_kind kind, const uint16_t *units, size_t count,
                       size_t *word_units)
{
    return longest_word(&tables->words[kind], units, count, word_units, false);
}

bool name_word_get(const struct name_tables *tables, enum name_word_kind kind, size_t number, struct name_word *out)
{
    if (number >= tables->words[kind].count)
        return false;
    *out = tables->words[kind].at[number];
    return true;
}

static const struct name_place *place_find(const struct name_tables *tables, size_t slot, const uint16_t *units,
                                           size_t count)
{
    for (; tables->place_spread[slot]; slot = (slot + 1) % SPREAD) {
        const struct name_place *place = &tables->places[tables->place_spread[slot] - 1];

        if (word_is(&place->full, units, count) || word_is(&place->brief, units, count))
            return place;
    }
    return NULL;
}

const struct name_place *name_place_at(const struct name_tables *tables, const uint16_t *units, size_t count,
                                       size_t *taken)
{
    const struct name_place *found = NULL;
    uint32_t hash = HASH_BEGIN;

    if (count < 2 || !tables->is_begin[units[0]])
        return NULL;
    for (size_t length = 1; length <= count && length <= NAME_WORD_UNITS; length++) {
        const struct name_place *place;

        hash = hash_more(hash, units[length - 1]);
        place = length >= 2 ? place_find(tables, slot_of(hash), units, length) : NULL;
        if (place) {
            found = place;
            *taken = length;
        }
    }
    return found;
}

static uint32_t first_digits(uint32_t code, unsigned digits, unsigned wanted)
{
    for (; digits > wanted; digits--)
        code /= 10;
    return code;
}

static bool codes_nest(uint32_t a, unsigned a_digits, uint32_t b, unsigned b_digits)
{
    unsigned shared = a_digits < b_digits ? a_digits : b_digits;

    return first_digits(a, a_digits, shared) == first_digits(b, b_digits, shared);
}

/* The next place with the brief name of `place`, from `*slot` on. */
static const struct name_place *namesake(const struct name_tables *tables, const struct name_place *place, size_t *slot)
{
    while (tables->place_spread[*slot]) {
        const struct name_place *other = &tables->places[tables->place_spread[*slot] - 1];

        *slot = (*slot + 1) % SPREAD;
        if (word_is(&other->brief, place->brief.at, place->brief.count))
            return other;
    }
    return NULL;
}

bool name_place_holds(const struct name_tables *tables, const struct name_place *place, uint32_t code)
{
    size_t slot = spread_of(place->brief.at, place->brief.count);
    const struct name_place *one;

    while (code && (one = namesake(tables, place, &slot))) {
        if (codes_nest(one->code, one->digits, code, 6))
            return true;
    }
    return false;
}

bool name_places_nest(const struct name_tables *tables, const struct name_place *a, const struct name_place *b)
{
    size_t slot = spread_of(b->brief.at, b->brief.count);
    const struct name_place *one;

    while ((one = namesake(tables, b, &slot))) {
        size_t other_slot = spread_of(a->brief.at, a->brief.count);
        const struct name_place *other;

        while ((other = namesake(tables, a, &other_slot))) {
            if (codes_nest(one->code, one->digits, other->code, other->digits))
                return true;
        }
    }
    return false;
}
