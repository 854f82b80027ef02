/* Taking new connections. When descriptors or our own limit run out, the listening sockets are left alone for a while
 * (a level-triggered socket that cannot be accepted from would spin) and the client that has been idle longest goes. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway/http/connection.h"
#include "gateway/http/tls.h"

enum { ACCEPTS_PER_TURN = 16, ACCEPT_PAUSE_MS = 200, IDLE_AT_LEAST_MS = 1000 };

void acceptor_start(struct http_server *server)
{
    if (server->is_accepting)
        return;
    server->is_accepting = true;
    server->accept_again_ms = 0;
    for (size_t i = 0; i < server->listener_count; i++) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = &server->listeners[i].watched};

        if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, server->listeners[i].fd, &event) != 0)
            log_error("http", "a listening socket cannot be watched: errno %d", errno);
    }
}

void acceptor_stop(struct http_server *server)
{
    if (!server->is_accepting)
        return;
    server->is_accepting = false;
    for (size_t i = 0; i < server->listener_count; i++)
        epoll_ctl(server->epoll_fd, EPOLL_CTL_DEL, server->listeners[i].fd, NULL);
}

static void make_room(struct http_server *server)
{
    struct deadline *oldest = deadlines_first(&server->deadlines, DEADLINE_IDLE);
    struct connection *connection;

    if (oldest && oldest->due_ms - server->deadlines.lengths_ms[DEADLINE_IDLE] <= server->now_ms - IDLE_AT_LEAST_MS) {
        connection = (struct connection *)(void *)((char *)oldest - offsetof(struct connection, deadline));
        connection_kill(connection);
        return;
    }
    acceptor_stop(server);
    server->accept_again_ms = server->now_ms + ACCEPT_PAUSE_MS;
}

static void fill_local(int fd, struct http_peer *peer)
{
    struct ucred who;
    socklen_t bytes = sizeof who;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &bytes) != 0)
        return;
    peer->is_local = true;
    peer->uid = who.uid;
    peer->pid = who.pid;
}

static void fill_address(const struct sockaddr_storage *from, struct http_peer *peer)
{
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)from;

        inet_ntop(AF_INET, &four->sin_addr, peer->address, sizeof peer->address);
        peer->port = ntohs(four->sin_port);
        peer->address_bytes[10] = peer->address_bytes[11] = 0xFF;
        memcpy(peer->address_bytes + 12, &four->sin_addr, 4);
    } else if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)from;

        inet_ntop(AF_INET6, &six->sin6_addr, peer->address, sizeof peer->address);
        peer->port = ntohs(six->sin6_port);
        memcpy(peer->address_bytes, &six->sin6_addr, sizeof peer->address_bytes);
    }
}

static void welcome(struct http_server *server, struct listener *listener, int fd, const struct sockaddr_storage *from)
{
    bool has_place = listener->connection_count < listener->connections_max;
    SSL *ssl = has_place && listener->tls ? tls_accept(listener->tls, fd) : NULL;
    struct connection *connection;

    if (!has_place || (listener->tls && !ssl)) {
        close(fd);
        return;
    }
    connection = connection_new(server, fd, ssl);
    connection->listener = listener;
    listener->connection_count++;
    connection->peer.is_anonymous = listener->is_anonymous;
    connection->peer.door = listener->door;
    if (listener->is_local)
        fill_local(fd, &connection->peer);
    else
        fill_address(from, &connection->peer);
    server_touch(server, connection);
    connection_read(connection);
}

void acceptor_accept(struct http_server *server, struct listener *listener)
{
    for (int i = 0; i < ACCEPTS_PER_TURN && server->is_accepting; i++) {
        struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
        socklen_t bytes = sizeof from;
        int fd;

        if (server->connection_count >= server->options.limits.connections) {
            make_room(server);
            continue;
        }
        fd = accept4(listener->fd, (struct sockaddr *)&from, &bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            welcome(server, listener, fd, &from);
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            make_room(server);
            continue;
        }
    }
}
