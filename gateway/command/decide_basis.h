/* decide_basis.h - does the obligation carry a record? Only decide*.c need it. */
#ifndef GATEWAY_COMMAND_DECIDE_BASIS_H
#define GATEWAY_COMMAND_DECIDE_BASIS_H

#include "gateway/command/decide.h"

/* Open, overdue on `on` (which is not in the future), ordered by an authority that may. */
MUST_CHECK bool basis_check_new(const struct standing *standing, int32_t on, struct error *err);
/* The obligation of a record that stays: it was missed (still open, or exited late), not revoked, not extended. */
MUST_CHECK bool basis_check_standing(const struct standing *standing, const struct record *record, struct error *err);
/* Document, decision day, severity, scope of what is listed, by themselves and against the obligation. */
MUST_CHECK bool basis_check_listing(const struct standing *standing, const struct record *record, struct error *err);
/* Fill what a record says of its obligation; `hold` owns the new texts. */
void basis_fill(const struct standing *standing, struct record *record, struct buf *hold);
/* Whether the record still says what the obligation says now. */
bool basis_is_same(const struct standing *standing, const struct record *record, struct buf *hold);

#endif
