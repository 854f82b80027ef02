/* match.h - does an entry of the trace fit a search? Pure. */
#ifndef GATEWAY_TRACE_MATCH_H
#define GATEWAY_TRACE_MATCH_H

#include "base/base.h"

/* What an entry must have; empty: anything. Days are YYYY-MM-DD in Asia/Shanghai, both included. */
struct trace_wanted {
    struct span uscc;
    struct span by;
    struct span operator;
    struct span department;
    struct span domain;
    struct span since;
    struct span until;
};
/* `entry` as trace_log_read gives it. */
bool trace_fits(const struct trace_wanted *wanted, struct span entry);

#endif
