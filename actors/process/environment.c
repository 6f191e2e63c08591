/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* environ */
#include "process/environment.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

static size_t
count_of(char *const *list)
{
    size_t count = 0;

    while (list != NULL && list[count] != NULL)
        count++;
    return count;
}

char **
copi_environment(const char *const *base, char *entry)
{
    /* The strings are not written to; execve's prototype is older than const. */
    char *const *from = base == NULL ? environ : (char *const *)(uintptr_t)base;
    size_t name = (size_t)(strchr(entry, '=') - entry) + 1, used = 0;
    char **made = copi_malloc((count_of(from) + 2) * sizeof(char *));

    if (made == NULL)
        return NULL;
    for (; from != NULL && *from != NULL; from++)
        if (strncmp(*from, entry, name) != 0)
            made[used++] = *from;
    made[used++] = entry;
    made[used] = NULL;
    return made;
}
