/* relay.h - a byte-level relay in front of the TLS listeners, so that faults happen on the line, each to its own
 * connection, while the platforms go on answering the others.
 *
 * It is a child process: it takes the connections of the public port, leads each to a listener of the sandbox on
 * loopback, and passes bytes both ways without reading them. What it is to do to them comes as orders over a socket
 * pair; an order that was given before a byte was sent is known before that byte passes. It ends when the sandbox does,
 * however that ends. As long as nothing is ordered it only copies.
 *
 * A handler knows a connection by the port its peer comes from (http_peer.port), which is the relay's own. */
#ifndef SANDBOX_RELAY_H
#define SANDBOX_RELAY_H

#include "sandbox/line.h"

struct relay;

/* Where to listen, and the loopback ports that connections are led to; 0: there is no such certificate. */
struct relay_setup {
    const char *address; /* numeric */
    uint16_t port;       /* 0: the system chooses */
    uint16_t targets[LINE_CERTIFICATE_COUNT];
};

/* Starts the child. Call it before anything is open that the child must not hold: it keeps no descriptor but its own.
 * `*port` gets the port it listens on. A port that is in use is waited for, up to RELAY_PORT_PATIENCE_MS: a sandbox
 * that was killed leaves it to its child for a moment. */
enum { RELAY_PORT_PATIENCE_MS = 2000 };
MUST_CHECK bool relay_start(const struct relay_setup *setup, uint16_t *port, struct relay **out, struct error *err);
/* Tells the child to pass on what it still holds (at most RELAY_DRAIN_MS) and to end, and waits for that. */
enum { RELAY_DRAIN_MS = 500 };
void relay_free(struct relay *relay);

/* A descriptor that hangs up (EPOLLHUP) when the child has ended, which it does by itself only when it breaks. */
int relay_watch_fd(const struct relay *relay);
/* Has it? */
bool relay_is_gone(struct relay *relay);

/* --- the line as a whole --- */

/* ERR_INVALID: a certificate that is not there. ERR_LIMIT: too many rules wait. */
MUST_CHECK bool relay_order(struct relay *relay, const struct line_order *order, struct error *err);
/* No rules and no limit any more; connections stay what they are. */
MUST_CHECK bool relay_clear(struct relay *relay, struct error *err);
/* Add {"rules", "limit", "open", "accepted", "reset", "closed", "stalled", "held"}. */
MUST_CHECK bool relay_describe(struct relay *relay, struct buf *out, struct error *err);

/* --- one connection, from now on --- */

/* What becomes of the answer that comes next: until the client says something new, as HTTP/1.1 clients do when they
 * have the whole answer. What waits of an answer before it is not counted. With HTTP/2 it meets all streams of the
 * connection. */
struct relay_touch {
    int64_t hold_ms; /* nothing passes for so long */
    int64_t drip_bytes;
    int64_t drip_ms;
    int64_t end_after; /* counted from now; -1: never */
    enum line_end end;
};
/* `port`: of the peer. A connection that is gone is none to worry about. */
MUST_CHECK bool relay_touch(struct relay *relay, uint16_t port, const struct relay_touch *touch, struct error *err);
/* RST to both sides, at once. */
MUST_CHECK bool relay_reset(struct relay *relay, uint16_t port, struct error *err);

DEFINE_AUTO(struct relay *, relay_free)

#endif
