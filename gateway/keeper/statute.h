/* statute.h - the keeper's part that looks after statutory clocks: publication that is over, its versions into the
 * outbox, business receipts that are overdue. Only for this room.
 *
 * At the start, whenever the day changes (forth or back), and every STATUTE_MS. Every step is a transaction of its own
 * and does only what is still to be done: killed between any two, done twice, or off for months, it ends up the same.
 */
#ifndef GATEWAY_KEEPER_STATUTE_H
#define GATEWAY_KEEPER_STATUTE_H

#include "gateway/keeper/keeper.h"

enum { STATUTE_MS = 60 * 1000 };

struct statute;
/* `options` is borrowed. Nothing is read yet: the law's data are loaded when they are first needed. */
struct statute *statute_new(const struct keeper_options *options);
void statute_free(struct statute *statute);
/* What is due; nothing when it is not time. */
MUST_CHECK bool statute_turn(struct statute *statute, struct error *err);

DEFINE_AUTO(struct statute *, statute_free)

#endif
