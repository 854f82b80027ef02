/* dice.h - chance that a seed repeats: SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
 * OOPSLA 2014). */
#ifndef TESTS_FAULT_MODEL_DICE_H
#define TESTS_FAULT_MODEL_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

static inline uint64_t dice_next(struct dice *dice)
{
    uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* From 0 to bound - 1; 0 for a bound of 0. */
static inline unsigned dice_roll(struct dice *dice, unsigned bound)
{
    return bound ? (unsigned)(dice_next(dice) % bound) : 0;
}

static inline bool dice_percent(struct dice *dice, unsigned percent)
{
    return dice_roll(dice, 100) < percent;
}

#endif
