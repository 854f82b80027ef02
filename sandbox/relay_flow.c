#include "sandbox/relay_flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct relay_piece {
    struct relay_piece *next;
    int64_t due_ms;
    size_t bytes;
    size_t at; /* before it all has passed */
    char data[];
};

static void drop_first(struct relay_flow *flow)
{
    struct relay_piece *piece = flow->first;

    flow->first = piece->next;
    if (!flow->first)
        flow->last = NULL;
    flow->queued -= piece->bytes - piece->at;
    free(piece);
}

void relay_flow_done(struct relay_flow *flow)
{
    while (flow->first)
        drop_first(flow);
}

void relay_flow_add(struct relay_flow *flow, struct span bytes, int64_t now_ms)
{
    struct relay_piece *piece;

    if (flow->is_over || bytes.bytes == 0)
        return;
    piece = memory_resize(NULL, sizeof *piece + bytes.bytes);
    *piece = (struct relay_piece){.due_ms = now_ms + flow->way.latency_ms, .bytes = bytes.bytes};
    memcpy(piece->data, bytes.at, bytes.bytes);
    if (flow->last)
        flow->last->next = piece;
    else
        flow->first = piece;
    flow->last = piece;
    flow->queued += bytes.bytes;
}

static size_t may_pass(const struct relay_flow *flow, size_t bytes)
{
    if (flow->way.drip_bytes > 0 && bytes > (uint64_t)flow->way.drip_bytes)
        bytes = (size_t)flow->way.drip_bytes;
    if (flow->way.end_after >= 0 && bytes > (uint64_t)flow->way.end_after)
        bytes = (size_t)flow->way.end_after;
    return bytes;
}

static void has_passed(struct relay_flow *flow, size_t bytes, int64_t now_ms)
{
    flow->first->at += bytes;
    flow->queued -= bytes;
    if (flow->first->at == flow->first->bytes)
        drop_first(flow);
    if (flow->way.end_after >= 0)
        flow->way.end_after -= (int64_t)bytes;
    if (flow->way.drip_bytes > 0)
        flow->open_ms = now_ms + flow->way.drip_ms;
}

/* False when no more can pass now. */
static bool pass_some(struct relay_flow *flow, int fd, int64_t now_ms)
{
    struct relay_piece *piece = flow->first;
    ssize_t bytes =
        send(fd, piece->data + piece->at, may_pass(flow, piece->bytes - piece->at), MSG_NOSIGNAL | MSG_DONTWAIT);

    if (bytes >= 0) {
        has_passed(flow, (size_t)bytes, now_ms);
        return true;
    }
    if (errno == EINTR)
        return true;
    flow->is_blocked = errno == EAGAIN || errno == EWOULDBLOCK;
    if (flow->is_blocked)
        return false;
    /* The target is gone. What it said before can still be read from it, so that is not the end of the other way. */
    flow->is_over = true;
    relay_flow_done(flow);
    return false;
}

enum relay_flow_result relay_flow_pump(struct relay_flow *flow, int fd, int64_t now_ms)
{
    flow->is_blocked = false;
    while (!flow->is_over && !flow->is_stalled && now_ms >= flow->open_ms) {
        if (flow->way.end_after == 0 && flow->way.end != LINE_STALL)
            return FLOW_BREAKS;
        if (flow->way.end_after == 0) {
            flow->is_stalled = true;
            return FLOW_RESTS;
        }
        if (!flow->first && flow->has_ended) {
            flow->is_over = true;
            return FLOW_ENDS;
        }
        if (!flow->first || now_ms < flow->first->due_ms || !pass_some(flow, fd, now_ms))
            return FLOW_RESTS;
    }
    return FLOW_RESTS;
}

int64_t relay_flow_due_ms(const struct relay_flow *flow)
{
    bool has_work = flow->first || flow->has_ended || flow->way.end_after == 0;
    int64_t due_ms = flow->first && flow->first->due_ms > flow->open_ms ? flow->first->due_ms : flow->open_ms;

    return has_work && !flow->is_over && !flow->is_stalled && !flow->is_blocked ? due_ms : INT64_MAX;
}
