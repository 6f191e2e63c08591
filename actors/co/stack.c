/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* MAP_STACK, mincore */

#include "co/stack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"

/* Of Linux 6.13; the headers of the C library may be older than the kernel. */
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

enum {
    SLAB_BYTES = 4 * 1024 * 1024, /* or so */
    SLAB_LEAST = 4,               /* stacks */
    USUAL_MAPPINGS = 65530,
    LOOK_PAGES = 256, /* at once */
};

static size_t
page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t
guard_size(void)
{
    size_t page = page_size();

    return page > COPI_STACK_GUARD ? page : COPI_STACK_GUARD;
}

static size_t
size_of(uint8_t class)
{
    return (size_t)COPI_STACK_LEAST << class;
}

size_t
copi_stack_least(void)
{
    size_t page = page_size();

    return page > COPI_STACK_LEAST ? page : COPI_STACK_LEAST;
}

uint8_t
copi_stack_class(size_t size)
{
    uint8_t class = 0;

    COPI_CHECK(size <= COPI_STACK_MOST);
    while (size_of(class) < size)
        class ++;
    return class;
}

/* ------------------------------------------------------------------------------- slabs */

/* NULL: there is no room for so many. */
static char *
map(size_t size)
{
    char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

    if (bytes == MAP_FAILED)
        return NULL;
    /* A huge page would make 2 MiB of the first byte.  Since Linux 6.7 MAP_STACK says so, too;
     * it does not matter if there are no huge pages. */
    (void)madvise(bytes, size, MADV_NOHUGEPAGE);
    return bytes;
}

static uint32_t
usual_room(size_t stride)
{
    size_t room = SLAB_BYTES / stride;

    return room < SLAB_LEAST ? SLAB_LEAST : (uint32_t)room;
}

static copi_stack_slab *
new_slab(size_t stride)
{
    uint32_t room = usual_room(stride);
    copi_stack_slab *slab = calloc(1, sizeof *slab + room * sizeof slab->stacks[0]);

    if (slab == NULL)
        return NULL;
    slab->bytes = map(room * stride);
    while (slab->bytes == NULL && room > 1) {
        room /= 2;
        slab->bytes = map(room * stride);
    }
    if (slab->bytes == NULL) {
        free(slab);
        return NULL;
    }
    slab->room = room;
    slab->size = room * stride;
    return slab;
}

static bool
add_slab(copi_quarry *self, uint8_t class)
{
    copi_stack_slab *slab = new_slab(guard_size() + size_of(class));

    if (slab == NULL)
        return false;
    slab->older = self->slabs;
    self->slabs = slab;
    self->current[class] = slab;
    self->mapped += slab->size;
    return true;
}

void
copi_quarry_fini(copi_quarry *self)
{
    while (self->slabs != NULL) {
        copi_stack_slab *slab = self->slabs;
        self->slabs = slab->older;
        munmap(slab->bytes, slab->size);
        free(slab);
    }
}

/* ------------------------------------------------------------------------------ guards */

static uint32_t
max_map_count(void)
{
    char text[16] = "";
    int fd = open("/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return USUAL_MAPPINGS;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    long count = length > 0 ? strtol(text, NULL, 10) : 0;
    return count > 0 ? (uint32_t)count : USUAL_MAPPINGS;
}

/* The guard splits a mapping into three. */
static cop_err
guard_by_mapping(copi_quarry *self, char *at)
{
    if (self->mappings_most == 0)
        self->mappings_most = max_map_count() / 4 * 3;
    if (self->mappings + 2 > self->mappings_most)
        return COP_E_OS;
    /* It takes nothing but mappings.  Others may have had them. */
    if (mprotect(at, guard_size(), PROT_NONE) != 0)
        return COP_E_OS;
    self->mappings += 2;
    return COP_OK;
}

static cop_err
guard(copi_quarry *self, char *at)
{
    if (self->guard == COPI_GUARD_MAPPING)
        return guard_by_mapping(self, at);
    if (madvise(at, guard_size(), MADV_GUARD_INSTALL) == 0) {
        self->guard = COPI_GUARD_PAGES;
        return COP_OK;
    }
    if (errno != EINVAL)
        return COP_E_NOMEM;
    /* An old kernel, or all memory is locked, which may have been asked for just now. */
    self->guard = COPI_GUARD_MAPPING;
    return guard_by_mapping(self, at);
}

cop_err
copi_quarry_cut(copi_quarry *self, uint8_t class, copi_stack **out)
{
    if (self->current[class] == NULL && !add_slab(self, class))
        return COP_E_NOMEM;

    copi_stack_slab *slab = self->current[class];
    char *bottom = slab->bytes + slab->used * (guard_size() + size_of(class));
    COP_TRY(guard(self, bottom));

    copi_stack *stack = &slab->stacks[slab->used++];
    if (slab->used == slab->room)
        self->current[class] = NULL;
    stack->low = bottom + guard_size();
    stack->size = (uint32_t)size_of(class);
    stack->class = class;
    *out = stack;
    return COP_OK;
}

/* ------------------------------------------------------------------------------- pages */

copi_stack_pages
copi_stack_look(const copi_stack *self)
{
    copi_stack_pages pages = {0};
    size_t page = page_size();
    unsigned char here[LOOK_PAGES];

    for (size_t done = 0; done < self->size; done += LOOK_PAGES * page) {
        size_t left = self->size - done;
        size_t length = left < LOOK_PAGES * page ? left : LOOK_PAGES * page;
        if (mincore(self->low + done, length, here) != 0)
            continue;
        for (size_t i = 0; i < length / page; i++) {
            if ((here[i] & 1) == 0)
                continue;
            if (pages.resident == 0)
                pages.depth = self->size - done - i * page;
            pages.resident += page;
        }
    }
    return pages;
}

void
copi_stack_cool(copi_stack *self)
{
    /* It can fail for locked memory only, which is to stay where it is. */
    (void)madvise(self->low, self->size, MADV_DONTNEED);
}
