/* candidates.h - candidates as JSON, for answers (finder.h). */
#ifndef GATEWAY_FINDER_CANDIDATES_H
#define GATEWAY_FINDER_CANDIDATES_H

#include "gateway/finder/companies.h"
#include "gateway/finder/finder.h"

/* At most `wish.most`, the best first. What `shown` says of a masked candidate is masked as well: whoever was told is
 * given it in the proof. */
void candidates_add(const struct name_answer *answer, const struct companies *known, struct finder_wish wish,
                    struct buf *candidates, struct buf *shown);

#endif
