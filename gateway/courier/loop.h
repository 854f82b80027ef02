/* loop.h - the courier at work. Only for this room.
 *
 * One turn: take what ended → look what is due and may start → one write transaction (endings, then new calls) → start
 * what it made durable → wait. */
#ifndef GATEWAY_COURIER_LOOP_H
#define GATEWAY_COURIER_LOOP_H

#include "gateway/courier/courier.h"
#include "gateway/courier/ending.h"
#include "gateway/courier/tempo.h"

/* What is to be sent this turn. */
struct start {
    struct destination *destination;
    struct shipment *shipment;
    enum adapter_step step;
    bool is_new;  /* to be journaled first */
    bool is_kept; /* write.c: it fits what the store says */
};

struct courier {
    const struct courier_options *options;
    CURLM *multi;
    struct destination *destinations; /* one a channel */
    size_t count;
    struct transfer *transfers; /* in flight */
    struct ending *endings;     /* not written yet, oldest first */
    struct ending **endings_end;
    struct start *starts; /* COURIER_CONCURRENCY_MAX a destination */
    size_t start_count;
    struct tempo tempo; /* what `now_ms` is everywhere in this room, but for destination.wall_ms */
    bool has_doubted;   /* what the courier before left */
    bool has_staged;    /* something waits to go on to the next channel */
    int64_t next_ms;    /* when something becomes due that could start then; INT64_MAX: nothing */
    int64_t store_ms;   /* the store had no room: not before */
    uint32_t store_failures;
};

void courier_add_ending(struct courier *courier, struct ending *ending);

/* gather.c: fill `starts` and `next_ms` with what is due at `now_ms`. Trouble becomes endings. */
MUST_CHECK bool courier_gather(struct courier *courier, int64_t now_ms, struct error *err);

/* doubt.c: what the courier before left prepared may have been sent: from now on it is in doubt. Does it once. */
MUST_CHECK bool courier_doubt(struct courier *courier, int64_t now_ms, struct error *err);
/* May nothing start at all? Paused, or its client is suspended. */
MUST_CHECK bool courier_stops(struct store_txn *txn, const struct courier_channel *channel, bool *stops,
                              struct error *err);
/* All calls of a channel that are not settled, the longest due first. `*ids` grows as needed. */
size_t courier_list_calls(struct store_txn *txn, enum channel channel, uint8_t (**ids)[16]);

/* write.c: the turn's one transaction. Afterwards there are no endings left, and `starts` holds only what may be sent.
 * True also when the store had no room: then the endings stay and nothing starts. */
MUST_CHECK bool courier_write(struct courier *courier, int64_t now_ms, struct error *err);
/* Is this an error of the store that passes (full, busy)? Then nothing starts, and it is left alone for a while. */
MUST_CHECK bool courier_rests(struct courier *courier, int64_t now_ms, const struct error *why);

#endif
