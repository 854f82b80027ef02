/* table.h - keys and values of STORE_WATCHES (watch.h). Only for files of this room. */
#ifndef GATEWAY_WATCH_TABLE_H
#define GATEWAY_WATCH_TABLE_H

#include "gateway/watch/watch.h"

enum watch_kind {
    WATCH_ENTRY = 'w',
    WATCH_CLIENT = 'c',
    WATCH_MEMBER = 'm',
    WATCH_SUBJECT = 's',
    WATCH_KEY = 'k',
    WATCH_LAST = 'n',
    WATCH_FOLLOWED = 't'
};
enum { WATCH_ENTRY_HEAD = 20, WATCH_KEY_BYTES = 1 + WATCH_CLIENT_MAX + 1 + 32 };

struct watch_key {
    uint8_t at[WATCH_KEY_BYTES];
    size_t bytes;
};
static inline struct span watch_span(const struct watch_key *key)
{
    return (struct span){(const char *)key->at, key->bytes};
}

struct watch_key watch_key(enum watch_kind kind);
struct watch_key watch_key_of(enum watch_kind kind, uint32_t number);
/* The beginning of all of a client's; a client's name that is too long is cut, and is nobody's. */
struct watch_key watch_key_client(enum watch_kind kind, struct span client);
struct watch_key watch_key_client_watch(struct span client, uint32_t number);
struct watch_key watch_key_request(struct span client, struct span key);
/* An empty subject: the beginning of all of the watch's. */
struct watch_key watch_key_member(uint32_t number, struct span subject);
/* `number` 0: the beginning of all of the subject's. */
struct watch_key watch_key_subject(struct span subject, uint32_t number);

/* A number of 8 bytes. False when absent; another length spoils the transaction. */
bool watch_number(struct store_txn *txn, const struct watch_key *key, uint64_t *value);

#endif
