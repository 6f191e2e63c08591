/* SPDX-License-Identifier: Apache-2.0 */
/*
 * instants.h - moments drawn at random from the time that something takes, for tests of what
 * may happen at any time.
 *
 *      instants_begin; once the thing, to its end; instants_measured
 *      while (instants_next) { begin the thing; instants_wait; strike }
 *
 * COPPICE_SEED=n repeats a run as far as the machine does.
 */
#ifndef COPPICE_TESTS_ACTORS_INSTANTS_H
#define COPPICE_TESTS_ACTORS_INSTANTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/rng.h"

typedef struct instants {
    copi_rng rng;
    int64_t began, took; /* nanoseconds */
    unsigned left;
} instants;

/* So many; with COPPICE_FULL, `full`. */
static inline instants
instants_begin(unsigned few, unsigned full)
{
    const char *text = getenv("COPPICE_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : copi_rng_entropy();
    instants self = {.began = copi_clock_ns(),
                     .left = getenv("COPPICE_FULL") != NULL ? full : few};

    printf("COPPICE_SEED=%llu\n", (unsigned long long)seed);
    self.rng.state = seed;
    return self;
}

static inline void
instants_measured(instants *self)
{
    self->took = copi_clock_ns() - self->began;
}

static inline bool
instants_next(instants *self)
{
    return self->left-- > 0;
}

/* Until one within a quarter more than the time that was measured. */
static inline void
instants_wait(instants *self)
{
    int64_t ns = (int64_t)(copi_rng_next(&self->rng) % (uint64_t)(self->took * 5 / 4));

    nanosleep(&(struct timespec){ns / 1000000000, ns % 1000000000}, NULL);
}

#endif /* COPPICE_TESTS_ACTORS_INSTANTS_H */
