/* SPDX-License-Identifier: Apache-2.0 */
#include "core/registry.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "core/actor.h"

typedef struct entry {
    copi_map_node by_name;
    copi_map_node by_holder;
    char text[];
} entry;

static uint64_t
hash(const char *text, uint64_t seed)
{
    uint64_t value = seed;

    for (; *text != '\0'; text++)
        value = (value ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return value;
}

/* Two independent hashes as the key, so that equal keys mean equal names but for a chance
 * that nobody will see; add compares the texts all the same. */
static copi_map_node
key_of(const char *name)
{
    return (copi_map_node){.high = hash(name, UINT64_C(0xcbf29ce484222325)),
                           .low = hash(name, UINT64_C(0x84222325cbf29ce4))};
}

static entry *
find(copi_registry *self, const char *name)
{
    copi_map_node key = key_of(name);
    copi_map_node *node = copi_map_find(&self->by_name, key.high, key.low);
    entry *found = node == NULL ? NULL : COPI_CONTAINER(node, entry, by_name);

    return found != NULL && strcmp(found->text, name) == 0 ? found : NULL;
}

static entry *
find_holder(copi_registry *self, cop_pid holder)
{
    copi_map_node *node = copi_map_find(&self->by_holder, holder.node, holder.id);

    return node == NULL ? NULL : COPI_CONTAINER(node, entry, by_holder);
}

static cop_pid
holder_of(const entry *self)
{
    return (cop_pid){self->by_holder.high, self->by_holder.low};
}

void
copi_registry_init(copi_registry *self)
{
    *self = (copi_registry){0};
    atomic_init(&self->version, 1);
    pthread_mutex_init(&self->lock, NULL);
}

/* Under the lock. */
static void
has_changed(copi_registry *self)
{
    atomic_fetch_add_explicit(&self->version, 1, memory_order_release);
}

static void
discard(copi_registry *self, entry *found)
{
    copi_map_remove(&self->by_name, &found->by_name);
    copi_map_remove(&self->by_holder, &found->by_holder);
    has_changed(self);
    free(found);
}

void
copi_registry_fini(copi_registry *self)
{
    for (copi_map_node *node; (node = copi_map_next(&self->by_name, NULL)) != NULL;)
        discard(self, COPI_CONTAINER(node, entry, by_name));
    copi_map_fini(&self->by_name);
    copi_map_fini(&self->by_holder);
    pthread_mutex_destroy(&self->lock);
}

static bool
is_valid(const char *name)
{
    return name != NULL && name[0] != '\0' && strlen(name) <= COP_NAME_MAX &&
           strchr(name, '@') == NULL;
}

static entry *
new_entry(const char *name, cop_pid holder)
{
    size_t size = strlen(name) + 1;
    entry *made = copi_malloc(sizeof *made + size);

    if (made == NULL)
        return NULL;
    made->by_name = key_of(name);
    made->by_holder = (copi_map_node){.high = holder.node, .low = holder.id};
    memcpy(made->text, name, size);
    return made;
}

/* Under the lock. */
static cop_err
add(copi_registry *self, entry *made, cop_actor *actor)
{
    if (copi_map_find(&self->by_name, made->by_name.high, made->by_name.low) != NULL ||
        find_holder(self, holder_of(made)) != NULL)
        return COP_E_NAME_TAKEN;
    atomic_store_explicit(&actor->is_named, true, memory_order_seq_cst);
    copi_map_add(&self->by_name, &made->by_name);
    copi_map_add(&self->by_holder, &made->by_holder);
    has_changed(self);
    return COP_OK;
}

cop_err
copi_registry_add(copi_registry *self, const char *name, cop_actor *actor, cop_pid holder)
{
    if (!is_valid(name))
        return COP_E_INVAL;
    entry *made = new_entry(name, holder);
    if (made == NULL)
        return COP_E_NOMEM;
    pthread_mutex_lock(&self->lock);
    cop_err err = add(self, made, actor);
    pthread_mutex_unlock(&self->lock);
    if (err != COP_OK)
        free(made);
    return err;
}

cop_err
copi_registry_add_other(copi_registry *self, const char *name, cop_actor *actor, cop_pid holder)
{
    if (!copi_lives(actor, holder))
        return COP_E_NOPROC;
    COP_TRY(copi_registry_add(self, name, actor, holder));
    /* Its end may have begun, and looked for a name, in between. */
    if (copi_lives(actor, holder))
        return COP_OK;
    /* By its holder: the name may be another's by now. */
    char text[COP_NAME_MAX + 1];
    (void)copi_registry_remove_holder(self, holder, text);
    return COP_E_NOPROC;
}

cop_err
copi_registry_remove(copi_registry *self, const char *name, cop_pid *holder)
{
    pthread_mutex_lock(&self->lock);
    entry *found = find(self, name);
    if (found != NULL) {
        if (holder != NULL)
            *holder = holder_of(found);
        discard(self, found);
    }
    pthread_mutex_unlock(&self->lock);
    return found != NULL ? COP_OK : COP_E_NO_NAME;
}

bool
copi_registry_name_of(copi_registry *self, cop_pid holder, char name[COP_NAME_MAX + 1])
{
    pthread_mutex_lock(&self->lock);
    entry *found = find_holder(self, holder);
    if (found != NULL)
        strcpy(name, found->text);
    pthread_mutex_unlock(&self->lock);
    return found != NULL;
}

bool
copi_registry_remove_holder(copi_registry *self, cop_pid holder, char name[COP_NAME_MAX + 1])
{
    pthread_mutex_lock(&self->lock);
    entry *found = find_holder(self, holder);
    if (found != NULL) {
        strcpy(name, found->text);
        discard(self, found);
    }
    pthread_mutex_unlock(&self->lock);
    return found != NULL;
}

cop_pid
copi_registry_find(copi_registry *self, const char *name)
{
    pthread_mutex_lock(&self->lock);
    entry *found = find(self, name);
    cop_pid holder = found == NULL ? COP_PID_NONE : holder_of(found);
    pthread_mutex_unlock(&self->lock);
    return holder;
}

void
copi_registry_each(copi_registry *self,
                   void (*visit)(void *ctx, const char *name, cop_pid holder), void *ctx)
{
    pthread_mutex_lock(&self->lock);
    for (copi_map_node *node = NULL; (node = copi_map_next(&self->by_name, node)) != NULL;) {
        entry *found = COPI_CONTAINER(node, entry, by_name);
        visit(ctx, found->text, holder_of(found));
    }
    pthread_mutex_unlock(&self->lock);
}
