/* crc.c - a CRC is the remainder of a polynomial, and remainders can be taken piece by piece: 16 bytes that stand 16
 * bytes in front of others are multiplied by what x^128 is worth there, and added to them. Four such pieces go side by
 * side (x^512), because a multiplication takes longer than it keeps the processor busy. What is left at the end is 16
 * bytes with the same remainder as all, which then are taken down to 8 and to 4.
 * Source: V. Gopal et al., Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction (Intel, 2009); the
 * constants are those of the polynomial 0x04C11DB7 with its bits in reverse. */
#include "base/crc.h"

#include <zlib.h>

static uint32_t with_zlib(uint32_t before, struct span bytes)
{
    return (uint32_t)crc32(before, (const Bytef *)bytes.at, (uInt)bytes.bytes);
}

#if defined(__x86_64__)

#include <immintrin.h>

enum { BLOCK = 16, LANES = 4, WORTH_IT = LANES * BLOCK };

#define TARGET __attribute__((target("pclmul,sse4.1")))

TARGET static inline __m128i multiply(__m128i front, __m128i factors, __m128i back)
{
    __m128i low = _mm_clmulepi64_si128(front, factors, 0x00);
    __m128i high = _mm_clmulepi64_si128(front, factors, 0x11);

    return _mm_xor_si128(_mm_xor_si128(low, high), back);
}

/* `front` stands BLOCK bytes before `back`. */
TARGET static inline __m128i fold(__m128i front, __m128i back)
{
    return multiply(front, _mm_set_epi64x(0x0ccaa009e, 0x1751997d0), back);
}

/* … LANES blocks before it. */
TARGET static inline __m128i fold_far(__m128i front, __m128i back)
{
    return multiply(front, _mm_set_epi64x(0x1c6e41596, 0x154442bd4), back);
}

TARGET static inline __m128i load(const char *at)
{
    return _mm_loadu_si128((const __m128i_u *)at);
}

TARGET static uint32_t reduce(__m128i rest)
{
    const __m128i words = _mm_setr_epi32(-1, 0, -1, 0);
    const __m128i by_64 = _mm_set_epi64x(0, 0x0ccaa009e);
    const __m128i by_32 = _mm_set_epi64x(0, 0x163cd6124);
    const __m128i barrett = _mm_set_epi64x(0x1f7011641, 0x1db710641);
    __m128i quotient;

    rest = _mm_xor_si128(_mm_srli_si128(rest, 8), _mm_clmulepi64_si128(rest, by_64, 0x00));
    rest = _mm_xor_si128(_mm_srli_si128(rest, 4), _mm_clmulepi64_si128(_mm_and_si128(rest, words), by_32, 0x00));
    quotient = _mm_clmulepi64_si128(_mm_and_si128(rest, words), barrett, 0x10);
    quotient = _mm_clmulepi64_si128(_mm_and_si128(quotient, words), barrett, 0x00);
    return (uint32_t)_mm_extract_epi32(_mm_xor_si128(rest, quotient), 1);
}

/* The `count` bytes of an unfinished block end at `end`, and more than BLOCK bytes stand before it: what the front of
 * `rest` has too many is folded into what becomes a whole block with them. */
TARGET static inline __m128i fold_part(__m128i rest, const char *end, size_t count)
{
    static const char MOVES[3 * BLOCK] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                          0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                          -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    __m128i down = load(MOVES + BLOCK + count);
    __m128i front = _mm_shuffle_epi8(rest, load(MOVES + count));
    /* Where `down` says "nothing" (its sign), the new bytes go. */
    __m128i back = _mm_blendv_epi8(_mm_shuffle_epi8(rest, down), load(end - BLOCK), down);

    return fold(front, back);
}

/* At least WORTH_IT bytes. */
TARGET static uint32_t with_multiplication(uint32_t before, struct span bytes)
{
    const char *at = bytes.at, *end = bytes.at + bytes.bytes;
    __m128i lanes[LANES];

    for (size_t i = 0; i < LANES; i++)
        lanes[i] = load(at + i * BLOCK);
    lanes[0] = _mm_xor_si128(lanes[0], _mm_cvtsi32_si128((int)~before));
    for (at += WORTH_IT; (size_t)(end - at) >= WORTH_IT; at += WORTH_IT) {
        for (size_t i = 0; i < LANES; i++)
            lanes[i] = fold_far(lanes[i], load(at + i * BLOCK));
    }
    for (size_t i = 1; i < LANES; i++)
        lanes[i] = fold(lanes[i - 1], lanes[i]);
    for (; end - at >= BLOCK; at += BLOCK)
        lanes[LANES - 1] = fold(lanes[LANES - 1], load(at));
    if (at < end)
        lanes[LANES - 1] = fold_part(lanes[LANES - 1], end, (size_t)(end - at));
    return ~reduce(lanes[LANES - 1]);
}

uint32_t crc32_of(uint32_t before, struct span bytes)
{
    if (bytes.bytes < WORTH_IT || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.1"))
        return with_zlib(before, bytes);
    return with_multiplication(before, bytes);
}

#else

uint32_t crc32_of(uint32_t before, struct span bytes)
{
    return with_zlib(before, bytes);
}

#endif
