/* records_value.h - the form of a value of STORE_RECORDS, between records.c and records_apply.c. */
#ifndef GATEWAY_REGISTRY_RECORDS_VALUE_H
#define GATEWAY_REGISTRY_RECORDS_VALUE_H

#include "gateway/registry/index.h"
#include "gateway/registry/records.h"

/* Fixed bytes, then the record's canonical JSON. */
enum {
    RECORD_AT_STATE = 0,
    RECORD_AT_GROUND = 1,
    RECORD_AT_DIVISION = 2, /* 6 bytes */
    RECORD_AT_PROPOSAL = 8,
    RECORD_AT_DECISION = 16,
    RECORD_AT_JSON = 24
};
enum { RECORD_KEY_BYTES = RECORD_ID_LENGTH + 4, RECORD_DIVISION_BYTES = 6 };

struct span records_key(struct span id, uint32_t version, uint8_t key[RECORD_KEY_BYTES]);
/* Where the length of a list is kept. */
void records_count_key(enum record_list list, struct index_key *key);
/* Store a version, its JSON made from `version->record`. */
void records_store(struct store_txn *txn, const struct record_version *version);

#endif
