/* SPDX-License-Identifier: Apache-2.0 */
#include "needs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "spec.h"

enum {
    NOT_FOUND = -1
};

/* Rows, and which of them have their place in the order. */
typedef struct table {
    const cop_child *rows;
    size_t count;
    bool *is_placed;
} table;

static long
find(const table *self, const char *name)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp(self->rows[i].name, name) == 0)
            return (long)i;
    return NOT_FOUND;
}

static bool
say(char *text, size_t size, const char *what, const char *name)
{
    snprintf(text, size, "%s: %s", what, name);
    return false;
}

static bool
are_known(const table *self, char *text, size_t size)
{
    for (size_t i = 0; i < self->count; i++)
        for (const char *const *need = self->rows[i].needs; need != NULL && *need != NULL;
             need++)
            if (find(self, *need) == NOT_FOUND)
                return say(text, size, "needs a child that there is not", self->rows[i].name);
    return true;
}

static bool
may_start(const table *self, const cop_child *row)
{
    for (const char *const *need = row->needs; need != NULL && *need != NULL; need++)
        if (!self->is_placed[find(self, *need)])
            return false;
    return true;
}

/* The first one in the table that may start next; NULL: none of those that are left. */
static const cop_child *
take_next(table *self)
{
    for (size_t i = 0; i < self->count; i++)
        if (!self->is_placed[i] && may_start(self, &self->rows[i])) {
            self->is_placed[i] = true;
            return &self->rows[i];
        }
    return NULL;
}

static const cop_child *
first_left(const table *self)
{
    size_t i = 0;

    while (self->is_placed[i])
        i++;
    return &self->rows[i];
}

static bool
put_in_order(table *self, const cop_child **order, char *text, size_t size)
{
    if (!are_known(self, text, size))
        return false;
    for (size_t i = 0; i < self->count; i++)
        if ((order[i] = take_next(self)) == NULL)
            return say(text, size, "its needs go in a circle", first_left(self)->name);
    return true;
}

cop_err
copi_needs_order(const cop_child *rows, size_t count, const cop_child **order, char *text,
                 size_t size)
{
    table self = {rows, count, copi_calloc(count + 1, sizeof *self.is_placed)};

    if (self.is_placed == NULL)
        return COP_E_NOMEM;
    bool is_good = put_in_order(&self, order, text, size);
    free(self.is_placed);
    return is_good ? COP_OK : COP_E_INVAL;
}
