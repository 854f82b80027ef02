/* envelope.h - one upload's body, opened step by step as upstreams.md section 1 says. Pure. */
#ifndef SANDBOX_ENVELOPE_H
#define SANDBOX_ENVELOPE_H

#include <jansson.h>

#include "base/base.h"
#include "sandbox/tasks.h"
#include "sandbox/wire.h"

enum { ENVELOPE_ROWS_MAX = 500 };

/* Error codes of the whole call. */
#define CALL_OK "200"
#define CALL_INTERNAL "500"
#define CALL_JSON "5001"
#define CALL_DECRYPT "5002"
#define CALL_SIGNATURE "5003"
#define CALL_TABLE_EMPTY "3001"
#define CALL_TABLE_UNKNOWN "3002"
#define CALL_DEPARTMENT_EMPTY "4001"
#define CALL_DEPARTMENT_UNKNOWN "4002"
#define CALL_BODY_EMPTY "6001"
#define CALL_BODY_MALFORMED "6002"
#define CALL_TASK_UNKNOWN "7001"

/* What the platform expects; borrowed. */
struct envelope_terms {
    const char *table_code;
    const char *feedback_table_code; /* NULL: none */
    const char *table_version_id;
    const char *department_code;
    const struct wire_keys *keys;
};

struct envelope {
    json_t *json;
    char task[TASK_ID_BYTES];    /* "" until it is known to be well formed */
    char digest[WIRE_HEX_BYTES]; /* SM3 of encData */
    bool is_feedback;            /* for that table */
    json_t *rows;                /* 1 to ENVELOPE_ROWS_MAX objects with ROWID and VERSION */
};
void envelope_done(struct envelope *envelope);

/* Why a call is refused: static code, a sentence for people. */
struct call_refusal {
    const char *code;
    const char *message;
};

/* JSON, codes and signature. `envelope` is to be ended whatever comes out. */
MUST_CHECK bool envelope_read(const struct envelope_terms *terms, struct span body, struct envelope *envelope,
                              struct call_refusal *refusal);
/* Decrypt and read the rows of an envelope that was read. */
MUST_CHECK bool envelope_open(const struct envelope_terms *terms, struct envelope *envelope,
                              struct call_refusal *refusal);

DEFINE_AUTO_IN_PLACE(struct envelope, envelope_done)

#endif
