/* transport.h - bytes to and from a non-blocking socket, plain or through TLS. */
#ifndef GATEWAY_HTTP_TRANSPORT_H
#define GATEWAY_HTTP_TRANSPORT_H

#include <openssl/ssl.h>

#include "base/base.h"

struct transport {
    int fd;
    SSL *ssl;            /* NULL: plain */
    bool reads_on_write; /* TLS must write before it can read on (a key update) */
    bool is_broken;      /* nothing more can be said to the peer, not even good-bye */
};

enum transport_result { TRANSPORT_MOVED, TRANSPORT_AGAIN, TRANSPORT_END, TRANSPORT_BROKEN };

/* MOVED: the handshake is done. */
enum transport_result transport_handshake(struct transport *transport);
enum transport_result transport_read(struct transport *transport, char *at, size_t room, size_t *bytes);
/* May take less than all. */
enum transport_result transport_write(struct transport *transport, struct span out, size_t *bytes);
/* Several writes follow that belong together: let them leave as few segments. Nothing is promised; on a Unix socket
 * nothing happens. Whatever the writes came to, it ends with `is_held` false, or TCP sits on the rest for 200 ms. */
void transport_hold(const struct transport *transport, bool is_held);
/* May there be bytes which the socket will not announce any more? Also true for part of a record: after AGAIN it says
 * nothing. */
bool transport_has_more(const struct transport *transport);
/* Say that nothing more comes; the other side may still send. */
void transport_end_writing(struct transport *transport);
void transport_close(struct transport *transport);

#endif
