/* screenings.h - the screenings of outside systems: jobs of the kind "screening", each its client's alone.
 *
 *   <state>/screenings/<client>/<key>   which job a request with this Idempotency-Key made; names are the first 32 hex
 *                                       digits of SHA-256. It is there, durably, before the job is: a request that was
 *                                       cut short and is sent again makes the very same job.
 *
 * To everybody else a client's screenings do not exist: ERR_NOT_FOUND "screening.unknown". So it is with a client that
 * was under test and is so no longer, or the other way round: those belong to "(test) NAME". */
#ifndef GATEWAY_JOBS_SCREENINGS_H
#define GATEWAY_JOBS_SCREENINGS_H

#include "gateway/jobs/jobs.h"

enum { SCREENING_PIECE_BYTES_MAX = 4 * 1024 * 1024 };

/* Everything is borrowed. */
struct screening_order {
    const char *client;
    struct span key;
    json_t *arguments; /* gateway/screening/screening.h */
    int input_fd;
    /* Asked once it is clear that this is a new one, just before it is made; false: it is not. NULL: always. */
    bool (*may)(void *context, struct error *err);
    void *context;
};

/* `*is_new` false: the same request made it before (the arguments but for "order", and the list, are equal).
 * ERR_REFUSED "idempotency.other-request": the key was used for another one; ERR_CONFLICT "idempotency.in-progress";
 * ERR_LIMIT "screening.held" beyond what a client may have at a time. */
MUST_CHECK bool screenings_order(const struct config *config, const struct screening_order *order,
                                 char id[JOB_ID_BYTES], bool *is_new, struct error *err);

/* {"client","counts":{"empty","listed","not_listed","refused","rows","unknown"}|null,"domain","done","expires_at"|null,
 * "format","id","of","ordered_at","problem"|null,"purpose","receipt","state":"waiting"|"running"|"done"|"failed"}. `of`
 * 0: not known yet; while it runs, counts are of the rows that were done a moment ago. */
MUST_CHECK bool screenings_read(const struct config *config, const char *client, const char *id, struct buf *out,
                                struct error *err);
/* [{…},…], the newest first. */
MUST_CHECK bool screenings_list(const struct config *config, const char *client, struct buf *out, struct error *err);

enum screening_file { SCREENING_RESULT, SCREENING_SUMMARY };
/* Of one that is done; `*is_csv` may be NULL. ERR_CONFLICT "screening.not-done" while (or when) it is not. */
MUST_CHECK bool screenings_open(const struct config *config, const char *client, const char *id,
                                enum screening_file which, int *fd, bool *is_csv, struct error *err);
/* Cancel it and remove all that is kept of it, at once or as soon as its process has stopped; from now on it does not
 * exist. What was traced stays traced. */
MUST_CHECK bool screenings_remove(const struct config *config, const char *client, const char *id, struct error *err);

#endif
