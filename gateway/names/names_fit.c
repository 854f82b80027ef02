#include "gateway/names/names_fit.h"

#include <math.h>

/* Chances of what people do with whole parts (rounded from a prototype on labelled queries). */
static const double REGION_CHANCE[] = {
    [FIT_REGION_SAME] = 0.9,    [FIT_REGION_SHORT] = 0.03,   [FIT_REGION_MISSING] = 0.02,
    [FIT_REGION_LESS] = 0.008,  [FIT_REGION_COARSE] = 0.001, [FIT_REGION_MORE] = 0.006,
    [FIT_REGION_NEAR] = 0.0002, [FIT_REGION_MOVED] = 0.02,   [FIT_REGION_UNREAD] = 0.9,
};
static const double MOVED_IN_PART = 0.3; /* of FIT_REGION_MOVED: some of its places are gone */
static const double SUFFIX_SAME = 0.93;
static const double QUICK_REGION = 3; /* what another region costs at the first look */

/* Forms of organisation by their number in words.tsv; the last is none. */
enum suffix {
    FULL_STOCK_OLD,
    STOCK,
    LIMITED_LIABILITY,
    LIABILITY_CUT,
    LIMITED,
    STOCK_SHORT,
    HEAD,
    COMPANY,
    LIMITED_CUT,
    NO_SUFFIX,
    SUFFIXES
};

static enum suffix suffix_of(const struct name_parts *parts)
{
    return parts->suffix_kind < 0 || parts->suffix_kind >= NO_SUFFIX ? NO_SUFFIX : (enum suffix)parts->suffix_kind;
}

static bool is_cut(enum suffix suffix)
{
    return suffix == LIABILITY_CUT || suffix == LIMITED_CUT || suffix == COMPANY || suffix == NO_SUFFIX ||
           suffix == STOCK_SHORT;
}

static bool is_limited(enum suffix suffix)
{
    return suffix == LIMITED || suffix == LIMITED_LIABILITY;
}

static double suffix_chance(const struct fit_name *meant, const struct fit_name *written)
{
    enum suffix a = suffix_of(&meant->parts);
    enum suffix b = suffix_of(&written->parts);

    if (a == b)
        return SUFFIX_SAME;
    if (written->form.is_english && b == NO_SUFFIX)
        return 0.3; /* the English form took its place */
    if (is_limited(a) && is_limited(b))
        return 0.02;
    if (a == NO_SUFFIX)
        return 0.0005; /* a works that calls itself a company is mostly another enterprise */
    if (!is_cut(a) && is_cut(b))
        return 0.012;
    if (a == COMPANY && (is_limited(b) || is_cut(b)))
        return 0.008;
    if (is_limited(a) && (b == STOCK || b == FULL_STOCK_OLD))
        return 0.003;
    return a == STOCK && is_limited(b) ? 0.006 : 1e-5;
}

/* --- regions --- */

static bool same_place(const struct name_place *a, const struct name_place *b)
{
    return a->brief.count == b->brief.count &&
           memcmp(a->brief.at, b->brief.at, a->brief.count * sizeof(*a->brief.at)) == 0;
}

static bool has_place(const struct name_parts *parts, const struct name_place *place)
{
    for (size_t i = 0; i < parts->places; i++) {
        if (same_place(parts->place[i], place))
            return true;
    }
    return false;
}

/* It is no place of the company, but lies around or in all of them; for a company without, its code says where it is.
 */
static bool is_at_home(const struct name_tables *tables, const struct fit_name *meant, const struct name_place *place)
{
    for (size_t i = 0; i < meant->parts.places; i++) {
        if (!name_places_nest(tables, meant->parts.place[i], place))
            return false;
    }
    return meant->parts.places > 0 || name_place_holds(tables, place, meant->division);
}

static enum fit_region region_of(const struct name_tables *tables, const struct fit_name *meant,
                                 const struct fit_name *written)
{
    const struct name_parts *a = &meant->parts;
    const struct name_parts *b = &written->parts;
    size_t known = 0;
    size_t at_home = 0;
    size_t kept = 0;

    if (a->core == b->core && memcmp(meant->form.at, written->form.at, a->core * sizeof(*meant->form.at)) == 0)
        return FIT_REGION_SAME;
    if (b->places == 0)
        return FIT_REGION_MISSING;
    for (size_t i = 0; i < b->places; i++) {
        bool is_known = has_place(a, b->place[i]);

        known += is_known;
        at_home += is_known || is_at_home(tables, meant, b->place[i]);
    }
    for (size_t i = 0; i < a->places; i++)
        kept += has_place(b, a->place[i]);
    if (at_home < b->places)
        return FIT_REGION_UNREAD;
    if (known == b->places)
        return kept == a->places                       ? FIT_REGION_SHORT
               : has_place(b, a->place[a->places - 1]) ? FIT_REGION_LESS
                                                       : FIT_REGION_COARSE;
    return kept == a->places ? FIT_REGION_MORE : FIT_REGION_NEAR;
}

/* Where `wanted` stands in [from, to) of the units, behind the first; 0 when nowhere. */
static size_t inside(const uint16_t *units, size_t to, const uint16_t *wanted, size_t count)
{
    for (size_t at = 1; count > 1 && at + count <= to; at++) {
        if (memcmp(units + at, wanted, count * sizeof(*units)) == 0)
            return at;
    }
    return 0;
}

/* `from` without the place `name`, which stands somewhere behind its beginning. */
static bool take_out(const struct name_form *from, const uint16_t *name, size_t count, struct name_form *rest)
{
    size_t at = inside(from->at, from->count, name, count);

    if (!at || from->count - count < 2)
        return false;
    *rest = *from;
    memmove(rest->at + at, rest->at + at + count, (from->count - at - count) * sizeof(*rest->at));
    rest->count = (uint8_t)(rest->count - count);
    return true;
}

/* Take the places of `home` out of the name that has them elsewhere. Returns the share of chance that is left. */
static double take_places(const struct fit_name *home, const struct name_form *from, struct name_form *rest)
{
    if (take_out(from, home->form.at, home->parts.core, rest))
        return 1;
    for (size_t i = 0; i < home->parts.places; i++) {
        const struct name_place *place = home->parts.place[i];
        const uint16_t *begin = home->form.at + home->parts.place_begin[i];
        size_t count = (size_t)(home->parts.place_begin[i + 1] - home->parts.place_begin[i]);

        if (take_out(from, begin, count, rest) || take_out(from, place->full.at, place->full.count, rest) ||
            take_out(from, place->brief.at, place->brief.count, rest))
            return home->parts.places == 1 ? 1 : MOVED_IN_PART;
    }
    return 0;
}

/* --- readings --- */

struct units fit_without_suffix(const struct fit_name *name)
{
    return (struct units){name->form.at, name->parts.suffix};
}

static struct units core_of(const struct fit_name *name, bool with_suffix)
{
    size_t end = with_suffix ? name->form.count : name->parts.suffix;

    return (struct units){name->form.at + name->parts.core, end - name->parts.core};
}

static void consider(const struct align *align, struct fit *best, const struct fit *reading, double chance)
{
    double part_log = log(chance);
    double log_all = align_log(align, reading->meant, reading->written, best->log - part_log) + part_log;

    if (log_all <= best->log)
        return;
    best->log = log_all;
    best->part_log = part_log;
    best->region = reading->region;
    best->is_suffix_read = reading->is_suffix_read;
    best->meant = reading->meant;
    best->written = reading->written;
}

void fit_name_set(const struct name_tables *tables, const uint16_t *units, size_t count, struct fit_name *out)
{
    out->form.count = (uint8_t)count;
    out->form.is_english = false;
    memcpy(out->form.at, units, count * sizeof(*units));
    name_split(tables, &out->form, &out->parts);
    out->division = 0;
}

double fit_quick_log(const struct align *align, const struct fit_name *meant, const struct fit_name *written,
                     double least)
{
    double whole = align_log(align, fit_without_suffix(meant), fit_without_suffix(written), least);
    double core;

    if (meant->parts.places + written->parts.places == 0)
        return whole;
    core = align_log(align, core_of(meant, false), core_of(written, false), fmax(least, whole) + QUICK_REGION);
    return fmax(whole, core - QUICK_REGION);
}

/* The places of `home` stand elsewhere in the other name. */
static void read_moved(const struct align *align, const struct fit_name *meant, const struct fit_name *written,
                       bool is_back, struct fit *best)
{
    const struct fit_name *home = is_back ? meant : written;
    const struct fit_name *other = is_back ? written : meant;
    struct fit_name rest = {.division = 0};
    struct name_form left = {.count = 0};
    struct fit reading = {.region = FIT_REGION_MOVED, .is_suffix_read = true};
    double before = best->log;
    double share = home->parts.places ? take_places(home, &other->form, &left) : 0;

    if (share == 0)
        return;
    fit_name_set(align->tables, left.at, left.count, &rest);
    rest.form.is_english = other->form.is_english;
    reading.meant = is_back ? core_of(meant, false) : fit_without_suffix(&rest);
    reading.written = is_back ? fit_without_suffix(&rest) : core_of(written, false);
    consider(align, best, &reading,
             share * REGION_CHANCE[FIT_REGION_MOVED] *
                 (is_back ? suffix_chance(meant, &rest) : suffix_chance(&rest, written)));
    if (best->log > before) {
        best->rest = rest.form;
        *(is_back ? &best->written : &best->meant) = (struct units){best->rest.at, rest.parts.suffix};
    }
}

void fit_best(const struct align *align, const struct fit_name *meant, const struct fit_name *written, struct fit *out)
{
    enum fit_region region = region_of(align->tables, meant, written);
    double suffix = suffix_chance(meant, written);
    struct fit whole = {.region = FIT_REGION_UNREAD};

    out->log = 2 * ALIGN_NEVER;
    whole.meant = (struct units){meant->form.at, meant->form.count};
    whole.written = (struct units){written->form.at, written->form.count};
    consider(align, out, &whole, REGION_CHANCE[FIT_REGION_SAME] * SUFFIX_SAME);
    whole.meant = fit_without_suffix(meant);
    whole.written = fit_without_suffix(written);
    whole.is_suffix_read = true;
    consider(align, out, &whole, REGION_CHANCE[FIT_REGION_SAME] * suffix);
    if (region != FIT_REGION_SAME && region != FIT_REGION_UNREAD) {
        struct fit reading = {.region = region, .meant = core_of(meant, true), .written = core_of(written, true)};

        consider(align, out, &reading, REGION_CHANCE[region] * SUFFIX_SAME);
        reading.meant = core_of(meant, false);
        reading.written = core_of(written, false);
        reading.is_suffix_read = true;
        consider(align, out, &reading, REGION_CHANCE[region] * suffix);
    }
    if (region == FIT_REGION_SAME || region == FIT_REGION_SHORT)
        return;
    read_moved(align, meant, written, true, out);
    read_moved(align, meant, written, false, out);
}
