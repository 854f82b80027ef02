#include "gateway/config/addresses.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

enum { FOUR_BITS = 32, SIX_BITS = 128, MAPPED_BITS = SIX_BITS - FOUR_BITS };

static uint64_t read_u64(const uint8_t *at)
{
    uint64_t value = 0;

    for (int i = 0; i < 8; i++)
        value = value << 8 | at[i];
    return value;
}

struct address address_of(const uint8_t bytes[ADDRESS_BYTES])
{
    return (struct address){read_u64(bytes), read_u64(bytes + 8)};
}

static bool is_four(struct address address)
{
    return address.high == 0 && address.low >> FOUR_BITS == 0xFFFF;
}

static struct address mask_of(int64_t bits)
{
    return (struct address){bits >= 64  ? UINT64_MAX
                            : bits == 0 ? 0
                                        : UINT64_MAX << (64 - bits),
                            bits <= 64 ? 0 : UINT64_MAX << (SIX_BITS - bits)};
}

static bool refuse_address(struct span text, struct error *err)
{
    text = utf8_cut(text, ADDRESS_TEXT_MAX);
    return refuse(err, ERR_INVALID, "config.address",
                  "\"%.*s\" is no address and no range: write 10.1.2.3, 10.0.0.0/8, 2001:db8::1 or 2001:db8::/32",
                  "“%.*s”不是地址或地址段：请写成 10.1.2.3、10.0.0.0/8、2001:db8::1 或 2001:db8::/32", (int)text.bytes,
                  text.at);
}

/* `*bits`: how long a prefix of what was written is when none is said. */
static bool parse_address(const char *text, struct address *out, int64_t *bits)
{
    static const uint8_t MAPPED[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    uint8_t bytes[ADDRESS_BYTES];

    memcpy(bytes, MAPPED, sizeof MAPPED);
    if (inet_pton(AF_INET, text, bytes + sizeof MAPPED) == 1)
        *bits = FOUR_BITS;
    else if (inet_pton(AF_INET6, text, bytes) == 1)
        *bits = SIX_BITS;
    else
        return false;
    *out = address_of(bytes);
    return true;
}

bool address_range_parse(struct span text, struct address_range *out, struct error *err)
{
    const char *slash = text.bytes ? memchr(text.at, '/', text.bytes) : NULL;
    size_t bytes = slash ? (size_t)(slash - text.at) : text.bytes;
    char plain[ADDRESS_TEXT_MAX];
    struct address address, mask;
    int64_t most, bits;

    if (bytes == 0 || bytes >= sizeof plain)
        return refuse_address(text, err);
    memcpy(plain, text.at, bytes);
    plain[bytes] = '\0';
    if (strlen(plain) != bytes || !parse_address(plain, &address, &most))
        return refuse_address(text, err);
    bits = most;
    if (slash && (!integer_parse((struct span){slash + 1, text.bytes - bytes - 1}, &bits) || bits < 0 || bits > most))
        return refuse_address(text, err);
    bits += most == FOUR_BITS ? MAPPED_BITS : 0;
    mask = mask_of(bits);
    if ((address.high & ~mask.high) | (address.low & ~mask.low))
        return refuse(err, ERR_INVALID, "config.address", "\"%.*s\" has bits set beyond its prefix",
                      "“%.*s”在前缀之外还有非零位", (int)utf8_cut(text, ADDRESS_TEXT_MAX).bytes, text.at);
    *out = (struct address_range){address, mask, bits >= MAPPED_BITS && is_four(address)};
    return true;
}

bool address_is_in(const struct address_range *ranges, size_t count, struct address address)
{
    bool four = is_four(address);

    for (size_t i = 0; i < count; i++) {
        const struct address_range *range = &ranges[i];
        uint64_t differs = ((address.high ^ range->first.high) & range->mask.high) |
                           ((address.low ^ range->first.low) & range->mask.low);

        if (differs == 0 && range->is_four == four)
            return true;
    }
    return false;
}
