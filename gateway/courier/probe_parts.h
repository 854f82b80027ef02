/* probe_parts.h - what the files of the probe share. Only for them. */
#ifndef GATEWAY_COURIER_PROBE_PARTS_H
#define GATEWAY_COURIER_PROBE_PARTS_H

#include <openssl/x509.h>

#include "gateway/courier/probe.h"

struct probe_advice {
    const char *zh;
    const char *en;
};
/* One finding more: the step is at least as bad as `state` (PROBE_OK: good so far), and the worst one's advice counts.
 * Add its words to step->zh and step->en next. `advice` NULL: none. */
void probe_find(struct probe_step *step, enum probe_state state, const struct probe_advice *advice);
/* The same with words that take no arguments. */
void probe_say(struct probe_step *step, enum probe_state state, const char *zh, const char *en,
               const struct probe_advice *advice);
/* Add ,"name":"text", cut to PROBE_WORDS_BYTES. */
void probe_fact(struct probe_step *step, const char *name, struct span text);
/* Words of libcurl, OpenSSL or the system. */
void probe_words(struct probe_step *step, const char *words);

/* probe_line.c: name to our certificate. True when a question may be asked. */
bool probe_line(const struct courier_channel *channel, int64_t now_ms, struct probe *probe);

/* probe_certificate.c. The chain that came (`peer` first, borrowed) against the channel's authority. */
struct probe_peer {
    X509 *peer;
    STACK_OF(X509) * chain; /* may be NULL */
    const char *host;
    const char *ca_path;
};
void probe_judge_theirs(const struct probe_peer *peer, int64_t now_ms, struct probe_step *step);
/* Our own certificate and key as files. */
void probe_judge_ours(const struct courier_channel *channel, int64_t now_ms, struct probe_step *step);

#endif
