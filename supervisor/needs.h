/* SPDX-License-Identifier: Apache-2.0 */
/*
 * needs.h - children that start after those they need.
 */
#ifndef COPPICE_SUPERVISOR_NEEDS_H
#define COPPICE_SUPERVISOR_NEEDS_H

#include <coppice/supervisor.h>

/*
 * Writes the rows into `order`, each behind those that it needs: again and again the first in
 * the table that may start next.  COP_E_INVAL if there is no such order, with a sentence in
 * `text`; COP_E_NOMEM.  Of rows with the same name the first one counts.
 */
cop_err copi_needs_order(const cop_child *rows, size_t count, const cop_child **order,
                         char *text, size_t size);

#endif /* COPPICE_SUPERVISOR_NEEDS_H */
