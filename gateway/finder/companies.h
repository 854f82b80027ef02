/* companies.h - the companies that can be found by name: their codes, the names they have and had, and since when we
 * know.
 *
 * Two sources speak of names: the register of names, as of its edition, and the register of obligations, as of each
 * event. Of two names of one company that of the later day is its name, the other a former one; on one day the one that
 * came later. The names as written stay here; the index keeps their normal forms only. */
#ifndef GATEWAY_FINDER_COMPANIES_H
#define GATEWAY_FINDER_COMPANIES_H

#include "gateway/names/names.h"

enum { COMPANIES_DAY_FORMER = INT32_MIN }; /* a name of which is only known that it was one */

struct companies;
struct companies *companies_new(void);
void companies_free(struct companies *known);

/* A name is known of the company from `day` on. With `names` (may be NULL) the index is told at once what changed;
 * errors as of names_add. */
MUST_CHECK bool companies_put(struct companies *known, struct span code, struct span name, int32_t day,
                              struct names *names, struct error *err);
/* Give all names to an index that is being made. Names that are no names (names_add refuses them as such) are left
 * out. */
MUST_CHECK bool companies_give(const struct companies *known, struct names *names, struct error *err);
/* The name as written; empty when the company is not known. Borrowed until the next companies_put. */
struct span companies_name(const struct companies *known, const char code[NAME_CODE_BYTES]);
size_t companies_count(const struct companies *known);

DEFINE_AUTO(struct companies *, companies_free)

#endif
