/* supersede.h - a version that is pushed while an earlier one of the same record stands refused. Only command_push.c
 * needs it.
 *
 * A refused delivery holds its lane. What puts the matter right is usually a new version: a correction takes the place
 * of what was refused, and so does a withdrawal or repair of what the upstream holds. A record that the upstream never
 * took needs no withdrawal there: then nothing is sent, and the lane goes on. A dispute mark waits behind what is
 * refused, since it changes nothing about it. Architecture 5, upstreams.md section 1 (code 40001). */
#ifndef GATEWAY_COMMAND_SUPERSEDE_H
#define GATEWAY_COMMAND_SUPERSEDE_H

#include "gateway/command/run.h"

/* Emit delivery.superseded for what this version takes the place of. `*is_needless`: it need not be sent itself. */
MUST_CHECK bool supersede_refused(struct run *run, struct ledger *ledger, enum channel channel,
                                  const struct record *record, bool *is_needless, struct error *err);

#endif
