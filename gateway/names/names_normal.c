#include "gateway/names/names_normal.h"

#include <stdlib.h>

#include <utf8proc.h>

#include "base/text.h"

enum { SUFFIX_INSIDE_LEAST = 2 }; /* units that must stand before the suffix of a parent */

static bool is_latin(uint16_t unit)
{
    return unit >= 'a' && unit <= 'z';
}

static bool is_kept(utf8proc_int32_t point)
{
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
        return true;
    default:
        return false;
    }
}

static bool add_point(const struct name_tables *tables, utf8proc_int32_t point, struct name_form *form)
{
    size_t units = point < NAME_UNITS_ALL ? 1 : 2;

    if (form->count + units > NAME_UNITS_MAX)
        return false;
    if (units == 1) {
        form->at[form->count++] = name_simplified(tables, (uint16_t)point);
        return true;
    }
    point -= 0x10000;
    form->at[form->count++] = (uint16_t)(0xD800 + (point >> 10));
    form->at[form->count++] = (uint16_t)(0xDC00 + (point & 0x3FF));
    return true;
}

/* At most one letter more, less or other; of short words that would be another word. */
static bool is_nearly(const uint16_t *units, size_t count, const struct name_word *word)
{
    size_t head = 0;
    size_t tail = 0;
    size_t shorter = count < word->count ? count : word->count;
    size_t longer = count < word->count ? word->count : count;

    while (head < shorter && units[head] == word->at[head])
        head++;
    while (tail < shorter - head && units[count - 1 - tail] == word->at[word->count - 1 - tail])
        tail++;
    return longer - head - tail == 0 || (word->count >= 5 && longer - head - tail <= 1);
}

static size_t latin_tail(const struct name_form *form)
{
    size_t tail = 0;

    while (tail < form->count && is_latin(form->at[form->count - 1 - tail]))
        tail++;
    return tail;
}

/* The English form of organisation behind a Chinese name. A name all in Latin letters loses only what is spelled well
 * and too long to be the end of another word. */
static void cut_english(const struct name_tables *tables, struct name_form *form)
{
    size_t tail = latin_tail(form);
    size_t taken = 0;
    struct name_word word;

    for (size_t i = 0; name_word_get(tables, NAME_LATIN, i, &word); i++) {
        const uint16_t *end = form->at + form->count;

        if (tail && tail < form->count && is_nearly(end - tail, tail, &word))
            taken = tail;
        if (word.count >= 5 && word.count < form->count && word.count <= tail && word.count > taken &&
            memcmp(end - word.count, word.at, word.count * sizeof(*end)) == 0)
            taken = word.count;
    }
    form->is_english = taken > 0;
    form->count = (uint8_t)(form->count - taken);
}

bool name_normal(const struct name_tables *tables, struct span text, struct name_form *out, struct error *err)
{
    AUTO(text_free) char *folded = NULL;
    utf8proc_uint8_t *made = NULL;
    utf8proc_ssize_t bytes;
    struct span rest;
    struct name_form form = {.count = 0};

    if (text.bytes > NAME_BYTES_MAX)
        return refuse(err, ERR_LIMIT, "name.too-long", "a name has at most %d bytes", "名称最多%d字节", NAME_BYTES_MAX);
    bytes = utf8proc_map((const utf8proc_uint8_t *)text.at, (utf8proc_ssize_t)text.bytes, &made,
                         UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
    if (bytes < 0)
        return refuse(err, ERR_INVALID, "name.not-utf8", "a name must be UTF-8%s", "名称须为UTF-8编码%s", "");
    folded = (char *)made;
    rest = (struct span){folded, (size_t)bytes};
    while (rest.bytes) {
        utf8proc_int32_t point;
        utf8proc_ssize_t took =
            utf8proc_iterate((const utf8proc_uint8_t *)rest.at, (utf8proc_ssize_t)rest.bytes, &point);

        if (took <= 0)
            return fail(err, ERR_INTERNAL, "what utf8proc made is not UTF-8");
        rest = (struct span){rest.at + took, rest.bytes - (size_t)took};
        if (is_kept(point) && !add_point(tables, point, &form))
            return refuse(err, ERR_LIMIT, "name.too-long", "a name has at most %d characters", "名称最多%d个字",
                          NAME_UNITS_MAX);
    }
    cut_english(tables, &form);
    *out = form;
    return true;
}

/* The places that a name begins with. A name that is nothing but places has none: something must be left to compare. */
static void split_region(const struct name_tables *tables, const struct name_form *form, struct name_parts *parts)
{
    size_t at = 0;
    size_t taken;

    while (parts->places < NAME_REGIONS_MAX) {
        const struct name_place *place = name_place_at(tables, form->at + at, form->count - at, &taken);

        if (!place)
            break;
        parts->place_begin[parts->places] = (uint8_t)at;
        parts->place[parts->places++] = place;
        at += taken;
        (void)name_word_at_begin(tables, NAME_MARK, form->at + at, form->count - at, &taken);
        at += taken;
        parts->place_begin[parts->places] = (uint8_t)at;
    }
    parts->core = (uint8_t)at;
    if (at + 1 >= form->count) {
        parts->places = 0;
        parts->core = 0;
    }
}

/* Where a form of organisation ends that begins before `least` and stands inside the name, or 0. Of 有限 in 有限公司
 * the longer counts. */
static size_t suffix_inside(const struct name_tables *tables, const struct name_form *form, size_t core, size_t least)
{
    size_t found = 0;
    size_t word;

    for (size_t end = least; end + 2 < form->count && (!found || end < found + NAME_WORD_UNITS); end++) {
        int kind = name_word_at_end(tables, NAME_SUFFIX, form->at + core, end - core, &word);

        if (kind >= 0 && word + SUFFIX_INSIDE_LEAST <= end - core && (!found || end - word < found))
            found = end;
    }
    return found;
}

/* A branch names its parent first: 某某有限公司 and then words of its own. */
static uint8_t branch_begin(const struct name_tables *tables, const struct name_form *form, uint8_t core)
{
    size_t end = suffix_inside(tables, form, core, (size_t)core + SUFFIX_INSIDE_LEAST);
    size_t word;

    if (end && name_word_at_end(tables, NAME_BRANCH, form->at + end, form->count - end, &word) >= 0)
        return (uint8_t)end;
    return form->count;
}

void name_split(const struct name_tables *tables, const struct name_form *form, struct name_parts *out)
{
    struct name_parts parts = {.places = 0};
    size_t word;

    split_region(tables, form, &parts);
    parts.suffix_kind = (int8_t)name_word_at_end(tables, NAME_SUFFIX, form->at, form->count, &word);
    if (word == form->count) { /* 有限公司 alone */
        parts.suffix_kind = -1;
        word = 0;
    }
    parts.suffix = (uint8_t)(form->count - word);
    if (parts.suffix < parts.core) { /* 某县公司 */
        parts.places = 0;
        parts.core = 0;
    }
    parts.industry = parts.suffix;
    parts.branch = form->count;
    *out = parts;
}

void name_split_trade(const struct name_tables *tables, const struct name_form *form, struct name_parts *parts)
{
    size_t word;

    while (parts->industry > parts->core && name_word_at_end(tables, NAME_INDUSTRY, form->at + parts->core,
                                                             (size_t)(parts->industry - parts->core), &word) >= 0)
        parts->industry = (uint8_t)(parts->industry - word);
    parts->branch = branch_begin(tables, form, parts->core);
}

bool name_is_code(const struct name_tables *tables, const struct name_form *form, char code[NAME_CODE_BYTES])
{
    size_t before = form->count - NAME_CODE_BYTES;
    size_t label;

    if (form->count < NAME_CODE_BYTES)
        return false;
    if (before > 0 && (name_word_at_end(tables, NAME_LABEL, form->at, before, &label) < 0 || label != before))
        return false;
    for (size_t i = 0; i < NAME_CODE_BYTES; i++) {
        uint16_t unit = form->at[before + i];

        if (!is_latin(unit) && !(unit >= '0' && unit <= '9'))
            return false;
        code[i] = (char)(is_latin(unit) ? unit - 'a' + 'A' : unit);
    }
    return true;
}

static bool is_between(uint16_t unit, uint16_t first, uint16_t last)
{
    return unit >= first && unit <= last;
}

/* Half of a pair, alone, is no character (RFC 3629). */
void name_units_add(struct buf *out, const uint16_t *units, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        utf8proc_uint8_t bytes[4];
        utf8proc_int32_t point = units[i];

        if (is_between(units[i], 0xD800, 0xDBFF) && i + 1 < count && is_between(units[i + 1], 0xDC00, 0xDFFF)) {
            point = 0x10000 + ((units[i] - 0xD800) << 10) + (units[i + 1] - 0xDC00);
            i++;
        } else if (is_between(units[i], 0xD800, 0xDFFF)) {
            point = 0xFFFD;
        }
        buf_add(out, bytes, (size_t)utf8proc_encode_char(point, bytes));
    }
}
