/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rng.h - seeded random numbers (splitmix64): small, fast, and the same everywhere.
 */
#ifndef COPPICE_BASE_RNG_H
#define COPPICE_BASE_RNG_H

#include <stdint.h>

typedef struct copi_rng {
    uint64_t state;
} copi_rng;

static inline uint64_t
copi_rng_next(copi_rng *self)
{
    uint64_t mixed = self->state += UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

/* One of 0 .. bound - 1; the bias is far below what anybody here could notice. */
static inline uint32_t
copi_rng_below(copi_rng *self, uint32_t bound)
{
    return (uint32_t)(((copi_rng_next(self) >> 32) * bound) >> 32);
}

/* From the operating system. */
uint64_t copi_rng_entropy(void);

#endif /* COPPICE_BASE_RNG_H */
