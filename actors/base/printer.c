/* SPDX-License-Identifier: Apache-2.0 */
#include "base/printer.h"

#include <stdarg.h>
#include <stdio.h>

void
copi_put(copi_printer *self, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int wanted = vsnprintf(self->text + self->used, self->size - self->used, format, args);
    va_end(args);
    if (wanted > 0)
        self->used += (size_t)wanted;
    if (self->used >= self->size)
        self->used = self->size - 1;
}
