/* Listening sockets, for the process that opens them (http.h). */
#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "gateway/http/http.h"

enum { BACKLOG = 1024 };

static bool fail_errno(struct error *err, const char *what)
{
    return fail(err, errno == EADDRINUSE ? ERR_CONFLICT : ERR_IO, "%s: %s", what, strerrordesc_np(errno));
}

static uint16_t bound_port(int fd)
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

bool http_listen_tcp(const char *address, uint16_t *port, int *fd, struct error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    struct addrinfo *found = NULL;
    AUTO(file_close) int opened = -1;
    char service[8];
    bool is_bound;
    int on = 1;

    snprintf(service, sizeof service, "%u", (unsigned)*port);
    if (getaddrinfo(address, service, &hints, &found) != 0 || !found)
        return fail(err, ERR_INVALID, "%s: not a numeric address", address);
    opened = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    is_bound = opened >= 0 && setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
               bind(opened, found->ai_addr, found->ai_addrlen) == 0 && listen(opened, BACKLOG) == 0;
    freeaddrinfo(found);
    if (!is_bound)
        return fail_errno(err, address);
    *port = bound_port(opened);
    *fd = opened;
    opened = -1;
    return true;
}

/* A socket nobody listens on is what a killed process left behind. */
static bool remove_stale(const char *path, const struct sockaddr_un *name, struct error *err)
{
    struct stat about;
    AUTO(file_close) int probe = -1;

    if (lstat(path, &about) != 0)
        return errno == ENOENT || fail_errno(err, path);
    if (!S_ISSOCK(about.st_mode))
        return fail(err, ERR_CONFLICT, "%s: there is something else of this name", path);
    probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe < 0)
        return fail_errno(err, path);
    if (connect(probe, (const struct sockaddr *)name, sizeof *name) == 0 || errno == EAGAIN)
        return fail(err, ERR_CONFLICT, "%s: another process listens here", path);
    if (errno != ECONNREFUSED)
        return fail_errno(err, path);
    return unlink(path) == 0 || errno == ENOENT || fail_errno(err, path);
}

bool http_listen_unix(const char *path, unsigned mode, int *fd, struct error *err)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    AUTO(file_close) int opened = -1;

    if (strlen(path) >= sizeof name.sun_path)
        return fail(err, ERR_INVALID, "%s: too long for a socket's name (%zu bytes at most)", path,
                    sizeof name.sun_path - 1);
    memcpy(name.sun_path, path, strlen(path) + 1);
    if (!remove_stale(path, &name, err))
        return false;
    opened = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* Before bind: so there is no moment in which others may connect (Linux gives the file the socket's mode). */
    if (opened < 0 || fchmod(opened, mode) != 0 || bind(opened, (struct sockaddr *)&name, sizeof name) != 0 ||
        chmod(path, mode) != 0 || listen(opened, BACKLOG) != 0)
        return fail_errno(err, path);
    *fd = opened;
    opened = -1;
    return true;
}
