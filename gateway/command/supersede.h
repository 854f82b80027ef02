/* supersede.h - what a push does about refused deliveries. Only command_push.c needs it.
 *
 * A refused delivery holds its lane. What puts the matter right is usually a new version: a correction takes the place
 * of what was refused, and so does a withdrawal or repair of what the upstream holds. A record that the upstream never
 * took needs no withdrawal there: then nothing is sent, and the lane goes on. A dispute mark waits behind what is
 * refused, since it changes nothing about it. Architecture 5, upstreams.md section 1 (code 40001). */
#ifndef GATEWAY_COMMAND_SUPERSEDE_H
#define GATEWAY_COMMAND_SUPERSEDE_H

#include "gateway/command/run.h"

/* For a version that is about to be queued: emit delivery.superseded for what it takes the place of. `*is_needless`: it
 * need not be sent itself. */
MUST_CHECK bool supersede_by_new(struct run *run, struct ledger *ledger, enum channel channel,
                                 const struct record *record, bool *is_needless, struct error *err);

/* For what was refused after the version that puts it right had been queued behind it: the same, all over the channel,
 * in transactions of its own. Nothing is sent that nobody has pushed. */
MUST_CHECK bool supersede_by_queued(const struct desk *desk, enum channel channel, struct error *err);

#endif
