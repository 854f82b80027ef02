/* kinds.h - the kinds of jobs: one table. A new kind is one line of it and one function. */
#ifndef GATEWAY_JOBS_KINDS_H
#define GATEWAY_JOBS_KINDS_H

#include "gateway/jobs/arguments.h"
#include "gateway/jobs/work.h"

struct kind {
    const char *name;
    work_run *run;
    const struct arguments *arguments;
    /* What the table of arguments cannot say, or NULL. */
    bool (*check)(const json_t *arguments, struct error *err);
    unsigned roles; /* of enum staff_role */
    bool takes_file;
    bool is_for_clients; /* ordered by outside systems, not by the staff */
};
/* NULL when there is none. */
const struct kind *kind_find(const char *name);
/* Its report is for the roles that may order it, and is there only when all was done. */
bool kind_is_evidence(const struct kind *kind);
/* Who may be told what lookups answer about an enterprise (domain.md 5.5: a purpose of their own). An administrator
 * runs the machine. */
enum { KIND_LOOKERS = ROLE_OPERATOR | ROLE_REVIEWER | ROLE_AUDITOR };
/* A member of a result: the report says such answers, and is for them only. */
#define KIND_TELLS_ANSWERS "answers"
/* Who of the staff may read the report of such a job: all of them, but for what only some may see at all, and what is
 * between a client and us. */
unsigned kind_readers(const struct kind *kind);

/* Choices that several kinds share; NULL-terminated, in the order of the enumerations. */
extern const char *const KIND_GROUNDS[];
extern const char *const KIND_SEVERITIES[]; /* from SEVERITY_MINOR on */
extern const char *const KIND_SCOPES[];
extern const char *const KIND_CLOCKS[];                                              /* list_clocks.c */
extern const char *const KIND_EVENTS[];                                              /* kind_events.c */
extern const char *const KIND_FORMATS[], *const KIND_ORDERS[], *const KIND_STATES[]; /* kind_register.c */

/* kind_*.c, list_*.c */
work_run run_import, run_screening, run_names_register, run_propose, run_review, run_change, run_push, run_requeue,
    run_channel;
work_run run_overdue, run_waiting, run_unsent, run_refused, run_clocks;
work_run run_preview;
/* "import-check" and "import-recheck" */
work_run run_import_check;
/* "client-suspend" and "client-resume" */
work_run run_client;
work_run run_reload;
/* "key-rotate" */
work_run run_key;
work_run run_register;
/* "report-exits", "report-lists", "report-summary", "report-quality", "report-lookups" */
work_run run_report;
/* A year, and a month of it. */
bool kind_check_period(const json_t *arguments, struct error *err);
/* "trace-export": what was asked; "events": what was done to the gateway itself */
work_run run_trace_export, run_events;
/* a channel's connection, layer by layer */
work_run run_probe;
/* "reconcile" and "reconcile-repair" */
work_run run_reconcile;
/* Corrections of cells are what they should be (intake/corrections.h). */
bool kind_check_corrections(const json_t *arguments, struct error *err);
/* A list of names, or filters, or neither: not both. */
bool kind_check_choice(const json_t *arguments, struct error *err);
/* A list of names or --all with filters: one of the two. */
bool kind_check_review(const json_t *arguments, struct error *err);

/* The arguments are those of the order that is previewed. */
bool kind_check_preview(const json_t *arguments, struct error *err);

#endif
