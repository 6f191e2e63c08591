/* SPDX-License-Identifier: Apache-2.0 */
#include "node/crossing.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"

enum {
    FEW_CALLS = 64,
    SWEEP_MS = 30000, /* even if the calls have not doubled */
};

typedef struct tie {
    copi_map_node node;
    uint64_t here, there;
    uint64_t unlink; /* of a link: the number of an unlink that is not answered, or 0 */
    copi_way unlinked_by;
    int64_t due; /* of a call */
} tie;

static tie *
find(const copi_map *map, uint64_t high, uint64_t low)
{
    copi_map_node *node = copi_map_find(map, high, low);

    return node == NULL ? NULL : COPI_CONTAINER(node, tie, node);
}

/* The entry, made if need be. */
static tie *
add(copi_map *map, uint64_t high, uint64_t low, uint64_t here, uint64_t there)
{
    tie *made = find(map, high, low);

    if (made == NULL) {
        made = copi_malloc(sizeof *made);
        if (made == NULL)
            return NULL;
        *made = (tie){
            .node = {.high = high, .low = low},
              .here = here, .there = there
        };
        copi_map_add(map, &made->node);
    }
    made->unlink = 0;
    return made;
}

static bool
drop(copi_map *map, tie *entry)
{
    if (entry != NULL) {
        copi_map_remove(map, &entry->node);
        free(entry);
    }
    return true;
}

static bool
mark_unlinked(tie *link, copi_way way, uint64_t ref)
{
    if (link != NULL) {
        link->unlink = ref;
        link->unlinked_by = way;
    }
    return true;
}

/* The answer goes the other way than the question. */
static bool
note_unlinked(copi_map *links, tie *link, copi_way way, uint64_t ref)
{
    return link == NULL || link->unlink != ref || link->unlinked_by == way || drop(links, link);
}

static bool
add_call(copi_map *calls, uint64_t here, uint64_t there, uint64_t ref, int64_t due)
{
    tie *made = add(calls, 0, ref, here, there);

    if (made != NULL)
        made->due = due;
    return made != NULL;
}

bool
copi_crossing_note(copi_crossing *self, copi_way way, copi_kind kind, uint64_t here,
                   uint64_t there, uint64_t ref, bool by_link, int64_t due)
{
    copi_map *monitors = way == COPI_OUTWARD ? &self->watching : &self->watched;
    copi_map *answered = way == COPI_OUTWARD ? &self->watched : &self->watching;

    switch (kind) {
    case COPI_LINK: return add(&self->links, here, there, here, there) != NULL;
    case COPI_UNLINK: return mark_unlinked(find(&self->links, here, there), way, ref);
    case COPI_UNLINK_ACK:
        return note_unlinked(&self->links, find(&self->links, here, there), way, ref);
    case COPI_EXIT: return !by_link || drop(&self->links, find(&self->links, here, there));
    case COPI_MONITOR: return add(monitors, 0, ref, here, there) != NULL;
    case COPI_DEMONITOR: return drop(monitors, find(monitors, 0, ref));
    case COPI_DOWN: return drop(answered, find(answered, 0, ref));
    case COPI_CALL: return way == COPI_INWARD || add_call(&self->calls, here, there, ref, due);
    case COPI_REPLY:
    case COPI_REPLY_ERROR:
        return way == COPI_OUTWARD || drop(&self->calls, find(&self->calls, 0, ref));
    default: return true;
    }
}

void
copi_crossing_sweep(copi_crossing *self, int64_t now)
{
    copi_map kept = {0};

    if (self->calls.count < FEW_CALLS ||
        (self->calls.count / 2 < self->calls_kept && now - self->swept_at < SWEEP_MS))
        return;
    for (copi_map_node *node; (node = copi_map_pop(&self->calls)) != NULL;) {
        tie *call = COPI_CONTAINER(node, tie, node);
        if (call->due > now)
            copi_map_add(&kept, node);
        else
            free(call);
    }
    copi_map_fini(&self->calls);
    self->calls = kept;
    self->calls_kept = kept.count;
    self->swept_at = now;
}

typedef struct loss {
    cop_node *node;
    copi_worker *worker;
    uint64_t there;
} loss;

static void
tell(const loss *self, copi_map *map, copi_kind kind)
{
    static const cop_exit why = {.kind = COP_EXIT_NOCONNECTION};

    for (copi_map_node *node; (node = copi_map_pop(map)) != NULL;) {
        tie *entry = COPI_CONTAINER(node, tie, node);
        copi_signal(self->node, self->worker,
                    &(copi_parcel){
                        .kind = kind,
                        .from = {self->there,                      entry->there},
                        .to = {cop_node_incarnation(self->node), entry->here },
                        .ref = entry->node.low,
                        .why = &why,
                        .by_link = true,
                        .err = COP_E_NOCONNECTION
        });
        free(entry);
    }
    copi_map_fini(map);
}

void
copi_crossing_end(copi_crossing *self, cop_node *node, copi_worker *worker, uint64_t there)
{
    loss lost = {node, worker, there};

    tell(&lost, &self->links, COPI_EXIT);
    tell(&lost, &self->watching, COPI_DOWN);
    tell(&lost, &self->calls, COPI_REPLY_ERROR);
    tell(&lost, &self->watched, COPI_DEMONITOR);
}

static void
forget(copi_map *map)
{
    for (copi_map_node *node; (node = copi_map_pop(map)) != NULL;)
        free(COPI_CONTAINER(node, tie, node));
    copi_map_fini(map);
}

void
copi_crossing_fini(copi_crossing *self)
{
    forget(&self->links);
    forget(&self->watching);
    forget(&self->calls);
    forget(&self->watched);
}
