/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credit.h - how many bytes may be under way on one link.
 *
 * The taker tells how much it has taken since the link began, not how much more it can
 * take: such a count may be lost, the next one says it all.
 */
#ifndef COPPICE_LINK_CREDIT_H
#define COPPICE_LINK_CREDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    COPI_CREDIT_WINDOW = 256 * 1024
};

/* The giver's side. */
typedef struct copi_credit {
    uint64_t given;
    uint64_t taken; /* as the other end told */
} copi_credit;

static inline bool
copi_credit_allows(const copi_credit *self, size_t size)
{
    return self->given - self->taken + size <= COPI_CREDIT_WINDOW;
}

/* False if more was taken than given, or it has become less: a broken peer. */
static inline bool
copi_credit_take(copi_credit *self, uint64_t taken)
{
    if (taken > self->given || taken < self->taken)
        return false;
    self->taken = taken;
    return true;
}

/* The taker's side. */
typedef struct copi_intake {
    uint64_t taken;
    uint64_t told;
} copi_intake;

/* Counts `size` bytes; true if it is time to tell. */
static inline bool
copi_intake_add(copi_intake *self, size_t size)
{
    self->taken += size;
    return self->taken - self->told >= COPI_CREDIT_WINDOW / 4;
}

#endif /* COPPICE_LINK_CREDIT_H */
