/* SPDX-License-Identifier: Apache-2.0 */
#include "process/census.h"

#include <signal.h>
#include <stddef.h>

void
copi_census_init(copi_census *self)
{
    pthread_mutex_init(&self->lock, NULL);
    self->first = NULL;
}

void
copi_census_fini(copi_census *self)
{
    pthread_mutex_destroy(&self->lock);
}

void
copi_census_add(copi_census *self, copi_census_entry *entry, pid_t pid)
{
    pthread_mutex_lock(&self->lock);
    *entry = (copi_census_entry){.census = self, .behind = self->first, .pid = pid};
    if (self->first != NULL)
        self->first->before = entry;
    self->first = entry;
    pthread_mutex_unlock(&self->lock);
}

void
copi_census_remove(copi_census_entry *entry)
{
    copi_census *self = entry->census;

    if (self == NULL)
        return;
    pthread_mutex_lock(&self->lock);
    if (entry->before != NULL)
        entry->before->behind = entry->behind;
    else
        self->first = entry->behind;
    if (entry->behind != NULL)
        entry->behind->before = entry->before;
    pthread_mutex_unlock(&self->lock);
    entry->census = NULL;
}

void
copi_census_kill(copi_census *self)
{
    pthread_mutex_lock(&self->lock);
    for (const copi_census_entry *entry = self->first; entry != NULL; entry = entry->behind) {
        kill(-entry->pid, SIGKILL);
        kill(entry->pid, SIGKILL); /* it may have moved to another group */
    }
    pthread_mutex_unlock(&self->lock);
}
