/* probe.h - the test of a connection, layer by layer: the address's name, TCP, TLS, the other side's certificate, ours,
 * whether they take our credentials, what they answer, how far the clocks are apart.
 *
 * It changes nothing on either side and never carries a row: after a handshake of its own, which says nothing to a side
 * that is not trusted, it asks one harmless question the way the courier asks (connection.h): what became of a task
 * that does not exist; where calls are named by their place in the day (a wrong address would answer the same there),
 * for the first page of what they hold; before it, where the protocol has one, for a secret. What only an upload shows
 * (the SM2 signature over rows, codes of table and department) it cannot tell, and says so. Sources: upstreams.md; RFC
 * 8446 6.2 (alerts); RFC 5280 (certificates); RFC 9110 6.6.1 (Date). */
#ifndef GATEWAY_COURIER_PROBE_H
#define GATEWAY_COURIER_PROBE_H

#include "gateway/courier/channel.h"

enum probe_layer {
    PROBE_NAME,
    PROBE_TCP,
    PROBE_TLS,
    PROBE_THEIRS, /* their certificate */
    PROBE_OURS,   /* our client certificate */
    PROBE_SIGNATURE,
    PROBE_ANSWER,
    PROBE_CLOCK,
    PROBE_LAYERS
};
/* From good to bad, but for the first. */
enum probe_state { PROBE_NOT_REACHED, PROBE_OK, PROBE_WARNING, PROBE_FAILED };

enum {
    PROBE_SKEW_WARNING_S = 60, /* clocks apart */
    PROBE_SKEW_MAX_S = 300,    /* what upstreams.md lets pass */
    PROBE_DAYS_WARNING = 30,   /* that a certificate is still good for */
    PROBE_WORDS_BYTES = 300,   /* of a stranger */
    PROBE_CHAIN_MAX = 8,
    PROBE_NAMES_MAX = 20
};

struct probe_step {
    enum probe_state state;
    int64_t millis; /* that it took; -1: none of its own */
    struct buf zh;  /* what was found */
    struct buf en;
    const char *advice_zh; /* what to do; NULL: nothing */
    const char *advice_en;
    struct buf facts; /* members of a JSON object, each with a comma before it */
};
struct probe {
    struct probe_step steps[PROBE_LAYERS];
};

const char *probe_layer_name(enum probe_layer layer, bool is_chinese); /* for people */
const char *probe_layer_key(enum probe_layer layer);                   /* for programs */
const char *probe_state_key(enum probe_state state);                   /* "not-reached", "ok", "warning", "failed" */

/* `out` is zeroed; owned by the caller also when it fails, which happens only when we cannot even try. Whatever is
 * wrong with the connection stands in `out`. Takes as long as the channel's time limits let it. Makes the process
 * ignore SIGPIPE. */
MUST_CHECK bool probe_channel(const struct courier_channel *channel, const struct clock *clock, struct probe *out,
                              struct error *err);
void probe_done(struct probe *probe);

DEFINE_AUTO_IN_PLACE(struct probe, probe_done)

#endif
