/* command_key.h - an administrator has one of the gateway's keys followed by another. */
#ifndef GATEWAY_COMMAND_COMMAND_KEY_H
#define GATEWAY_COMMAND_COMMAND_KEY_H

#include "gateway/command/command.h"
#include "keys/keyring.h"

/* How far ahead a key may begin: long enough for partners to take its public half up. */
enum { KEY_AHEAD_MAX_DAYS = 90 };

struct key_rotation {
    const char *kid; /* of the key that is to be followed, as the person saw it */
    const char *reason;
    int64_t from_ms;         /* when the new one begins; what lies behind counts as now */
    const char *public_file; /* public-keys.json, which the signer writes */
};

/* The signer process makes the key (desk->signer: keys/signer.h), then one event says so (access/rotation.h). Under the
 * same job again, wherever it was cut off, the same key is found and the event written once. `next` gets the new id.
 * Refused: key.reason; key.none; key.followed: another signs in its place; key.under-way: the last rotation is not over
 * (its key has not begun, or what it took the place of is still good); key.from: more than KEY_AHEAD_MAX_DAYS ahead. */
MUST_CHECK bool command_key_rotate(const struct desk *desk, const struct key_rotation *rotation,
                                   char next[KEY_ID_BYTES], struct error *err);

#endif
