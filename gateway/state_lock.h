/* state_lock.h - one gateway per state folder: two couriers on one store would send everything twice.
 *
 * `<state>/lock` is locked in two ways. The record lock (fcntl) belongs to the parent alone and says that a gateway
 * runs. The file lock (flock) is inherited by all processes of the gateway, so it also holds while children of a parent
 * that was killed are still finishing: a new gateway waits for them. Whoever works on the state without a gateway takes
 * the file lock. */
#ifndef GATEWAY_STATE_LOCK_H
#define GATEWAY_STATE_LOCK_H

#include "base/error.h"

/* `*fd` keeps the locks until it is closed; children inherit it. ERR_CONFLICT "gateway.running" at once when a gateway
 * runs, after `patience_ms` when only its remains do (or another program holds the file); ERR_IO "gateway.state" when
 * the folder is not there. */
MUST_CHECK bool state_lock_take(const char *path, int64_t patience_ms, int *fd, struct error *err);

#endif
