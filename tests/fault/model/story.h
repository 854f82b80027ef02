/* story.h - the journal read from its beginning: what became of every version and every delivery. Made from the events
 * alone, without the code that keeps the outbox, so that the two can be compared. */
#ifndef TESTS_FAULT_MODEL_STORY_H
#define TESTS_FAULT_MODEL_STORY_H

#include "gateway/outbox/outbox.h"
#include "gateway/store/store.h"

struct story_delivery {
    uint64_t number;
    enum channel channel;
    char record[24];
    uint32_t version;
    char subject[19];
    uint8_t row_sm3[32];
    enum delivery_state state; /* QUEUED stands for all that is on its way */
    uint32_t calls;            /* call.prepared that named it */
    uint32_t again;            /* dissolved or requeued: it was sent anew under another id */
    char call[33];             /* of the call it is in; "" when in none */
};

struct story_version {
    char record[24];
    uint32_t version;
    uint64_t approved;             /* sequence of record.approved */
    uint64_t skipped[STAGE_COUNT]; /* sequence of delivery.skipped, or 0 */
    uint64_t held[STAGE_COUNT];    /* … of delivery.held */
};

struct story {
    struct story_delivery *deliveries; /* by number, ascending; owned */
    size_t delivery_count;
    struct story_version *versions; /* effective ones, in order of approval; owned */
    size_t version_count;
    uint64_t events;
    uint64_t refusals; /* rows refused, whatever became of them */
    uint64_t doubts;   /* calls that may have arrived */
    uint64_t pauses;   /* of a channel, by a person or the courier */
};

/* ERR_CORRUPT names the event that contradicts those before it: a version queued twice for a channel, an outcome of a
 * delivery that has one, an outcome out of the lane's order, a stage before the one it follows. */
MUST_CHECK bool story_read(struct store *store, struct story *out, struct error *err);
void story_done(struct story *story);
/* NULL when there is none. */
const struct story_delivery *story_find(const struct story *story, enum channel channel, const char *record,
                                        uint32_t version);
const struct story_version *story_version_find(const struct story *story, const char *record, uint32_t version);
/* Does an earlier delivery of its lane, refused, hold it up? */
bool story_is_blocked(const struct story *story, const struct story_delivery *delivery);

/* Acknowledged, and the next channel has neither queued, skipped nor held it. */
bool story_is_staged(const struct story *story, const struct story_delivery *delivery);

DEFINE_AUTO_IN_PLACE(struct story, story_done)

#endif
