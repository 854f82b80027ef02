/* relay_loop.h - the child's side of relay.h: what is said between the two, and the loop. */
#ifndef SANDBOX_RELAY_LOOP_H
#define SANDBOX_RELAY_LOOP_H

#include "sandbox/relay.h"

enum { RELAY_RULES_MAX = 64 };

enum relay_word { RELAY_ORDER, RELAY_CLEAR, RELAY_TOUCH, RELAY_RESET, RELAY_REPORT };

/* One datagram to the child. RELAY_REPORT is answered with a struct relay_report, the others are not answered. */
struct relay_message {
    enum relay_word word;
    uint16_t port;
    struct line_order order;
    struct relay_touch touch;
};

struct relay_report {
    struct line_rule rules[RELAY_RULES_MAX];
    size_t rule_count;
    struct line_limit limit;
    uint64_t open;
    uint64_t accepted;
    uint64_t reset; /* by order, each kind */
    uint64_t closed;
    uint64_t stalled;
    uint64_t held;
};

/* Both sockets are the loop's from now on. Returns when `orders_fd` is hung up and what was held is passed on. */
void relay_loop_run(const struct relay_setup *setup, int listen_fd, int orders_fd);

#endif
