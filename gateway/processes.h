/* processes.h - what each process of the gateway runs, given what the parent prepared for it. */
#ifndef GATEWAY_PROCESSES_H
#define GATEWAY_PROCESSES_H

#include "gateway/access/board.h"
#include "gateway/accounts/sessions.h"
#include "gateway/api/limits.h"
#include "gateway/config/config.h"

enum process_kind {
    PROCESS_SIGNER,
    PROCESS_API,
    PROCESS_COURIER,
    PROCESS_KEEPER,
    PROCESS_NAMES,
    PROCESS_DOOR,
    PROCESS_JOB,
    PROCESS_KIND_COUNT
};

enum { SIBLINGS_MAX = 80, PROCESS_JOB_BYTES = 64 };

/* Exit statuses besides 0. */
enum {
    PROCESS_BROKE = 1,
    PROCESS_REFUSED = 77,     /* EX_NOPERM: the store was copied or rolled back (guard.h); all processes must stop */
    PROCESS_CANNOT_BEGIN = 78 /* EX_CONFIG of sysexits.h: keys, store, settings; another try would not help */
};

/* Datagrams to the parent: "ready <pid>" when the process has what it needs and begins its work, else the id of a job
 * that was ordered. */
enum { PARENT_WORD_BYTES = 64 };
#define PARENT_READY "ready "

/* Everything is borrowed and ends with the process. Descriptors: -1 when it has none. */
struct process {
    enum process_kind kind;
    const struct config *config;
    int stop_fd;                   /* readable (end of file): stop in order */
    int parent_fd;                 /* datagrams to the parent; a job has none */
    int lock_fd;                   /* only kept open: see state_lock.h */
    int signer_fd;                 /* to the signer */
    int listen_fd;                 /* api: HTTPS */
    int public_fd;                 /* api: HTTPS for anybody */
    int admin_fd;                  /* api: the administration socket */
    int names_fd;                  /* api: to the process that finds names */
    int console_fd;                /* api: the staff's console; -1: there is none, and nobody at the door */
    int door_fd;                   /* api: to the process that lets people in */
    int courier_fd;                /* eventfd: write to wake the courier; the courier reads it */
    const uint8_t *ticket_key;     /* api: the same in all, so that a TLS session resumes with any of them */
    struct limits *limits;         /* api: shared by all */
    struct board *board;           /* likewise; api and jobs */
    struct sessions *sessions;     /* likewise; api and door; NULL: there is no console */
    bool warms;                    /* api: read the store's pages in before the first answer */
    char job[PROCESS_JOB_BYTES];   /* job: its id */
    int sibling_fds[SIBLINGS_MAX]; /* signer, names, door: where requests come from */
    size_t sibling_count;
};

const char *process_name(enum process_kind kind);
/* Runs in the child until the work or the gateway ends. Returns the exit status. */
int process_run(const struct process *process);

#endif
