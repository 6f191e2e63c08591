/* SPDX-License-Identifier: Apache-2.0 */
/*
 * directory.h - from a scope's actor to the scope, for callers that are other actors.
 */
#ifndef COPPICE_SUPERVISOR_PG_DIRECTORY_H
#define COPPICE_SUPERVISOR_PG_DIRECTORY_H

#include "pg/scope.h"

/* The scope can be found from now on, until it is removed. */
void copi_directory_add(copi_pg *scope);
void copi_directory_remove(copi_pg *scope);

/* The scope whose actor has this name; NULL is COP_PG.  With a reference for the caller;
 * NULL if there is none. */
copi_pg *copi_directory_find(cop_actor *me, const char *name);

#endif /* COPPICE_SUPERVISOR_PG_DIRECTORY_H */
