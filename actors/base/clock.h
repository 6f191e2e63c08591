/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - nanoseconds that only go forward.
 */
#ifndef COPPICE_BASE_CLOCK_H
#define COPPICE_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define COPI_MS INT64_C(1000000)

static inline int64_t
copi_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

#endif /* COPPICE_BASE_CLOCK_H */
