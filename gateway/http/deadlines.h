/* deadlines.h - who must have done something by when. Every kind of deadline has one length, so a list per kind, each
 * in order of time, gives O(1) for all: nothing is sorted. */
#ifndef GATEWAY_HTTP_DEADLINES_H
#define GATEWAY_HTTP_DEADLINES_H

#include "base/base.h"

enum deadline_kind {
    DEADLINE_NONE,
    DEADLINE_HANDSHAKE,
    DEADLINE_HEADER,
    DEADLINE_BODY,
    DEADLINE_IDLE,
    DEADLINE_WRITE,
    DEADLINE_LINGER,
    DEADLINE_AGAIN, /* no fault of the client's: ask the handler again */
    DEADLINE_KINDS
};

/* Embedded in what has a deadline; all zero is "none". */
struct deadline {
    struct deadline *previous;
    struct deadline *next;
    int64_t due_ms;
    enum deadline_kind kind;
    bool is_stream; /* of an HTTP/2 stream, not of a connection: set by the owner */
};

struct deadlines {
    struct deadline lists[DEADLINE_KINDS]; /* rings; the element itself is the head */
    int64_t lengths_ms[DEADLINE_KINDS];
};

void deadlines_init(struct deadlines *deadlines, const int64_t lengths_ms[DEADLINE_KINDS]);
/* Forget the old deadline and start one of `kind` now; DEADLINE_NONE starts none. */
void deadlines_start(struct deadlines *deadlines, struct deadline *deadline, enum deadline_kind kind, int64_t now_ms);
/* The same, but one of that kind already running keeps its time. */
void deadlines_keep(struct deadlines *deadlines, struct deadline *deadline, enum deadline_kind kind, int64_t now_ms);
void deadlines_stop(struct deadline *deadline);
/* One that is over (and stays in its list until stopped or started again), or NULL. */
struct deadline *deadlines_over(struct deadlines *deadlines, int64_t now_ms);
/* The earliest of a kind, or NULL. */
struct deadline *deadlines_first(struct deadlines *deadlines, enum deadline_kind kind);
/* The earliest of all; INT64_MAX when there is none. */
int64_t deadlines_next_ms(const struct deadlines *deadlines);

#endif
