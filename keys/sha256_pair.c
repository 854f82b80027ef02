/* sha256_pair.c - a block takes 64 rounds, each of which needs the last one's outcome: two at a time as the processor's
 * instructions do them, while others make the words of the rounds to come (FIPS 180-4 section 6.2.2). Each text is a
 * lane; as long as both have blocks they go in step.
 * Source of the instructions: Intel SHA Extensions (2013); SHA256RNDS2 wants the state as ABEF and CDGH. */
#include "keys/sha256_pair.h"

#include <endian.h>
#include <string.h>

#include "keys/digest.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

enum { BLOCK = 64, STEPS = 16, AHEAD = 4 };

#define TARGET __attribute__((target("sha,ssse3,sse4.1")))

/* Section 4.2.2. */
static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

struct lane {
    __m128i abef;
    __m128i cdgh;
    const char *at;
    size_t blocks;      /* from there on */
    size_t tail_blocks; /* then these */
    char tail[2 * BLOCK];
};

/* What the rounds of a block need, four words a time. */
struct rounds {
    __m128i abef;
    __m128i cdgh;
    __m128i words[AHEAD];
};

TARGET static inline __m128i words_at(const char *at)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);

    return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i_u *)at), big_endian);
}

/* The four words that come 16 after those of `step` - 4. */
TARGET static inline __m128i next_words(const __m128i words[AHEAD], unsigned step)
{
    __m128i last = words[(step + 3) % AHEAD];
    __m128i sum = _mm_sha256msg1_epu32(words[step % AHEAD], words[(step + 1) % AHEAD]);

    sum = _mm_add_epi32(sum, _mm_alignr_epi8(last, words[(step + 2) % AHEAD], 4));
    return _mm_sha256msg2_epu32(sum, last);
}

TARGET static inline void four_rounds(struct rounds *rounds, const char *at, unsigned step)
{
    __m128i *words = &rounds->words[step % AHEAD];
    __m128i sum;

    *words = step < AHEAD ? words_at(at + 16 * (size_t)step) : next_words(rounds->words, step);
    sum = _mm_add_epi32(*words, _mm_loadu_si128((const __m128i_u *)&K[4 * step]));
    rounds->cdgh = _mm_sha256rnds2_epu32(rounds->cdgh, rounds->abef, sum);
    rounds->abef = _mm_sha256rnds2_epu32(rounds->abef, rounds->cdgh, _mm_shuffle_epi32(sum, 0x0E));
}

TARGET static inline void end_block(struct lane *lane, const struct rounds *rounds)
{
    lane->abef = _mm_add_epi32(lane->abef, rounds->abef);
    lane->cdgh = _mm_add_epi32(lane->cdgh, rounds->cdgh);
    lane->at += BLOCK;
}

TARGET static void blocks_of_both(struct lane lanes[2], size_t count)
{
    lanes[0].blocks -= count;
    lanes[1].blocks -= count;
    while (count-- > 0) {
        struct rounds a = {.abef = lanes[0].abef, .cdgh = lanes[0].cdgh};
        struct rounds b = {.abef = lanes[1].abef, .cdgh = lanes[1].cdgh};

#pragma GCC unroll 16
        for (unsigned step = 0; step < STEPS; step++) {
            four_rounds(&a, lanes[0].at, step);
            four_rounds(&b, lanes[1].at, step);
        }
        end_block(&lanes[0], &a);
        end_block(&lanes[1], &b);
    }
}

TARGET static void blocks_of_one(struct lane *lane)
{
    for (; lane->blocks > 0; lane->blocks--) {
        struct rounds rounds = {.abef = lane->abef, .cdgh = lane->cdgh};

#pragma GCC unroll 16
        for (unsigned step = 0; step < STEPS; step++)
            four_rounds(&rounds, lane->at, step);
        end_block(lane, &rounds);
    }
}

/* Section 5.1.1: a bit that is set, zeros, and the length in bits at the end of a block. Section 5.3.3: the state. */
TARGET static void begin(struct lane *lane, struct span text)
{
    size_t rest = text.bytes % BLOCK;
    uint64_t bits = htobe64((uint64_t)text.bytes * 8);

    lane->abef = _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c);
    lane->cdgh = _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19);
    lane->at = text.at;
    lane->blocks = text.bytes / BLOCK;
    lane->tail_blocks = rest + 1 + sizeof bits > BLOCK ? 2 : 1;
    memset(lane->tail, 0, sizeof lane->tail);
    if (rest > 0)
        memcpy(lane->tail, text.at + text.bytes - rest, rest);
    lane->tail[rest] = (char)0x80;
    memcpy(lane->tail + lane->tail_blocks * BLOCK - sizeof bits, &bits, sizeof bits);
}

/* Has it anything left? */
static bool goes_on(struct lane *lane)
{
    if (lane->blocks == 0 && lane->tail_blocks > 0) {
        lane->at = lane->tail;
        lane->blocks = lane->tail_blocks;
        lane->tail_blocks = 0;
    }
    return lane->blocks > 0;
}

TARGET static void end(const struct lane *lane, uint8_t out[32])
{
    /* From the instructions' order to A B C D E F G H. */
    __m128i abcd = _mm_unpackhi_epi64(lane->cdgh, lane->abef);
    __m128i efgh = _mm_unpacklo_epi64(lane->cdgh, lane->abef);
    const __m128i reversed = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);

    _mm_storeu_si128((__m128i_u *)out, _mm_shuffle_epi8(abcd, reversed));
    _mm_storeu_si128((__m128i_u *)(out + 16), _mm_shuffle_epi8(efgh, reversed));
}

TARGET static void hash_both(const struct span texts[2], uint8_t out[2][32])
{
    struct lane lanes[2];

    begin(&lanes[0], texts[0]);
    begin(&lanes[1], texts[1]);
    while (goes_on(&lanes[0]) && goes_on(&lanes[1]))
        blocks_of_both(lanes, lanes[0].blocks < lanes[1].blocks ? lanes[0].blocks : lanes[1].blocks);
    for (size_t i = 0; i < 2; i++) {
        while (goes_on(&lanes[i]))
            blocks_of_one(&lanes[i]);
        end(&lanes[i], out[i]);
    }
}

void sha256_pair(const struct span texts[2], uint8_t out[2][32])
{
    hash_both(texts, out);
}

/* CPUID leaf 7: not every compiler has a name for it. */
bool sha256_pair_is_possible(void)
{
    unsigned a, b = 0, c, d;

    return __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.1") &&
           __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

#else

void sha256_pair(const struct span texts[2], uint8_t out[2][32])
{
    digest_sha256(texts[0], out[0]);
    digest_sha256(texts[1], out[1]);
}

bool sha256_pair_is_possible(void)
{
    return false;
}

#endif
