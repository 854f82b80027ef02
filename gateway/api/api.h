/* api.h - the process that answers: lookups over HTTPS for outside systems, administration on the Unix socket.
 *
 *   GET  /v1/lookups/{domain}/{uscc}?purpose=…[&authorisation=…]   a client of the configuration, by its certificate
 *   GET  /v1/domains                       the domains this client may ask, their purposes and titles
 *   GET  /v1/checkpoints/{journal|trace}   the newest signed checkpoint
 *   GET  /v1/keys                          public keys, for whoever verifies
 *   GET  /healthz                          200 when the store answers; no certificate asked by us beyond TLS's own
 *
 *   POST /admin/v1/jobs/{kind}?lang=…[&file=NAME]   a member of the staff (SO_PEERCRED) with a role for it → 202
 * {"job"} GET  /admin/v1/jobs/{id}, /admin/v1/jobs/{id}/report?format=text|json&offset=N GET  /admin/v1/status per
 * channel: counts by state, oldest age, last receipt, paused and why GET  /admin/v1/records[?list=…],
 * /admin/v1/records/{id}, /admin/v1/records/{id}/seal[?version=N] GET  /admin/v1/trace/{receipt}         one entry of
 * the trace and its proof GET  /admin/v1/whoami
 *
 * Every refusal is an RFC 9457 problem {"detail","detail_zh","instance"?,"rule"?,"status","title","title_zh","type"}.
 * Every lookup, answered or refused, by a known client is in the trace before the answer leaves. */
#ifndef GATEWAY_API_API_H
#define GATEWAY_API_API_H

#include "gateway/config/config.h"
#include "gateway/store/store.h"

struct api_options {
    const struct config *config;
    struct store *store;
    const struct clock *clock;
    int listen_fd;             /* HTTPS; -1: none */
    int admin_fd;              /* Unix socket; -1: none */
    int parent_fd;             /* SEQPACKET: a job's id orders it; -1: none */
    unsigned workers;          /* how many processes share the limits per client; at least 1 */
    const uint8_t *ticket_key; /* HTTP_TICKET_KEY_BYTES shared by all api processes, or NULL */
};

/* Until `stop_fd` becomes readable; then what is in flight is answered. */
MUST_CHECK bool api_run(const struct api_options *options, int stop_fd, struct error *err);

#endif
