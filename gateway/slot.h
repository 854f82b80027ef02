/* slot.h - the places for processes: each is one fork at a time, with what it needs to find its siblings again when it
 * is started anew.
 *
 * The parent holds both ends of every socket pair to the signer, so that requests wait in the kernel for a signer that
 * is being restarted. A child keeps only the descriptors that are its business; everything else is closed. */
#ifndef GATEWAY_SLOT_H
#define GATEWAY_SLOT_H

#include <sys/types.h>

#include "gateway/processes.h"

enum { SLOT_JOBS = 2, SLOTS_MAX = SIBLINGS_MAX, SLOT_RESTART_MAX_MS = 10000, SLOT_CALM_MS = 5000 };

struct slot {
    enum process_kind kind;
    pid_t pid;      /* 0: not running */
    int stop_write; /* closed: the process shall stop */
    int signer_near;
    int signer_far; /* the signer's end; -1: the signer itself */
    int names_near; /* api: to the process that finds names; else -1 */
    int names_far;
    int door_near; /* api: to the process that lets people in; else -1 */
    int door_far;
    int64_t started_ms;
    int64_t restart_ms; /* monotonic: when to start it; 0: not planned */
    int64_t pause_ms;   /* before the last restart */
    bool was_started;
    bool is_ready;
    bool is_stale;   /* began with an earlier configuration */
    int exit_status; /* of its last process; -1: killed, or none yet */
    char job[PROCESS_JOB_BYTES];
    int tries; /* of the job */
};

struct slots {
    struct slot list[SLOTS_MAX];
    size_t count;
};

/* A place for each process that the configuration asks for; all but jobs are to be started at once. */
MUST_CHECK bool slots_make(struct slots *slots, const struct config *config, struct error *err);
struct slot *slots_of_pid(struct slots *slots, pid_t pid);
bool slots_has_running(const struct slots *slots, enum process_kind kind);
bool slots_has_job(const struct slots *slots, const char *id);
/* All but jobs have said that they are ready. */
bool slots_are_ready(const struct slots *slots);

/* Fork. In the child this does not return: it runs process_run(). `given`: what all processes are given; each gets its
 * part of it. When it cannot be started it is planned again. */
void slot_start(const struct slots *slots, struct slot *slot, const struct process *given);
/* Its process was reaped: log what is worth it. */
void slot_end(struct slot *slot, int status);
/* Plan the next start: at once for one that lived long, later and later for one that dies young. */
void slot_plan_restart(struct slot *slot, int64_t now_ms);
/* Ask the process to stop. */
void slot_stop(struct slot *slot);

/* <state>/processes.json: who runs as what, for operators and for tests that kill. */
struct slots_ports {
    uint16_t listen;
    uint16_t console; /* 0: there is none */
};
void slots_tell(const struct slots *slots, const struct config *config, const struct slots_ports *ports);

#endif
