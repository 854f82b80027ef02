/* remedies_internal.h - between the files of the remedies: one cell for which the right words are looked for. */
#ifndef SCHEMAS_REMEDIES_INTERNAL_H
#define SCHEMAS_REMEDIES_INTERNAL_H

#include "schemas/remedies.h"

enum { REMEDY_FOLDED_BYTES = 256 };

struct seeking {
    const struct rules *rules;
    const struct obligation *row; /* checked: the typed members are filled as far as they could be read */
    const struct rules_context *context;
    const struct problems *before; /* of the row as it stands */
    enum column column;
    struct span text;   /* the cell without invisible characters and line breaks */
    struct span folded; /* the same without white space, full-width forms as ASCII */
    struct buf *value;  /* gets what is offered */
};

/* Judge a candidate; true: it is offered, and nothing else is tried. An empty one, and what stands there already, is
 * none. */
bool remedy_try(struct seeking *seeking, struct span candidate);

typedef bool remedy_seek(struct seeking *seeking);
/* remedies_numbers.c */
remedy_seek remedy_uscc, remedy_date, remedy_equipment_count, remedy_capacity, remedy_unit;
/* remedies_words.c */
remedy_seek remedy_industry, remedy_ground, remedy_measure, remedy_state;
/* remedies_place.c */
remedy_seek remedy_division, remedy_region, remedy_authority, remedy_authority_kind, remedy_approval;

/* The characters of `part` stand in `whole` in the same order, two of them at least: 环保局 in 环境保护局. */
bool remedy_is_short_for(struct span part, struct span whole);
/* `text` without `ending`, when it ends so and something stands before it. */
bool remedy_cut(struct span *text, const char *ending);

#endif
