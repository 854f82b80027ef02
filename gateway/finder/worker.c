/* worker.c - a turn: take up what the journal has, then one question of each api process in turn until none waits. The
 * journal is looked at before every round, so an answer rests on what was committed before its question. */
#include "gateway/finder/worker.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "gateway/finder/index.h"
#include "gateway/finder/protocol.h"
#include "gateway/journal/guard.h"

/* Follows the journal at least so often; every read of the store failing so often in a row, it ends. */
enum { TURN_MS = 250, FAILED_TURNS_MAX = 20, RECEIVE_ROOM = sizeof(struct finder_request) + NAME_BYTES_MAX };

struct worker {
    const struct finder_options *options;
    struct store *store;
    struct finder_index *index;
    int word_fd;
    bool has_told_stale;
    int failed_turns;
    struct pollfd watched[FINDER_FDS_MAX + 1];
    struct buf candidates;
    struct buf shown;
    struct buf about;
};

static void worker_done(struct worker *worker)
{
    finder_index_free(worker->index);
    store_close(worker->store);
    buf_done(&worker->candidates);
    buf_done(&worker->shown);
    buf_done(&worker->about);
}
DEFINE_AUTO_IN_PLACE(struct worker, worker_done)

static void say(const struct worker *worker, char word)
{
    if (write(worker->word_fd, &word, 1) != 1)
        log_warning("names", "nobody hears that the index is ready or old: errno %d", errno);
}

/* --- one question --- */

/* A packet leaves whole or not at all. Who does not read its answers may lose them: it asks again. */
static void send_reply(const struct worker *worker, int fd, struct finder_reply *reply)
{
    bool is_found = reply->code == ERR_NONE;
    const struct buf *parts[] = {&worker->candidates, &worker->shown, &worker->about};
    struct iovec pieces[1 + COUNT_OF(parts)] = {{reply, sizeof *reply}};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = is_found ? COUNT_OF(pieces) : 1};

    for (size_t i = 0; i < COUNT_OF(parts); i++)
        pieces[i + 1] = (struct iovec){parts[i]->data, parts[i]->bytes};
    if (is_found) {
        reply->candidates_bytes = (uint32_t)worker->candidates.bytes;
        reply->shown_bytes = (uint32_t)worker->shown.bytes;
        reply->index_bytes = (uint32_t)worker->about.bytes;
    }
    while (sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        struct pollfd room = {fd, POLLOUT, 0};

        if (errno != EINTR && (errno != EAGAIN || poll(&room, 1, TURN_MS) <= 0))
            return;
    }
}

static void answer(struct worker *worker, int fd, const char *packet, size_t bytes)
{
    struct finder_request request;
    struct finder_reply reply;
    struct finder_wish wish;
    struct span text;
    struct error err = {.code = ERR_NONE};

    if (bytes < sizeof request)
        return;
    memcpy(&request, packet, sizeof request);
    if (request.text_bytes != bytes - sizeof request)
        return;
    text = (struct span){packet + sizeof request, request.text_bytes};
    buf_clear(&worker->candidates);
    buf_clear(&worker->shown);
    buf_clear(&worker->about);
    reply = (struct finder_reply){.id = request.id, .sequence = finder_index_sequence(worker->index)};
    wish = (struct finder_wish){.most = request.most, .shows_personal = request.shows_personal != 0};
    if (!finder_index_ask(worker->index, text, wish, &worker->candidates, &worker->shown, &err))
        reply.code = err.code;
    finder_index_about(worker->index, &worker->about);
    if (worker->candidates.bytes + worker->shown.bytes + worker->about.bytes > FINDER_ANSWER_BYTES_MAX)
        reply.code = ERR_INTERNAL;
    send_reply(worker, fd, &reply);
}

/* False: nobody asked anything. */
static bool answer_round(struct worker *worker)
{
    char packet[RECEIVE_ROOM];
    bool has_any = false;

    for (size_t i = 0; i < worker->options->fd_count; i++) {
        int fd = worker->options->fds[i];
        ssize_t bytes = recv(fd, packet, sizeof packet, MSG_DONTWAIT);

        if (bytes <= 0)
            continue;
        has_any = true;
        answer(worker, fd, packet, (size_t)bytes);
    }
    return has_any;
}

/* --- turns --- */

static bool follow(struct worker *worker, bool *is_behind, struct error *err)
{
    bool is_stale = false;

    *is_behind = false;
    if (!finder_index_follow(worker->index, is_behind, &is_stale, err)) {
        /* The file may have grown under us: the next turn finds it as it is. */
        return ++worker->failed_turns < FAILED_TURNS_MAX && err->code != ERR_CORRUPT;
    }
    worker->failed_turns = 0;
    if (is_stale && !worker->has_told_stale)
        say(worker, WORKER_STALE);
    worker->has_told_stale = is_stale;
    return true;
}

static bool turn(struct worker *worker, bool *stops, struct error *err)
{
    size_t count = worker->options->fd_count;
    bool is_behind;

    if (!follow(worker, &is_behind, err))
        return false;
    if (poll(worker->watched, count + 1, is_behind ? 0 : TURN_MS) < 0 && errno != EINTR)
        return fail(err, ERR_IO, "poll: errno %d", errno);
    *stops = worker->watched[count].revents != 0;
    /* What was committed between the look at the journal and the question. */
    do {
        if (!follow(worker, &is_behind, err))
            return false;
    } while (!*stops && answer_round(worker));
    return true;
}

static bool run(struct worker *worker, int stop_fd, struct error *err)
{
    size_t count = worker->options->fd_count;
    bool stops = false;

    for (size_t i = 0; i < count; i++)
        worker->watched[i] = (struct pollfd){worker->options->fds[i], POLLIN, 0};
    worker->watched[count] = (struct pollfd){stop_fd, POLLIN, 0};
    say(worker, WORKER_READY);
    while (!stops) {
        if (!turn(worker, &stops, err))
            return false;
    }
    return true;
}

static bool open_all(struct worker *worker, struct error *err)
{
    const struct config *config = worker->options->config;
    AUTO(text_free) char *path = config_state_path(config, "store");
    struct store_options options = {.map_bytes = (size_t)config->map_bytes};

    return store_open(path, &options, &worker->store, err) && guard_check(worker->store, config->state, err) &&
           finder_index_build(config, worker->store, &worker->index, err);
}

int worker_run(const struct finder_options *options, int stop_fd, int word_fd)
{
    AUTO(worker_done) struct worker worker = {.options = options, .word_fd = word_fd};
    struct error err;

    if (open_all(&worker, &err) && run(&worker, stop_fd, &err))
        return 0;
    log_error("names", "%s", err.text);
    return err.code == ERR_REFUSED && span_starts(span_of(err.rule), "guard.") ? WORKER_REFUSED : WORKER_BROKE;
}
