/* workplace.h - a state folder worked on without a gateway: the lock that keeps a gateway away, the store, the heads of
 * the logs, and who does it. */
#ifndef GATEWAY_CLI_WORKPLACE_H
#define GATEWAY_CLI_WORKPLACE_H

#include "base/time.h"
#include "gateway/cli/cli.h"
#include "gateway/journal/guard.h"
#include "gateway/store/store.h"

struct workplace {
    struct config *config;
    struct store *store;
    int lock_fd; /* -1: not locked */
    char person[64];
    unsigned roles; /* of enum staff_role */
};
#define WORKPLACE_INIT ((struct workplace){.lock_fd = -1})

/* Read the configuration, and find out who asks: the account behind sudo (SUDO_UID), else that of the process. Who is
 * not on the staff is "uid-<n>", without a role. It is for the record: whoever owns the files can change them anyway.
 */
MUST_CHECK bool workplace_open(const struct cli *cli, struct workplace *out, struct error *err);
void workplace_done(struct workplace *workplace);

/* The file lock of gateway/state_lock.h, at once or ERR_CONFLICT "gateway.running"; the state folder is made when it
 * is missing and `makes`. ERR_FORBIDDEN when the folder belongs to another account: what we wrote there the gateway
 * could not read. */
MUST_CHECK bool workplace_lock(struct workplace *workplace, bool makes, struct error *err);
/* Before anything is looked for in the state folder: to another account everything in it seems not to be there.
 * ERR_FORBIDDEN "gateway.owner". */
MUST_CHECK bool workplace_can_read(const struct workplace *workplace, struct error *err);
MUST_CHECK bool workplace_open_store(struct workplace *workplace, bool is_read_only, struct error *err);
/* Of the store that is open, and of the trace. Only under the lock: a trace's log has one user. */
MUST_CHECK bool workplace_heads(struct workplace *workplace, struct guard_head heads[GUARD_LOG_COUNT],
                                struct error *err);
/* May the trace go on from what the guard remembers? */
MUST_CHECK bool workplace_trace_continues(struct workplace *workplace, const struct guard *guard, struct error *err);
/* "20261124-074143", in Asia/Shanghai: for names of folders that are kept beside. */
void workplace_stamp(char text[20]);

DEFINE_AUTO_IN_PLACE(struct workplace, workplace_done)

#endif
