/* names_reasons.h - why a company is a candidate, part by part. */
#ifndef GATEWAY_NAMES_NAMES_REASONS_H
#define GATEWAY_NAMES_NAMES_REASONS_H

#include "gateway/names/names.h"
#include "gateway/names/names_score.h"

/* One more reason; nothing when there are enough. Returns it to be filled in, or NULL. */
struct name_reason *reason_add(struct name_candidate *candidate, enum name_reason_kind kind, enum name_part part);
/* What differs between the company's name and what was asked. */
void reasons_explain(const struct align *align, const struct fit_name *name, const struct fit_name *asked,
                     struct name_candidate *candidate);
/* Another company explains the question nearly as well. */
bool reasons_is_shared(const struct scores *scores, size_t number);

#endif
