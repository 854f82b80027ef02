/* state.h - the log's one commit point: <folder>/log/state, canonical JSON {"format":1,"root":hex,"segments":[{"bytes",
 * "damaged","id","next","runs"}],"size"}. Only this room needs it. */
#ifndef GATEWAY_TRACE_STATE_H
#define GATEWAY_TRACE_STATE_H

#include "gateway/trace/frame.h"
#include "gateway/trace/shelf.h"

/* How far a segment was taken up. It is forgotten when the segment's file is gone for good. */
struct taken {
    char id[SEGMENT_ID_BYTES];
    uint64_t bytes; /* of the segment */
    uint32_t next;  /* number of the next entry */
    uint32_t runs;  /* written to the segment's receipts */
    bool is_damaged;
    /* Not stored: the run that is being made. */
    struct receipt_run run;
};

struct trace_state {
    uint64_t size;
    uint8_t root[MERKLE_HASH_BYTES];
    struct taken *segments;
    size_t count;
};

/* No file: an empty log. `path`: the log's folder. */
MUST_CHECK bool state_load(const char *path, struct trace_state *out, struct error *err);
MUST_CHECK bool state_store(const char *path, const struct trace_state *state, struct error *err);
void state_done(struct trace_state *state);
/* NULL when nothing was taken of it yet. The pointers end with the next state_add or state_drop. */
struct taken *state_find(const struct trace_state *state, const char *id);
struct taken *state_add(struct trace_state *state, const char *id);
void state_drop(struct trace_state *state, const char *id);

DEFINE_AUTO_IN_PLACE(struct trace_state, state_done)

#endif
