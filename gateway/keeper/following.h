/* following.h - the keeper's part that follows the journal for watch lists: who is told of which change. Only for this
 * room.
 *
 * Every turn the events that were not looked at yet are; for each change of a subject and each list that has it since
 * before the change, one message is queued for the client's endpoint, unless its domain may not be told, or the client
 * has no webhook, domain or purpose of that kind in the configuration any more, or is under test by now. The messages
 * and how far was looked are one transaction, so that a change is told once whatever is killed when. A message says how
 * the record stands when it is queued:
 *
 *   {"data":{"at","domain","ended_by"?,"from","record","sequence","state","uscc","version","watch"},
 *    "timestamp","type":"subject.changed"}                      members as in gateway/lookup/changes.h
 *
 * What a record says is not in it: whoever is told asks by a lookup, for a purpose, and that is in the trace. */
#ifndef GATEWAY_KEEPER_FOLLOWING_H
#define GATEWAY_KEEPER_FOLLOWING_H

#include "gateway/keeper/keeper.h"

enum {
    FOLLOWING_TURN_LOOKS = 20,     /* goes of WATCH_LOOKS_MAX events in one turn */
    FOLLOWING_MESSAGES_MAX = 500,  /* in one transaction */
    FOLLOWING_QUIET_EVENTS = 10000 /* so many without a message are said to be looked at */
};

struct following;
/* `options` is borrowed. Nothing is read yet. */
struct following *following_new(const struct keeper_options *options);
void following_free(struct following *following);
MUST_CHECK bool following_turn(struct following *following, struct error *err);

DEFINE_AUTO(struct following *, following_free)

#endif
