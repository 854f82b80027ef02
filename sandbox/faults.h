/* faults.h - the misbehaviour a test has ordered, as a queue: each request takes the first fault meant for it.
 *
 *   {"fault": "status", "status": 503, "retry_after": "30", "body": "…", "after": true}  answer this instead; with
 *                                                        "after" the work is done first
 *   {"fault": "close"}                                   close the connection, nothing was done
 *   {"fault": "lost-reply"}                              do the work, then close without an answer
 *   {"fault": "delay", "ms": 500}                        do the work, answer late
 *   {"fault": "malformed", "body": "…"}                  do the work, answer with this (half a JSON when absent)
 *   {"fault": "result-delay", "polls": 3}                this upload's outcomes stay "0" for so many polls
 *   {"fault": "result-steps", "steps": 3}                this file's receipt comes in so many steps (信用中国 only)
 *   {"fault": "refuse-row", "rowid": "R…", "code": "40001", "message": "…"}   refuse that row when it comes
 *   {"fault": "refuse-body", "rowid": "R…", "code": "6002"}   refuse the whole upload that holds that row
 *
 * All take "times" (default 1), "platform": the name of one (FAULT_AT_NAMES) | "any" (default), and, but for the last
 * four, "on": one of these calls | "any" (default):
 *
 *   on         credit-guangdong  national-platform  credit-china
 *   upload     POST upload       POST report        PUT inbox/….xml
 *   second                                          PUT inbox/….sig
 *   doubt                                           GET inbox/….sm3
 *   task       GET tasks/…       POST result        GET outbox/….ack.xml
 *   key                          POST key
 *   holdings   GET holdings      GET holdings       GET holdings */
#ifndef SANDBOX_FAULTS_H
#define SANDBOX_FAULTS_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "sandbox/rowcheck.h"

enum fault_at { FAULT_AT_ANY, FAULT_AT_GUANGDONG, FAULT_AT_NATIONAL, FAULT_AT_CHINA, FAULT_AT_COUNT };
/* "any", "credit-guangdong", "national-platform", "credit-china" */
extern const char *const FAULT_AT_NAMES[FAULT_AT_COUNT];

enum fault_place {
    FAULT_ON_ANY,
    FAULT_ON_UPLOAD,
    FAULT_ON_SECOND,
    FAULT_ON_DOUBT,
    FAULT_ON_TASK,
    FAULT_ON_KEY,
    FAULT_ON_HOLDINGS,
    FAULT_PLACE_COUNT
};
enum fault_kind {
    FAULT_NONE,
    FAULT_STATUS,
    FAULT_CLOSE,
    FAULT_LOST_REPLY,
    FAULT_DELAY,
    FAULT_MALFORMED,
    FAULT_RESULT_DELAY,
    FAULT_RESULT_STEPS,
    FAULT_REFUSE_ROW,
    FAULT_REFUSE_BODY,
    FAULT_KIND_COUNT
};
enum { FAULTS_MAX = 10000, FAULT_DELAY_MS_MAX = 600000, FAULT_CODE_BYTES = 16 };

struct fault {
    enum fault_kind kind;
    enum fault_at at;
    enum fault_place place;
    int64_t times;
    int64_t number; /* status, ms, polls or steps */
    bool is_after;  /* FAULT_STATUS: do the work first */
    char rowid[ROW_ID_BYTES];
    char code[FAULT_CODE_BYTES];
    char retry_after[64];
    char *text; /* body or message; NULL when absent; owned */
};
void fault_done(struct fault *fault);
DEFINE_AUTO_IN_PLACE(struct fault, fault_done)

struct faults;
struct faults *faults_new(void);
void faults_free(struct faults *faults);

/* Add all of {"next": [ … ]} at the end of the queue, or nothing. ERR_INVALID says which one is wrong. */
MUST_CHECK bool faults_add(struct faults *faults, const json_t *order, struct error *err);
void faults_clear(struct faults *faults);

/* The fault for a request to the platform `at`, of the call `place`: a copy that the caller ends; FAULT_NONE when there
 * is none. The functions that follow look for faults of that platform, too. */
void faults_take(struct faults *faults, enum fault_at at, enum fault_place place, struct fault *out);
/* How many polls this upload's outcomes are to be held back; `otherwise` when nothing was ordered. */
int64_t faults_result_delay(struct faults *faults, enum fault_at at, int64_t otherwise);
/* In how many steps this file's receipt is to come; `otherwise` when nothing was ordered. */
int64_t faults_result_steps(struct faults *faults, enum fault_at at, int64_t otherwise);
/* Is this row to be refused? Fills `code`, and the verdict, whose code it becomes. */
bool faults_refuse_row(struct faults *faults, enum fault_at at, const char *rowid, char code[FAULT_CODE_BYTES],
                       struct row_verdict *verdict);
/* Is an upload with this row to be refused whole? Fills `code`. */
bool faults_refuse_body(struct faults *faults, enum fault_at at, const char *rowid, char code[FAULT_CODE_BYTES]);

/* Add what is still waiting: {"next": [{"fault", "platform", "on", "times"}…]}. */
void faults_describe(const struct faults *faults, struct buf *out);

DEFINE_AUTO(struct faults *, faults_free)

#endif
