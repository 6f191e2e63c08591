/* SPDX-License-Identifier: Apache-2.0 */
#include "node/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct copi_far_name {
    copi_far_name *next;
    cop_pid pid;
    bool is_shown;
    const char *node; /* in `text`, behind the name */
    char text[];
};

enum {
    BUCKETS = 64
};

static uint32_t
hash(const char *name, const char *node)
{
    uint32_t mixed = 2166136261u;

    for (; *name != '\0'; name++)
        mixed = (mixed ^ (uint8_t)*name) * 16777619u;
    for (; *node != '\0'; node++)
        mixed = (mixed ^ (uint8_t)*node) * 16777619u;
    return mixed;
}

cop_err
copi_names_init(copi_names *self)
{
    self->buckets = copi_calloc(BUCKETS, sizeof(copi_far_name *));
    if (self->buckets == NULL)
        return COP_E_NOMEM;
    self->bucket_count = BUCKETS;
    self->count = 0;
    pthread_mutex_init(&self->lock, NULL);
    return COP_OK;
}

void
copi_names_fini(copi_names *self)
{
    for (uint32_t i = 0; i < self->bucket_count; i++)
        for (copi_far_name *entry = self->buckets[i], *next; entry != NULL; entry = next) {
            next = entry->next;
            free(entry);
        }
    free(self->buckets);
    pthread_mutex_destroy(&self->lock);
}

static bool
is_of(const copi_far_name *entry, const char *name, const char *node)
{
    return strcmp(entry->text, name) == 0 && strcmp(entry->node, node) == 0;
}

/* Where the entry of a run hangs, or would. */
static copi_far_name **
place(copi_names *self, const char *name, const char *node, uint64_t incarnation)
{
    copi_far_name **at = &self->buckets[hash(name, node) & (self->bucket_count - 1)];

    while (*at != NULL && ((*at)->pid.node != incarnation || !is_of(*at, name, node)))
        at = &(*at)->next;
    return at;
}

/* One run of a name is shown at a time. */
static const copi_far_name *
shown(const copi_names *self, const char *name, const char *node)
{
    const copi_far_name *at = self->buckets[hash(name, node) & (self->bucket_count - 1)];

    while (at != NULL && (!at->is_shown || !is_of(at, name, node)))
        at = at->next;
    return at;
}

/* Without memory for a bigger table the lists get longer. */
static void
grow(copi_names *self)
{
    uint32_t count = self->bucket_count * 2;
    copi_far_name **bigger = copi_calloc(count, sizeof(copi_far_name *));

    if (bigger == NULL)
        return;
    for (uint32_t i = 0; i < self->bucket_count; i++)
        for (copi_far_name *entry = self->buckets[i], *next; entry != NULL; entry = next) {
            copi_far_name **at = &bigger[hash(entry->text, entry->node) & (count - 1)];
            next = entry->next;
            entry->next = *at;
            *at = entry;
        }
    free(self->buckets);
    self->buckets = bigger;
    self->bucket_count = count;
}

static copi_far_name *
new_name(const char *name, const char *node, cop_pid pid, bool is_shown)
{
    size_t length = strlen(name) + 1;
    copi_far_name *made = copi_malloc(sizeof *made + length + strlen(node) + 1);

    if (made == NULL)
        return NULL;
    made->next = NULL;
    made->pid = pid;
    made->is_shown = is_shown;
    memcpy(made->text, name, length);
    made->node = strcpy(made->text + length, node);
    return made;
}

static void
take_out(copi_names *self, copi_far_name **at)
{
    copi_far_name *entry = *at;

    *at = entry->next;
    self->count--;
    free(entry);
}

static cop_err
set_locked(copi_names *self, const char *name, const char *node, cop_pid pid, bool is_shown)
{
    copi_far_name **at = place(self, name, node, pid.node);

    if (*at != NULL && pid.id == 0) {
        take_out(self, at);
    } else if (*at != NULL) {
        (*at)->pid = pid;
    } else if (pid.id != 0) {
        if ((*at = new_name(name, node, pid, is_shown)) == NULL)
            return COP_E_NOMEM;
        if (++self->count > self->bucket_count)
            grow(self);
    }
    return COP_OK;
}

cop_err
copi_names_set(copi_names *self, const char *name, const char *node, cop_pid pid, bool is_shown)
{
    pthread_mutex_lock(&self->lock);
    cop_err err = set_locked(self, name, node, pid, is_shown);
    pthread_mutex_unlock(&self->lock);
    return err;
}

void
copi_names_show(copi_names *self, uint64_t incarnation)
{
    pthread_mutex_lock(&self->lock);
    for (uint32_t i = 0; i < self->bucket_count; i++)
        for (copi_far_name *entry = self->buckets[i]; entry != NULL; entry = entry->next)
            entry->is_shown |= entry->pid.node == incarnation;
    pthread_mutex_unlock(&self->lock);
}

void
copi_names_drop(copi_names *self, uint64_t incarnation)
{
    pthread_mutex_lock(&self->lock);
    for (uint32_t i = 0; i < self->bucket_count; i++)
        for (copi_far_name **at = &self->buckets[i]; *at != NULL;) {
            if ((*at)->pid.node == incarnation)
                take_out(self, at);
            else
                at = &(*at)->next;
        }
    pthread_mutex_unlock(&self->lock);
}

cop_pid
copi_names_find(copi_names *self, const char *name, const char *node)
{
    pthread_mutex_lock(&self->lock);
    const copi_far_name *entry = shown(self, name, node);
    cop_pid pid = entry == NULL ? COP_PID_NONE : entry->pid;
    pthread_mutex_unlock(&self->lock);
    return pid;
}
