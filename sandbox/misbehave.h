/* misbehave.h - one request between the socket and a platform, with the faults that were ordered and those of chance.
 */
#ifndef SANDBOX_MISBEHAVE_H
#define SANDBOX_MISBEHAVE_H

#include "sandbox/chaos.h"
#include "sandbox/platform.h"
#include "sandbox/relay.h"

struct misbehaviour {
    struct faults *faults;
    struct chaos *chaos; /* switched off: no faults of chance */
    struct relay *relay; /* NULL: none */
    int stop_fd;         /* readable: nobody waits any more */
    /* What each call was answered last. */
    struct buf previous[FAULT_AT_COUNT][FAULT_PLACE_COUNT];
};
void misbehaviour_done(struct misbehaviour *misbehaviour);

/* Once the headers of a request with a body are there: may the body come? False: the connection is reset. */
bool misbehave_admits(struct misbehaviour *misbehaviour, const struct platform *platform,
                      const struct http_request *head, struct http_reply *reply);
/* Answer, or not. */
void misbehave_answer(struct misbehaviour *misbehaviour, struct platform *platform, const struct http_request *request,
                      struct http_reply *reply);

#endif
