/* staff.h - what two persons order over the administration socket, and what they were told came of it. Orders run while
 * processes are killed; nobody waits for one before the next is given. */
#ifndef TESTS_FAULT_MODEL_STAFF_H
#define TESTS_FAULT_MODEL_STAFF_H

#include <jansson.h>

#include "tests/fault/model/stage.h"

enum {
    STAFF_ORDERS_MAX = 4,
    STAFF_JOB_BYTES = 64,
    STAFF_PROMISES_MAX = 20000,
    STAFF_WAIT_MS = 60000,
    STAFF_PATIENCE_MS = 300,
    STAFF_CALM_PATIENCE_MS = 10000
};

/* The order whose result is checked: both sides must be equal. */
#define STAFF_COMPARE "reconcile"

struct staff_order {
    const char *kind;
    char job[STAFF_JOB_BYTES]; /* "" : free */
};

/* Somebody was told that this is done. */
struct staff_promise {
    const char *kind;
    char record[24];
    uint32_t version;
    int64_t delivery; /* of a requeue; else 0 */
};

struct staff {
    const struct stage *stage;
    long patience_ms; /* with one request */
    struct staff_order orders[STAFF_ORDERS_MAX];
    struct staff_promise *promises; /* owned */
    size_t promise_count;
    uint64_t ordered;
    uint64_t unsure; /* orders whose answer was lost: they may have been given */
    uint64_t refused;
    uint64_t given_up; /* jobs whose processes were killed too often */
};

void staff_init(struct staff *staff, const struct stage *stage);
void staff_done(struct staff *staff);
bool staff_has_room(const struct staff *staff);

/* Give an order as `uid`. `file` (with `arguments` NULL): the content of a file to import. False when the gateway did
 * not say that it took it; that is no fault. `kind` must live as long as the staff. */
struct staff_wish {
    unsigned uid;
    const char *kind;
    json_t *arguments; /* borrowed */
    const struct buf *file;
};
bool staff_order(struct staff *staff, const struct staff_wish *wish);
/* Ask after all orders once; what came of one is noted. ERR_INTERNAL when one failed as none may. */
MUST_CHECK bool staff_ask(struct staff *staff, struct error *err);
/* Until none is open. */
MUST_CHECK bool staff_wait(struct staff *staff, struct error *err);

/* One request over a Unix socket. `status` 0: no answer. `body` NULL: GET; "" with `method` DELETE. */
struct unix_request {
    const char *socket;
    const char *method;
    const char *path;
    struct span body;
    unsigned uid;     /* who asks; 0: whoever runs this */
    long patience_ms; /* a process that is stopped answers late or not at all */
};
long unix_ask(const struct unix_request *request, struct buf *answer);

#endif
