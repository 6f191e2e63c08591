/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lending.h - what a loan and its limiter say to each other, over nodes as well.
 *
 *      loan                                    limiter
 *      copi_borrow, a call; monitor  ------->  monitors the loan; copi_lent, now or later
 *      ends as normal: released      - DOWN ->  the token is back
 *      ends with its borrower        - DOWN ->  monitors the borrower; back when that is gone
 *
 * Only an end gives anything back, since the news of an end can neither be refused by a full
 * mailbox nor be lost.  A call that has timed out needs no word of its own: its loan ends.
 */
#ifndef COPPICE_LIMITER_LENDING_H
#define COPPICE_LIMITER_LENDING_H

#include <coppice/message.h>

#define COPI_LENDING(M, F)                                                                     \
    M(1, copi_borrow, F(pid, borrower))                                                        \
    M(2, copi_lent)
COP_PROTOCOL(COPI_LENDING)

#endif /* COPPICE_LIMITER_LENDING_H */
