/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words.h - faults as text: "kill ledger 3; starve * 20 500".
 */
#ifndef COPPICE_SIM_WORDS_H
#define COPPICE_SIM_WORDS_H

#include <coppice/fault.h>

/* All of them; cut off if need be. */
void copi_faults_print(const cop_fault *faults, uint32_t count, char *text, size_t size);

/* Kinds are those of this component and of `known`, which ends with zero and may be NULL.
 * False: malformed, of no known kind, or too many. */
bool copi_faults_parse(const char *text, const cop_fault *known, cop_fault *out, uint32_t room,
                       uint32_t *count);

#endif /* COPPICE_SIM_WORDS_H */
