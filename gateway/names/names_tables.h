/* names_tables.h - what is known about characters and places before any register is read: simplified forms, sounds,
 * look-alikes, places of China, forms of organisation. Data: schemas/data/names (schemas/README.md says whence).
 *
 * Names are handled as UTF-16 units here: two bytes a character, and the few characters beyond the basic plane are two
 * units that still only equal themselves. Read-only after loading; shared by everything in this room. */
#ifndef GATEWAY_NAMES_NAMES_TABLES_H
#define GATEWAY_NAMES_NAMES_TABLES_H

#include "base/buf.h"
#include "base/error.h"

enum {
    NAME_UNITS_ALL = 65536,
    NAME_SOUNDS_MAX = 1024, /* syllables without tone; Chinese has some 400 */
    NAME_ALIKE_MAX = 16,    /* look-alikes of one character */
    NAME_WORD_UNITS = 16    /* the longest place, suffix or industry word */
};

enum name_word_kind { NAME_SUFFIX, NAME_BRANCH, NAME_INDUSTRY, NAME_LATIN, NAME_LABEL, NAME_MARK, NAME_WORD_KINDS };

struct name_word {
    uint16_t at[NAME_WORD_UNITS];
    uint8_t count;
};

/* A place; several may share a short name. */
struct name_place {
    struct name_word full;  /* 佛山市 */
    struct name_word brief; /* 佛山 */
    uint32_t code;          /* 4406: 2, 4 or 6 digits */
    uint8_t digits;
};

struct name_alike {
    uint16_t unit;
    float log; /* of the chance that it is written for the other */
};

struct name_tables;

/* From the files of `folder` (schemas/data/names). */
MUST_CHECK bool name_tables_load(const char *folder, struct name_tables **out, struct error *err);
void name_tables_free(struct name_tables *tables);

/* The simplified form of a unit; itself when there is none. */
uint16_t name_simplified(const struct name_tables *tables, uint16_t unit);
/* Log of the chance that who means `meant` writes `written`: 0 when equal, the dearest for what has nothing in common.
 * `slip` (may be NULL) gets why. */
enum name_slip { SLIP_NONE, SLIP_SOUND, SLIP_NEAR_SOUND, SLIP_LOOK, SLIP_OTHER };
float name_slip_log(const struct name_tables *tables, uint16_t meant, uint16_t written, enum name_slip *slip);
/* The longest word of a kind that `units` end in, or -1; its length in `*count`. Numbers count from 0, the suffixes in
 * the order of the file. */
int name_word_at_end(const struct name_tables *tables, enum name_word_kind kind, const uint16_t *units, size_t count,
                     size_t *word_units);
/* The same for what `units` begin with. */
int name_word_at_begin(const struct name_tables *tables, enum name_word_kind kind, const uint16_t *units, size_t count,
                       size_t *word_units);
/* The word of a number; false past the last. */
bool name_word_get(const struct name_tables *tables, enum name_word_kind kind, size_t number, struct name_word *out);
/* The longest place that `units` begin with, full or brief, or NULL; how much of them it takes in `*taken`. Of several
 * places with one name, the first. */
const struct name_place *name_place_at(const struct name_tables *tables, const uint16_t *units, size_t count,
                                       size_t *taken);
/* One place lies in the other, by any of the places that have the same brief names; `code` (digits 3 to 8 of a credit
 * code as a number, 0 for none) may stand for the second. */
bool name_places_nest(const struct name_tables *tables, const struct name_place *a, const struct name_place *b);
bool name_place_holds(const struct name_tables *tables, const struct name_place *place, uint32_t code);

DEFINE_AUTO(struct name_tables *, name_tables_free)

#endif
