/* table.h - keys and values of STORE_FEEDBACK (feedback.h). Only for files of this room. */
#ifndef GATEWAY_FEEDBACK_TABLE_H
#define GATEWAY_FEEDBACK_TABLE_H

#include "gateway/feedback/feedback.h"

enum feedback_kind {
    FEEDBACK_ANSWER = 'a',
    FEEDBACK_DETAIL = 'd',
    FEEDBACK_KEY = 'k',
    FEEDBACK_COUNT = 'n',
    FEEDBACK_OWED = 'o',
    FEEDBACK_TRACE = 't'
};
enum { FEEDBACK_ANSWER_HEAD = 12 };

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
/* `mark`: at and receipt; may be empty. */
struct feedback_key feedback_key_owed(struct span client, struct span mark);
/* Text of at (u64 BE) and receipt, in `out` of FEEDBACK_MARK_BYTES. */
struct span feedback_mark(int64_t at_ms, struct span receipt, uint8_t *out);

/* A number of 8 bytes. False when absent; a value of another length spoils the transaction. */
bool feedback_number(struct store_txn *txn, const struct feedback_key *key, uint64_t *value);
/* Whoever's it is. */
bool feedback_answer_get(struct store_txn *txn, struct span receipt, struct feedback_answer *out);

#endif
