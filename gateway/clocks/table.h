/* table.h - keys and values of STORE_CLOCKS (clocks.h). Only for files of this room. */
#ifndef GATEWAY_CLOCKS_TABLE_H
#define GATEWAY_CLOCKS_TABLE_H

#include <string.h>

#include "gateway/clocks/clocks.h"

enum clock_kind {
    CLOCK_OVERDUE = 'c',
    CLOCK_DECIDED = 'd',
    CLOCK_END = 'e',
    CLOCK_LIVE = 'l',
    CLOCK_COUNT = 'n',
    CLOCK_OVER = 'o',
    CLOCK_REPORT_OF = 'R',
    CLOCK_REPORT = 'r',
    CLOCK_STATUTORY = 's',
    CLOCK_UNCONFIRMED = 'u'
};

/* Stored as they lie in memory: no holes, so that a rebuilt store has the same bytes. */
struct live_entry {
    int32_t end;
    int32_t decided_on;
    uint32_t severity;
};
_Static_assert(sizeof(struct live_entry) == 12, "no holes");
struct over_entry {
    int64_t since_ms;
    uint32_t version;
    uint32_t op;
};
_Static_assert(sizeof(struct over_entry) == 16, "no holes");
struct overdue_entry {
    int64_t since_ms;
    int64_t raised_ms;
    uint32_t channel;
    uint32_t unused;
};
_Static_assert(sizeof(struct overdue_entry) == 24, "no holes");

struct clock_key {
    uint8_t at[40];
    size_t bytes;
};
static inline struct span clock_span(const struct clock_key *key)
{
    return (struct span){(const char *)key->at, key->bytes};
}
static inline struct clock_key clock_key(enum clock_kind kind)
{
    return (struct clock_key){.at = {(uint8_t)kind}, .bytes = 1};
}
static inline void clock_key_add(struct clock_key *key, const void *data, size_t bytes)
{
    memcpy(key->at + key->bytes, data, bytes);
    key->bytes += bytes;
}
static inline void clock_key_day(struct clock_key *key, int32_t day)
{
    store_key_u32(key->at + key->bytes, (uint32_t)day ^ 0x80000000U);
    key->bytes += 4;
}
static inline int32_t clock_day_read(const void *at)
{
    return (int32_t)(store_read_u32(at) ^ 0x80000000U);
}
static inline bool clock_has_prefix(struct span key, const struct clock_key *prefix)
{
    return key.bytes >= prefix->bytes && memcmp(key.at, prefix->at, prefix->bytes) == 0;
}
static inline struct clock_key clock_key_of(enum clock_kind kind, const char *record)
{
    struct clock_key key = clock_key(kind);

    clock_key_add(&key, record, RECORD_ID_LENGTH);
    return key;
}
static inline struct clock_key clock_key_call(const uint8_t call[16])
{
    struct clock_key key = clock_key(CLOCK_OVERDUE);

    clock_key_add(&key, call, 16);
    return key;
}
static inline struct clock_key clock_key_dated(enum clock_kind kind, int32_t day, const char *record)
{
    struct clock_key key = clock_key(kind);

    clock_key_day(&key, day);
    clock_key_add(&key, record, RECORD_ID_LENGTH);
    return key;
}
static inline struct clock_key clock_key_decided(uint32_t severity, int32_t decided_on, const char *record)
{
    struct clock_key key = clock_key(CLOCK_DECIDED);

    key.at[key.bytes++] = (uint8_t)severity;
    clock_key_day(&key, decided_on);
    clock_key_add(&key, record, RECORD_ID_LENGTH);
    return key;
}
/* How many entries of a kind; with a day (not DAY_NONE): how many of that day. */
static inline struct clock_key clock_key_count(enum clock_kind kind, int32_t day)
{
    struct clock_key key = clock_key(CLOCK_COUNT);

    key.at[key.bytes++] = (uint8_t)kind;
    if (day != DAY_NONE)
        clock_key_day(&key, day);
    return key;
}

/* False when absent; a value of another length spoils the transaction. */
bool clock_get(struct store_txn *txn, const struct clock_key *key, void *value, size_t bytes);
/* 0 when nothing was counted. */
uint64_t clock_count(struct store_txn *txn, const struct clock_key *key);
/* Which channels may hold the record and have not acknowledged the version that ends it. False: none. */
MUST_CHECK bool clock_missing(struct store_txn *txn, const char *record, uint32_t version, bool is_missing[STAGE_COUNT],
                              bool *has_some, struct error *err);

#endif
