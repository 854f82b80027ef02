#include "sandbox/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "sandbox/relay_loop.h"
#include "sandbox/relay_socket.h"

enum { REPORT_PATIENCE_S = 5, PORT_PAUSE_MS = 20, OWN_LISTENER = 3, OWN_ORDERS = 4 };

struct relay {
    int orders_fd;
    pid_t child;
    bool has_target[LINE_CERTIFICATE_COUNT];
};

/* --- the child --- */

/* Nothing of the parent's stays open: a lock or a socket held here would outlive it. */
static bool keep_only(int listen_fd, int orders_fd)
{
    /* Out of the way of the two places first. */
    int listener = fcntl(listen_fd, F_DUPFD, OWN_ORDERS + 1);
    int orders = fcntl(orders_fd, F_DUPFD, OWN_ORDERS + 1);

    return listener >= 0 && orders >= 0 && dup2(listener, OWN_LISTENER) == OWN_LISTENER &&
           dup2(orders, OWN_ORDERS) == OWN_ORDERS && close_range(OWN_ORDERS + 1, ~0U, 0) == 0;
}

static _Noreturn void be_relay(const struct relay_setup *setup, int listen_fd, int orders_fd, pid_t parent)
{
    (void)signal(SIGPIPE, SIG_IGN);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent || !keep_only(listen_fd, orders_fd))
        _exit(1);
    relay_loop_run(setup, OWN_LISTENER, OWN_ORDERS);
    _exit(0);
}

/* --- starting and ending --- */

static void pause_ms(int64_t ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&time, NULL);
}

static bool listen_patiently(const struct relay_setup *setup, uint16_t *port, int *fd, struct error *err)
{
    int64_t until_ms = time_monotonic_ms() + RELAY_PORT_PATIENCE_MS;
    struct error why;

    while (!relay_listen(setup->address, port, fd, &why)) {
        if (why.code != ERR_CONFLICT || time_monotonic_ms() >= until_ms) {
            *err = why;
            return false;
        }
        pause_ms(PORT_PAUSE_MS);
    }
    return true;
}

bool relay_start(const struct relay_setup *setup, uint16_t *port, struct relay **out, struct error *err)
{
    AUTO(file_close) int listen_fd = -1;
    AUTO(file_close) int child_fd = -1;
    struct relay *relay;
    pid_t parent = getpid();
    uint16_t bound = setup->port;
    int pair[2];
    pid_t child;

    if (!listen_patiently(setup, &bound, &listen_fd, err))
        return fail_in(err, "relay");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return fail(err, ERR_IO, "relay: socketpair: %s", strerrordesc_np(errno));
    child_fd = pair[1];
    child = fork();
    if (child == 0)
        be_relay(setup, listen_fd, child_fd, parent);
    if (child < 0) {
        close(pair[0]);
        return fail(err, ERR_IO, "relay: fork: %s", strerrordesc_np(errno));
    }
    relay = memory_new(sizeof *relay);
    relay->orders_fd = pair[0];
    relay->child = child;
    for (size_t i = 0; i < LINE_CERTIFICATE_COUNT; i++)
        relay->has_target[i] = setup->targets[i] > 0;
    *port = bound;
    *out = relay;
    return true;
}

void relay_free(struct relay *relay)
{
    int64_t until_ms = time_monotonic_ms() + 4 * RELAY_DRAIN_MS;
    pid_t ended;

    if (!relay)
        return;
    file_close(relay->orders_fd);
    while ((ended = waitpid(relay->child, NULL, WNOHANG)) == 0 && time_monotonic_ms() < until_ms)
        pause_ms(1);
    if (ended == 0) {
        (void)kill(relay->child, SIGKILL);
        (void)waitpid(relay->child, NULL, 0);
    }
    free(relay);
}

int relay_watch_fd(const struct relay *relay)
{
    return relay->orders_fd;
}

bool relay_is_gone(struct relay *relay)
{
    struct pollfd child = {.fd = relay->orders_fd, .events = POLLRDHUP};

    return poll(&child, 1, 0) == 1;
}

/* --- orders --- */

static bool tell(struct relay *relay, const struct relay_message *message, struct error *err)
{
    ssize_t bytes;

    do
        bytes = send(relay->orders_fd, message, sizeof *message, MSG_NOSIGNAL);
    while (bytes < 0 && errno == EINTR);
    return bytes == (ssize_t)sizeof *message || fail(err, ERR_IO, "the relay is gone: %s", strerrordesc_np(errno));
}

static bool ask_report(struct relay *relay, struct relay_report *report, struct error *err)
{
    const struct relay_message message = {.word = RELAY_REPORT};
    const struct timeval patience = {.tv_sec = REPORT_PATIENCE_S};

    if (!tell(relay, &message, err))
        return false;
    (void)setsockopt(relay->orders_fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return recv(relay->orders_fd, report, sizeof *report, 0) == (ssize_t)sizeof *report ||
           fail(err, ERR_IO, "the relay does not answer: %s", strerrordesc_np(errno));
}

bool relay_order(struct relay *relay, const struct line_order *order, struct error *err)
{
    const struct relay_message message = {.word = RELAY_ORDER, .order = *order};
    struct relay_report report;

    if (!relay->has_target[order->rule.certificate])
        return fail(err, ERR_INVALID, "certificate: the options name no %s one",
                    LINE_CERTIFICATE_NAMES[order->rule.certificate]);
    if (order->has_rule && !ask_report(relay, &report, err))
        return false;
    if (order->has_rule && report.rule_count >= RELAY_RULES_MAX)
        return fail(err, ERR_LIMIT, "%d rules wait already", RELAY_RULES_MAX);
    return tell(relay, &message, err);
}

bool relay_clear(struct relay *relay, struct error *err)
{
    const struct relay_message message = {.word = RELAY_CLEAR};

    return tell(relay, &message, err);
}

bool relay_touch(struct relay *relay, uint16_t port, const struct relay_touch *touch, struct error *err)
{
    const struct relay_message message = {.word = RELAY_TOUCH, .port = port, .touch = *touch};

    return tell(relay, &message, err);
}

bool relay_reset(struct relay *relay, uint16_t port, struct error *err)
{
    const struct relay_message message = {.word = RELAY_RESET, .port = port};

    return tell(relay, &message, err);
}

bool relay_describe(struct relay *relay, struct buf *out, struct error *err)
{
    struct relay_report report;

    if (!ask_report(relay, &report, err))
        return false;
    buf_add_text(out, "{\"rules\":[");
    for (size_t i = 0; i < report.rule_count; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        line_rule_describe(&report.rules[i], out);
    }
    buf_addf(out, "],\"limit\":%" PRId64 ",\"open\":%" PRIu64 ",\"accepted\":%" PRIu64, report.limit.connections,
             report.open, report.accepted);
    buf_addf(out, ",\"reset\":%" PRIu64 ",\"closed\":%" PRIu64 ",\"stalled\":%" PRIu64 ",\"held\":%" PRIu64 "}",
             report.reset, report.closed, report.stalled, report.held);
    return true;
}
