/* index.h - the keys of STORE_RECORD_INDEX (see registry.h); only this room needs them. */
#ifndef GATEWAY_REGISTRY_INDEX_H
#define GATEWAY_REGISTRY_INDEX_H

#include <string.h>

#include "gateway/registry/record.h"
#include "gateway/store/store.h"

struct index_key {
    uint8_t at[1 + RECORD_ID_LENGTH + 8];
    size_t bytes;
};

static inline struct span index_span(const struct index_key *key)
{
    return (struct span){(const char *)key->at, key->bytes};
}
static inline void index_begin(struct index_key *key, char kind)
{
    key->at[0] = (uint8_t)kind;
    key->bytes = 1;
}
static inline void index_bytes(struct index_key *key, const void *data, size_t bytes)
{
    memcpy(key->at + key->bytes, data, bytes);
    key->bytes += bytes;
}
static inline void index_u32(struct index_key *key, uint32_t number)
{
    store_key_u32(key->at + key->bytes, number);
    key->bytes += 4;
}
static inline void index_u64(struct index_key *key, uint64_t number)
{
    store_key_u64(key->at + key->bytes, number);
    key->bytes += 8;
}
static inline bool index_has_prefix(struct span key, const struct index_key *prefix)
{
    return key.bytes >= prefix->bytes && memcmp(key.at, prefix->at, prefix->bytes) == 0;
}

#endif
