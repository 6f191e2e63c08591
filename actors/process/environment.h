/* SPDX-License-Identifier: Apache-2.0 */
/*
 * environment.h - a child's environment: what it is given, and one entry more.
 */
#ifndef COPPICE_PROCESS_ENVIRONMENT_H
#define COPPICE_PROCESS_ENVIRONMENT_H

/* `base` (NULL: ours) with `entry` ("NAME=value") in the place of any of that name.  The
 * array is the caller's to free, its strings are borrowed.  NULL if there is no memory. */
char **copi_environment(const char *const *base, char *entry);

#endif /* COPPICE_PROCESS_ENVIRONMENT_H */
