/* relay_link.h - one connection through the relay: a socket to the client, one to the server, and the two ways. */
#ifndef SANDBOX_RELAY_LINK_H
#define SANDBOX_RELAY_LINK_H

#include "sandbox/relay.h"
#include "sandbox/relay_flow.h"

enum relay_ending {
    LINK_GOES_ON,
    LINK_IS_OVER,  /* both sides have ended */
    LINK_IS_RESET, /* one side reset it, or an order says so: RST to both */
    LINK_IS_CLOSED /* an order says so: FIN to both */
};

struct relay_link;

/* One end of it, as epoll names it. */
struct relay_side {
    struct relay_link *link; /* NULL: not of a link */
    int fd;
    uint32_t interest; /* what epoll was told; 0: it does not know the socket */
};

struct relay_link {
    struct relay_link *next;
    struct relay_link *previous;
    struct relay_side client;
    struct relay_side server;
    struct relay_flow request;
    struct relay_flow answer;
    struct line_way usual; /* of the answers, when no touch changes it */
    bool is_touched;
    uint16_t port; /* ours towards the server */
    enum relay_ending ending;
};

/* Both sockets are the link's. */
struct relay_link *relay_link_new(int client_fd, int server_fd, uint16_t port, const struct line_rule *rule);
void relay_link_free(struct relay_link *link); /* hard, unless it is over or closed */

/* Read what a side has into `scratch`: so many bytes, which relay_link_add then queues. 0: nothing now, or the end,
 * which is noted. */
size_t relay_link_read(struct relay_side *side, char *scratch, size_t room);
void relay_link_add(struct relay_side *side, struct span bytes, int64_t now_ms);
/* From now on, until the client says something new: see relay.h. */
void relay_link_touch(struct relay_link *link, const struct relay_touch *touch, int64_t now_ms);
/* The client has hung up, as epoll says of a link that stalls. */
void relay_link_hang_up(struct relay_link *link);
/* Pass on what may pass; link->ending says whether it goes on. */
void relay_link_pump(struct relay_link *link, int64_t now_ms);
/* What epoll should watch for at a side. */
uint32_t relay_link_interest(const struct relay_side *side);
int64_t relay_link_due_ms(const struct relay_link *link);

#endif
