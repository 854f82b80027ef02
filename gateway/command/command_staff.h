/* command_staff.h - the journal is told who is on the staff, and who took a configuration over.
 *
 * A process that lets people act by the configuration's roles calls command_staff_take before it is ready: so no role
 * is ever used that the journal does not know. The first one writes, the others find it there. */
#ifndef GATEWAY_COMMAND_COMMAND_STAFF_H
#define GATEWAY_COMMAND_COMMAND_STAFF_H

#include "gateway/command/command.h"
#include "gateway/config/config.h"

/* Events by "gateway" (accounts/roster.h) for whatever the configuration says otherwise; none when nothing is new. A
 * repeat does nothing. */
MUST_CHECK bool command_staff_take(struct store *store, const struct clock *clock, const struct config *config,
                                   struct error *err);
/* config.reload-ordered {"file","sha256"} by desk->person: the file as it was when it passed its check. Which roles it
 * changed is told by what follows. A desk's job that did it already does nothing. */
MUST_CHECK bool command_staff_order_reload(const struct desk *desk, const char *path, const uint8_t sha256[32],
                                           struct error *err);

#endif
