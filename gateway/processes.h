/* processes.h - what each process of the gateway runs, given what the parent prepared for it. */
#ifndef GATEWAY_PROCESSES_H
#define GATEWAY_PROCESSES_H

#include "gateway/config/config.h"

enum process_kind { PROCESS_SIGNER, PROCESS_API, PROCESS_COURIER, PROCESS_KEEPER, PROCESS_JOB, PROCESS_KIND_COUNT };

enum { SIBLINGS_MAX = 80 };

/* Descriptors are borrowed: they end with the process. -1: has none. */
struct process {
    enum process_kind kind;
    const struct config *config;
    int stop_fd;                   /* readable (end of file): stop in order */
    int signer_fd;                 /* to the signer */
    int listen_fd;                 /* api: HTTPS */
    int admin_fd;                  /* api: the administration socket */
    int parent_fd;                 /* api: "start job ID" to the parent */
    int courier_fd;                /* eventfd: write to wake the courier; the courier reads it */
    char job[64];                  /* job: its id */
    int sibling_fds[SIBLINGS_MAX]; /* signer: where requests come from */
    size_t sibling_count;
};

const char *process_name(enum process_kind kind);
/* Runs in the child until the work or the gateway ends. Returns the exit status. */
int process_run(const struct process *process);

#endif
