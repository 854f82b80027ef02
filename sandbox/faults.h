/* faults.h - the misbehaviour a test has ordered, as a queue: each request takes the first fault meant for it.
 *
 * Instead of the answer ("after": true: the work is done all the same):
 *   {"fault": "status", "status": 503, "retry_after": "30", "body": "…", "content_type": "text/html", "after": true}
 *   {"fault": "refuse-call", "code": "5003", "message": "…"}   refused whole, as this platform says it;
 *                                              nothing was done
 *
 * The connection breaks (what is marked * needs the relay):
 *   {"fault": "close"}                         it is closed, nothing was done
 *   {"fault": "lost-reply"}                    the work is done, then it is closed without an answer
 *   {"fault": "reset", "after": true}          * RST instead of an answer
 *   {"fault": "reset-body"}                    * RST while the body is on its way (a request without one: before it is
 *                                              looked at)
 *   {"fault": "cut", "bytes": 100}             * RST after so many bytes of the answer, counted as they are under TLS
 *   {"fault": "stall"}                         * the work is done, the answer never comes, the connection stays
 *
 * The answer comes otherwise; the work is done:
 *   {"fault": "delay", "ms": 500}              late; without the relay everybody waits
 *   {"fault": "drip", "bytes": 10, "ms": 20}   * so many bytes at a time
 *   {"fault": "malformed", "body": "…", "content_type": "text/html"}   this instead; half a JSON when there is no body
 *   {"fault": "huge", "bytes": 5242880}        followed by white space up to so many bytes
 *   {"fault": "wrong-types"}                   numbers are texts, texts are numbers, lists are objects
 *   {"fault": "previous"}                      what the call before this one was answered
 *   {"fault": "wrong-secret"}                  a secret that cannot be decrypted
 *
 * Outcomes are told otherwise; taken by the first answer of "task" that tells some:
 *   {"fault": "rows-missing", "rows": 1}       the last ones are left out
 *   {"fault": "rows-twice"}                    each comes twice
 *   {"fault": "rows-contradict"}               each comes twice, the second time the opposite
 *   {"fault": "rows-opposite"}                 each is the opposite: taken as refused, refused as taken
 *   {"fault": "rows-foreign"}                  one more, of a row that was not in the call
 *
 * Rows and uploads:
 *   {"fault": "result-delay", "polls": 3}      this upload's outcomes are not there for so many polls
 *   {"fault": "result-steps", "steps": 3}      this file's receipt comes in so many steps (信用中国 only)
 *   {"fault": "refuse-row", "rowid": "R…", "code": "40001", "message": "…"}   refuse that row when it comes
 *   {"fault": "refuse-body", "rowid": "R…", "code": "6002"}   refuse the whole upload that holds that row
 *
 * All take "times" (default 1), "platform": the name of one (FAULT_AT_NAMES) | "any" (default), and those before
 * "Outcomes" take "on": one of these calls | "any" (default):
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
extern const char *const FAULT_PLACE_NAMES[FAULT_PLACE_COUNT];

enum fault_kind {
    FAULT_NONE,
    FAULT_STATUS,
    FAULT_REFUSE_CALL,
    FAULT_CLOSE,
    FAULT_LOST_REPLY,
    FAULT_RESET,
    FAULT_RESET_BODY,
    FAULT_CUT,
    FAULT_STALL,
    FAULT_DELAY,
    FAULT_DRIP,
    FAULT_MALFORMED,
    FAULT_HUGE,
    FAULT_WRONG_TYPES,
    FAULT_PREVIOUS,
    FAULT_WRONG_SECRET,
    FAULT_ROWS_MISSING,
    FAULT_ROWS_TWICE,
    FAULT_ROWS_CONTRADICT,
    FAULT_ROWS_OPPOSITE,
    FAULT_ROWS_FOREIGN,
    FAULT_RESULT_DELAY,
    FAULT_RESULT_STEPS,
    FAULT_REFUSE_ROW,
    FAULT_REFUSE_BODY,
    FAULT_KIND_COUNT
};
enum {
    FAULTS_MAX = 10000,
    FAULT_DELAY_MS_MAX = 600000,
    FAULT_CODE_BYTES = 16,
    FAULT_HUGE_BYTES_MAX = 64 * 1024 * 1024
};

/* When a fault is taken: by a request, by an answer that tells outcomes, by rows and uploads. */
enum fault_phase { FAULT_BY_REQUEST, FAULT_BY_OUTCOMES, FAULT_BY_ROWS };

struct fault {
    enum fault_kind kind;
    enum fault_at at;
    enum fault_place place;
    int64_t times;
    int64_t status;
    int64_t ms;
    int64_t bytes;
    int64_t polls;
    int64_t steps;
    int64_t rows;
    bool is_after; /* do the work first */
    char rowid[ROW_ID_BYTES];
    char code[FAULT_CODE_BYTES];
    char retry_after[64];
    const char *content_type; /* static; NULL: as the platform says */
    char *text;               /* body or message; NULL when absent; owned */
};
void fault_done(struct fault *fault);
DEFINE_AUTO_IN_PLACE(struct fault, fault_done)

struct faults;
struct faults *faults_new(void);
void faults_free(struct faults *faults);

/* Read one of "next". ERR_INVALID says what is wrong. */
MUST_CHECK bool fault_read(const json_t *order, struct fault *out, struct error *err);
const char *fault_name(enum fault_kind kind);
enum fault_phase fault_phase(enum fault_kind kind);
/* Does it need the relay? */
bool fault_is_of_line(enum fault_kind kind);

/* Add all of {"next": [ … ]} at the end of the queue, or nothing. ERR_INVALID says which one is wrong, ERR_LIMIT: too
 * many. */
MUST_CHECK bool faults_add(struct faults *faults, const json_t *order, struct error *err);
/* Add one more, whose text becomes the queue's. A queue that is full stays as it is. */
void faults_push(struct faults *faults, struct fault *fault);
void faults_clear(struct faults *faults);

/* The fault for a request to the platform `at`, of the call `place`: a copy that the caller ends; FAULT_NONE when there
 * is none. The functions that follow look for faults of that platform, too. */
void faults_take(struct faults *faults, enum fault_at at, enum fault_place place, struct fault *out);
/* Takes the fault for such a request if it is of this kind; else false, and it stays. */
bool faults_take_kind(struct faults *faults, enum fault_at at, enum fault_place place, enum fault_kind kind);
/* The fault for an answer that tells outcomes; is there one? */
bool faults_wait_for_outcomes(const struct faults *faults, enum fault_at at);
void faults_take_outcomes(struct faults *faults, enum fault_at at, struct fault *out);
/* How many polls this upload's outcomes are to be held back; `otherwise` when nothing was ordered. */
int64_t faults_result_delay(struct faults *faults, enum fault_at at, int64_t otherwise);
/* In how many steps this file's receipt is to come; `otherwise` when nothing was ordered. */
int64_t faults_result_steps(struct faults *faults, enum fault_at at, int64_t otherwise);
/* Is this row to be refused? Fills `code`, and the verdict, whose code it becomes. */
bool faults_refuse_row(struct faults *faults, enum fault_at at, const char *rowid, char code[FAULT_CODE_BYTES],
                       struct row_verdict *verdict);
/* Is an upload with this row to be refused whole? Fills `code`. */
bool faults_refuse_body(struct faults *faults, enum fault_at at, const char *rowid, char code[FAULT_CODE_BYTES]);

/* Add what is still waiting: "next": [{"fault", "platform", "on", "times"}…], without braces. */
void faults_describe(const struct faults *faults, struct buf *out);

DEFINE_AUTO(struct faults *, faults_free)

#endif
