/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.c - a row and all below it in one block of bytes.
 */
#include "base/memory.h"
#include "spec.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

/* A block that is being filled, or with base NULL only measured. */
typedef struct block {
    char *base;
    size_t used;
} block;

static size_t
reserve(block *self, size_t size, size_t align)
{
    size_t at = (self->used + align - 1) / align * align;

    self->used = at + size;
    return at;
}

static const void *
put(block *self, const void *bytes, size_t size, size_t align)
{
    size_t at = reserve(self, size, align);

    if (self->base != NULL)
        memcpy(self->base + at, bytes, size);
    /* An offset: never 0, where the first row stands. */
    return (const void *)(uintptr_t)at;
}

static const char *const *
put_names(block *self, const char *const *names)
{
    size_t count = 0;

    while (names[count] != NULL)
        count++;
    size_t at = reserve(self, (count + 1) * sizeof *names, alignof(char *));
    for (size_t i = 0; i <= count; i++) {
        const char *name = i == count ? NULL : put(self, names[i], strlen(names[i]) + 1, 1);
        if (self->base != NULL)
            memcpy(self->base + at + i * sizeof name, &name, sizeof name);
    }
    return (const char *const *)(uintptr_t)at;
}

static size_t
count_rows(const cop_child *rows)
{
    size_t count = 0;

    while (!copi_spec_is_end(&rows[count]))
        count++;
    return count;
}

static void
pack_rows(block *self, const cop_child *rows, size_t count, size_t at)
{
    for (size_t i = 0; i < count; i++) {
        cop_child row = rows[i];
        if (row.name != NULL)
            row.name = put(self, row.name, strlen(row.name) + 1, 1);
        if (row.needs != NULL)
            row.needs = put_names(self, row.needs);
        if (row.arg != NULL && row.arg_size > 0)
            row.arg = put(self, row.arg, row.arg_size, alignof(max_align_t));
        if (row.sup != NULL) {
            size_t below = count_rows(row.sup);
            size_t place = reserve(self, (below + 1) * sizeof row, alignof(cop_child));
            pack_rows(self, row.sup, below, place);
            row.sup = (const cop_child *)(uintptr_t)place;
        }
        if (self->base != NULL)
            memcpy(self->base + at + i * sizeof row, &row, sizeof row);
    }
    if (self->base != NULL)
        memset(self->base + at + count * sizeof(cop_child), 0, sizeof(cop_child));
}

static size_t
pack(const cop_child *spec, void *base)
{
    block out = {.base = base};

    pack_rows(&out, spec, 1, reserve(&out, 2 * sizeof *spec, alignof(cop_child)));
    return out.used;
}

size_t
copi_spec_size(const cop_child *spec)
{
    return pack(spec, NULL);
}

void
copi_spec_pack(const cop_child *spec, void *to)
{
    (void)pack(spec, to);
}

static const char *const *
relocate_names(char *base, uintptr_t at)
{
    const char **names = (const char **)(void *)(base + at);

    for (const char **name = names; *name != NULL; name++)
        *name = base + (uintptr_t)*name;
    return names;
}

static void
relocate(char *base, cop_child *rows)
{
    for (cop_child *row = rows; !copi_spec_is_end(row); row++) {
        if (row->name != NULL)
            row->name = base + (uintptr_t)row->name;
        if (row->needs != NULL)
            row->needs = relocate_names(base, (uintptr_t)row->needs);
        if (row->arg != NULL && row->arg_size > 0)
            row->arg = base + (uintptr_t)row->arg;
        if (row->sup != NULL) {
            cop_child *below = (cop_child *)(void *)(base + (uintptr_t)row->sup);
            relocate(base, below);
            row->sup = below;
        }
    }
}

cop_child *
copi_spec_unpack(cop_bytes packed)
{
    char *base = copi_malloc(packed.size);

    if (base == NULL)
        return NULL;
    memcpy(base, packed.data, packed.size);
    relocate(base, (cop_child *)(void *)base);
    return (cop_child *)(void *)base;
}
