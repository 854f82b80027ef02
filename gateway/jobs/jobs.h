/* jobs.h - long work, one process each: its order, its progress, its result and its report are files in
 * <state>/jobs/<id>/.
 *
 *   spec.json      the order, written durably by an api process
 *   input          the uploaded file, until there is a result
 *   start.json     the journal's size when the job first began
 *   progress.json  the answer of jobs_read while it runs
 *   result.json    the answer of jobs_read for ever after: a job with this file is finished
 *   report.txt, report.json, and of some kinds report.xlsx or report.csv
 *
 * No file is ever seen half written. A job whose process died is run again from the start: the journal says what it did
 * already (gateway/command, `struct desk`), so nothing is done twice and the report is that of an undisturbed run.
 *
 * Kinds, the roles they need and their arguments are one table (kinds.c). `arguments` is an object: "ids" a list of at
 * most JOB_IDS_MAX texts, options by the names of the command line with _ for -, texts, days as YYYY-MM-DD, flags as
 * true. An import takes {"file": name as the person gave it, ["on": day to check against]} and the file itself;
 * so does names-register, where `on` is the day of the edition.
 *
 * Reports are for people (a table and a closing sentence, in the order's language) and for programs: of an import the
 * object of `import --json`, of lists {"…", "items": […]}, of all else {"done","refused","skipped","items":[{"record",
 * "version","obligation","name","result":"done"|"refused"|"unchanged","rule","message"}…]}.
 * Result: {"exit": 0 all done, 1 some refused, …counts}. A job that could not be done has a problem instead {"detail",
 * "detail_zh","rule","status","title"}: status as in RFC 9457, exit 2 for the command line. */
#ifndef GATEWAY_JOBS_JOBS_H
#define GATEWAY_JOBS_JOBS_H

#include <jansson.h>

#include "base/time.h"
#include "gateway/access/board.h"
#include "gateway/config/config.h"
#include "gateway/store/store.h"
#include "keys/signer.h"

enum {
    JOB_ID_BYTES = 40, /* with the NUL */
    JOB_TRIES_MAX = 3, /* processes that died before the parent gives up */
    JOB_ARGUMENTS_BYTES_MAX = 1024 * 1024,
    JOB_IDS_MAX = 10000,
    JOB_OPEN_MAX = 50, /* waiting or running, of one person of the staff */
    JOB_REPORT_PIECE_BYTES = 256 * 1024
};

/* What a job works with; all borrowed. */
struct job_environment {
    const struct config *config;
    struct store *store;
    struct signer *signer;
    const struct clock *clock;
    int courier_fd;      /* eventfd, or -1 */
    struct board *board; /* of the gateway's clients; NULL: none is running */
};

/* What was asked; all borrowed. */
struct job_order {
    char id[JOB_ID_BYTES]; /* filled by jobs_create, unless there is one: letters, digits and -; in the order of time */
    const char *kind;
    const char *person; /* of the configuration; of kinds for outside systems the client */
    const char *lang;   /* "zh" or "en" */
    json_t *arguments;
    int input_fd; /* a file that becomes `input`, read from its beginning; -1: none */
};

/* Is this a kind of job, and which roles (enum staff_role) may order it? False when there is no such kind. */
bool jobs_kind(const char *kind, unsigned *roles);
/* Does it come with a file? */
bool jobs_takes_file(const char *kind);
/* Would jobs_create take it, as far as the order itself says? Its errors. */
MUST_CHECK bool jobs_check(const struct config *config, const struct job_order *order, struct error *err);
/* Check and write the order durably. Errors: ERR_NOT_FOUND "job.kind"; ERR_FORBIDDEN "job.role" when the person is no
 * member of the staff or has no role for it; ERR_INVALID "job.argument…" names the argument; ERR_LIMIT, "job.too-many"
 * when JOB_OPEN_MAX of the person's wait or run (those of a moment may be one or two more: nothing is locked). Nothing
 * is left behind by an order that is refused. */
MUST_CHECK bool jobs_create(const struct config *config, struct job_order *order, struct error *err);
/* JSON {"job","kind","person","state":"waiting"|"running"|"done"|"failed","done","of"[,"result"|"problem"]} of a job,
 * added to `out`. `of` 0: not known. ERR_NOT_FOUND "job.unknown", also for what is no id. */
MUST_CHECK bool jobs_read(const struct config *config, const char *id, struct buf *out, struct error *err);
/* Which roles (enum staff_role) may read the report of a finished job; of a client's none may. ERR_NOT_FOUND
 * "job.report", also of evidence (kind_is_evidence) that was not done to its end: it is traced only then. */
MUST_CHECK bool jobs_readers(const struct config *config, const char *id, unsigned *roles, struct error *err);
/* A piece of a finished job's report from `offset` on, at most JOB_REPORT_PIECE_BYTES, added to `out`; nothing behind
 * the end. `format`: "text", "json", "xlsx" or "csv", else ERR_INVALID. ERR_NOT_FOUND "job.report" while (or when)
 * there is none. */
MUST_CHECK bool jobs_report(const struct config *config, const char *id, const char *format, uint64_t offset,
                            struct buf *out, struct error *err);
/* Run it to its result. True when there is one, good or bad, also when there was one before. False: no result could be
 * written (the disk is full, the folder is gone): run it again later, or jobs_fail. */
MUST_CHECK bool jobs_run(const struct job_environment *environment, const char *id, struct error *err);
/* Ids without a result, oldest first, at most `max`. For the parent when it starts. */
MUST_CHECK bool jobs_waiting(const struct config *config, char (*ids)[JOB_ID_BYTES], size_t max, size_t *count,
                             struct error *err);
/* Give up: write a failed result. A job that has one keeps it. */
MUST_CHECK bool jobs_fail(const struct config *config, const char *id, const struct error *why, struct error *err);
/* Remove the jobs that were finished first, beyond `jobs.kept`, and orders that were never completed; of outside
 * systems those that were finished `screening.days` ago, or that nobody wants any more (screenings.h). jobs_run does it
 * at its end. */
MUST_CHECK bool jobs_prune(const struct config *config, struct error *err);

#endif
