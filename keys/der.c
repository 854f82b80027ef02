#include "keys/der.h"

#include <string.h>

enum { TAG_INTEGER = 0x02, TAG_SEQUENCE = 0x30, SIGN_BIT = 0x80 };

/* The content is at most 70 bytes, so every canonical length is one byte below 0x80. */
static bool take_element(struct span *from, uint8_t tag, struct span *content)
{
    const uint8_t *at = (const uint8_t *)from->at;

    if (from->bytes < 2 || at[0] != tag || at[1] >= SIGN_BIT || at[1] > from->bytes - 2)
        return false;
    *content = (struct span){from->at + 2, at[1]};
    from->at += 2 + content->bytes;
    from->bytes -= 2 + content->bytes;
    return true;
}

static bool take_number(struct span *from, uint8_t number[PAIR_NUMBER_BYTES])
{
    struct span content;
    const uint8_t *at;
    bool has_sign_byte;

    if (!take_element(from, TAG_INTEGER, &content) || content.bytes == 0)
        return false;
    at = (const uint8_t *)content.at;
    has_sign_byte = at[0] == 0;
    /* Negative, zero, or a leading zero that no sign bit asks for. */
    if (at[0] >= SIGN_BIT || (has_sign_byte && (content.bytes == 1 || at[1] < SIGN_BIT)))
        return false;
    at += has_sign_byte;
    content.bytes -= has_sign_byte;
    if (content.bytes > PAIR_NUMBER_BYTES)
        return false;
    memset(number, 0, PAIR_NUMBER_BYTES);
    memcpy(number + PAIR_NUMBER_BYTES - content.bytes, at, content.bytes);
    return true;
}

bool pair_from_der(struct span der, uint8_t raw[PAIR_RAW_BYTES])
{
    uint8_t pair[PAIR_RAW_BYTES];
    struct span content;

    if (!take_element(&der, TAG_SEQUENCE, &content) || der.bytes != 0 || !take_number(&content, pair) ||
        !take_number(&content, pair + PAIR_NUMBER_BYTES) || content.bytes != 0)
        return false;
    memcpy(raw, pair, sizeof pair);
    return true;
}

static size_t put_number(const uint8_t number[PAIR_NUMBER_BYTES], uint8_t *to)
{
    size_t skipped = 0;
    size_t bytes;
    bool needs_sign_byte;

    while (skipped < PAIR_NUMBER_BYTES - 1 && number[skipped] == 0)
        skipped++;
    needs_sign_byte = number[skipped] >= SIGN_BIT;
    bytes = PAIR_NUMBER_BYTES - skipped;
    to[0] = TAG_INTEGER;
    to[1] = (uint8_t)(bytes + needs_sign_byte);
    to[2] = 0;
    memcpy(to + 2 + needs_sign_byte, number + skipped, bytes);
    return 2 + needs_sign_byte + bytes;
}

size_t pair_to_der(const uint8_t raw[PAIR_RAW_BYTES], uint8_t der[PAIR_DER_MAX])
{
    size_t bytes = 2;

    bytes += put_number(raw, der + bytes);
    bytes += put_number(raw + PAIR_NUMBER_BYTES, der + bytes);
    der[0] = TAG_SEQUENCE;
    der[1] = (uint8_t)(bytes - 2);
    return bytes;
}
