/* SPDX-License-Identifier: Apache-2.0 */
#include "process/lines.h"

#include <string.h>

char *
copi_lines_room(copi_lines *self, size_t *size)
{
    uint32_t kept = self->end - self->first;

    memmove(self->bytes, self->bytes + self->first, kept);
    self->first = 0;
    self->end = kept;
    *size = sizeof self->bytes - kept;
    return self->bytes + kept;
}

void
copi_lines_filled(copi_lines *self, size_t size)
{
    self->end += (uint32_t)size;
    if (self->is_cut && size > 0 && self->bytes[self->first] == '\n')
        self->first++;
    self->is_cut = false;
}

bool
copi_lines_next(const copi_lines *self, cop_bytes *line)
{
    const char *first = self->bytes + self->first;
    size_t size = self->end - self->first;
    const char *newline = memchr(first, '\n', size);

    if (newline != NULL)
        size = (size_t)(newline - first);
    else if (size < sizeof self->bytes && !(self->is_ended && size > 0))
        return false;
    *line = (cop_bytes){first, size};
    return true;
}

void
copi_lines_drop(copi_lines *self, cop_bytes line)
{
    self->first += (uint32_t)line.size;
    if (self->first < self->end)
        self->first++;
    else
        self->is_cut = true;
}
