/* SPDX-License-Identifier: Apache-2.0 */
/*
 * printer.h - text that grows in a block of the caller's, and is cut off where that ends.
 */
#ifndef COPPICE_BASE_PRINTER_H
#define COPPICE_BASE_PRINTER_H

#include <stddef.h>

#include <coppice/api.h>

typedef struct copi_printer {
    char *text;  /* borrowed; ends with a zero from the first copi_put on */
    size_t size; /* not 0 */
    size_t used; /* less than size; the zero does not count */
} copi_printer;

/* Appends as printf does; what has no room is lost. */
void copi_put(copi_printer *self, const char *format, ...) COP_PRINTF(2, 3);

#endif /* COPPICE_BASE_PRINTER_H */
