/* candidates.h - candidates as JSON, for answers (finder.h). */
#ifndef GATEWAY_FINDER_CANDIDATES_H
#define GATEWAY_FINDER_CANDIDATES_H

#include "gateway/finder/companies.h"

void candidates_add(const struct name_answer *answer, const struct companies *known, struct buf *candidates,
                    struct buf *shown);

#endif
