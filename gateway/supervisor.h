/* supervisor.h - the small parent: opens the sockets, starts the processes, restarts what dies, stops in order.
 *
 * Nothing is shared but the store: the parent never opens it. It holds both ends of every socket pair, so that a
 * restarted process finds its siblings where they were. When the parent itself is killed the children see the end of
 * their stop pipes and stop too. One gateway per state folder (state_lock.h). */
#ifndef GATEWAY_SUPERVISOR_H
#define GATEWAY_SUPERVISOR_H

#include "gateway/config/config.h"

/* Called once, when every process has said that it is ready. */
struct supervisor_ready {
    void (*tell)(void *context, const struct config *config, uint16_t port);
    void *context;
};

/* SIGHUP takes clients and staff of the configuration over anew (reload.h). Runs until SIGTERM or SIGINT; true when all
 * processes stopped in order. A process that cannot begin (keys, store, settings) while the gateway is starting stops
 * it: ERR_INVALID names it, the log says why. ERR_REFUSED: the store was copied, swapped or rolled back
 * (journal/guard.h), before or while the gateway ran. */
MUST_CHECK bool supervisor_run(const struct config *config, const struct supervisor_ready *ready, struct error *err);

#endif
