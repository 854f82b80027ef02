/* jobs.h - long work, one process each: its order, its progress and its result are files in <state>/jobs/<id>/.
 *
 * spec.json is written (durably) by an api process, progress.json and result.json by the job itself; `input` is an
 * uploaded file. A job whose process died is run again from the start (every kind is made so that a repeat does no
 * harm), JOB_TRIES_MAX times. */
#ifndef GATEWAY_JOBS_JOBS_H
#define GATEWAY_JOBS_JOBS_H

#include <jansson.h>

#include "base/time.h"
#include "gateway/config/config.h"
#include "gateway/store/store.h"
#include "keys/signer.h"

enum { JOB_ID_BYTES = 40, JOB_TRIES_MAX = 3, JOB_ARGUMENTS_BYTES_MAX = 1024 * 1024 };

/* What a job works with. */
struct job_environment {
    const struct config *config;
    struct store *store;
    struct signer *signer;
    const struct clock *clock;
    int courier_fd; /* eventfd, or -1 */
};

/* What was asked. */
struct job_order {
    char id[JOB_ID_BYTES];
    const char *kind;
    const char *person;
    const char *lang;
    json_t *arguments; /* borrowed object */
    int input_fd;      /* an unlinked or open file that becomes `input`; -1: none */
};

/* Is this a kind of job, and which roles (enum staff_role) may order it? False when there is no such kind. */
bool jobs_kind(const char *kind, unsigned *roles);
/* Write the order durably; fills order->id. */
MUST_CHECK bool jobs_create(const struct config *config, struct job_order *order, struct error *err);
/* JSON {"job","kind","person","state":"waiting"|"running"|"done"|"failed","done","of","result"|"problem"} of a job. */
MUST_CHECK bool jobs_read(const struct config *config, const char *id, struct buf *out, struct error *err);
/* Run it; the result file is there when this returns, whether it went well (true) or not. */
MUST_CHECK bool jobs_run(const struct job_environment *environment, const char *id, struct error *err);
/* Ids without a result, oldest first, at most `max`. For the parent when it starts. */
MUST_CHECK bool jobs_waiting(const struct config *config, char (*ids)[JOB_ID_BYTES], size_t max, size_t *count,
                             struct error *err);
/* Give up: write a failed result. */
MUST_CHECK bool jobs_fail(const struct config *config, const char *id, const struct error *why, struct error *err);
/* Remove the oldest results beyond `jobs.kept`. */
MUST_CHECK bool jobs_prune(const struct config *config, struct error *err);

#endif
