/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - nanoseconds that only go forward.
 */
#ifndef COPPICE_BASE_CLOCK_H
#define COPPICE_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define COPI_MS INT64_C(1000000)
#define COPI_S  INT64_C(1000000000)

/* For a loop that waits for another core. */
static inline void
copi_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static inline int64_t
copi_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* A clock that is behind the one above by less than two ticks, and far cheaper to read: the
 * kernel counts whole ticks, and may come to that late. */
static inline int64_t
copi_clock_rough_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Its tick; 1 to 10 ms, as the kernel is built. */
static inline int64_t
copi_clock_tick_ns(void)
{
    struct timespec tick;

    clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
    return (int64_t)tick.tv_sec * INT64_C(1000000000) + tick.tv_nsec;
}

#endif /* COPPICE_BASE_CLOCK_H */
