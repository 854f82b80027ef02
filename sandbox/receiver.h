/* receiver.h - `creditgate sandbox --receiver`: a client's endpoint for webhooks (docs/webhooks.md), that checks every
 * message as strictly as a good receiver does, remembers what it took on disk, and misbehaves on demand.
 *
 * It is written from the Standard Webhooks specification alone and shares no code with adapters/ and keys/. Options
 * (JSON file; paths count from its folder):
 *   {"port","certificate","key","client_ca"?,"control_socket","log","secrets":["whsec_…"],"keys":"keys.json",
 *    "tolerance_s"?}
 * `secrets` or `keys` (what GET /v1/keys of the gateway says) or both: whatever is given must sign, one of each kind.
 *
 * `log` gets a line {"body":{…},"id","path","signature","timestamp"} for every message it took, once for each id.
 * On the control socket:
 *   POST /control/behave  {"next":[{"status","retry_after"?,"times"?,"after"?}…]}: the answers to the next messages;
 * with "after" the message is taken all the same; status 0: the connection is closed instead GET  /control/state
 * {"bad":N,"next":N,"repeats":N,"statuses":[…],"taken":N}: bad: signatures that did not verify; statuses: the last
 * hundred answers */
#ifndef SANDBOX_RECEIVER_H
#define SANDBOX_RECEIVER_H

#include <jansson.h>

#include "sandbox/sandbox.h"

/* Until `stop_fd` becomes readable. `ready` may be NULL. */
MUST_CHECK bool receiver_run(const char *options_path, int stop_fd, const struct sandbox_ready *ready,
                             struct error *err);

/* Is the message signed as the headers say, by one of the secrets and one of the keys (as far as there are any)? For
 * tests without sockets. */
struct receiver_message {
    struct span id;
    struct span timestamp;
    struct span signatures;
    struct span body;
};
struct receiver_trust;
MUST_CHECK bool receiver_trust_new(const json_t *secrets, const json_t *keys, struct receiver_trust **out,
                                   struct error *err);
void receiver_trust_free(struct receiver_trust *trust);
/* `why` gets a static text when it is not. */
bool receiver_verifies(const struct receiver_trust *trust, const struct receiver_message *message, int64_t now_s,
                       int64_t tolerance_s, const char **why);

DEFINE_AUTO(struct receiver_trust *, receiver_trust_free)

#endif
