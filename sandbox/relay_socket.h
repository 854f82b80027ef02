/* relay_socket.h - the relay's sockets. */
#ifndef SANDBOX_RELAY_SOCKET_H
#define SANDBOX_RELAY_SOCKET_H

#include "base/error.h"

/* A socket that listens on a port it keeps for good: it can stop (relay_close_port) and begin again, and nobody else
 * gets the port meanwhile. ERR_CONFLICT: the port is in use. */
MUST_CHECK bool relay_listen(const char *address, uint16_t *port, int *fd, struct error *err);
/* False when the system says no. */
bool relay_open_port(int fd);
void relay_close_port(int fd); /* whoever comes now is refused; who waited for us is reset */

/* -1 when there is none for now. */
int relay_accept(int listen_fd);
/* A connection to a loopback port, perhaps still being made; `*local_port` is ours. -1: the system says no, errno
 * why. */
int relay_connect(uint16_t port, uint16_t *local_port);
/* Close with a RST instead of a FIN. */
void relay_close_hard(int fd);

#endif
