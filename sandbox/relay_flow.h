/* relay_flow.h - one direction of a relayed connection: bytes that wait for their time, and how they pass on.
 *
 * The time is a monotonic one. Sockets do not block. */
#ifndef SANDBOX_RELAY_FLOW_H
#define SANDBOX_RELAY_FLOW_H

#include "sandbox/line.h"

/* So much may wait before no more is read: with latency it is what can be under way at once. */
enum { RELAY_FLOW_BYTES = 1024 * 1024 };

struct relay_piece;

struct relay_flow {
    struct line_way way; /* end_after counts down */
    int64_t open_ms;     /* nothing passes before */
    struct relay_piece *first;
    struct relay_piece *last;
    size_t queued;
    bool has_ended;  /* no more comes from the source */
    bool ends_hard;  /* because it reset the connection */
    bool is_blocked; /* the target takes no more for now */
    bool is_stalled; /* an order says that nothing passes any more */
    bool is_over;    /* all has passed, or the target is gone: what still comes is thrown away */
};
void relay_flow_done(struct relay_flow *flow);

/* Bytes from the source. */
void relay_flow_add(struct relay_flow *flow, struct span bytes, int64_t now_ms);

enum relay_flow_result {
    FLOW_RESTS,  /* nothing more to do now */
    FLOW_ENDS,   /* the source has ended and all of it has passed: is_over */
    FLOW_BREAKS, /* an order says that the connection ends here, as way.end says */
};
/* Pass on to `fd` what may pass now. */
enum relay_flow_result relay_flow_pump(struct relay_flow *flow, int fd, int64_t now_ms);
/* When it should be pumped again for time alone; INT64_MAX: not. */
int64_t relay_flow_due_ms(const struct relay_flow *flow);

#endif
