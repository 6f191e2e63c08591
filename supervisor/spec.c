/* SPDX-License-Identifier: Apache-2.0 */
#include "spec.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* OTP's. */
enum {
    DEFAULT_STOP_MS = 5000,
    DEFAULT_RESTARTS = 1,
    DEFAULT_SECONDS = 5,
};

int32_t
copi_spec_stop_ms(const cop_child *spec)
{
    if (spec->stop_ms != 0)
        return spec->stop_ms;
    return copi_spec_is_supervisor(spec) ? COP_INFINITY : DEFAULT_STOP_MS;
}

uint32_t
copi_spec_restarts(const cop_child *spec)
{
    if (spec->budget.restarts == COP_NO_RESTARTS)
        return 0;
    return spec->budget.restarts == 0 ? DEFAULT_RESTARTS : (uint32_t)spec->budget.restarts;
}

uint32_t
copi_spec_seconds(const cop_child *spec)
{
    return spec->budget.seconds == 0 ? DEFAULT_SECONDS : (uint32_t)spec->budget.seconds;
}

/* --------------------------------------------------------------------- mistakes */

/* The sentence has to fit an exit record's text, so it is short, and the name last. */
COP_PRINTF(3, 4)
static bool
say(char *text, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(text, size, format, args);
    va_end(args);
    return true;
}

static bool
is_wrong_worker(const cop_child *spec, char *text, size_t size)
{
    if (spec->sup != NULL)
        return false;
    if (spec->strategy != COP_ONE_FOR_ONE || spec->budget.restarts != 0 ||
        spec->budget.seconds != 0 || spec->auto_shutdown != COP_NEVER)
        return say(text, size, "strategy or budget, but no sup: %s", spec->name);
    return false;
}

static bool
is_wrong_supervisor(const cop_child *spec, char *text, size_t size)
{
    if (spec->sup == NULL)
        return false;
    if ((unsigned)spec->strategy > COP_DYNAMIC)
        return say(text, size, "unknown strategy: %s", spec->name);
    if (spec->budget.restarts < COP_NO_RESTARTS)
        return say(text, size, "budget.restarts is negative: %s", spec->name);
    if (spec->budget.seconds < 0)
        return say(text, size, "budget.seconds is negative: %s", spec->name);
    if ((unsigned)spec->auto_shutdown > COP_ALL_SIGNIFICANT)
        return say(text, size, "unknown auto_shutdown: %s", spec->name);
    if (spec->arg != NULL)
        return say(text, size, "a supervisor takes no arg: %s", spec->name);
    return false;
}

bool
copi_spec_is_wrong(const cop_child *spec, char *text, size_t size)
{
    if (spec->name == NULL || spec->name[0] == '\0')
        return say(text, size, "a child has no name");
    if (spec->run == NULL && spec->sup == NULL)
        return say(text, size, "neither run nor sup: %s", spec->name);
    if (spec->run != NULL && spec->sup != NULL)
        return say(text, size, "both run and sup: %s", spec->name);
    if ((unsigned)spec->restart > COP_TEMPORARY)
        return say(text, size, "unknown restart type: %s", spec->name);
    if (spec->stop_ms < COP_STOP_NO_WAIT)
        return say(text, size, "bad stop_ms: %s", spec->name);
    return is_wrong_worker(spec, text, size) || is_wrong_supervisor(spec, text, size);
}

bool
copi_spec_is_wrong_below(const cop_child *spec, const cop_child *supervisor, char *text,
                         size_t size)
{
    if (copi_spec_is_wrong(spec, text, size))
        return true;
    if (spec->significant && spec->restart == COP_PERMANENT)
        return say(text, size, "significant, but permanent: %s", spec->name);
    if (spec->significant && supervisor->auto_shutdown == COP_NEVER)
        return say(text, size, "significant without auto_shutdown: %s", spec->name);
    return false;
}

bool
copi_spec_is_wrong_table(const cop_child *supervisor, char *text, size_t size)
{
    size_t count = 0;

    if (supervisor->sup == NULL)
        return say(text, size, "a supervisor without sup");
    if (copi_spec_is_wrong(supervisor, text, size))
        return true;
    for (const cop_child *row = supervisor->sup; !copi_spec_is_end(row); row++, count++)
        if (copi_spec_is_wrong_below(row, supervisor, text, size))
            return true;
    if (supervisor->strategy == COP_DYNAMIC && count != 1)
        return say(text, size, "not exactly one template: %s", supervisor->name);
    return false;
}

/* ----------------------------------------------------------------------- copies */

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

static void
relocate(char *base, cop_child *rows)
{
    for (cop_child *row = rows; !copi_spec_is_end(row); row++) {
        if (row->name != NULL)
            row->name = base + (uintptr_t)row->name;
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
    char *base = malloc(packed.size);

    if (base == NULL)
        return NULL;
    memcpy(base, packed.data, packed.size);
    relocate(base, (cop_child *)(void *)base);
    return (cop_child *)(void *)base;
}
