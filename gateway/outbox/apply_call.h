/* apply_call.h - the state machine of calls. Only for the two files that apply events of calls. */
#ifndef GATEWAY_OUTBOX_APPLY_CALL_H
#define GATEWAY_OUTBOX_APPLY_CALL_H

#include "gateway/outbox/apply.h"

enum call_step {
    CALL_STEP_FAILED_RESEND,
    CALL_STEP_FAILED_ASK,
    CALL_STEP_RECEIVED,
    CALL_STEP_WAITING,
    CALL_STEP_DISSOLVED,
    CALL_STEP_TAKEN,   /* rows acknowledged (and others refused) */
    CALL_STEP_REFUSED, /* rows refused, none taken */
    CALL_STEP_COUNT
};

/* ERR_CONFLICT when there is no such step from `state`. */
MUST_CHECK bool call_step(enum call_state state, enum call_step step, enum call_state *next, struct error *err);
/* ERR_CONFLICT when there is no such call. */
MUST_CHECK bool call_named(struct applying *applying, const uint8_t id[16], struct call_entry *entry,
                           struct error *err);
/* Bring a call into a state, due then; the rows that still ride in it are counted there. */
void call_move(struct applying *applying, const uint8_t id[16], struct call_entry *entry, enum call_state next,
               int64_t due_ms);
/* Does the row still ride, unsettled, in this call? */
bool call_carries(const struct delivery_entry *row, const uint8_t id[16]);

#endif
