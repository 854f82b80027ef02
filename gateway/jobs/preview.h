/* preview.h - what an order would do, found out by doing it: the commands themselves decide and apply it in a write
 * transaction that is aborted (store_try, struct desk), so there is no second set of rules. What waits for a second
 * person is then approved, what is in force is pushed, and each channel is taken to accept what it is sent. Nothing is
 * sealed, nothing is sent, nothing stays.
 *
 * Only files of this room include it. Sources: issue "the staff's console"; seed row 18 for the order of channels. */
#ifndef GATEWAY_JOBS_PREVIEW_H
#define GATEWAY_JOBS_PREVIEW_H

#include "gateway/courier/channel.h"
#include "gateway/jobs/named.h"
#include "gateway/jobs/work.h"
#include "gateway/lookup/lookup.h"
#include "gateway/registry/subject.h"

/* All items are tried in one transaction, which keeps other writers waiting: a millisecond an item at most. */
enum { PREVIEW_ITEMS_MAX = 200 };

enum preview_order {
    PREVIEW_PROPOSE,
    PREVIEW_CORRECT,
    PREVIEW_WITHDRAW,
    PREVIEW_REPAIR,
    PREVIEW_DISPUTE,
    PREVIEW_SETTLE,
    PREVIEW_APPROVE,
    PREVIEW_RETURN,
    PREVIEW_PUSH,
    PREVIEW_ORDER_COUNT
};
extern const char *const PREVIEW_ORDERS[PREVIEW_ORDER_COUNT + 1]; /* NULL-terminated */

enum preview_result { PREVIEW_UNCHANGED, PREVIEW_REFUSED, PREVIEW_DONE };

/* One channel of row 18, as it is configured. */
struct preview_channel {
    struct channel_settings *settings; /* NULL: nothing goes there, … */
    struct error why;                  /* … for this reason */
    struct layout *layout;
};

/* What a channel would receive of one item. */
struct preview_sending {
    struct buf json; /* {"op","row","version"} one after the other, commas between them */
    unsigned count;
    struct error why; /* when there is none */
};

/* What a domain answers about the enterprise, before and after: to a department, and to anybody else. */
enum preview_asker { ASKER_OTHER, ASKER_GOVERNMENT, ASKER_COUNT };
struct preview_answers {
    enum verdict before[ASKER_COUNT];
    enum verdict after[ASKER_COUNT];
};

struct preview_item {
    uint8_t obligation[OBLIGATION_ID_BYTES]; /* zeroes: not known */
    char record[RECORD_ID_BYTES];            /* "": none */
    uint64_t seen;                           /* which one the person saw (struct desk); 0: not said */
    uint32_t version;
    enum preview_result result;
    struct error why;      /* when it is not done */
    bool needs_approval;   /* it waits for a second person */
    struct error approval; /* then: why that person could not approve it now */
    bool is_in_force;      /* in the end */
    struct buf name;
    char uscc[SUBJECT_CODE_BYTES + 1];
    struct buf claim;        /* the version in question, canonical JSON; empty: none */
    struct buf held;         /* the version in force before; empty: none */
    int32_t publication_end; /* of the claim */
    int32_t held_until;      /* of the version held; DAY_NONE: none */
    enum record_op op;       /* of the claim */
    struct preview_sending sendings[STAGE_COUNT];
    struct preview_answers *answers; /* one a domain */
    unsigned watches;
    unsigned webhooks; /* of those whose client is told by webhook */
};

struct preview {
    struct work *work;
    enum preview_order order;
    struct preview_channel channels[STAGE_COUNT];
    struct domains *domains;
    size_t domain_count;
    struct preview_item *items;
    size_t count;
    size_t named; /* the first ones: what was found; behind them what no order ever came to */
    struct proposal proposal;
    struct buf statement;
    bool tells_answers; /* whoever ordered it may look up (KIND_LOOKERS); else no verdict leaves the preview */
    uint64_t sequence;  /* events in the journal before the trial */
};

/* One run of it; preview_trial.c and preview_push.c. */
struct trial {
    struct preview *preview;
    struct store_txn *txn;
    struct desk desk;
    const char **records; /* of the items that go on, in their order */
    size_t *places;       /* … and which items these are */
    size_t count;
    struct buf hold;
};

/* What the order itself did to an item. */
void trial_take_outcome(const struct outcome *outcome, struct preview_item *item);
/* preview_push.c: push the records that are left, and read what every channel would receive. */
MUST_CHECK bool trial_push(struct trial *trial, struct error *err);

/* preview_trial.c: fill the items. */
MUST_CHECK bool preview_try(struct preview *preview, struct error *err);

/* preview_words.c: sentences about what would happen, in both languages. `visit` gets the topic: "decision",
 * "publication", "answers", "channels", "watches", "record". */
typedef void preview_say(const char *topic, const char *zh, const char *en, void *context);
void preview_words(const struct preview *preview, const struct preview_item *item, preview_say *say, void *context);

/* preview_show.c: members of the report, and an item of it. */
void preview_head_add(const struct preview *preview, struct buf *out);
void preview_item_add(const struct preview *preview, const struct preview_item *item, struct buf *out);

#endif
