/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope.h - local scopes of an actor, and its children that are no actors ("leaves").
 *
 * A scope is a record of the actor, not an actor: what is called in it runs as a handler of
 * that actor does.  Everything here is the runner's.  A leaf is known by what it does: its kind
 * is a small table of functions.  The kinds are calls (later.c), requests (ask_leaf.c), watches
 * (io/watch.c) and jobs (offload/leaf.c); leaf.c has what all of them share.
 */
#ifndef COPPICE_CORE_SCOPE_H
#define COPPICE_CORE_SCOPE_H

#include <coppice/scope.h>

#include "core/ties.h"

struct copi_scope {
    copi_map_node node;   /* low: its number */
    copi_scope *outer;    /* NULL: the actor's own */
    copi_scope *stood_in; /* of a block: where its body stood before; may not be `outer` */
    copi_scope *inside;   /* the block whose body stood here before it came there; or NULL */
    copi_scope *older, *younger; /* in the same brood */
    copi_brood brood;
    cop_actor *actor;
    copi_timer timer;   /* the deadline, or the end of being soft, whichever is first */
    copi_envelope due;  /* COPI_SCOPE_DUE, when that has come */
    copi_envelope end;  /* COPI_SCOPE_END */
    int64_t deadline;   /* nanoseconds of copi_worker_now; 0: none */
    int64_t soft_until; /* the same */
    /* The nearest of its deadline and of those around it and around where its body stood, up to
     * a shield; 0: none.  Kept by copi_scope_measure. */
    int64_t nearest;
    cop_scope_opts opts; /* name: in `name` */
    cop_exit why;        /* the first reason */
    cop_child_record *kept;
    uint32_t kept_count, kept_room, dropped;
    uint32_t started, failed;
    cop_pid winner;
    uint8_t force; /* cop_force, its own */
    uint8_t depth;
    bool is_closing;
    bool is_over;    /* nothing is left in it; `end` waits for its turn */
    bool has_failed; /* `why` is a failure of its own, to be dealt with */
    bool has_won;
    bool timed_out;
    bool is_gone; /* only an envelope in the mailbox keeps the record */
    bool is_due_queued, is_end_queued;
    bool is_awaited; /* a body waits for its end: not `end`, but the body is told */
    bool is_entered; /* a body stands in it, which is a part of it until it has come out */
    char name[];
};

/* What a leaf does when the scope around it or somebody else ends it. */
typedef struct copi_leaf_kind {
    const char *name;
    /* Its turn has come.  The leaf may be over afterwards: see copi_leaf_over. */
    cop_err (*run)(cop_actor *self, copi_leaf *leaf);
    /* It is called off.  One that is held calls copi_leaf_over when it has really ended; others
     * are over at once, and this frees what they have but `arg`. */
    void (*cancel)(cop_actor *self, copi_leaf *leaf, cop_force force);
    /* It is thrown away with its node; NULL: it has nothing but its argument. */
    void (*discard)(copi_leaf *leaf);
} copi_leaf_kind;

/* Embedded first in what the kind knows. */
struct copi_leaf {
    copi_map_node node; /* low: its ref */
    copi_leaf *older, *younger;
    copi_scope *scope; /* NULL: the actor's own */
    cop_actor *actor;
    const copi_leaf_kind *kind;
    cop_callback call;
    void *arg;
    void (*dispose)(void *arg);
    copi_timer timer;
    int64_t period;    /* nanoseconds; 0: once */
    copi_envelope due; /* COPI_LEAF */
    uint32_t size;     /* of the whole, for its memory */
    bool catches_up;   /* of a period: what was missed is made up for */
    bool is_queued;    /* `due` is on its way */
    bool is_held;      /* the end of the scope, and of the actor, waits for its end */
    bool is_cancelled; /* held, and told so */
    bool is_over;      /* only `due` keeps the record */
};

/* The payload of COPI_CLOSURE. */
typedef struct copi_closure {
    cop_callback call;
    void *arg;
    void (*dispose)(void *arg);
} copi_closure;

/* One that is never called. */
static inline void
copi_closure_drop(const copi_closure *self)
{
    if (self->dispose != NULL)
        self->dispose(self->arg);
}

/* --------------------------------------------------------------------- scope.c */

/* The scope of that handle; NULL with COP_OK: the actor's own.  COP_E_GONE, COP_E_NOT_MINE. */
cop_err copi_scope_find(cop_actor *self, cop_scope handle, copi_scope **out);
/* The same for one in which something is to be started, with room for it: COP_E_CANCELLED,
 * COP_E_FULL as well. */
cop_err copi_scope_enter(cop_actor *self, cop_scope handle, copi_scope **out);
cop_scope copi_scope_handle(const cop_actor *self, const copi_scope *scope);

/* Where the children of that scope hang; NULL: the actor's own.  The ties are there. */
static inline copi_brood *
copi_brood_of(cop_actor *self, copi_scope *scope)
{
    return scope == NULL ? &self->ties->own : &scope->brood;
}

/* What is left of a scope that may be gone after a handler: 0 for NULL. */
static inline uint32_t
copi_scope_number(const copi_scope *scope)
{
    return scope == NULL ? 0 : (uint32_t)scope->node.low;
}

/* The scope of that number, NULL for 0. */
copi_scope *copi_scope_known(cop_actor *self, uint32_t number);
static inline copi_scope *
copi_scope_numbered(cop_actor *self, uint32_t number)
{
    return COPI_LIKELY(number == 0) ? NULL : copi_scope_known(self, number);
}

/* Takes one that is over out of the actor. */
void copi_scope_remove(cop_actor *self, copi_scope *scope);
void copi_drop_scope(cop_actor *self, copi_envelope *envelope);
/* The memory of all of them, and of leaves, of an actor that does not end. */
void copi_scopes_discard(cop_actor *self);

/* --------------------------------------------------------------------- scope_look.c */

/* "outer/inner" into `room`; how much of it is used, without the zero. */
size_t copi_scope_names(const copi_scope *scope, char *room, size_t size);
/* The actor's path and that, its beginning cut off if it is too long. */
void copi_path_in(const cop_actor *self, const copi_scope *scope, char *room, size_t size);
/* A reason that names nobody: it is this actor that tells somebody to end. */
static inline void
copi_exit_by(const cop_actor *self, cop_exit *why)
{
    if (!cop_pid_is_none(why->origin))
        return;
    why->origin = cop_self(self);
    copi_path_in(self, NULL, why->path, sizeof why->path);
}

/* --------------------------------------------------------------------- scope_time.c */

/* Sets `nearest`, by that of what it is in and of where its body stood, which have to be right.
 * Is it another one than before? */
bool copi_scope_measure(copi_scope *scope);
/* The nearest shield that it is in, or is; NULL: none. */
copi_scope *copi_scope_shield(copi_scope *scope);
/* Is a block that its body has come into from `scope`, wherever it hangs, or something between
 * the two a shield? */
bool copi_scope_is_shielded(const copi_scope *block, const copi_scope *scope);
/* The deadline of what is in that scope of the actor's, NULL: its own; 0: there is none. */
int64_t copi_deadline_in(const cop_actor *self, copi_scope *scope);
/* The owner has moved it. */
void copi_on_time_moved(cop_actor *self, copi_envelope *envelope);
/* Milliseconds until then, rounded up; COP_INFINITY for 0, which is none. */
int64_t copi_ms_left(const cop_actor *me, int64_t deadline);
/* Its timer, for the nearer of the two times that still mean something.  False: no memory. */
bool copi_scope_set_timer(cop_actor *self, copi_scope *scope);
void copi_scope_forget_timer(cop_actor *self, copi_scope *scope);
void copi_scope_due(copi_worker *worker, copi_timer *timer);
void copi_on_scope_due(cop_actor *self, copi_envelope *envelope);

/* --------------------------------------------------------------------- scope_cancel.c */

/* Its own force, or of what is around it if that is more and it is no shield. */
cop_force copi_scope_force(const copi_scope *scope);
void copi_scope_raise(cop_actor *self, copi_scope *scope, cop_force force, const cop_exit *why);
/* Its children are told; services, or all others. */
void copi_scope_tell(cop_actor *self, copi_brood *brood, cop_force force, const cop_exit *why,
                     bool services);
/* The actor, which has ties, has begun to end: all of them are cancelled, and all leaves. */
void copi_scopes_stop(cop_actor *self);

/* --------------------------------------------------------------------- scope_end.c */

/* A child is gone, or the scope is closing: if nothing is left, it is over. */
void copi_scope_settle(cop_actor *self, copi_scope *scope);
/* It is over and nobody hears of it: if something failed in it, what is around it fails; what
 * went wrong beside that, in cleaning up, is logged. */
void copi_scope_pass_on(cop_actor *self, copi_scope *scope);
/* What the scope ended as; `kept` is its own. */
void copi_scope_outcome(const copi_scope *scope, cop_outcome *out);
cop_err copi_handle_scope_end(cop_actor *self, copi_envelope *envelope);
/* All that was in them is gone: the last of them. */
void copi_scopes_end(cop_actor *self);

/* --------------------------------------------------------------------- policy.c */

/* A child of that scope has ended.  What the handler returned, if that is the actor's
 * matter. */
cop_err copi_scope_judge(cop_actor *self, copi_scope *scope, const cop_child_end *end,
                         cop_leaf leaf);
/* The scope fails, or if it is NULL the actor. */
void copi_scope_fail(cop_actor *self, copi_scope *scope, const cop_exit *why);
/* The errors of a group that nobody looks at, from that one on. */
void copi_scope_log(cop_actor *self, const copi_scope *scope, uint32_t first);
/* One more error in the group of a scope that fails. */
void copi_scope_keep(copi_scope *scope, const cop_child_record *record);
/* The actor is ending, and something that was a child of that scope has failed in cleaning up;
 * NULL: of the actor's own. */
void copi_scope_clean_up_failed(cop_actor *self, copi_scope *scope, cop_exit *said,
                                cop_leaf leaf);
/* What a call in that scope returned is an error of the scope, if it is a local one.  Takes
 * over what cop_fail has said.  What the handler is to return for it. */
cop_err copi_scope_blame(cop_actor *self, copi_scope *scope, cop_err err, cop_leaf leaf);

/* --------------------------------------------------------------------- leaf.c */

/* A leaf of `size` bytes in that scope, not yet due.  The argument is its own from then on; if
 * there is an error it is disposed of. */
cop_err copi_leaf_new(cop_actor *self, cop_scope scope, const copi_leaf_kind *kind, size_t size,
                      cop_callback call, void *arg, void (*dispose)(void *arg),
                      copi_leaf **out);
/* NULL: it is over. */
copi_leaf *copi_leaf_find(cop_actor *self, cop_leaf handle);
/* From now on the end of the scope, and of the actor, waits for its end; or no longer. */
void copi_leaf_hold(cop_actor *self, copi_leaf *leaf);
void copi_leaf_release(cop_actor *self, copi_leaf *leaf);
/* The call of leaves that call nothing. */
cop_err copi_never_called(cop_actor *me, void *state, void *arg);
/* It has ended: no child any more, its argument disposed of, its memory free if it is not on
 * its way.  The scope is not told. */
void copi_leaf_over(cop_actor *self, copi_leaf *leaf);
/* The same, and the scope around it is told: `err` is how.  What the handler is to return. */
cop_err copi_leaf_ended(cop_actor *self, copi_leaf *leaf, cop_err err);
cop_leaf copi_leaf_handle(const copi_leaf *leaf);
void copi_leaf_due(copi_worker *worker, copi_timer *timer);
cop_err copi_handle_leaf(cop_actor *self, copi_envelope *envelope);
void copi_drop_leaf(cop_actor *self, copi_envelope *envelope);
/* Calls off all leaves of a brood. */
void copi_leaves_cancel(cop_actor *self, copi_brood *brood, cop_force force);
/* Runs a user's dispose; whoever tries to start something there is told COP_E_GONE. */
void copi_dispose(cop_actor *self, void (*dispose)(void *arg), void *arg);

/* --------------------------------------------------------------------- later.c */

/* A call that another thread has posted: its turn has come. */
cop_err copi_handle_closure(cop_actor *self, copi_envelope *envelope);

#endif /* COPPICE_CORE_SCOPE_H */
