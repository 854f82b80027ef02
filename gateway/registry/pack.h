/* pack.h - little-endian numbers inside stored values, at any alignment. */
#ifndef GATEWAY_REGISTRY_PACK_H
#define GATEWAY_REGISTRY_PACK_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline void pack_u16(void *at, uint16_t value)
{
    value = htole16(value);
    memcpy(at, &value, sizeof value);
}
static inline void pack_u32(void *at, uint32_t value)
{
    value = htole32(value);
    memcpy(at, &value, sizeof value);
}
static inline void pack_u64(void *at, uint64_t value)
{
    value = htole64(value);
    memcpy(at, &value, sizeof value);
}
static inline uint16_t unpack_u16(const void *at)
{
    uint16_t value;

    memcpy(&value, at, sizeof value);
    return le16toh(value);
}
static inline uint32_t unpack_u32(const void *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof value);
    return le32toh(value);
}
static inline uint64_t unpack_u64(const void *at)
{
    uint64_t value;

    memcpy(&value, at, sizeof value);
    return le64toh(value);
}

#endif
