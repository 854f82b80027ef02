/* supervisor.h - the small parent: opens the sockets, starts the processes, restarts what dies, stops in order.
 *
 * Nothing is shared but the store: the parent never opens it. It holds both ends of every socket pair, so that a
 * restarted process finds its siblings where they were. When the parent itself is killed the children see the end of
 * their stop pipes and stop too. One gateway per state folder (a lock file says so). */
#ifndef GATEWAY_SUPERVISOR_H
#define GATEWAY_SUPERVISOR_H

#include "gateway/config/config.h"

/* Runs until SIGTERM or SIGINT; true when all processes stopped in order. */
MUST_CHECK bool supervisor_run(const struct config *config, struct error *err);

#endif
