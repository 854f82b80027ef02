/* standing.h - how many there are of what staff look at first: counted as it changes, so that nobody who also answers
 * banks walks over a register to say it.
 *
 * STORE_RECORD_INDEX (registry.h), integers BE, days with the sign bit turned so that they sort:
 *   'd'                    → ""    these counts are kept since the first obligation
 *   'd' due                → u64   obligations that are open, due on that day, and without a record that stands for
 * them 'p' list, person       → u64   entries of the list (waiting or returned) that this person proposed
 *
 * A store from before they were kept has no 'd': standing_is_kept says so, nothing is counted in it, and `rebuild`
 * makes them. */
#ifndef GATEWAY_REGISTRY_STANDING_H
#define GATEWAY_REGISTRY_STANDING_H

#include "gateway/registry/obligations.h"
#include "gateway/registry/records.h"

/* False: the store is older than these counts and wants a rebuild. */
bool standing_is_kept(struct store_txn *txn);
/* Obligations that are overdue on `day` and stand without a record (records_stand_for). Reads an entry for each day on
 * which something is due. */
MUST_CHECK bool standing_unproposed(struct store_txn *txn, int32_t day, uint64_t *count, struct error *err);
/* How many entries of RECORDS_WAITING or RECORDS_RETURNED this person proposed. */
uint64_t standing_proposed_by(struct store_txn *txn, enum record_list list, struct span person);

/* Does a record stand for the obligation, so that none is to be proposed? A returned one does not; one that was ended
 * does as long as the obligation is still as it was when that record was made (`version`; 0: the newest). `record` gets
 * the id of its newest record, "" when it never had one, and `newest` that record's newest version with its texts in
 * `hold`. */
bool records_stand_for(struct store_txn *txn, const uint8_t obligation[OBLIGATION_ID_BYTES], uint32_t version,
                       char record[RECORD_ID_BYTES], struct record_version *newest, struct buf *hold);

/* --- for the files of this room that apply events --- */

enum { STANDING_PERSON_BYTES = 65 };
/* Where an obligation and one of its records are counted. */
struct standing_place {
    int32_t due;           /* DAY_NONE: nowhere */
    enum record_list list; /* RECORD_LIST_COUNT: nowhere */
    char person[STANDING_PERSON_BYTES];
};
/* With `newest` as the newest version of its record (NULL: it has none yet). */
void standing_of_record(struct store_txn *txn, const uint8_t obligation[OBLIGATION_ID_BYTES],
                        const struct record_version *newest, struct standing_place *out);
void standing_move(struct store_txn *txn, const struct standing_place *before, const struct standing_place *after);
/* A version of an obligation follows another (NULL: it is the first). */
void standing_obligation(struct store_txn *txn, const struct obligation_version *before,
                         const struct obligation_version *after);

#endif
