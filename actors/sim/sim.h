/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim.h - the parts of a simulation; <coppice/sim.h> and its neighbours are what it promises.
 *
 *      sim.c      nodes, steps, time, the trace
 *      hosts.c    nodes that are started again
 *      faults.c   which faults there are, and when they are over
 *      strike.c   what a fault does to the actor whose turn it is
 *      kinds.c    faults of this component that come by the clock
 *      words.c    faults as text
 *      probe.c, expect.c    a mailbox for the test
 *      left.c     what has not gone
 *      draw.c     a plan's faults for one seed
 *      run.c, shrink.c      a test under many seeds
 *
 * All of it is one thread's.  Its own memory comes from malloc itself, so that a simulation
 * without memory still goes on simulating.
 */
#ifndef COPPICE_SIM_SIM_H
#define COPPICE_SIM_SIM_H

#include <setjmp.h>

#include <coppice/fault.h>
#include <coppice/probe.h>

#include "base/memory.h"
#include "core/node.h"
#include "sched/sched.h"

enum {
    COPI_FAULTS_MAX = 64,
};

typedef enum copi_fault_state {
    COPI_FAULT_WAITS,
    COPI_FAULT_LASTS,
    COPI_FAULT_OVER,
} copi_fault_state;

/* A fault of this simulation. */
typedef struct copi_armed {
    cop_fault fault;
    copi_fault_state state;
    bool has_struck;
    uint64_t seen; /* of what is counted */
    int64_t until; /* while it lasts, nanoseconds */
} copi_armed;

/* A task that gets no turn until then. */
typedef struct copi_starving {
    struct copi_starving *next;
    cop_node *node;
    copi_task *task;
    int64_t until;
} copi_starving;

/* A node that can be started again. */
typedef struct copi_host {
    struct copi_host *next;
    char name[sizeof((cop_node *)0)->name];
    cop_node_opts opts;
    cop_sim_boot boot;
    void *ctx;
    cop_node *node; /* its last run; NULL: it has not come up */
} copi_host;

/* What another component has in a simulation; part of something of its own. */
typedef struct copi_sim_guest {
    struct copi_sim_guest *next;
    const struct copi_sim_guest_ops *ops;
} copi_sim_guest;

typedef struct copi_sim_guest_ops {
    void (*crashed)(copi_sim_guest *self, cop_node *node);
    /* Calls `tell` for each thing that is left; all nodes have ended. */
    void (*left)(const copi_sim_guest *self, void (*tell)(void *ctx, const char *line),
                 void *ctx);
    void (*free)(copi_sim_guest *self); /* after the nodes */
} copi_sim_guest_ops;

struct cop_sim {
    copi_simulation simulation;
    uint64_t seed;
    cop_node **nodes; /* all runs of all nodes */
    size_t count;
    copi_host *hosts;
    copi_sim_guest *guests;
    cop_probe *probes;

    copi_armed armed[COPI_FAULTS_MAX];
    uint32_t armed_count;
    bool is_calm;
    copi_starving *starving; /* in the order in which their time began */
    cop_node *running;       /* whose code runs; NULL: none */
    copi_memory_watch watch;

    uint64_t trace;
    uint64_t steps, steps_max; /* 0: for ever */
    void (*on_fail)(void *ctx, const char *file, int line, const char *text);
    void *fail_ctx;
    jmp_buf *escape; /* of the runner; NULL: there is none */
    char failure[512];
};

/* sim.c */

/* Has what happens in the trace. */
void copi_sim_note(cop_sim *self, uint64_t what, uint64_t a, uint64_t b);
/* It goes with the simulation.  Owned by it from here on. */
void copi_sim_add_guest(cop_sim *self, copi_sim_guest *guest);

/* hosts.c */

void copi_hosts_free(cop_sim *self);
/* The host of that name, or if it is empty one chosen by `pick`; NULL: there is none. */
copi_host *copi_host_find(cop_sim *self, const char *name, uint64_t pick);
static inline bool
copi_host_is_up(const copi_host *host)
{
    return host->node != NULL && !host->node->is_crashed;
}

/* faults.c */

/* Does `who` name the actor (or NULL) or its node? */
bool copi_fault_is_for(const cop_fault *fault, const cop_actor *actor, const cop_node *node);
/* Counts that such a thing happens, to `actor` or NULL; true if a fault strikes it. */
bool copi_sim_strikes(cop_sim *self, const cop_fault_kind *kind, const cop_actor *actor,
                      const cop_node *node);
/* It has struck, and lasts for so long. */
void copi_fault_begin(cop_sim *self, copi_armed *armed);
/* The time of something of the faults; false if nothing is to come. */
bool copi_faults_next(const cop_sim *self, int64_t *out);
/* Time has passed. */
void copi_faults_due(cop_sim *self);

/* strike.c */

/* What the faults say about the turn of an actor. */
typedef struct copi_turn {
    uint64_t counted; /* bit i: its messages count for fault i */
    bool is_refused;  /* it gets none now */
} copi_turn;

copi_turn copi_turn_begin(cop_sim *self, cop_node *node, copi_task *task);
void copi_turn_end(cop_sim *self, copi_turn turn, uint64_t messages);
/* Gives back their turns to those whose time is over, or to all. */
void copi_feed(cop_sim *self, bool all);
void copi_starving_free(cop_sim *self);

/* probe.c */

void copi_probes_free(cop_sim *self);
bool copi_is_probe(const cop_actor *actor);

#endif /* COPPICE_SIM_SIM_H */
