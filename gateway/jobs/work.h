/* work.h - a job while it runs: what it works with, how it tells its progress, where it writes its report. */
#ifndef GATEWAY_JOBS_WORK_H
#define GATEWAY_JOBS_WORK_H

#include <stdio.h>

#include "gateway/command/command.h"
#include "gateway/jobs/folder.h"

enum { WORK_EXIT_DONE = 0, WORK_EXIT_SOME_REFUSED = 1, WORK_PROGRESS_MS = 500 };

struct work {
    const struct job_environment *environment;
    const char *id;
    const char *folder; /* its own; scratch files go there, too */
    const struct folder_spec *spec;
    const json_t *arguments; /* checked */
    const char *lang;
    struct desk desk;
    struct windows *windows; /* owned, with work_load_rules */
    struct rules *rules;
    int32_t today;
    /* Progress. */
    uint64_t done;
    uint64_t of;
    int64_t told_ms;
    /* What the run leaves. */
    int exit;
    struct buf counts; /* members of the result after "exit", each with a comma before it */
};

/* Do it and write the reports. False: it could not be done (what was committed stays). */
typedef bool work_run(struct work *work, struct error *err);

/* By the order's language. */
const char *work_say(const struct work *work, const char *zh, const char *en);
bool work_is_chinese(const struct work *work);

/* The roles (enum staff_role) of whoever ordered it, as the configuration has them now; 0: no member of the staff. */
unsigned work_roles(const struct work *work);

/* Told to whoever asks at most every WORK_PROGRESS_MS. */
void work_progress(struct work *work, uint64_t done, uint64_t of);
/* Add ,"name":number to the result. */
void work_count(struct work *work, const char *name, uint64_t number);

/* Write a report durably: "report.txt" or "report.json". `write` gets a buffered file. */
typedef bool work_write(FILE *out, void *context, struct error *err);
MUST_CHECK bool work_report(const struct work *work, const char *name, work_write *write, void *context,
                            struct error *err);
/* There may be something to send. */
void work_wake_courier(const struct work *work);

/* A read transaction for as long as needed; ends with store_abort. */
MUST_CHECK bool work_read(const struct work *work, struct store_txn **out, struct error *err);
/* What propose, change and approve decide by: fills the desk. */
MUST_CHECK bool work_load_rules(struct work *work, struct error *err);

#endif
