/* walk_parts.h - one seed at work. Only for walk*.c. */
#ifndef TESTS_FAULT_MODEL_WALK_PARTS_H
#define TESTS_FAULT_MODEL_WALK_PARTS_H

#include "tests/fault/model/dice.h"
#include "tests/fault/model/staff.h"
#include "tests/fault/model/walk.h"

enum { FROZEN_MAX = 4 };

/* A process that is stopped for a while. */
struct frozen {
    pid_t pid;
    int64_t until_ms;
};

struct walk {
    const struct walk_options *options;
    struct dice dice;
    struct stage stage;
    struct staff staff;
    struct frozen frozen[FROZEN_MAX];
    struct buf rows; /* the register: its head and the rows of this seed */
    struct walk_count *count;
    bool has_died; /* the gateway's parent was killed and is not started again yet */
    bool is_down;  /* the platform, likewise */
};

void walk_tell(const struct walk *walk, const char *format, ...) PRINTF(2, 3);

/* walk_orders.c: one order that makes sense now. */
MUST_CHECK bool walk_order(struct walk *walk, struct error *err);
/* A few overdue rows of the register. */
MUST_CHECK bool walk_choose_rows(struct walk *walk, struct error *err);
/* "" when there is none. */
MUST_CHECK bool walk_some_record(struct walk *walk, char record[24], struct error *err);
/* The same, of those that are about to be sent. */
MUST_CHECK bool walk_some_victim(struct walk *walk, char record[24], struct error *err);
/* Orders that leave nothing to be done: resume what is paused, push what is unsent. */
MUST_CHECK bool walk_order_rest(struct walk *walk, struct error *err);
/* `reconcile` finds both sides of every channel equal. */
MUST_CHECK bool walk_compare(struct walk *walk, struct error *err);
/* Half of what is refused is tried again. */
MUST_CHECK bool walk_requeue_some(struct walk *walk, struct error *err);

/* walk_kills.c: end or stop one process, of any kind. */
MUST_CHECK bool walk_kill(struct walk *walk, struct error *err);
/* What was stopped long enough goes on, what ended is started again; `at_once`: all of it, whatever the time. ERR_*
 * when something ended that nobody killed. */
MUST_CHECK bool walk_revive(struct walk *walk, bool at_once, struct error *err);

#endif
