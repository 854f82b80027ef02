/* stage.h - a gateway and the platforms it reports to, as processes of their own in a folder of their own, for one
 * seed.
 *
 * Certificates and shared secrets are made once a run (stage_common); the gateway's own keys are made by `creditgate
 * init`, once a seed. Everything is on loopback, on ports that the system chooses. */
#ifndef TESTS_FAULT_MODEL_STAGE_H
#define TESTS_FAULT_MODEL_STAGE_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"
#include "gateway/outbox/outbox.h"
#include "tests/support/support.h"

/* Two persons of the staff: the gateway knows people by the user id of the process that asks. */
enum { STAGE_OPERATOR = 64101, STAGE_REVIEWER = 64102, STAGE_READY_MS = 60000, STAGE_STOP_MS = 30000 };

struct stage_common {
    const char *gate; /* the creditgate binary */
    char folder[TEST_PATH_BYTES];
};
MUST_CHECK bool stage_common_make(struct stage_common *common, const char *gate, struct error *err);
void stage_common_done(struct stage_common *common);

struct stage {
    const struct stage_common *common;
    char folder[TEST_PATH_BYTES + 64];
    pid_t gateway;  /* 0: not running */
    pid_t platform; /* 0: not running */
    uint16_t platform_port;
    uint64_t chaos_seed;
    unsigned chaos_percent;
    off_t gateway_log; /* where the log of the present gateway begins */
    off_t platform_log;
    struct store *store; /* the gateway's, to look at only; NULL before stage_look */
};

struct stage_setup {
    const struct stage_common *common;
    const char *name;
    uint64_t chaos_seed;
    unsigned chaos_percent; /* of requests that meet a fault of chance; 0: none */
};
/* A folder `<common>/<name>`, the gateway's keys, the platforms and the gateway running. */
MUST_CHECK bool stage_open(struct stage *stage, const struct stage_setup *setup, struct error *err);
/* Ends what runs, by force, and removes the folder unless `keeps`. */
void stage_close(struct stage *stage, bool keeps);

/* Start; neither waits until it is ready. */
MUST_CHECK bool stage_start_gateway(struct stage *stage, struct error *err);
MUST_CHECK bool stage_start_platform(struct stage *stage, struct error *err);
MUST_CHECK bool stage_await_gateway(struct stage *stage, struct error *err);
MUST_CHECK bool stage_await_platform(struct stage *stage, struct error *err);
void stage_kill(pid_t *pid);
/* Orderly; an exit status other than 0 is an error. */
MUST_CHECK bool stage_stop_gateway(struct stage *stage, struct error *err);
/* Did it end by itself? Then how is told: for a gateway that is a fault. */
MUST_CHECK bool stage_has_ended(pid_t *pid, int *status);

/* Living processes of the gateway of that kind ("api", "courier", …), as it says itself: at most `max`. Only its own
 * children are told. */
size_t stage_processes(const struct stage *stage, const char *kind, pid_t *pids, size_t max);
/* Open the store to look at it (once the gateway has made it). */
MUST_CHECK bool stage_look(struct stage *stage, struct error *err);
/* Run the binary to its end; standard output and error are added to `out`. False when it cannot be run. */
MUST_CHECK bool stage_run(const struct stage *stage, const char *const *arguments, int *status, struct buf *out,
                          struct error *err);
char *stage_path(const struct stage *stage, const char *name);

#endif
