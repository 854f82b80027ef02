/* The loop around the platforms: sockets, and the faults that happen between the sockets and a platform. */
#include "sandbox/sandbox.h"

#include <poll.h>
#include <unistd.h>

#include "base/text.h"
#include "sandbox/china.h"
#include "sandbox/control.h"
#include "sandbox/doors.h"
#include "sandbox/faults.h"
#include "sandbox/guangdong.h"
#include "sandbox/national.h"

/* 500 rows of the longest fields do not fit twice into this, usual ones many times. */
enum { BODY_BYTES_MAX = 48 * 1024 * 1024 };

/* In the order of the stages. */
enum { PLATFORM_COUNT = FAULT_AT_COUNT - 1 };

struct sandbox {
    struct platform *platforms[PLATFORM_COUNT]; /* the first is there; the others may be NULL */
    struct faults *faults;
    struct http_server *server;
    struct doors doors;
    int stop_fd;
};

static void sandbox_done(struct sandbox *sandbox)
{
    http_server_free(sandbox->server);
    doors_close(&sandbox->doors);
    for (size_t i = 0; i < PLATFORM_COUNT; i++)
        platform_free(sandbox->platforms[i]);
    faults_free(sandbox->faults);
}
DEFINE_AUTO_IN_PLACE(struct sandbox, sandbox_done)

/* The whole loop waits: a platform that is slow is slow for everybody. Ends early when told to stop. */
static void wait_ms(const struct sandbox *sandbox, int64_t ms)
{
    struct pollfd stop = {.fd = sandbox->stop_fd, .events = POLLIN};

    (void)poll(&stop, 1, (int)ms);
}

static void answer_status(const struct fault *fault, struct http_reply *reply)
{
    reply->status = (int)fault->number;
    buf_clear(&reply->body);
    buf_add_text(&reply->body, fault->text ? fault->text : "");
    if (fault->retry_after[0])
        http_reply_header(reply, "Retry-After", fault->retry_after);
}

static void spoil(const struct sandbox *sandbox, const struct fault *fault, struct http_reply *reply)
{
    switch (fault->kind) {
    case FAULT_STATUS:
        answer_status(fault, reply);
        break;
    case FAULT_LOST_REPLY:
        reply->is_dropped = true;
        break;
    case FAULT_DELAY:
        wait_ms(sandbox, fault->number);
        break;
    case FAULT_MALFORMED:
        buf_clear(&reply->body);
        buf_add_text(&reply->body, fault->text ? fault->text : "{\"errorCode\":\"200\",\"errorMsg\":");
        break;
    default:
        break;
    }
}

static void handle_platform(struct sandbox *sandbox, const struct http_request *request, struct http_reply *reply)
{
    AUTO(fault_done) struct fault fault = {.kind = FAULT_NONE};
    struct platform *platform = platform_of_request(sandbox->platforms, PLATFORM_COUNT, request);

    if (!platform) {
        reply->status = 404;
        buf_add_text(&reply->body, "{\"error\":\"no such address\"}");
        return;
    }
    faults_take(sandbox->faults, platform->kind->at, platform->kind->place(platform, request), &fault);
    if (fault.kind == FAULT_CLOSE) {
        reply->is_dropped = true;
        return;
    }
    if (fault.kind != FAULT_STATUS || fault.is_after)
        platform->kind->handle(platform, sandbox->faults, request, reply);
    spoil(sandbox, &fault, reply);
}

static void handle(void *context, const struct http_request *request, struct http_reply *reply)
{
    struct sandbox *sandbox = context;
    const struct control_room room = {sandbox->platforms, PLATFORM_COUNT, sandbox->faults, sandbox->doors.relay};

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

bool sandbox_run(const struct sandbox_options *options, int stop_fd, const struct sandbox_ready *ready,
                 struct error *err)
{
    AUTO(sandbox_done)
    struct sandbox sandbox = {.faults = faults_new(), .doors = DOORS_NONE, .stop_fd = stop_fd};
    struct http_server_options server = {.limits = HTTP_LIMITS_DEFAULT, .handle = handle, .context = &sandbox};
    uint16_t port = 0;

    server.limits.body_bytes = BODY_BYTES_MAX;
    if (!open_platforms(&sandbox, options, err) || !http_server_new(&server, &sandbox.server, err) ||
        !doors_open(options, sandbox.server, &sandbox.doors, &port, err))
        return fail_in(err, "sandbox");
    if (ready)
        ready->call(ready->context, port);
    return http_server_run(sandbox.server, stop_fd, err);
}
