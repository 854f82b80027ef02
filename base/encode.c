#include "base/encode.h"

#include <endian.h>
#include <string.h>

static const char STANDARD[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char URL_SAFE[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Four bytes at once, as eight half bytes in a word: "0" is added to each, and the distance to "a" where it is above 9.
 */
static uint64_t hex_of_four(const unsigned char *at)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t halves;
    uint32_t four;

    memcpy(&four, at, sizeof four);
    halves = le32toh(four);
    halves = (halves | halves << 16) & 0x0000FFFF0000FFFF;
    halves = (halves | halves << 8) & 0x00FF00FF00FF00FF;
    halves = ((halves >> 4) | halves << 8) & 0x0F0F0F0F0F0F0F0F;
    return htole64(halves + '0' * ones + ((halves + 6 * ones) >> 4 & ones) * ('a' - '0' - 10));
}

void hex_write(char *to, const void *data, size_t bytes)
{
    static const char DIGITS[] = "0123456789abcdef";
    const unsigned char *at = data;

    for (; bytes >= 4; bytes -= 4, at += 4, to += 8) {
        uint64_t digits = hex_of_four(at);

        memcpy(to, &digits, sizeof digits);
    }
    for (; bytes > 0; bytes--, at++) {
        *to++ = DIGITS[*at >> 4];
        *to++ = DIGITS[*at & 15];
    }
}

void hex_add(struct buf *out, const void *data, size_t bytes)
{
    buf_reserve(out, bytes * 2);
    hex_write(out->data + out->bytes, data, bytes);
    out->bytes += bytes * 2;
    out->data[out->bytes] = '\0';
}

int hex_digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool hex_decode(struct span text, struct buf *out)
{
    if (text.bytes % 2)
        return false;
    for (size_t i = 0; i < text.bytes; i++) {
        if (hex_digit_value(text.at[i]) < 0)
            return false;
    }
    for (size_t i = 0; i < text.bytes; i += 2)
        buf_add_byte(out, (char)(hex_digit_value(text.at[i]) << 4 | hex_digit_value(text.at[i + 1])));
    return true;
}

static void add_with(struct buf *out, const unsigned char *at, size_t bytes, const char *alphabet, bool pads)
{
    buf_reserve(out, (bytes + 2) / 3 * 4);
    for (; bytes >= 3; at += 3, bytes -= 3) {
        buf_add_byte(out, alphabet[at[0] >> 2]);
        buf_add_byte(out, alphabet[(at[0] & 3) << 4 | at[1] >> 4]);
        buf_add_byte(out, alphabet[(at[1] & 15) << 2 | at[2] >> 6]);
        buf_add_byte(out, alphabet[at[2] & 63]);
    }
    if (bytes == 0)
        return;
    buf_add_byte(out, alphabet[at[0] >> 2]);
    if (bytes == 1) {
        buf_add_byte(out, alphabet[(at[0] & 3) << 4]);
        buf_add_text(out, pads ? "==" : "");
        return;
    }
    buf_add_byte(out, alphabet[(at[0] & 3) << 4 | at[1] >> 4]);
    buf_add_byte(out, alphabet[(at[1] & 15) << 2]);
    buf_add_text(out, pads ? "=" : "");
}

void base64_add(struct buf *out, const void *data, size_t bytes)
{
    add_with(out, data, bytes, STANDARD, true);
}

void base64url_add(struct buf *out, const void *data, size_t bytes)
{
    add_with(out, data, bytes, URL_SAFE, false);
}

static int sextet(char c, const char *alphabet)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == alphabet[62])
        return 62;
    return c == alphabet[63] ? 63 : -1;
}

static bool take_back(struct buf *out, size_t bytes)
{
    out->bytes = bytes;
    out->data[bytes] = '\0';
    return false;
}

/* `text` without padding. */
static bool decode_with(struct span text, struct buf *out, const char *alphabet)
{
    size_t before = out->bytes;
    uint32_t bits = 0;
    int held = 0;

    if (text.bytes % 4 == 1)
        return false;
    buf_reserve(out, text.bytes / 4 * 3 + 3);
    for (size_t i = 0; i < text.bytes; i++) {
        int value = sextet(text.at[i], alphabet);

        if (value < 0)
            return take_back(out, before);
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            buf_add_byte(out, (char)(bits >> held));
        }
    }
    return (bits & ((1U << held) - 1)) == 0 || take_back(out, before);
}

bool base64_decode(struct span text, struct buf *out)
{
    size_t pads = 0;

    if (text.bytes % 4)
        return false;
    while (pads < 2 && pads < text.bytes && text.at[text.bytes - 1 - pads] == '=')
        pads++;
    return decode_with((struct span){text.at, text.bytes - pads}, out, STANDARD);
}

bool base64url_decode(struct span text, struct buf *out)
{
    return decode_with(text, out, URL_SAFE);
}

void base32_add(struct buf *out, const void *data, size_t bytes)
{
    static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const unsigned char *at = data;
    uint32_t bits = 0;
    int held = 0;

    for (size_t i = 0; i < bytes; i++) {
        bits = bits << 8 | at[i];
        held += 8;
        while (held >= 5) {
            held -= 5;
            buf_add_byte(out, ALPHABET[bits >> held & 31]);
        }
    }
    if (held > 0)
        buf_add_byte(out, ALPHABET[bits << (5 - held) & 31]);
}

static int quintet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

bool base32_decode(struct span text, struct buf *out)
{
    size_t before = out->bytes;
    size_t rest = text.bytes % 8;
    uint32_t bits = 0;
    int held = 0;

    if (rest == 1 || rest == 3 || rest == 6)
        return false;
    buf_reserve(out, text.bytes / 8 * 5 + 5);
    for (size_t i = 0; i < text.bytes; i++) {
        int value = quintet(text.at[i]);

        if (value < 0)
            return take_back(out, before);
        bits = bits << 5 | (uint32_t)value;
        held += 5;
        if (held >= 8) {
            held -= 8;
            buf_add_byte(out, (char)(bits >> held));
        }
    }
    return (bits & ((1U << held) - 1)) == 0 || take_back(out, before);
}
