/* reload.h - which settings a running gateway can take over anew: those of clients and staff. All others shape
 * processes that live on, sockets and the store: they want a restart. What the files behind the settings hold
 * (certificates, CA, revocation list of `listen`) is read anew with every reload. */
#ifndef GATEWAY_CONFIG_RELOAD_H
#define GATEWAY_CONFIG_RELOAD_H

#include "gateway/config/config.h"

/* Does `next` differ from `now` only where it may? Else ERR_REFUSED "config.restart" names the first other setting;
 * "clients.test" when the first client is put under test. */
MUST_CHECK bool config_may_replace(const struct config *now, const struct config *next, struct error *err);

/* Read, check and compare the file that `now` came from. Everything that is wrong with it goes to `report` (may be
 * NULL). False: err says why, and nothing is to be changed. */
MUST_CHECK bool config_reload(const struct config *now, int64_t now_ms, config_report *report, void *context,
                              struct config **out, struct error *err);

#endif
