/* Answering. The signer trusts its siblings with what is signed, not with its life: one datagram of one sibling a turn,
 * never a wait on any of them, and an answer that finds no room is dropped (it will be asked again). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "keys/signer.h"
#include "keys/signer_wire.h"

struct server {
    const struct signer_home *home;
    struct keyring *own; /* once a key was followed by another; NULL: the home's */
    struct signer *signer;
    struct pollfd *waiting; /* the siblings, then stop_fd */
    size_t siblings;
    char datagram[sizeof(struct wire_request) + WIRE_INLINE_MAX];
    struct buf message; /* of a memfd */
};

static void server_done(struct server *server)
{
    signer_free(server->signer);
    keyring_free(server->own);
    text_free((char *)server->waiting);
    buf_wipe_done(&server->message);
}
DEFINE_AUTO_IN_PLACE(struct server, server_done)

static int take_descriptor(struct msghdr *datagram)
{
    int fd = -1;

    for (struct cmsghdr *at = CMSG_FIRSTHDR(datagram); at; at = CMSG_NXTHDR(datagram, at)) {
        if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_RIGHTS && at->cmsg_len == CMSG_LEN(sizeof fd))
            memcpy(&fd, CMSG_DATA(at), sizeof fd);
    }
    return fd;
}

/* The seals say that it is memory and stays as it is: reading anything else might block or change under us. */
static bool read_memfd(int fd, uint64_t bytes, struct buf *message, struct error *err)
{
    int wanted = F_SEAL_WRITE | F_SEAL_SHRINK;
    int seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);
    struct stat info;

    if (seals < 0 || (seals & wanted) != wanted || fstat(fd, &info) != 0 || (uint64_t)info.st_size != bytes)
        return fail(err, ERR_INVALID, "no sealed memfd of the length that the request names");
    buf_clear(message);
    buf_reserve(message, bytes);
    while (message->bytes < bytes) {
        ssize_t got = pread(fd, message->data + message->bytes, bytes - message->bytes, (off_t)message->bytes);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return fail(err, ERR_IO, "cannot read the message");
        message->bytes += (size_t)got;
    }
    return true;
}

static bool check_request(const struct wire_request *request, size_t received, struct error *err)
{
    if (request->magic != WIRE_MAGIC || request->asks < WIRE_SIGN || request->asks > WIRE_ROTATE ||
        request->use >= KEY_USE_COUNT || request->algorithm >= KEY_ALGORITHM_COUNT)
        return fail(err, ERR_INVALID, "not a request");
    if (request->message_bytes > SIGNER_MESSAGE_MAX)
        return fail(err, ERR_LIMIT, "the message is over the limit of %d bytes", SIGNER_MESSAGE_MAX);
    if (received - sizeof *request != (request->is_memfd ? 0 : request->message_bytes))
        return fail(err, ERR_INVALID, "the message is not as long as the request says");
    return true;
}

/* All is durable and told before the new ring is in use; whoever asks again after a failure gets the same key. */
static bool rotate(struct server *server, struct span message, struct wire_answer *answer, struct error *err)
{
    AUTO(keyring_free) struct keyring *ring = NULL;
    AUTO(signer_free) struct signer *signer = NULL;
    const struct signer_home *home = server->home;
    struct wire_rotation rotation;

    if (!home->folder)
        return fail(err, ERR_UNAVAILABLE, "the keys of this signer stay as they are");
    if (message.bytes != sizeof rotation)
        return fail(err, ERR_INVALID, "not a rotation");
    memcpy(&rotation, message.at, sizeof rotation);
    if (!memchr(rotation.kid, '\0', sizeof rotation.kid))
        return fail(err, ERR_INVALID, "not the id of a key");
    /* Nothing is made that could not be told. */
    if (!keyring_publish(server->own ? server->own : home->keyring, home->public_file, err) ||
        !keyring_follow(home->folder, rotation.kid, rotation.from_ms, answer->kid, err) ||
        !keyring_load(home->folder, &ring, err) || !keyring_publish(ring, home->public_file, err) ||
        !signer_new_local(ring, &signer, err))
        return false;
    signer_free(server->signer);
    keyring_free(server->own);
    server->signer = TAKE(signer);
    server->own = TAKE(ring);
    log_notice("signer", "the key %s is followed by %s", rotation.kid, answer->kid);
    return true;
}

static bool sign(struct server *server, const struct wire_request *request, struct span message,
                 struct wire_answer *answer, struct error *err)
{
    AUTO(buf_done) struct buf signature = BUF_INIT;

    if (request->asks == WIRE_ROTATE)
        return rotate(server, message, answer, err);
    if (request->asks == WIRE_KID)
        return signer_kid(server->signer, request->use, request->algorithm, answer->kid, err);
    if (!signer_sign(server->signer, request->use, request->algorithm, message, &signature, answer->kid, err))
        return false;
    if (signature.bytes > WIRE_BODY_MAX)
        return fail(err, ERR_INTERNAL, "the signature is too long");
    memcpy(answer->body, signature.data, signature.bytes);
    answer->body_bytes = (uint32_t)signature.bytes;
    return true;
}

static void work(struct server *server, size_t received, int memfd, struct wire_answer *answer)
{
    struct error err = {.code = ERR_NONE};
    struct wire_request request = {0};
    struct span message = {server->datagram + sizeof request, 0};
    bool is_good;

    memcpy(&request, server->datagram, received < sizeof request ? received : sizeof request);
    answer->number = received < sizeof request ? 0 : request.number;
    is_good = received >= sizeof request || fail(&err, ERR_INVALID, "shorter than a request");
    is_good = is_good && check_request(&request, received, &err);
    if (is_good && request.is_memfd)
        is_good = read_memfd(memfd, request.message_bytes, &server->message, &err);
    if (is_good) {
        message.bytes = request.message_bytes;
        is_good = sign(server, &request, request.is_memfd ? buf_span(&server->message) : message, answer, &err);
    }
    if (!is_good) {
        answer->code = err.code;
        answer->body_bytes = (uint32_t)strlen(err.text);
        memcpy(answer->body, err.text, answer->body_bytes);
    }
}

/* False when this sibling is gone for good. */
static bool serve_one(struct server *server, const struct pollfd *sibling)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {server->datagram, sizeof server->datagram};
    struct msghdr datagram = {.msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = control.bytes,
                              .msg_controllen = CMSG_LEN(sizeof(int))}; /* room for one */
    struct wire_answer answer = {.magic = WIRE_MAGIC};
    AUTO(file_close) int memfd = -1;
    ssize_t got = recvmsg(sibling->fd, &datagram, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (got < 0)
        return errno == EAGAIN || errno == EINTR || errno == ENOBUFS || errno == EMFILE;
    /* An empty datagram and the end look alike; only the end hangs up. */
    if (got == 0 && (sibling->revents & (POLLHUP | POLLRDHUP | POLLERR)))
        return false;
    memfd = take_descriptor(&datagram);
    if (datagram.msg_flags & MSG_TRUNC)
        got = 0;
    work(server, (size_t)got, memfd, &answer);
    if (send(sibling->fd, &answer, offsetof(struct wire_answer, body) + answer.body_bytes,
             MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
        errno != EAGAIN && errno != EPIPE && errno != ECONNRESET)
        log_warning("signer", "an answer was not sent: %s", strerror(errno));
    return true;
}

static void serve_turn(struct server *server)
{
    for (size_t i = 0; i < server->siblings; i++) {
        struct pollfd *sibling = &server->waiting[i];

        /* poll() skips negative descriptors. */
        if (sibling->revents && (sibling->revents & POLLNVAL || !serve_one(server, sibling)))
            sibling->fd = -1;
    }
}

bool signer_serve(const struct keyring *keyring, const int *fds, size_t count, int stop_fd, struct error *err)
{
    struct signer_home home = {.keyring = keyring};

    return signer_serve_home(&home, fds, count, stop_fd, err);
}

bool signer_serve_home(const struct signer_home *home, const int *fds, size_t count, int stop_fd, struct error *err)
{
    AUTO(server_done) struct server server = {.home = home, .siblings = count};

    if (!signer_new_local(home->keyring, &server.signer, err))
        return false;
    server.waiting = memory_new((count + 1) * sizeof *server.waiting);
    for (size_t i = 0; i < count; i++)
        server.waiting[i] = (struct pollfd){fds[i], POLLIN | POLLRDHUP, 0};
    server.waiting[count] = (struct pollfd){stop_fd, POLLIN, 0};
    for (;;) {
        int ready = poll(server.waiting, count + 1, -1);

        if (ready < 0 && errno != EINTR)
            return fail(err, ERR_IO, "signer: cannot wait: %s", strerror(errno));
        if (ready > 0 && server.waiting[count].revents)
            return true;
        if (ready > 0)
            serve_turn(&server);
    }
}
