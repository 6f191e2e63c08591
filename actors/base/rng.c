/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rng.h"

#include <sys/random.h>

#include "base/check.h"

uint64_t
copi_rng_entropy(void)
{
    uint64_t bits = 0;

    COPI_CHECK(getrandom(&bits, sizeof bits, 0) == (ssize_t)sizeof bits);
    return bits;
}
