/* table.h - keys and values of STORE_FEEDBACK (feedback.h). Only for files of this room. */
#ifndef GATEWAY_FEEDBACK_TABLE_H
#define GATEWAY_FEEDBACK_TABLE_H

#include "gateway/feedback/feedback.h"

enum feedback_kind {
    FEEDBACK_DETAIL = 'd',
    FEEDBACK_KEY = 'k',
    FEEDBACK_COUNT = 'n',
    FEEDBACK_OWED = 'o',
    FEEDBACK_TRACE = 't'
};
struct feedback_key {
    uint8_t at[1 + FEEDBACK_CLIENT_MAX + 1 + 8 + FEEDBACK_RECEIPT_MAX];
    size_t bytes;
};
static inline struct span feedback_span(const struct feedback_key *key)
{
    return (struct span){(const char *)key->at, key->bytes};
}

/* Keys of parts that are longer than any can be are empty: nothing is found under them, and nothing can be put. */
struct feedback_key feedback_key(enum feedback_kind kind);
struct feedback_key feedback_key_of(enum feedback_kind kind, struct span text);
struct feedback_key feedback_key_detail(struct span receipt, struct span id);
struct feedback_key feedback_key_key(struct span client, struct span key);
struct feedback_key feedback_key_owed(struct span client, uint64_t block);
/* What the keys of a client's blocks begin with. */
struct feedback_key feedback_key_owing(struct span client);

/* Entries one behind the other on which the same number of things is left. */
struct feedback_run {
    uint32_t first; /* in its block */
    uint32_t count;
    uint32_t left;
};
enum { FEEDBACK_RUN_BYTES = 4 };
struct feedback_run feedback_run_read(struct span runs, size_t i);
void feedback_run_add(struct buf *runs, struct feedback_run run);
/* A client's block; empty when nothing is owed there. A value that cannot be one spoils the transaction. */
struct span feedback_runs(struct store_txn *txn, const struct feedback_key *key);

/* A number of 8 bytes. False when absent; a value of another length spoils the transaction. */
bool feedback_number(struct store_txn *txn, const struct feedback_key *key, uint64_t *value);

#endif
