#include "sandbox/relay_socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"

enum { BACKLOG = 1024 };

static uint16_t port_of(int fd)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t bytes = sizeof address;
    struct sockaddr_in6 six;
    struct sockaddr_in four;

    if (getsockname(fd, (struct sockaddr *)&address, &bytes) != 0)
        return 0;
    memcpy(&six, &address, sizeof six);
    memcpy(&four, &address, sizeof four);
    return ntohs(address.ss_family == AF_INET6 ? six.sin6_port : four.sin_port);
}

static bool bind_once(const char *address, uint16_t port, int *fd, struct error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    struct addrinfo *found = NULL;
    char service[8];
    bool is_bound;
    int on = 1;

    snprintf(service, sizeof service, "%u", (unsigned)port);
    if (getaddrinfo(address, service, &hints, &found) != 0 || !found)
        return fail(err, ERR_INVALID, "%s: not a numeric address", address);
    *fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    is_bound = *fd >= 0 && setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
               bind(*fd, found->ai_addr, found->ai_addrlen) == 0;
    freeaddrinfo(found);
    return is_bound ||
           fail(err, errno == EADDRINUSE ? ERR_CONFLICT : ERR_IO, "%s: %s", address, strerrordesc_np(errno));
}

/* A port that the system chose is lost when the socket stops listening; one that was named is kept (the kernel's
 * SOCK_BINDPORT_LOCK). So the port that was chosen is bound a second time, by name. */
bool relay_listen(const char *address, uint16_t *port, int *fd, struct error *err)
{
    AUTO(file_close) int chosen = -1;
    AUTO(file_close) int named = -1;
    uint16_t wanted = *port;

    if (wanted == 0) {
        if (!bind_once(address, 0, &chosen, err))
            return false;
        wanted = port_of(chosen);
    }
    if (!bind_once(address, wanted, &named, err))
        return false;
    /* Two bound sockets may share a port; the first that listens has it. */
    if (listen(named, BACKLOG) != 0)
        return fail(err, errno == EADDRINUSE ? ERR_CONFLICT : ERR_IO, "%s: %s", address, strerrordesc_np(errno));
    *port = wanted;
    *fd = named;
    named = -1;
    return true;
}

bool relay_open_port(int fd)
{
    return listen(fd, BACKLOG) == 0;
}

void relay_close_port(int fd)
{
    (void)shutdown(fd, SHUT_RD);
}

int relay_accept(int listen_fd)
{
    int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    int on = 1;

    if (fd >= 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

int relay_connect(uint16_t port, uint16_t *local_port)
{
    struct sockaddr_in target = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (const struct sockaddr *)&target, sizeof target) != 0 && errno != EINPROGRESS) {
        int why = errno;

        close(fd);
        errno = why;
        return -1;
    }
    *local_port = port_of(fd);
    return fd;
}

void relay_close_hard(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}
