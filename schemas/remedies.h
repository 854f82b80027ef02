/* remedies.h - what a cell that the rules refuse was most likely meant to say, in the register's own words: a date in
 * another notation, a code with the letter O in place of a zero, 环境保护 for 环保, a number with its unit behind it.
 *
 * Only another way of writing the same thing is offered: which of two cells that contradict each other is wrong, nobody
 * here decides, and nothing here changes a row. What is offered passes the rules: with it the column has no error, and
 * no other column has an error that it did not have; the same with all that is offered for the row at once. */
#ifndef SCHEMAS_REMEDIES_H
#define SCHEMAS_REMEDIES_H

#include "schemas/rules.h"

struct remedies {
    uint32_t offered; /* bit c: there is one for column c */
    struct buf value[COLUMN_COUNT];
};
#define REMEDIES_INIT ((struct remedies){.offered = 0})

/* For the columns that `problems` of the row name (as rules_check found them). `out` is emptied first; its owner calls
 * remedies_done in the end. */
void remedies_find(const struct rules *rules, const struct obligation *row, const struct rules_context *context,
                   const struct problems *problems, struct remedies *out);
void remedies_done(struct remedies *remedies);
/* Empty: none. Borrowed. */
struct span remedies_of(const struct remedies *remedies, enum column column);

DEFINE_AUTO_IN_PLACE(struct remedies, remedies_done)

#endif
