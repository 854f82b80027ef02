/* crc.c - a CRC is the remainder of a polynomial, and remainders can be taken piece by piece: 16 bytes that stand 16
 * bytes in front of others are multiplied by what x^128 is worth there, and added to them. What is left at the end is
 * 16 bytes with the same remainder as all, which then are taken down to 8 and to 4.
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

enum { BLOCK = 16, WORTH_IT = 64 };

#define TARGET __attribute__((target("pclmul,sse4.1")))

/* `front` stands BLOCK bytes before `back`. */
TARGET static inline __m128i fold(__m128i front, __m128i back)
{
    const __m128i factors = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
    __m128i low = _mm_clmulepi64_si128(front, factors, 0x00);
    __m128i high = _mm_clmulepi64_si128(front, factors, 0x11);

    return _mm_xor_si128(_mm_xor_si128(low, high), back);
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

/* Whole blocks, at least one. */
TARGET static uint32_t with_multiplication(uint32_t before, const char *at, size_t blocks)
{
    __m128i rest = _mm_xor_si128(_mm_loadu_si128((const __m128i_u *)at), _mm_cvtsi32_si128((int)~before));

    for (size_t i = 1; i < blocks; i++)
        rest = fold(rest, _mm_loadu_si128((const __m128i_u *)(at + i * BLOCK)));
    return ~reduce(rest);
}

uint32_t crc32_of(uint32_t before, struct span bytes)
{
    size_t blocks = bytes.bytes / BLOCK;

    if (bytes.bytes < WORTH_IT || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.1"))
        return with_zlib(before, bytes);
    before = with_multiplication(before, bytes.at, blocks);
    return with_zlib(before, (struct span){bytes.at + blocks * BLOCK, bytes.bytes % BLOCK});
}

#else

uint32_t crc32_of(uint32_t before, struct span bytes)
{
    return with_zlib(before, bytes);
}

#endif
