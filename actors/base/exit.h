/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exit.h - making exit records; reading them is public.
 */
#ifndef COPPICE_BASE_EXIT_H
#define COPPICE_BASE_EXIT_H

#include <coppice/exit.h>

/* `self` ends because `cause` did: takes over its origin and path, puts it before its
 * causes. */
void copi_exit_because(cop_exit *self, const cop_exit *cause);

/* One more cause, behind those that there are. */
void copi_exit_add(cop_exit *self, const cop_exit *cause);
/* The same without those behind it; and so many more that nobody has kept. */
void copi_exit_add_cause(cop_exit *self, const cop_cause *cause);
void copi_exit_drop_causes(cop_exit *self, uint32_t count);

/* Abnormal; or it has given up: a supervisor ends by shutdown then, as OTP's, but because of
 * something.  Of who was told to stop only the first counts. */
static inline bool
copi_exit_is_bad(const cop_exit *why)
{
    return cop_exit_is_abnormal(why) || why->cause_count > 0;
}

#endif /* COPPICE_BASE_EXIT_H */
