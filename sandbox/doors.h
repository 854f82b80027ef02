/* doors.h - where the platforms can be reached: the TLS listeners, and the relay in front of them.
 *
 * With the relay there are listeners on loopback for it, one for each certificate; without it the one on the public
 * port. */
#ifndef SANDBOX_DOORS_H
#define SANDBOX_DOORS_H

#include "gateway/http/http.h"
#include "sandbox/relay.h"
#include "sandbox/sandbox.h"

struct doors {
    int fds[LINE_CERTIFICATE_COUNT]; /* -1: not there */
    int control_fd;
    struct relay *relay; /* NULL: connections come straight to us */
};
#define DOORS_NONE ((struct doors){.fds = {-1, -1, -1}, .control_fd = -1})

/* `*port` gets the public one. `server` must be freed before the doors are closed. */
MUST_CHECK bool doors_open(const struct sandbox_options *options, struct http_server *server, struct doors *doors,
                           uint16_t *port, struct error *err);
void doors_close(struct doors *doors);

#endif
