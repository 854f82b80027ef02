/* finder.c - the small process that is always there: starts workers, lets the newer take over from the older when it is
 * ready, and says "not ready" to whoever asks while there is none. It never opens the store, which must not be open
 * across a fork. */
#include "gateway/finder/finder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/time.h"
#include "gateway/finder/protocol.h"
#include "gateway/finder/worker.h"

enum { PAUSE_FIRST_MS = 100, PAUSE_MAX_MS = 10000, STOP_MS = 5000, WAIT_MS = 10000, STOP_STEP_MS = 10 };

struct child {
    pid_t pid; /* 0: none */
    int stop_write;
    int word_read;
};

struct finder {
    const struct finder_options *options;
    int stop_fd;
    struct child serving; /* ready */
    struct child building;
    bool wants_build;
    int64_t build_ms; /* not before */
    int64_t pause_ms; /* before the last try */
    bool is_refused;
};

static const struct child NO_CHILD = {0, -1, -1};

/* --- workers --- */

static _Noreturn void become_worker(const struct finder *finder, const int stop[2], const int words[2], pid_t parent)
{
    file_close(stop[1]);
    file_close(words[0]);
    /* The end of the older one is our parent's business. */
    file_close(finder->serving.stop_write);
    file_close(finder->serving.word_read);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(WORKER_BROKE);
    prctl(PR_SET_NAME, "cg-names-index");
    exit(worker_run(finder->options, stop[0], words[1]));
}

static void start(struct finder *finder)
{
    int stop[2], words[2];
    pid_t parent = getpid();
    pid_t pid;

    finder->wants_build = false;
    if (pipe2(stop, O_CLOEXEC) != 0) {
        finder->wants_build = true;
        return;
    }
    if (pipe2(words, O_CLOEXEC) != 0) {
        file_close(stop[0]);
        file_close(stop[1]);
        finder->wants_build = true;
        return;
    }
    fflush(NULL);
    pid = fork();
    if (pid == 0)
        become_worker(finder, stop, words, parent);
    file_close(stop[0]);
    file_close(words[1]);
    finder->building = (struct child){pid > 0 ? pid : 0, stop[1], words[0]};
    if (pid > 0)
        return;
    log_error("names", "fork: errno %d", errno);
    file_close(stop[1]);
    file_close(words[0]);
    finder->building = NO_CHILD;
    finder->wants_build = true;
}

static void ask_to_stop(struct child *child)
{
    file_close(child->stop_write);
    child->stop_write = -1;
}

/* Wait for its end; kill it when it takes too long. Its status. */
static int end_child(struct child *child)
{
    int64_t until_ms = time_monotonic_ms() + STOP_MS;
    int status = 0;

    if (child->pid == 0)
        return 0;
    ask_to_stop(child);
    while (waitpid(child->pid, &status, WNOHANG) == 0) {
        if (time_monotonic_ms() > until_ms)
            kill(child->pid, SIGKILL);
        (void)poll(NULL, 0, STOP_STEP_MS);
    }
    file_close(child->word_read);
    *child = NO_CHILD;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void plan(struct finder *finder, bool at_once)
{
    int64_t pause_ms = finder->pause_ms ? finder->pause_ms * 2 : PAUSE_FIRST_MS;

    finder->pause_ms = at_once ? 0 : pause_ms > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause_ms;
    finder->build_ms = time_monotonic_ms() + finder->pause_ms;
    finder->wants_build = true;
}

/* The older one ends when it has answered what it took; what waits in the sockets is the newer one's. */
static void take_over(struct finder *finder)
{
    (void)end_child(&finder->serving);
    finder->serving = finder->building;
    finder->building = NO_CHILD;
    finder->pause_ms = 0;
    log_notice("names", "companies can be found by name");
}

static void child_ended(struct finder *finder, struct child *child)
{
    bool was_serving = child == &finder->serving;
    int status = end_child(child);

    finder->is_refused = finder->is_refused || status == WORKER_REFUSED;
    if (was_serving)
        log_warning("names", "the index of names is gone (status %d): it is made anew", status);
    if (finder->building.pid == 0)
        plan(finder, was_serving);
}

static void hear(struct finder *finder, struct child *child)
{
    char word;
    ssize_t bytes = read(child->word_read, &word, 1);

    if (bytes < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (bytes <= 0)
        child_ended(finder, child);
    else if (word == WORKER_READY && child == &finder->building)
        take_over(finder);
    else if (word == WORKER_STALE && finder->building.pid == 0)
        plan(finder, true);
}

/* --- nobody there --- */

static void say_not_ready(int fd)
{
    char packet[sizeof(struct finder_request) + NAME_BYTES_MAX];
    ssize_t bytes;

    while ((bytes = recv(fd, packet, sizeof packet, MSG_DONTWAIT)) > 0) {
        struct finder_request request;
        struct finder_reply reply = {.code = ERR_UNAVAILABLE};

        if ((size_t)bytes < sizeof request)
            continue;
        memcpy(&request, packet, sizeof request);
        reply.id = request.id;
        /* Who does not read it waits for nothing: its own patience ends. */
        (void)!send(fd, &reply, sizeof reply, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

/* --- the loop --- */

static int wait_ms(const struct finder *finder)
{
    int64_t ms = finder->build_ms - time_monotonic_ms();

    if (!finder->wants_build || finder->building.pid)
        return WAIT_MS;
    return ms < 0 ? 0 : (int)ms;
}

static bool turn(struct finder *finder, bool *stops, struct error *err)
{
    const struct finder_options *options = finder->options;
    struct pollfd watched[3 + FINDER_FDS_MAX] = {
        {finder->stop_fd, POLLIN, 0}, {finder->serving.word_read, POLLIN, 0}, {finder->building.word_read, POLLIN, 0}};
    size_t asks = finder->serving.pid ? 0 : options->fd_count; /* else they are the worker's */

    for (size_t i = 0; i < asks; i++)
        watched[3 + i] = (struct pollfd){options->fds[i], POLLIN, 0};
    if (poll(watched, 3 + asks, wait_ms(finder)) < 0 && errno != EINTR)
        return fail(err, ERR_IO, "poll: errno %d", errno);
    *stops = watched[0].revents != 0;
    if (watched[1].revents)
        hear(finder, &finder->serving);
    if (watched[2].revents)
        hear(finder, &finder->building);
    for (size_t i = 0; i < asks && finder->serving.pid == 0; i++) {
        if (watched[3 + i].revents)
            say_not_ready(options->fds[i]);
    }
    if (finder->wants_build && finder->building.pid == 0 && time_monotonic_ms() >= finder->build_ms)
        start(finder);
    return true;
}

bool finder_run(const struct finder_options *options, int stop_fd, struct error *err)
{
    struct finder finder = {
        .options = options, .stop_fd = stop_fd, .serving = NO_CHILD, .building = NO_CHILD, .wants_build = true};
    bool stops = false;
    bool is_good = true;

    while (is_good && !stops && !finder.is_refused)
        is_good = turn(&finder, &stops, err);
    (void)end_child(&finder.building);
    (void)end_child(&finder.serving);
    if (is_good && finder.is_refused)
        return refuse(err, ERR_REFUSED, "guard.names", "the store is not the one that was signed for",
                      "数据不是此前签过名的数据");
    return is_good;
}
