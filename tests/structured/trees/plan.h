/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - a random tree and what is done to it, as plain data.
 *
 * A plan is made from a seed (grow.c), played on a simulated node (play.h), judged (check.h),
 * and if it is found wanting, made smaller (shrink.h).  Times are milliseconds on a coarse
 * grid, so that much happens at once.
 */
#ifndef COPPICE_TESTS_TREES_PLAN_H
#define COPPICE_TESTS_TREES_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <coppice/scope.h>
#include <coppice/supervisor.h>

enum {
    NODES = 300,
    ACTS = 64,
    NOBODY = -1,
};

typedef enum kind {
    ACTOR, /* with handlers */
    BODY,  /* a sequential actor */
    SCOPE, /* a local one */
    SOON,
    AFTER,
    EVERY,
    JOB,        /* on a simulated thread */
    ASK,        /* a call to another node */
    LIMITER,    /* an actor that lends tokens */
    LOAN,       /* of a token, by an actor */
    SUPERVISOR, /* its children are its rows: actors, bodies, supervisors */
    KINDS
} kind;

/* What a node does by itself, `act_ms` after it has begun. */
typedef enum does {
    WAITS, /* nothing */
    ENDS,  /* well; of a scope: it is closed */
    FAILS, /* of a scope: it is cancelled */
    FAILS_TO_START,
} does;

/* What an actor does when it is told to end. */
typedef enum told {
    OBEYS,
    IS_SLOW,    /* cleans up for slow_ms, a body in a shield */
    GOES_WRONG, /* fails in cleaning up */
    IS_DEAF,    /* and is killed */
    SWALLOWS,   /* a body that waits again and again, and then returns well */
} told;

/* How an ask is answered. */
typedef enum answer {
    AT_ONCE,
    LATE,       /* after slow_ms */
    NEVER,      /* it is kept until whoever was asked ends */
    NOT_AT_ALL, /* it is handled without an answer */
    WITH_ERROR, /* with COP_E_BUSY */
    BY_FAILING, /* whoever is asked fails */
} answer;

/* Who hears of a scope's outcome. */
typedef enum hears {
    NOT_HEARD, /* no `closed`, or a join without an outcome */
    HEARD,
    HEARD_BADLY, /* `closed` fails */
} hears;

typedef struct plan_node {
    kind kind;
    int parent;   /* a node before it; NOBODY: the first */
    int start_ms; /* after its parent's start */
    does does;
    int act_ms;
    told told;
    int slow_ms;
    cop_policy policy;
    bool ordered;
    bool drains; /* a body */
    bool service;
    int stop_ms;
    int deadline_ms, drain_ms;
    bool moves_on, shield;
    cop_force force; /* with which it is cancelled */
    bool block;      /* of a body: a scope is a COP_SCOPE block, and an ask a cop_call */
    hears hears;
    int children, keep;
    int times;     /* EVERY fails at that run; 0: never */
    int peer;      /* who is asked; the limiter of a loan */
    int within_ms; /* of an ask or a loan; a loan is given back act_ms after it was granted */
    answer answer;
    bool plain;              /* an ask that is no child of a scope, but the actor's own */
    int tokens, waiting_max; /* of a limiter */
    cop_restart restart;     /* of a row */
    cop_strategy strategy;   /* of a supervisor */
    int restarts;            /* its budget */
    bool is_gone;            /* taken away by the shrinker */
} plan_node;

typedef enum deed {
    TO_END,      /* ends by itself */
    TO_FAIL,     /* fails by itself */
    TO_CANCEL,   /* a scope, with force `arg` */
    TO_CLOSE,    /* a scope */
    TO_MOVE,     /* a scope's deadline, to `arg` ms from now */
    TO_STOP,     /* an actor is told by its owner */
    TO_KILL,     /* an actor, by a stranger */
    TO_CALL_OFF, /* a call */
    TO_START,    /* it and all below it once more */
    TO_WRITE,    /* an actor sends a letter to node `arg` */
    TO_WATCH,    /* it monitors node `arg` */
    TO_UNWATCH,  /* it ends its last monitor */
    TO_ANSWER,   /* an ask, late; not of a script, as all that follow */
    TO_RETURN,   /* a loan */
    TO_END_ROW,  /* of a supervisor, node `arg`, by its administration */
    TO_START_ROW,
    DEEDS
} deed;

typedef struct plan_act {
    int at_ms;
    deed deed;
    int node;
    int arg;
} plan_act;

typedef struct plan {
    uint64_t seed; /* of the simulation as well */
    int node_count, act_count;
    plan_node nodes[NODES];
    plan_act acts[ACTS]; /* in time order */
} plan;

/* grow.c */
void plan_grow(plan *self, uint64_t seed);

/* plan.c */
void plan_print(const plan *self, FILE *out);
bool kind_is_actor(kind kind);
bool kind_is_call(kind kind);
/* Does it have a node for a peer? */
bool kind_has_peer(kind kind);
/* Is the deed's `arg` a node? */
bool deed_has_peer(deed deed);
/* Can it have children? */
bool kind_is_inner(kind kind);
/* Is it a row of a supervisor? */
bool node_is_row(const plan *self, int node);
/* The actor that a node is a part of: of an actor, its owner's. */
int plan_host(const plan *self, int node);

#endif /* COPPICE_TESTS_TREES_PLAN_H */
