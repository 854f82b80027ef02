/* head.h - the signed head of one log: remembered, signed, kept and published, in this order. Only for this room. */
#ifndef GATEWAY_KEEPER_HEAD_H
#define GATEWAY_KEEPER_HEAD_H

#include "gateway/journal/checkpoint.h"
#include "gateway/journal/guard.h"
#include "gateway/keeper/keeper.h"

/* What is common to both logs. */
struct heads {
    const struct config *config;
    struct signer *signer;
    struct guard *guard;
    struct keyring *keys; /* public halves; NULL: to be read again */
};

/* The newest checkpoint of `log` when it is ours and good, or nothing (false): then the next turn signs one. */
bool head_published(struct heads *heads, enum guard_log log, struct guard_head *head);
/* Sign for `head`, which continues what is remembered. A crash between any two steps leaves nothing that a later turn
 * does not mend. */
MUST_CHECK bool head_publish(struct heads *heads, enum guard_log log, const struct guard_head *head, int64_t now_ms,
                             struct error *err);

/* <state>/checkpoints/<log>.refused: why nothing is signed for this log. NULL: nothing stands against it. */
MUST_CHECK bool head_say_refused(const struct config *config, enum guard_log log, const struct error *why,
                                 struct error *err);

#endif
