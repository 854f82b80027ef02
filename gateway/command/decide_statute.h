/* decide_statute.h - what the law does to a record without anybody's word. Pure, as decide.h.
 *
 * Publication ends at its maximum (NDRC Order 36: it stops by itself; domain.md 5.3, 5.4), whatever else is under way:
 * also a record that is disputed, also one with a proposal that waits. The record then gets a last version, 撤销
 * (取消公示), whose author is the rule: no person proposes it and none approves it. */
#ifndef GATEWAY_COMMAND_DECIDE_STATUTE_H
#define GATEWAY_COMMAND_DECIDE_STATUTE_H

#include "gateway/command/decide.h"

#define STATUTE_REASON "公示期满"

/* Is the publication of the newest effective version over before standing->today? Then `out` is the version that says
 * so, with its authors and without its instants; texts are borrowed from standing and its windows. False: nothing is to
 * be done (never in force, over already, or still to be published). */
bool decide_expiry(const struct standing *standing, struct record *out);

#endif
