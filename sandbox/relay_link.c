#include "sandbox/relay_link.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/file.h"
#include "sandbox/relay_socket.h"

struct relay_link *relay_link_new(int client_fd, int server_fd, uint16_t port, const struct line_rule *rule)
{
    struct relay_link *link = memory_new(sizeof *link);

    link->client = (struct relay_side){.link = link, .fd = client_fd};
    link->server = (struct relay_side){.link = link, .fd = server_fd};
    link->request.way = rule->request;
    link->answer.way = rule->answer;
    link->port = port;
    return link;
}

void relay_link_free(struct relay_link *link)
{
    bool is_orderly = link->ending == LINK_IS_OVER || link->ending == LINK_IS_CLOSED;
    void (*end)(int fd) = is_orderly ? file_close : relay_close_hard;

    end(link->client.fd);
    end(link->server.fd);
    relay_flow_done(&link->request);
    relay_flow_done(&link->answer);
    free(link);
}

static struct relay_flow *flow_from(const struct relay_side *side)
{
    return side == &side->link->client ? &side->link->request : &side->link->answer;
}

static const struct relay_flow *flow_to(const struct relay_side *side)
{
    return side == &side->link->client ? &side->link->answer : &side->link->request;
}

static bool wants_more(const struct relay_flow *flow)
{
    return !flow->has_ended && !flow->is_stalled && flow->queued < RELAY_FLOW_BYTES;
}

size_t relay_link_read(struct relay_side *side, char *scratch, size_t room)
{
    struct relay_flow *flow = flow_from(side);
    ssize_t bytes;

    if (!wants_more(flow))
        return 0;
    bytes = recv(side->fd, scratch, room, MSG_DONTWAIT);
    if (bytes > 0)
        return (size_t)bytes;
    if (bytes == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
        flow->has_ended = true;
        flow->ends_hard = bytes < 0;
    }
    return 0;
}

/* What was ordered for one answer ends with it: with HTTP/1.1 the client speaks again when it has the whole answer. */
static void forget_touch(struct relay_link *link)
{
    if (!link->is_touched || link->answer.queued > 0 || link->answer.is_stalled)
        return;
    link->answer.way = link->usual;
    link->answer.open_ms = 0;
    link->is_touched = false;
}

void relay_link_add(struct relay_side *side, struct span bytes, int64_t now_ms)
{
    if (side == &side->link->client)
        forget_touch(side->link);
    relay_flow_add(flow_from(side), bytes, now_ms);
}

void relay_link_touch(struct relay_link *link, const struct relay_touch *touch, int64_t now_ms)
{
    struct line_way *way = &link->answer.way;

    if (!link->is_touched)
        link->usual = *way;
    link->is_touched = true;
    way->drip_bytes = touch->drip_bytes;
    way->drip_ms = touch->drip_ms;
    way->end = touch->end;
    /* Of the answer before this one something may wait still: it is not counted. */
    way->end_after = touch->end_after < 0 ? -1 : touch->end_after + (int64_t)link->answer.queued;
    if (touch->hold_ms > 0)
        link->answer.open_ms = now_ms + touch->hold_ms;
}

void relay_link_hang_up(struct relay_link *link)
{
    link->request.has_ended = true;
}

static enum relay_ending pump_way(struct relay_flow *flow, int fd, int64_t now_ms)
{
    switch (relay_flow_pump(flow, fd, now_ms)) {
    case FLOW_BREAKS:
        return flow->way.end == LINE_CLOSE ? LINK_IS_CLOSED : LINK_IS_RESET;
    case FLOW_ENDS:
        if (flow->ends_hard)
            return LINK_IS_RESET;
        (void)shutdown(fd, SHUT_WR);
        return LINK_GOES_ON;
    default:
        return LINK_GOES_ON;
    }
}

void relay_link_pump(struct relay_link *link, int64_t now_ms)
{
    if (link->ending == LINK_GOES_ON)
        link->ending = pump_way(&link->request, link->server.fd, now_ms);
    if (link->ending == LINK_GOES_ON)
        link->ending = pump_way(&link->answer, link->client.fd, now_ms);
    if (link->ending != LINK_GOES_ON)
        return;
    /* A stalled connection stays for as long as the client has patience. */
    if ((link->request.is_stalled || link->answer.is_stalled) && link->request.has_ended)
        link->ending = LINK_IS_RESET;
    else if (link->request.is_over && link->answer.is_over)
        link->ending = LINK_IS_OVER;
}

uint32_t relay_link_interest(const struct relay_side *side)
{
    const struct relay_flow *from = flow_from(side);
    const struct relay_link *link = side->link;
    uint32_t interest = 0;

    if (wants_more(from))
        interest |= EPOLLIN;
    if (flow_to(side)->is_blocked)
        interest |= EPOLLOUT;
    if (side == &link->client && link->request.is_stalled && !from->has_ended)
        interest |= EPOLLRDHUP;
    return interest;
}

int64_t relay_link_due_ms(const struct relay_link *link)
{
    int64_t request_ms = relay_flow_due_ms(&link->request);
    int64_t answer_ms = relay_flow_due_ms(&link->answer);

    return request_ms < answer_ms ? request_ms : answer_ms;
}
