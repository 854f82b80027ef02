/* door.c - the loop: take in what the sockets have, answer the one that comes first (door.h), again. */
#include "gateway/door/door.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/crypto.h>

#include "gateway/door/desk.h"
#include "gateway/door/guests.h"

enum { QUEUE_MAX = 128, FDS_MAX = 80, TURN_MS = 60000 };

/* In this order. */
enum rank { RANK_CHEAP, RANK_KNOWN, RANK_STRANGER };

struct waiting {
    int fd; /* -1: free */
    enum rank rank;
    uint64_t number; /* in the order of arrival */
    size_t bytes;
    char packet[DOOR_REQUEST_BYTES_MAX];
};

struct door {
    const struct door_options *options;
    struct door_desk desk;
    struct guests guests;
    struct waiting *queue; /* QUEUE_MAX */
    uint64_t arrivals;
};

static void answer_with(int fd, uint64_t id, const struct door_answer *answer, struct span text)
{
    struct door_reply reply = {id, *answer};
    struct iovec parts[] = {{&reply, sizeof reply}, {(void *)(uintptr_t)text.at, text.bytes}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = COUNT_OF(parts)};

    reply.answer.text_bytes = (uint32_t)text.bytes;
    /* Who does not read waits for nothing: his patience ends. */
    (void)!sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    OPENSSL_cleanse(&reply, sizeof reply);
}

static void refuse_busy(int fd, uint64_t id)
{
    struct door_answer answer = {.wait_ms = 5000};

    error_set_both(&answer.why, ERR_UNAVAILABLE, "account.busy", "too many are signing in: try again in a moment",
                   "登录的人太多：请稍后再试");
    answer_with(fd, id, &answer, SPAN_NONE);
}

static void refuse_guest(int fd, uint64_t id)
{
    struct door_answer answer = {.wait_ms = 60000};

    error_set_both(&answer.why, ERR_LIMIT, "account.wait", "too many tries from your network: try again in a minute",
                   "您所在网络尝试过于频繁：请一分钟后再试");
    answer_with(fd, id, &answer, SPAN_NONE);
}

/* False: no packet of ours. */
static bool parse(const char *packet, size_t bytes, struct door_visitor *out)
{
    size_t at = sizeof out->head;

    if (bytes < sizeof out->head)
        return false;
    memcpy(&out->head, packet, sizeof out->head);
    for (size_t i = 0; i < DOOR_FIELDS; i++) {
        if (out->head.bytes[i] > bytes - at)
            return false;
        out->field[i] = (struct span){packet + at, out->head.bytes[i]};
        at += out->head.bytes[i];
    }
    return at == bytes && out->head.id != 0;
}

static struct waiting *free_place(struct door *door)
{
    for (size_t i = 0; i < QUEUE_MAX; i++) {
        if (door->queue[i].fd < 0)
            return &door->queue[i];
    }
    return NULL;
}

static void take(struct door *door, int fd, const char *packet, size_t bytes)
{
    struct waiting *place = free_place(door);
    struct door_visitor visitor;
    enum rank rank;

    if (!parse(packet, bytes, &visitor))
        return;
    rank = !door_desk_is_dear(&visitor)             ? RANK_CHEAP
           : door_desk_knows(&door->desk, &visitor) ? RANK_KNOWN
                                                    : RANK_STRANGER;
    if (rank == RANK_STRANGER && !guests_try(&door->guests, visitor.head.network, clock_now_ms(door->options->clock))) {
        refuse_guest(fd, visitor.head.id);
        return;
    }
    if (!place) {
        refuse_busy(fd, visitor.head.id);
        return;
    }
    place->fd = fd;
    place->rank = rank;
    place->number = door->arrivals++;
    place->bytes = bytes;
    memcpy(place->packet, packet, bytes);
}

static void take_all(struct door *door)
{
    char packet[DOOR_REQUEST_BYTES_MAX];

    for (size_t i = 0; i < door->options->fd_count; i++) {
        ssize_t bytes;

        while ((bytes = recv(door->options->fds[i], packet, sizeof packet, MSG_DONTWAIT)) > 0)
            take(door, door->options->fds[i], packet, (size_t)bytes);
    }
    OPENSSL_cleanse(packet, sizeof packet);
}

static struct waiting *first_of(const struct door *door)
{
    struct waiting *first = NULL;

    for (size_t i = 0; i < QUEUE_MAX; i++) {
        struct waiting *waiting = &door->queue[i];

        if (waiting->fd < 0)
            continue;
        if (!first || waiting->rank < first->rank || (waiting->rank == first->rank && waiting->number < first->number))
            first = waiting;
    }
    return first;
}

static void leave(struct waiting *waiting)
{
    OPENSSL_cleanse(waiting, sizeof *waiting);
    waiting->fd = -1;
}

static bool serve_one(struct door *door)
{
    AUTO(buf_wipe_done) struct buf text = BUF_INIT;
    struct waiting *first = first_of(door);
    struct door_answer answer = {.wait_ms = 0};
    struct door_visitor visitor;

    if (!first)
        return false;
    if (parse(first->packet, first->bytes, &visitor)) {
        door_desk_serve(&door->desk, &visitor, &answer, &text);
        answer_with(first->fd, visitor.head.id, &answer, buf_span(&text));
    }
    OPENSSL_cleanse(&answer, sizeof answer);
    leave(first);
    return true;
}

/* What was asked of the one before us: nobody knows how far it came, and nobody waits for it after this word. */
static void begin(const struct door *door)
{
    static const struct door_answer NOTHING;
    char packet[DOOR_REQUEST_BYTES_MAX];

    for (size_t i = 0; i < door->options->fd_count; i++) {
        while (recv(door->options->fds[i], packet, sizeof packet, MSG_DONTWAIT) > 0)
            ;
        answer_with(door->options->fds[i], 0, &NOTHING, SPAN_NONE);
    }
    OPENSSL_cleanse(packet, sizeof packet);
}

static void end(struct door *door)
{
    for (size_t i = 0; door->queue && i < QUEUE_MAX; i++) {
        struct door_visitor visitor;

        if (door->queue[i].fd >= 0 && parse(door->queue[i].packet, door->queue[i].bytes, &visitor))
            refuse_busy(door->queue[i].fd, visitor.head.id);
        leave(&door->queue[i]);
    }
    free(door->queue);
    door_desk_close(&door->desk);
}

static bool loop(struct door *door, int stop_fd, struct error *err)
{
    size_t count = door->options->fd_count;
    struct pollfd watched[FDS_MAX + 1];

    if (count > FDS_MAX)
        return fail(err, ERR_LIMIT, "more than %d api processes", FDS_MAX);
    for (size_t i = 0; i < count; i++)
        watched[i] = (struct pollfd){door->options->fds[i], POLLIN, 0};
    watched[count] = (struct pollfd){stop_fd, POLLIN, 0};
    for (;;) {
        if (poll(watched, count + 1, first_of(door) ? 0 : TURN_MS) < 0 && errno != EINTR)
            return fail(err, ERR_IO, "poll: errno %d", errno);
        if (watched[count].revents)
            return true;
        take_all(door);
        (void)serve_one(door);
    }
}

bool door_run(const struct door_options *options, int stop_fd, struct error *err)
{
    struct door door = {.options = options};
    bool is_good;

    door.queue = memory_new(QUEUE_MAX * sizeof *door.queue);
    for (size_t i = 0; i < QUEUE_MAX; i++)
        door.queue[i].fd = -1;
    is_good = door_desk_open(options, &door.desk, err);
    if (is_good) {
        begin(&door);
        is_good = loop(&door, stop_fd, err);
    }
    end(&door);
    return is_good;
}
