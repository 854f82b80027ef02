/* The relay's process: one epoll loop over the port, the order socket and the two ends of every connection.
 *
 * Orders are causal: the sandbox gives an order and then writes the answer it is about, so after reading from a server
 * and before passing on what was read, the order socket is emptied. The same after a connection was accepted.
 *
 * Links that are over are freed at the end of a turn, since epoll may have named both of their sockets in it. */
#include "sandbox/relay_loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/time.h"
#include "sandbox/relay_link.h"
#include "sandbox/relay_socket.h"

enum { EVENTS_MAX = 64, SCRATCH_BYTES = 65536, PORT_RETRY_MS = 20 };

enum port_state { PORT_OPEN, PORT_PAUSED, PORT_CLOSED };

struct relay_loop {
    const struct relay_setup *setup;
    int epoll_fd;
    struct relay_side listener; /* of no link */
    struct relay_side orders;
    struct relay_link *links;
    struct relay_link *over; /* to be freed when the turn ends */
    struct relay_report report;
    int64_t limit_until_ms; /* 0: for ever */
    int64_t drain_until_ms; /* 0: not draining */
    bool is_short;          /* of descriptors, until a connection ends */
    bool has_ordered;       /* without orders nobody waits for time alone */
    enum port_state port;
    char scratch[SCRATCH_BYTES];
};

/* --- epoll --- */

static void watch(struct relay_loop *loop, struct relay_side *side, uint32_t interest)
{
    struct epoll_event event = {.events = interest, .data.ptr = side};
    int how = interest == 0 ? EPOLL_CTL_DEL : side->interest == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

    if (interest == side->interest)
        return;
    if (epoll_ctl(loop->epoll_fd, how, side->fd, &event) != 0)
        log_error("relay", "epoll_ctl: %s", strerrordesc_np(errno));
    side->interest = interest;
}

/* --- links --- */

static void unlink_link(struct relay_loop *loop, struct relay_link *link)
{
    if (link->previous)
        link->previous->next = link->next;
    else
        loop->links = link->next;
    if (link->next)
        link->next->previous = link->previous;
    watch(loop, &link->client, 0);
    watch(loop, &link->server, 0);
    link->next = loop->over;
    loop->over = link;
    loop->report.open--;
    loop->is_short = false;
}

/* After anything has happened to a link. */
static void settle(struct relay_loop *loop, struct relay_link *link, int64_t now_ms)
{
    bool stalled = link->request.is_stalled || link->answer.is_stalled;

    relay_link_pump(link, now_ms);
    loop->report.stalled += !stalled && (link->request.is_stalled || link->answer.is_stalled);
    if (link->ending == LINK_GOES_ON) {
        watch(loop, &link->client, relay_link_interest(&link->client));
        watch(loop, &link->server, relay_link_interest(&link->server));
        return;
    }
    loop->report.reset += link->ending == LINK_IS_RESET && !link->request.has_ended && !link->answer.has_ended;
    loop->report.closed += link->ending == LINK_IS_CLOSED;
    unlink_link(loop, link);
}

static void reset_link(struct relay_loop *loop, struct relay_link *link)
{
    link->ending = LINK_IS_RESET;
    loop->report.reset++;
    unlink_link(loop, link);
}

static void free_over(struct relay_loop *loop)
{
    while (loop->over) {
        struct relay_link *link = loop->over;

        loop->over = link->next;
        relay_link_free(link);
    }
}

/* --- the port --- */

static bool is_full(const struct relay_loop *loop)
{
    return loop->report.limit.connections >= 0 && loop->report.open >= (uint64_t)loop->report.limit.connections;
}

static void settle_port(struct relay_loop *loop, int64_t now_ms)
{
    enum port_state wanted = loop->drain_until_ms > 0 ? PORT_CLOSED : loop->is_short ? PORT_PAUSED : PORT_OPEN;

    if (loop->limit_until_ms > 0 && now_ms >= loop->limit_until_ms) {
        loop->report.limit = (struct line_limit){.connections = -1};
        loop->limit_until_ms = 0;
    }
    if (wanted == PORT_OPEN && is_full(loop))
        wanted = loop->report.limit.waits ? PORT_PAUSED : PORT_CLOSED;
    if (wanted == loop->port)
        return;
    watch(loop, &loop->listener, 0);
    if (wanted == PORT_CLOSED)
        relay_close_port(loop->listener.fd);
    else if (loop->port == PORT_CLOSED && !relay_open_port(loop->listener.fd)) {
        log_error("relay", "cannot listen again: %s", strerrordesc_np(errno));
        return;
    }
    if (wanted == PORT_OPEN)
        watch(loop, &loop->listener, EPOLLIN);
    loop->port = wanted;
}

/* --- orders --- */

static struct relay_link *find_link(const struct relay_loop *loop, uint16_t port)
{
    struct relay_link *link = loop->links;

    while (link && link->port != port)
        link = link->next;
    return link;
}

static void take_order(struct relay_loop *loop, const struct line_order *order, int64_t now_ms)
{
    if (order->has_rule && loop->report.rule_count < RELAY_RULES_MAX)
        loop->report.rules[loop->report.rule_count++] = order->rule;
    if (order->has_limit) {
        loop->report.limit = order->limit;
        loop->limit_until_ms = order->limit.for_ms > 0 ? now_ms + order->limit.for_ms : 0;
    }
    while (order->resets_open && loop->links)
        reset_link(loop, loop->links);
}

static void forget_rules(struct relay_loop *loop)
{
    loop->report.rule_count = 0;
    loop->report.limit = (struct line_limit){.connections = -1};
    loop->limit_until_ms = 0;
}

static void take_message(struct relay_loop *loop, const struct relay_message *message, int64_t now_ms)
{
    struct relay_link *link = find_link(loop, message->port);

    loop->has_ordered = true;
    switch (message->word) {
    case RELAY_ORDER:
        take_order(loop, &message->order, now_ms);
        settle_port(loop, now_ms);
        break;
    case RELAY_CLEAR:
        forget_rules(loop);
        settle_port(loop, now_ms);
        break;
    case RELAY_TOUCH:
        if (link) {
            relay_link_touch(link, &message->touch, now_ms);
            loop->report.held += message->touch.hold_ms > 0;
        }
        break;
    case RELAY_RESET:
        if (link)
            reset_link(loop, link);
        break;
    case RELAY_REPORT:
        if (send(loop->orders.fd, &loop->report, sizeof loop->report, MSG_NOSIGNAL) < 0)
            log_error("relay", "cannot report: %s", strerrordesc_np(errno));
        break;
    }
}

static void take_messages(struct relay_loop *loop, int64_t now_ms)
{
    struct relay_message message;
    ssize_t bytes;

    while ((bytes = recv(loop->orders.fd, &message, sizeof message, MSG_DONTWAIT)) == (ssize_t)sizeof message)
        take_message(loop, &message, now_ms);
    if (bytes == 0 && loop->drain_until_ms == 0)
        loop->drain_until_ms = now_ms + RELAY_DRAIN_MS;
}

/* --- connections --- */

/* The first rule that still has connections, and one of them used up. */
static struct line_rule next_rule(struct relay_loop *loop)
{
    struct relay_report *report = &loop->report;
    struct line_rule rule = {.request = LINE_WAY_FREE, .answer = LINE_WAY_FREE};

    if (report->rule_count == 0)
        return rule;
    rule = report->rules[0];
    if (rule.connections > 0 && --report->rules[0].connections == 0) {
        report->rule_count--;
        memmove(&report->rules[0], &report->rules[1], report->rule_count * sizeof report->rules[0]);
    }
    return rule;
}

static void add_link(struct relay_loop *loop, int client_fd, int64_t now_ms)
{
    struct line_rule rule = next_rule(loop);
    uint16_t port = 0;
    int server_fd = relay_connect(loop->setup->targets[rule.certificate], &port);
    struct relay_link *link;

    if (server_fd < 0) {
        loop->is_short = (errno == EMFILE || errno == ENFILE) && loop->links;
        relay_close_hard(client_fd);
        return;
    }
    link = relay_link_new(client_fd, server_fd, port, &rule);
    link->next = loop->links;
    if (loop->links)
        loop->links->previous = link;
    loop->links = link;
    loop->report.open++;
    loop->report.accepted++;
    settle(loop, link, now_ms);
}

static void accept_all(struct relay_loop *loop, int64_t now_ms)
{
    for (int i = 0; i < EVENTS_MAX && !is_full(loop); i++) {
        int fd = relay_accept(loop->listener.fd);

        if (fd < 0) {
            loop->is_short = (errno == EMFILE || errno == ENFILE) && loop->links;
            return;
        }
        take_messages(loop, now_ms);
        if (is_full(loop) && !loop->report.limit.waits)
            relay_close_hard(fd);
        else
            add_link(loop, fd, now_ms);
    }
}

/* --- the loop --- */

static void take_bytes(struct relay_loop *loop, struct relay_side *side, uint32_t events, int64_t now_ms)
{
    struct relay_link *link = side->link;
    size_t bytes = 0;

    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        bytes = relay_link_read(side, loop->scratch, sizeof loop->scratch);
    if (side->interest & EPOLLRDHUP && events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        relay_link_hang_up(link);
    if (bytes > 0)
        take_messages(loop, now_ms);
    if (link->ending != LINK_GOES_ON)
        return;
    relay_link_add(side, (struct span){loop->scratch, bytes}, now_ms);
    settle(loop, link, now_ms);
}

static void take_event(struct relay_loop *loop, const struct epoll_event *event, int64_t now_ms)
{
    struct relay_side *side = event->data.ptr;
    struct relay_link *link = side->link;

    if (side == &loop->orders) {
        take_messages(loop, now_ms);
    } else if (side == &loop->listener) {
        accept_all(loop, now_ms);
    } else if (link->ending == LINK_GOES_ON) {
        take_bytes(loop, side, event->events, now_ms);
    }
}

static int64_t pump_due(struct relay_loop *loop, int64_t now_ms)
{
    int64_t next_ms = loop->limit_until_ms > 0 ? loop->limit_until_ms : INT64_MAX;
    struct relay_link *next;

    for (struct relay_link *link = loop->links; link; link = next) {
        next = link->next;
        if (relay_link_due_ms(link) <= now_ms)
            settle(loop, link, now_ms);
        if (link->ending == LINK_GOES_ON && relay_link_due_ms(link) < next_ms)
            next_ms = relay_link_due_ms(link);
    }
    return next_ms;
}

static int wait_ms(const struct relay_loop *loop, int64_t next_ms, int64_t now_ms)
{
    if (loop->port == PORT_CLOSED && !is_full(loop) && next_ms > now_ms + PORT_RETRY_MS)
        next_ms = now_ms + PORT_RETRY_MS;
    if (loop->drain_until_ms > 0 && next_ms > loop->drain_until_ms)
        next_ms = loop->drain_until_ms;
    if (next_ms == INT64_MAX)
        return -1;
    return next_ms <= now_ms ? 0 : next_ms - now_ms > LINE_MS_MAX ? LINE_MS_MAX : (int)(next_ms - now_ms);
}

static bool turn(struct relay_loop *loop)
{
    struct epoll_event events[EVENTS_MAX];
    int64_t now_ms = time_monotonic_ms();
    int64_t next_ms = loop->has_ordered ? pump_due(loop, now_ms) : INT64_MAX;
    int count;

    settle_port(loop, now_ms);
    free_over(loop);
    count = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, wait_ms(loop, next_ms, now_ms));
    if (count < 0 && errno != EINTR)
        return false;
    now_ms = time_monotonic_ms();
    for (int i = 0; i < count; i++)
        take_event(loop, &events[i], now_ms);
    free_over(loop);
    return loop->drain_until_ms == 0 || (loop->links && now_ms < loop->drain_until_ms);
}

static void allow_many_sockets(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

void relay_loop_run(const struct relay_setup *setup, int listen_fd, int orders_fd)
{
    struct relay_loop *loop = memory_new(sizeof *loop);

    allow_many_sockets();
    loop->setup = setup;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->listener.fd = listen_fd;
    loop->orders.fd = orders_fd;
    loop->port = PORT_PAUSED;
    forget_rules(loop);
    watch(loop, &loop->orders, EPOLLIN);
    while (turn(loop))
        continue;
    while (loop->links)
        unlink_link(loop, loop->links);
    free_over(loop);
    file_close(loop->epoll_fd);
    file_close(listen_fd);
    file_close(orders_fd);
    free(loop);
}
