#include "gateway/http/transport.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

/* SSL_write takes an int; what is longer goes in several calls. */
enum { LARGEST_WRITE = 1 << 20 };

static enum transport_result of_ssl(struct transport *transport, int returned)
{
    int error = SSL_get_error(transport->ssl, returned);

    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        transport->reads_on_write = error == SSL_ERROR_WANT_WRITE;
        return TRANSPORT_AGAIN;
    }
    if (error == SSL_ERROR_ZERO_RETURN)
        return TRANSPORT_END;
    /* What is left in the queue would be taken for an error of the next connection. */
    ERR_clear_error();
    transport->is_broken = true;
    return TRANSPORT_BROKEN;
}

static enum transport_result of_errno(struct transport *transport)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return TRANSPORT_AGAIN;
    transport->is_broken = true;
    return TRANSPORT_BROKEN;
}

enum transport_result transport_handshake(struct transport *transport)
{
    int returned;

    if (!transport->ssl)
        return TRANSPORT_MOVED;
    ERR_clear_error();
    returned = SSL_accept(transport->ssl);
    return returned == 1 ? TRANSPORT_MOVED : of_ssl(transport, returned);
}

enum transport_result transport_read(struct transport *transport, char *at, size_t room, size_t *bytes)
{
    ssize_t got;

    if (transport->ssl) {
        int returned = SSL_read_ex(transport->ssl, at, room, bytes);

        transport->reads_on_write = false;
        return returned == 1 ? TRANSPORT_MOVED : of_ssl(transport, returned);
    }
    got = recv(transport->fd, at, room, 0);
    if (got < 0)
        return of_errno(transport);
    *bytes = (size_t)got;
    return got ? TRANSPORT_MOVED : TRANSPORT_END;
}

enum transport_result transport_write(struct transport *transport, struct span out, size_t *bytes)
{
    size_t now = out.bytes < LARGEST_WRITE ? out.bytes : LARGEST_WRITE;
    ssize_t sent;

    if (transport->ssl) {
        int returned = SSL_write_ex(transport->ssl, out.at, now, bytes);
        bool reads_on_write = transport->reads_on_write;
        enum transport_result result;

        if (returned == 1)
            return TRANSPORT_MOVED;
        result = of_ssl(transport, returned);
        transport->reads_on_write = reads_on_write;
        return result;
    }
    sent = send(transport->fd, out.at, now, MSG_NOSIGNAL);
    if (sent < 0)
        return of_errno(transport);
    *bytes = (size_t)sent;
    return TRANSPORT_MOVED;
}

void transport_hold(const struct transport *transport, bool is_held)
{
    int value = is_held;

    (void)setsockopt(transport->fd, IPPROTO_TCP, TCP_CORK, &value, sizeof value);
}

bool transport_has_more(const struct transport *transport)
{
    return transport->ssl && SSL_has_pending(transport->ssl);
}

void transport_end_writing(struct transport *transport)
{
    if (transport->ssl && !transport->is_broken) {
        ERR_clear_error();
        if (SSL_shutdown(transport->ssl) < 0)
            ERR_clear_error();
    }
    shutdown(transport->fd, SHUT_WR);
}

void transport_close(struct transport *transport)
{
    SSL_free(transport->ssl);
    transport->ssl = NULL;
    if (transport->fd >= 0)
        close(transport->fd);
    transport->fd = -1;
}
