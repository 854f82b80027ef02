/* rotation.h - which of the gateway's keys was followed by which, on whose word (密钥轮换).
 *
 * A projection of the journal; one event:
 *
 *   key.rotated   {"algorithm","begins","ends","new","old","public","reason","use"}: from "begins" on the key "new"
 * signs, until "ends" what "old" signed is still taken for made in time; "public" is the SHA-256 (hex) of the new
 * public key as PEM, so that nobody can put another one under its name later
 *
 * The keys themselves are in the signer process (keys/signer.h), their public halves in public-keys.json.
 *
 * STORE_ACCESS: 0 + id of the old key → sequence (u64). No client's name begins with a zero. */
#ifndef GATEWAY_ACCESS_ROTATION_H
#define GATEWAY_ACCESS_ROTATION_H

#include "gateway/journal/event.h"
#include "gateway/store/store.h"

#define ROTATION_EVENT "key.rotated"

bool rotation_applies(struct span type);
/* A key that was followed already is ERR_CONFLICT: the transaction must be aborted. */
MUST_CHECK bool rotation_apply(struct store_txn *txn, uint64_t sequence, const struct event *event, struct error *err);
/* By which event `kid` was followed. False when it was not (or after a store error: store_txn_is_good tells). */
bool rotation_find(struct store_txn *txn, const char *kid, uint64_t *sequence);

#endif
