/* account_events.h - what the journal says of accounts (signin.h): evidence, for auditors and for whoever asks later
 * who was signed in when. They change no table: what a person signs in with is a secret, and no secret is in the
 * journal. */
#ifndef GATEWAY_ACCOUNTS_ACCOUNT_EVENTS_H
#define GATEWAY_ACCOUNTS_ACCOUNT_EVENTS_H

#include "gateway/journal/event.h"
#include "gateway/store/store.h"

bool account_events_applies(struct span type);
/* Only checks the form: ERR_CORRUPT. */
MUST_CHECK bool account_events_apply(struct store_txn *txn, uint64_t sequence, const struct event *event,
                                     struct error *err);

#endif
