/* addresses.h - network addresses and ranges of them (CIDR, RFC 4632 and RFC 4291 section 2.3).
 *
 * An IPv4 address is kept as its IPv4-mapped form ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2), so that it makes no
 * difference on which kind of socket a peer arrived. A range of IPv6 never holds an IPv4 address, or "::/0" would mean
 * more than whoever wrote it thought. */
#ifndef GATEWAY_CONFIG_ADDRESSES_H
#define GATEWAY_CONFIG_ADDRESSES_H

#include "base/error.h"

enum { ADDRESS_BYTES = 16, ADDRESS_TEXT_MAX = 64, ADDRESS_RANGES_MAX = 256 };

/* 128 bits, the most significant first. */
struct address {
    uint64_t high;
    uint64_t low;
};

struct address_range {
    struct address first; /* bits beyond the prefix are zero */
    struct address mask;
    bool is_four;
};

/* In network order, IPv4 as mapped; all zeroes: none. */
struct address address_of(const uint8_t bytes[ADDRESS_BYTES]);
/* "10.1.2.3", "10.0.0.0/8", "2001:db8::/32". ERR_INVALID "config.address" in both languages: no address, a prefix that
 * is too long, bits set beyond the prefix (then nobody knows which was meant). */
MUST_CHECK bool address_range_parse(struct span text, struct address_range *out, struct error *err);
bool address_is_in(const struct address_range *ranges, size_t count, struct address address);

#endif
