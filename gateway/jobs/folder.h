/* folder.h - where a job lives: <state>/jobs/<id>/ and the files in it. Only files of this room need it. */
#ifndef GATEWAY_JOBS_FOLDER_H
#define GATEWAY_JOBS_FOLDER_H

#include "base/file.h"
#include "base/json.h"
#include "gateway/jobs/jobs.h"

enum {
    JOB_SPEC_BYTES_MAX = JOB_ARGUMENTS_BYTES_MAX + 8192,
    JOB_ANSWER_BYTES_MAX = 64 * 1024, /* progress.json, result.json, start.json */
    JOB_FOLDER_MODE = 0700,
    JOB_FILE_MODE = 0600
};

/* What marks a folder: whose it is when an outside system ordered it, and that its owner wants it no more. */
#define JOB_CLIENT_FILE "client"
#define JOB_REMOVED_FILE "removed"
/* The report as a workbook, of kinds that have one. */
#define JOB_WORKBOOK_FILE "report.xlsx"
#define JOB_CSV_FILE "report.csv"

/* A new id: the instant in Asia/Shanghai to the millisecond, and 56 random bits. */
void folder_id_new(int64_t now_ms, char id[JOB_ID_BYTES]);
bool folder_id_is_valid(const char *id);

char *folder_jobs(const struct config *config); /* new text */
char *folder_path(const struct config *config, const char *id);
char *folder_file(const struct config *config, const char *id, const char *name);
bool folder_has(const struct config *config, const char *id, const char *name);

/* ERR_NOT_FOUND "job.unknown" when there is no such job. */
MUST_CHECK bool folder_read(const struct config *config, const char *id, const char *name, struct buf *out,
                            struct error *err);
MUST_CHECK bool folder_write(const struct config *config, const char *id, const char *name, struct span bytes,
                             struct error *err);

/* The order. ERR_CORRUPT "job.spec" when it is damaged. */
struct folder_spec {
    json_t *json; /* owns the rest */
    const char *kind;
    const char *person;
    const char *lang;
    const json_t *arguments;
};
MUST_CHECK bool folder_spec_load(const struct config *config, const char *id, struct folder_spec *out,
                                 struct error *err);
void folder_spec_done(struct folder_spec *spec);

/* How many jobs that such a person of the staff ordered wait or run. jobs_list.c */
MUST_CHECK bool jobs_open_of(const struct config *config, const char *person, size_t *count, struct error *err);
/* Remove a job that is finished; gone already is fine. jobs_list.c */
MUST_CHECK bool jobs_remove(const struct config *config, const char *id, struct error *err);

/* The answer of jobs_read. `spec` NULL: not known, its members are null. */
struct folder_answer {
    const char *state;
    uint64_t done;
    uint64_t of;
    struct span result;          /* raw JSON object, or empty */
    const struct error *problem; /* or NULL */
};
void folder_answer_add(const char *id, const struct folder_spec *spec, const struct folder_answer *answer,
                       struct buf *out);

DEFINE_AUTO_IN_PLACE(struct folder_spec, folder_spec_done)

#endif
