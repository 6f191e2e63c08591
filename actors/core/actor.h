/* SPDX-License-Identifier: Apache-2.0 */
/*
 * actor.h - an actor's record, and its life.
 *
 * Records live in slots that are never freed while the node exists (table.h), so that a
 * sender with an old pid still finds a mailbox there, if a closed or a stranger's one.
 *
 *      FREE -> STARTING -> RUNNING -> ENDING -> ENDED -> FREE
 *                             ^|        ^
 *                             |v        |
 *                          DEBUGGED ----'
 *
 * STARTING: init runs, on the spawner's worker; mail is collected.  RUNNING: handlers
 * run.  SEQUENTIAL: the same for an actor with a body (sequence.h).  DISPOSING: for the time
 * that a user's dispose runs, in which nothing can be started.  DEBUGGED: the same, but
 * somebody looks on (debug/debug.h), or it is suspended; a phase of its own, so that nobody
 * else pays for the question.  ENDING: no handler runs any more; signals do; children are
 * being joined.  ENDED: all is done but the owner has not looked.  The owner frees the slot.
 *
 * Who may touch what: the fields say it.  "Runner" is the worker that runs the actor at
 * the moment: there is at most one, and the mailbox hands the record from one to the next.
 */
#ifndef COPPICE_CORE_ACTOR_H
#define COPPICE_CORE_ACTOR_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <coppice/node.h>

#include "base/check.h"
#include "core/envelope.h"
#include "core/mailbox.h"
#include "sched/worker.h"

typedef struct copi_ties copi_ties;
typedef struct copi_badge copi_badge;
typedef struct copi_scope copi_scope; /* scope.h */

enum {
    COPI_STOP_MS = 5000 /* as OTP's supervisor gives a worker */
};

typedef enum copi_phase {
    COPI_FREE,
    COPI_STARTING,
    COPI_RUNNING,
    COPI_SEQUENTIAL,
    COPI_DEBUGGED,
    COPI_DISPOSING,
    COPI_ENDING,
    COPI_ENDED,
} copi_phase;

/* What a child is to be told, when there is memory for it or the letter of the ties is back:
 * one number, as that is all that the letter has room for. */
typedef enum copi_owed {
    COPI_OWED_NOTHING,
    COPI_OWED_KILL,
    COPI_OWED_STOP, /* the last: to it the kind of the reason is added, which some look at */
} copi_owed;

static inline uint8_t
copi_owed_stop(cop_exit_kind reason)
{
    return (uint8_t)(COPI_OWED_STOP + (unsigned)reason);
}

/* The reason of a stop that is owed. */
static inline cop_exit_kind
copi_owed_reason(uint64_t owed)
{
    return (cop_exit_kind)(owed - COPI_OWED_STOP);
}

struct cop_actor {
    /* Any thread. */
    copi_mailbox mailbox;
    /*
     * Generation in the upper half, slot in the lower; the generation changes when the
     * slot is freed.  Relaxed: a sender that reads an old value is refused by the
     * mailbox, or by the generation in its envelope when that is handled.
     */
    _Atomic uint64_t id;
    /*
     * Whether the registry has a name of this actor.  Who registers sets it and then looks
     * whether the mailbox is open; the end shuts the mailbox and later looks for a name: all
     * four sequentially consistent, so one of the two sees the other.
     */
    _Atomic bool is_named;
    /* The worker that ran it last; relaxed: senders count how often it is another one. */
    _Atomic uint8_t ran_on;

    /* The queue that it is in, see task.h. */
    copi_task task;

    /* The runner.  What a message needs comes first: it fits into three cache lines with what
     * stands above and a small state. */
    cop_node *node;
    copi_worker *worker;
    const cop_behaviour *behaviour;
    void *state;
    copi_mail *batch; /* taken from the mailbox, oldest first */
    copi_mail *batch_last;
    copi_envelope *current; /* the message being handled */
    copi_ties *ties;        /* NULL until needed */
    uint32_t batch_count;
    uint32_t pins; /* things bound to this worker's event base or timers */
    uint8_t phase; /* copi_phase */
    bool traps;
    bool is_leaving;  /* cop_stop was called: ends when the handler returns */
    bool is_stopping; /* a cop_stopping is in its mailbox or was handled */
    bool is_killed;   /* no more code of its own */
    bool has_obeyed;  /* the owner told it to end before it did so by itself */
    bool is_started;  /* init went well */

    /*
     * A state that fits stands in the record.  When it is gone, the runner as its last act
     * writes the envelope that tells the owner, whose it is from then on.
     */
    union {
        copi_envelope ending;
        alignas(16) char small_state[sizeof(copi_envelope)];
    };
    cop_exit *why; /* why it ends, if more than kind and code; else NULL */
    /* Written before anybody knows the pid, freed by the owner, who may read it therefore, as
     * all below this actor may.  NULL: there is nothing to say.  With the lowest bit set: only
     * in which scope of its owner it is.  Read by badge.h. */
    copi_badge *badge;
    int32_t exit_code;
    uint8_t exit_kind; /* cop_exit_kind */
    bool is_inline;    /* init runs inside a spawn, which looks after its failure */
    bool is_service;   /* the owner's: it does not keep its scope open */
    uint8_t owed;      /* the owner's: copi_owed, or copi_owed_stop */

    /* The owner (its runner); until adopted, the spawner. */
    int32_t stop_ms;
    uint32_t kill_at; /* ms of the worker's clock, modulo 2^32; 0: no ladder, or killed */
    /* Written once, before init; read by this actor as well.  Relaxed: who asks whether a
     * stranger is his child may read it while the slot changes hands. */
    _Atomic(cop_actor *) owner;
    cop_actor *older, *younger;
    uint64_t cookie;
    copi_scope *scope; /* of the owner's, that it is in, which outlives it; NULL: his own */
    bool is_told : 1;
    bool is_errand : 1; /* holds something for its owner, and has no part in its race */

    /* The runner; after the end, the owner (legacy.h). */
    bool keeps_mail;
    uint8_t deaths; /* of actors in a row, by a message that is marked as suspect */

    /* cop_stuck of its spawn.  Written once, before init; read by the runner's own thread. */
    uint8_t on_stuck;
    /* How long a handler may run; 0: for ever.  Written once, before init.  Relaxed: the
     * watchdog may read it while the slot changes hands. */
    _Atomic int32_t stuck_ms;
};

_Static_assert(offsetof(cop_actor, small_state) == 128 && sizeof(cop_actor) <= 256,
               "the lines that a message touches");

/* The first member of every node, without the rest of it. */
static inline uint64_t
copi_incarnation(const cop_node *node)
{
    return *(const uint64_t *)(const void *)node;
}

static inline cop_pid
copi_pid_of(const cop_actor *self)
{
    /* relaxed: read by who owns or runs the actor. */
    return (cop_pid){copi_incarnation(self->node),
                     atomic_load_explicit(&self->id, memory_order_relaxed)};
}

/* NULL: it is the root. */
static inline cop_actor *
copi_owner_of(const cop_actor *self)
{
    return atomic_load_explicit(&self->owner, memory_order_relaxed);
}

static inline void
copi_set_owner(cop_actor *self, cop_actor *owner)
{
    atomic_store_explicit(&self->owner, owner, memory_order_relaxed);
}

static inline uint32_t
copi_generation(uint64_t id)
{
    return (uint32_t)(id >> 32);
}

static inline uint32_t
copi_slot(uint64_t id)
{
    return (uint32_t)id;
}

/*
 * Is the actor that `pid` names in this record, and not ending?  The mailbox is read first:
 * that of the slot's next actor is opened after the id was changed, so it never passes for
 * the old one's.  Sequentially consistent: see is_named.
 */
static inline bool
copi_lives(cop_actor *record, cop_pid pid)
{
    return copi_mailbox_is_open(&record->mailbox) &&
           atomic_load_explicit(&record->id, memory_order_seq_cst) == pid.id;
}

/* Has the ties, made if need be; NULL if there is no memory. */
copi_ties *copi_ties_make(cop_actor *self);
static inline copi_ties *
copi_ties_of(cop_actor *self)
{
    return COPI_LIKELY(self->ties != NULL) ? self->ties : copi_ties_make(self);
}

/* A number that no other monitor, call or timer of this node has. */
uint64_t copi_new_ref(copi_worker *worker);

/* Keeps the actor on this worker until as many unpins. */
static inline void
copi_pin(cop_actor *self)
{
    if (self->pins++ == 0)
        self->task.home = (int32_t)self->worker->index;
}

static inline void
copi_unpin(cop_actor *self)
{
    if (--self->pins == 0)
        self->task.home = COPI_ANYWHERE;
}

/* The same as long as a timer is armed, or what it sends when it is due has not been taken:
 * until then the timer's worker writes to what the actor has, and the actor must not run
 * elsewhere.  By the actor's runner, which is that worker. */
static inline void
copi_pin_for(cop_actor *self, copi_timer *timer)
{
    if (!timer->is_pinning)
        copi_pin(self);
    timer->is_pinning = true;
}

static inline void
copi_unpin_for(cop_actor *self, copi_timer *timer)
{
    if (!timer->is_pinning || copi_timer_is_armed(timer))
        return;
    timer->is_pinning = false;
    copi_unpin(self);
}

/* From here on the worker's thread runs code of this actor, or NULL: of none. */
static inline void
copi_set_current(copi_worker *worker, cop_actor *actor)
{
    atomic_store_explicit(&worker->current, actor, memory_order_relaxed);
}

static inline cop_actor *
copi_current(copi_worker *worker)
{
    return atomic_load_explicit(&worker->current, memory_order_relaxed);
}

/* begin.c */

/* Is it no value of stuck_ms? */
static inline bool
copi_is_bad_limit(int32_t ms)
{
    return ms < 0 && ms != COP_INFINITY;
}

/* As cop_spawn_from; `me` is the spawner.  Only me's runner. */
cop_err copi_spawn(const char *site, cop_actor *me, const cop_behaviour *behaviour,
                   const cop_spawn_opts *opts, cop_pid *out);

/* life.c */

/* Begins the end, if it has not begun; `why` is copied. */
void copi_end(cop_actor *self, const cop_exit *why);
/* The same for the reason that cop_stop or cop_fail has left. */
void copi_end_as_said(cop_actor *self);
/* The end by a failure of a handler or of init; uses what cop_fail has said. */
void copi_end_failed(cop_actor *self, cop_err err);
/* It is ending, and something of it failed: `why` is its reason, if that was no failure yet;
 * else `cause` is one more. */
void copi_end_worse(cop_actor *self, const cop_exit *why, const cop_exit *cause);
/* Ends at once, or hardens an end that has begun.  No more code of its own runs. */
void copi_kill_self(cop_actor *self);
/* Goes on with an end that has begun.  True if the actor is gone: touch it no more. */
bool copi_finish(cop_actor *self);
/* Around what runs of an actor that ends, and may fail: `said` is how, if it has, as cop_fail
 * or else `err` says it. */
void copi_last_words_begin(cop_actor *self, cop_exit *said);
void copi_last_words_end(cop_actor *self, cop_err err, cop_exit *said);
/* That is why it ended, or one more reason for that. */
void copi_clean_up_failed(cop_actor *self, const cop_exit *said);
/* The record of an end that has begun. */
void copi_exit_of(const cop_actor *self, cop_exit *out);

/* May it still start things?  False once its end has begun. */
static inline bool
copi_is_open(const cop_actor *self)
{
    return self->phase >= COPI_STARTING && self->phase <= COPI_DEBUGGED;
}

/* Of one that nobody looks at. */
static inline copi_phase
copi_usual_phase(const cop_actor *self)
{
    return self->behaviour->sequence == NULL ? COPI_RUNNING : COPI_SEQUENTIAL;
}

/* Do messages get their turn, now or when it is resumed? */
static inline bool
copi_has_turns(const cop_actor *self)
{
    return self->phase >= COPI_RUNNING && self->phase <= COPI_DEBUGGED;
}

/* What an actor's own code is shown as its state. */
static inline void *
copi_user_state(const cop_actor *self)
{
    return COPI_LIKELY(self->behaviour->sequence == NULL) ? self->state : NULL;
}

/* From here on the mailbox takes nothing; what was in it has been answered. */
void copi_close_mailbox(cop_actor *self);
/* Frees the state, which is not in the record. */
void copi_free_state(cop_actor *self);
static inline void
copi_free_furniture(cop_actor *self)
{
    if (COPI_UNLIKELY(self->state != self->small_state))
        copi_free_state(self);
    self->state = NULL;
}
/* Frees the kept record. */
void copi_exit_free(cop_actor *self);
/* Tells the owner that this actor is gone; it has ended. */
void copi_push_ending(cop_actor *self);

/* What the one below does then. */
void copi_end_after_handler(cop_actor *self, cop_err err);

/* Has one that has just ended so done it abnormally? */
static inline bool
copi_has_crashed(const cop_actor *self)
{
    return self->exit_kind != COP_EXIT_NORMAL && self->exit_kind != COP_EXIT_SHUTDOWN;
}

/* Ends the actor after its handler returned `err`, if it must. */
static inline void
copi_after_handler(cop_actor *self, cop_err err)
{
    if (COPI_UNLIKELY(err != COP_OK || self->is_leaving))
        copi_end_after_handler(self, err);
}

/* discard.c */

/* Frees all that it has without any order or code of its own but dispose; the simulator's
 * end, after which nothing runs.  First the mail of all actors, of which something may be a
 * part of another one's ties. */
void copi_discard_mail(cop_actor *self);
void copi_discard(cop_actor *self);

/* run.c */

/* What the workers call: one slice. */
void copi_run_actor(copi_worker *worker, copi_task *task);
/* ... and a timer that is due; what it is for is the kind of the message that it becomes. */
void copi_ring(copi_worker *worker, copi_timer *timer);
/* Lets a started actor receive: parks it, or queues it if it has mail. */
void copi_release(cop_actor *self);
/* Tells a body, if there is one, that something it may wait for has happened. */
void copi_body_told(cop_actor *self);
static inline void
copi_body_wake(cop_actor *self)
{
    if (COPI_UNLIKELY(self->behaviour->sequence != NULL))
        copi_body_told(self);
}

/* receive.c */

/* Takes new mail: signals act, messages wait for their turn.  All that is newer than `handled`,
 * which has been handled in the mailbox. */
void copi_receive_after(cop_actor *self, copi_mail *handled);
static inline void
copi_receive(cop_actor *self)
{
    copi_receive_after(self, NULL);
}
/* Handles the ends of children that wait for their turn; an ending actor has no turns. */
void copi_settle_batch(cop_actor *self);
static inline void
copi_settle_children(cop_actor *self)
{
    if (self->batch != NULL)
        copi_settle_batch(self);
}
/* Puts an envelope behind what waits for its turn. */
void copi_append(cop_actor *self, copi_envelope *envelope);

/* hurry.c */

/* Puts what ends a call before all that waits, for the one below. */
void copi_hurry_calls(cop_actor *self);
/* Of an actor that is ending, and has to wait for children: ends these calls. */
void copi_end_hurried_calls(cop_actor *self);

/* self.c */

/* cop_path into `room` of `size` bytes, where the result points to.  The actor's runner; calls
 * nothing that a signal handler may not call. */
const char *copi_path_write(const cop_actor *self, char *room, size_t size);
/* Frees the ties, which are empty. */
void copi_ties_free(cop_actor *self);

#endif /* COPPICE_CORE_ACTOR_H */
