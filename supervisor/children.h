/* SPDX-License-Identifier: Apache-2.0 */
/*
 * children.h - the children of one supervisor: in start order, by name, by cookie.
 *
 * An entry stays where it is as long as it is in the table.  Adding, finding and forgetting
 * one costs the same whether there are ten or ten thousand.
 */
#ifndef COPPICE_SUPERVISOR_CHILDREN_H
#define COPPICE_SUPERVISOR_CHILDREN_H

#include <coppice/supervisor.h>
#include <coppice/timer.h>

#include "base/map.h"
#include "strategy.h"

/* What waits for its turn while the supervisor is busy; one thing at a time. */
typedef struct copi_turn {
    struct copi_turn *next;
    uint8_t kind; /* copi_turn_kind */
    bool is_waiting;
} copi_turn;

typedef enum copi_phase_of_child {
    COPI_CHILD_STOPPED,    /* no actor */
    COPI_CHILD_STARTING,   /* has one, which has not said that it is ready */
    COPI_CHILD_RUNNING,    /* has one, as far as we were told */
    COPI_CHILD_STOPPING,   /* we have told it, and await its end */
    COPI_CHILD_CLEARING,   /* its start failed; what it had started is still ending */
    COPI_CHILD_ENDED,      /* its end waits for its turn */
    COPI_CHILD_RESTARTING, /* a restart waits, or has failed; a retry is on its way */
} copi_phase_of_child;

typedef struct copi_child {
    struct copi_child *older, *younger; /* in start order */
    struct copi_child *next_in_bucket;
    const cop_child *spec; /* the table's, or `owned` */
    void *owned;           /* freed with the entry: a spec, or an argument */
    const void *arg;       /* of a dynamic child, if not the template's */
    copi_map_node by_pid;  /* of a dynamic child that has or had an actor */
    uint64_t cookie;       /* its seat, and in the upper half a serial number that is not 0 */
    cop_pid pid;           /* RESTARTING: the one that it had */
    cop_exit *why;         /* ENDED: may be missing, then `how` is all there is */
    cop_legacy *mail;      /* what its last life left; NULL: its row keeps none.  Freed with
                              the entry, empty by then */
    copi_turn end_turn;
    copi_turn retry_turn;
    copi_budget *own_budget; /* NULL: it has none; freed with the entry */
    int64_t started_at;      /* milliseconds; kept if it has a backoff */
    cop_timer retry;         /* RESTARTING: the wait before it; none: there is none */
    uint32_t in_row;         /* restarts since it was healthy */
    uint32_t restarts;
    uint32_t pins;   /* retries on their way, and turns that wait: the entry must stay */
    uint8_t phase;   /* copi_phase_of_child */
    uint8_t how;     /* cop_exit_kind of why */
    bool is_dropped; /* forgotten, but for the pins */
    bool comes_back; /* STARTING: it is a restart */
    bool is_paid;    /* RESTARTING: the budgets know of this restart already */
} copi_child;

/* Has a child, or is free: then the next free one, from 1. */
typedef struct copi_seat {
    copi_child *child;
    uint32_t next_free;
} copi_seat;

enum {
    COPI_FIRST_BUCKETS = 4, /* a power of two */
    COPI_FIRST_SEATS = 4,
};

/* Not to be moved: the tables of a few children stand in it. */
typedef struct copi_children {
    copi_child *oldest, *youngest;
    copi_child *dropped; /* linked by younger */
    copi_child **buckets;
    uint32_t bucket_count; /* a power of two */
    uint32_t count;
    uint32_t significant; /* not STOPPED; kept by copi_child_set_phase */
    copi_seat *seats;
    uint32_t seat_count;
    uint32_t free_seat; /* from 1 */
    uint32_t serial;    /* of the newest cookie */
    copi_map pids;      /* of dynamic children */
    bool is_dynamic;    /* no names, but pids */
    copi_child *first_buckets[COPI_FIRST_BUCKETS];
    copi_seat first_seats[COPI_FIRST_SEATS];
} copi_children;

/* A new entry behind the others, its name being new; NULL without memory. */
copi_child *copi_children_add(copi_children *self, const cop_child *spec);
copi_child *copi_children_find(const copi_children *self, cop_str name);
/* The child of a cookie, if that is its actor: others may have given us children, too. */
copi_child *copi_children_of_cookie(const copi_children *self, uint64_t cookie, cop_pid pid);
/* Dynamic children only. */
copi_child *copi_children_of_pid(const copi_children *self, cop_pid pid);
/* Forgets a child; its entry goes with the last pin. */
void copi_children_drop(copi_children *self, copi_child *child);
/* Takes a pin away.  False if the child is forgotten; then its entry may be gone. */
bool copi_children_unpin(copi_children *self, copi_child *child);
void copi_children_fini(copi_children *self);

void copi_child_set_phase(copi_children *self, copi_child *child, copi_phase_of_child phase);
/* From now on this is its actor; none: nobody is. */
void copi_child_set_pid(copi_children *self, copi_child *child, cop_pid pid);

/* Has it an actor whose end we have not been told? */
static inline bool
copi_child_has_actor(const copi_child *child)
{
    return child->phase >= COPI_CHILD_STARTING && child->phase <= COPI_CHILD_STOPPING;
}

#endif /* COPPICE_SUPERVISOR_CHILDREN_H */
