/* subject.h - all that lookups need to know about one enterprise, under its code, ready to be copied.
 *
 * An entry holds items: one per effective record version and one per obligation version, each with the instants between
 * which it was the current one, and the events that made it so and ended it, so "as of an instant" and "as of an event"
 * are comparisons. An item carries a ready JSON object for answers.
 * Entries are cut into parts below SUBJECT_PART_MAX: the first under the code (18 bytes), the next under code + u16 BE
 * from 1; most enterprises have one. Nothing here allocates or parses; all is borrowed from the transaction.
 *
 * Numbers are little-endian. Part: u8 format, u8 0, u16 parts (in the first; 0 elsewhere), u32 items, u64 sequence of
 * the last change, u16 bytes of the name, the name, then of each item the fixed 128 bytes of subject.c, then the JSON
 * of each: whoever judges items reads what stands together, and of the JSON only what it copies. Where each member of
 * the JSON ends is among the fixed bytes, so that nobody need look for it.
 */
#ifndef GATEWAY_REGISTRY_SUBJECT_H
#define GATEWAY_REGISTRY_SUBJECT_H

#include "gateway/registry/obligations.h"
#include "gateway/registry/pack.h"
#include "gateway/registry/record.h"

enum { SUBJECT_PART_MAX = 48 * 1024, SUBJECT_PARTS_MAX = 1000, SUBJECT_CODE_BYTES = 18 };
#define SUBJECT_FOREVER INT64_MAX
#define SUBJECT_NEVER_REPLACED UINT64_MAX

enum subject_kind { SUBJECT_RECORD = 1, SUBJECT_OBLIGATION = 2 };

struct subject_item {
    enum subject_kind kind;
    uint8_t obligation[OBLIGATION_ID_BYTES]; /* itself, or the one the record rests on */
    uint32_t version;                        /* of the record or the obligation */
    enum ground ground;
    int64_t from_ms;         /* the current version from this instant */
    int64_t until_ms;        /* to before this one; SUBJECT_FOREVER while it is */
    uint64_t from_sequence;  /* the event that made it the current version */
    uint64_t until_sequence; /* the event that replaced it; SUBJECT_NEVER_REPLACED while it is current */
    int32_t due;             /* the last day in time */
    struct span json;        /* one JSON object, see below; empty for ops 3 and 4, which have nothing to show */
    const char *ends;        /* borrowed: subject_item_end */
    /* Of records: */
    char record[RECORD_ID_BYTES];
    enum record_op op;
    enum severity severity;
    enum scope scope;
    bool is_disputed;
    bool is_by_law; /* an end that nobody decided: publication was over */
    int32_t decided_on;
    int32_t publication_end;
    /* Of obligations: */
    enum obligation_state state;
    int32_t order_date;
    int32_t exit_date;
};

/* Public members, names sorted. Of a record: {"decided_on","disputed","document","due","facts","ground","industry",
 * "listed_at","listing_authority","name","op","publication_end","record","scope","severity","version"}. Of an
 * obligation: {"authority","capacity","capacity_unit","deadline","document","equipment","exit_date","extended_to",
 * "ground","industry","obligation","order_date","state","version"} (ground, state: slugs). All of them always. */
enum { SUBJECT_RECORD_MEMBERS = 16, SUBJECT_OBLIGATION_MEMBERS = 14 };

/* Where the JSON's member `i` ends, without the comma or brace behind it: the next begins one byte further, the first
 * at
 * 1. Of an item with JSON they are in order, and the last ends before the brace. */
static inline size_t subject_item_end(const struct subject_item *item, size_t i)
{
    return unpack_u16(item->ends + 2 * i);
}

struct subject {
    struct store_txn *txn;
    char code[SUBJECT_CODE_BYTES];
    struct span first; /* bytes of the first part */
    struct span name;  /* as the register said last; borrowed */
    uint64_t sequence; /* of the last change */
    uint16_t parts;
};
/* False when the code is not in the register (or after a store error: store_txn_is_good tells). An entry that
 * contradicts itself spoils the transaction (ERR_CORRUPT), here and while walking: it is never taken for absent. */
bool subject_find(struct store_txn *txn, struct span uscc, struct subject *out);

struct subject_walk {
    const struct subject *subject;
    struct span heads; /* of the part's items that are still to come */
    struct span texts;
    uint16_t part;
};
/* All items, oldest first. Check store_txn_is_good after the end. */
void subject_walk_begin(struct subject_walk *walk, const struct subject *subject);
bool subject_walk_next(struct subject_walk *walk, struct subject_item *item);

/* The current version at that instant. */
static inline bool subject_item_is_current(const struct subject_item *item, int64_t at_ms)
{
    return item->from_ms <= at_ms && at_ms < item->until_ms;
}
/* The current version when the journal had that many events. Instants cannot tell it: many events share one, and a
 * clock can be set back. */
static inline bool subject_item_was_current(const struct subject_item *item, uint64_t events)
{
    return item->from_sequence < events && events <= item->until_sequence;
}
/* A record that counts at that instant: current, neither withdrawn nor repaired, publication not over. */
bool subject_record_is_in_force(const struct subject_item *item, int64_t at_ms);

/* Writing (registry only): close the item that was current for the same record or obligation, add the new one. */
MUST_CHECK bool subject_put_obligation(struct store_txn *txn, const struct obligation_version *version,
                                       const struct obligation *row, struct error *err);
MUST_CHECK bool subject_put_record(struct store_txn *txn, uint64_t sequence, int64_t from_ms,
                                   const struct record *record, struct error *err);

#endif
