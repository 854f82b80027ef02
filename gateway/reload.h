/* reload.h - the parent's part of taking a configuration over anew, on SIGHUP: read and check it (config/reload.h),
 * then let keeper, courier and one api process after the other begin with it, each when the one before is ready, so
 * that there is always one that answers. Jobs begin with it anyway; the others do not use what may change. A file that
 * is bad changes nothing: the log says every problem. */
#ifndef GATEWAY_RELOAD_H
#define GATEWAY_RELOAD_H

#include "gateway/slot.h"

struct reload {
    struct config *owned; /* the configuration in use, once it was taken over; the first one is the caller's */
    bool is_under_way;
    int32_t warned_day;
};

/* The configuration of `given` is replaced; the processes follow with reload_step. */
void reload_take(struct reload *reload, struct slots *slots, struct process *given);
/* In every turn of the parent's loop: cheap when there is nothing to do. */
void reload_step(struct reload *reload, struct slots *slots, struct board *board);
/* Once a day, and after each reload: whose last certificate ends within CERTIFICATE_WARNING_DAYS, in the log. */
void reload_warn(struct reload *reload, const struct config *config);
void reload_done(struct reload *reload);

#endif
