/* The loop around the platforms: sockets, and the faults that happen between the sockets and a platform. */
#include "sandbox/sandbox.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/file.h"
#include "base/text.h"
#include "sandbox/china.h"
#include "sandbox/control.h"
#include "sandbox/doors.h"
#include "sandbox/guangdong.h"
#include "sandbox/misbehave.h"
#include "sandbox/national.h"

/* 500 rows of the longest fields do not fit twice into this, usual ones many times. */
enum { BODY_BYTES_MAX = 48 * 1024 * 1024 };

/* In the order of the stages. */
enum { PLATFORM_COUNT = FAULT_AT_COUNT - 1 };

struct sandbox {
    struct platform *platforms[PLATFORM_COUNT]; /* the first is there; the others may be NULL */
    struct misbehaviour misbehaviour;
    struct http_server *server;
    struct doors doors;
};

static void sandbox_done(struct sandbox *sandbox)
{
    http_server_free(sandbox->server);
    doors_close(&sandbox->doors);
    for (size_t i = 0; i < PLATFORM_COUNT; i++)
        platform_free(sandbox->platforms[i]);
    faults_free(sandbox->misbehaviour.faults);
    chaos_free(sandbox->misbehaviour.chaos);
    misbehaviour_done(&sandbox->misbehaviour);
}
DEFINE_AUTO_IN_PLACE(struct sandbox, sandbox_done)

static void handle_platform(struct sandbox *sandbox, const struct http_request *request, struct http_reply *reply)
{
    struct platform *platform = platform_of_request(sandbox->platforms, PLATFORM_COUNT, request);

    if (platform) {
        misbehave_answer(&sandbox->misbehaviour, platform, request, reply);
        return;
    }
    reply->status = 404;
    buf_add_text(&reply->body, "{\"error\":\"no such address\"}");
}

static bool admits(void *context, const struct http_request *head, struct http_reply *reply)
{
    struct sandbox *sandbox = context;
    const struct platform *platform =
        head->peer->is_local ? NULL : platform_of_request(sandbox->platforms, PLATFORM_COUNT, head);

    return !platform || misbehave_admits(&sandbox->misbehaviour, platform, head, reply);
}

static void handle(void *context, const struct http_request *request, struct http_reply *reply)
{
    struct sandbox *sandbox = context;
    const struct control_room room = {sandbox->platforms, PLATFORM_COUNT, sandbox->misbehaviour.faults,
                                      sandbox->misbehaviour.chaos, sandbox->doors.relay};

    if (request->peer->is_local)
        control_handle(&room, request, reply);
    else
        handle_platform(sandbox, request, reply);
}

static bool open_platforms(struct sandbox *sandbox, const struct sandbox_options *options, struct error *err)
{
    const struct clock *clock = options->clock ? options->clock : &CLOCK_SYSTEM;

    return guangdong_new(options, clock, &sandbox->platforms[0], err) &&
           (!options->national || national_new(options, clock, &sandbox->platforms[1], err)) &&
           (!options->china || china_new(options, clock, &sandbox->platforms[2], err));
}

static struct chaos *make_chaos(const struct sandbox_options *options, const struct doors *doors)
{
    const struct chaos_options *wanted = options->chaos;

    return chaos_new(&(struct chaos_setup){.is_on = wanted != NULL,
                                           .seed = wanted ? wanted->seed : 0,
                                           .rate = wanted ? wanted->rate : 0,
                                           .people = wanted && wanted->people == CHOICE_YES,
                                           .has_line = doors->relay != NULL,
                                           .has_expired = doors->fds[LINE_EXPIRED] >= 0});
}

static bool watch(int epoll_fd, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    return fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Until told to stop, or until the relay breaks: without it nobody comes in. */
static bool run(const struct sandbox *sandbox, int stop_fd, struct error *err)
{
    struct relay *relay = sandbox->doors.relay;
    AUTO(file_close) int either = epoll_create1(EPOLL_CLOEXEC);

    if (!relay)
        return http_server_run(sandbox->server, stop_fd, err);
    if (either < 0 || !watch(either, stop_fd, EPOLLIN) || !watch(either, relay_watch_fd(relay), EPOLLRDHUP))
        return fail(err, ERR_IO, "epoll: %s", strerrordesc_np(errno));
    if (!http_server_run(sandbox->server, either, err))
        return false;
    return !relay_is_gone(relay) || fail(err, ERR_IO, "the relay has ended: see the log");
}

bool sandbox_run(const struct sandbox_options *options, int stop_fd, const struct sandbox_ready *ready,
                 struct error *err)
{
    AUTO(sandbox_done)
    struct sandbox sandbox = {.misbehaviour = {.faults = faults_new(), .stop_fd = stop_fd}, .doors = DOORS_NONE};
    struct http_server_options server = {
        .limits = HTTP_LIMITS_DEFAULT, .handle = handle, .admits = admits, .context = &sandbox};
    uint16_t port = 0;

    server.limits.body_bytes = BODY_BYTES_MAX;
    server.limits.bodies_bytes = 2 * BODY_BYTES_MAX;
    if (!open_platforms(&sandbox, options, err) || !http_server_new(&server, &sandbox.server, err) ||
        !doors_open(options, sandbox.server, &sandbox.doors, &port, err))
        return fail_in(err, "sandbox");
    sandbox.misbehaviour.relay = sandbox.doors.relay;
    sandbox.misbehaviour.chaos = make_chaos(options, &sandbox.doors);
    if (ready)
        ready->call(ready->context, port);
    return run(&sandbox, stop_fd, err);
}
