/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ties.h - all that an actor holds or is held by, beside its mailbox and state.
 *
 * Most actors have no such thing, so it stands apart from the record.  Everything here is
 * the runner's, and is gone before the actor's end is told to anybody.
 *
 * Things that bring themselves into the mailbox (a due timer, a call's deadline, a ready
 * descriptor) have their envelope embedded, so that this cannot fail.  While it is in the
 * mailbox, `is_queued`, the thing may be dropped (`is_dropped`) but not freed.  The letter of
 * the ties is the only one that goes into a mailbox of somebody else: of a child, which the
 * actor outlives.
 *
 * What has to be told when a tie ends cannot fail either: its record has room for that message
 * in front, and becomes it (copi_signal_in).
 */
#ifndef COPPICE_CORE_TIES_H
#define COPPICE_CORE_TIES_H

#include "base/map.h"
#include "core/actor.h"

/* With whom; key: the pid. */
typedef struct copi_link {
    copi_envelope letter;
    cop_exited exited;
    copi_map_node node;
    uint64_t unlink; /* the number of an unlink that is not yet answered; 0: linked */
} copi_link;

/* Whom I watch; key: 0, ref. */
typedef struct copi_monitor {
    copi_envelope letter;
    copi_map_node node;
    cop_pid who;
} copi_monitor;

/* Who watches me; key: node of the watcher, ref. */
typedef struct copi_watcher {
    copi_envelope letter;
    cop_down down;
    copi_map_node node;
    cop_pid who;
} copi_watcher;

/* A call that waits for its answer; key: 0, ref. */
typedef struct copi_call {
    copi_map_node node;
    copi_timer timer;
    copi_envelope due; /* COPI_DEADLINE */
    cop_actor *caller;
    cop_then then;
    cop_pid callee;
    uint32_t scope; /* of an actor that is ending: the scope that it was a child of; 0: none */
} copi_call;

/* A request that I have deferred; key: node of the caller, ref. */
typedef struct copi_deferred {
    copi_envelope letter;
    cop_err err;
    copi_map_node node;
    cop_pid caller;
} copi_deferred;

/*
 * A message to myself, later.  What is looked at when it is called off, as most are, is one
 * record in the worker's slots.  The message waits in a block of its own and is shown to its
 * handler from there; a record that is free again keeps the block for its next user, so that
 * calling off need not touch it.
 */
typedef struct copi_letter {
    copi_envelope due; /* COPI_TIMER; type, size and has_bufs: of the message; ref: see below */
    int64_t period;    /* nanoseconds; 0: once */
    char message[];
} copi_letter;

typedef struct copi_alarm {
    copi_place place;
    copi_timer timer; /* size: of the letter; has_bufs as there */
    cop_actor *actor;
    copi_letter *letter;     /* of a free record: one of that size, or NULL */
    uint32_t older, younger; /* of the same actor, by their places; 0: none is */
} copi_alarm;

_Static_assert(sizeof(copi_alarm) <= COPI_PLACE_SIZE, "an alarm is one record");

/* What the letter is for; NULL if that was called off while the letter was in the mailbox. */
static inline copi_alarm *
copi_alarm_of(const copi_letter *letter)
{
    return (copi_alarm *)(uintptr_t)letter->due.ref;
}

typedef struct copi_leaf copi_leaf; /* scope.h */

/* What hangs in a scope: the actor's own, or a local one. */
typedef struct copi_brood {
    cop_actor *oldest, *youngest; /* children, in the order in which they stop */
    copi_leaf *leaves;            /* the youngest first */
    copi_scope *scopes;           /* the youngest first */
    uint32_t child_count;
    uint32_t service_count; /* of the children */
    uint32_t leaf_count;
    uint32_t scope_count;
} copi_brood;

/* What an owner does later for lack of memory: bits. */
enum copi_debts {
    COPI_OWES_WORDS = 1,  /* to some child: see cop_actor.owed */
    COPI_OWES_LADDER = 2, /* the timer could not be armed */
};

struct copi_ties {
    copi_map links, monitors, watchers, calls, deferred;
    copi_map watches;      /* of io/watch.c */
    uint32_t alarms;       /* the place of the youngest; 0: none is */
    int64_t deadline;      /* of what it is a part of, nanoseconds; 0: none */
    uint32_t scope_number; /* of the last scope that was opened */
    copi_map scopes;       /* the local ones; key: 0, number */
    copi_map leaves;       /* key: 0, ref */
    copi_scope *shield;    /* the nearest that a body stands in, whose time counts; or NULL */
    copi_brood own;        /* of the actor's own scope */
    uint32_t child_count;  /* of actors, in all scopes */
    uint32_t held_count;   /* of leaves that the end has to wait for, in all scopes */
    copi_timer ladder;     /* the next child to be killed */
    copi_envelope ladder_due;
    /* For a child that is to end, if there is no memory for another; its, and the child's that
     * reads it, while is_letter_out is set. */
    copi_envelope letter;
    cop_actor *self;
    bool is_ladder_queued;
    bool is_ladder_armed;       /* or queued: the actor is pinned for it */
    uint8_t debts;              /* copi_debts */
    _Atomic bool is_letter_out; /* the owner sets it, the child that has read it clears it */
    struct copi_debug *debug; /* NULL: nobody looks on; else the phase is DEBUGGED, or later */
};

/* So long, but no longer than what is left: COP_INFINITY says that there is no end to that. */
static inline int32_t
copi_no_longer(int32_t within_ms, int64_t left_ms)
{
    return left_ms != COP_INFINITY && left_ms < within_ms ? (int32_t)left_ms : within_ms;
}

/* scope_time.c: the nearest deadline around it, up to a shield, or 0. */
int64_t copi_scope_deadline(const copi_scope *scope);

/* The nearer of the deadlines of the request that it handles, and of what it is a part of; 0:
 * there is none. */
static inline int64_t
copi_deadline_around(const cop_actor *self)
{
    if (COPI_UNLIKELY(self->ties != NULL && self->ties->shield != NULL))
        return copi_scope_deadline(self->ties->shield);
    int64_t deadline = self->ties == NULL ? 0 : self->ties->deadline;
    int64_t asked = self->current == NULL ? 0 : copi_request_deadline(self->current);

    return asked != 0 && (deadline == 0 || asked < deadline) ? asked : deadline;
}

/* links.c */
void copi_links_end(cop_actor *self, const cop_exit *why);
void copi_on_link(cop_actor *self, copi_envelope *envelope);
void copi_on_unlink(cop_actor *self, copi_envelope *envelope);
void copi_on_unlink_ack(cop_actor *self, copi_envelope *envelope);
void copi_on_exit(cop_actor *self, copi_envelope *envelope);
/* Makes a link on both sides of a spawn, without signals. */
cop_err copi_link_child(cop_actor *self, cop_actor *child);
/* Forgets a link without a signal. */
void copi_link_forget(cop_actor *self, cop_pid with);

/* monitors.c */
void copi_monitors_end(cop_actor *self, const cop_exit *why);
void copi_on_monitor(cop_actor *self, copi_envelope *envelope);
void copi_on_demonitor(cop_actor *self, copi_envelope *envelope);
/* True if it is to be handled in its turn; else it is freed. */
bool copi_on_down(cop_actor *self, copi_envelope *envelope);
cop_err copi_monitor_child(cop_actor *self, cop_actor *child, cop_ref *out);
/* Undoes it, without a signal. */
void copi_monitor_forget(cop_actor *self, cop_actor *child, cop_ref ref);

/* names.c */
/* Frees the name that this actor has, if it has one. */
void copi_names_end(cop_actor *self);
/* Tells the route of the name that this actor has got with its start. */
void copi_names_told(cop_actor *self);

/* calls.c */
void copi_calls_end(cop_actor *self);
void copi_deadline_due(copi_worker *worker, copi_timer *timer);
/* As cop_ask, with a number of the caller's own, from copi_new_ref.  Not bounded: whoever is
 * asked sees to it that what is around this actor bounds the call. */
cop_err copi_ask_numbered(cop_actor *me, uint64_t ref, cop_pid to, int32_t within_ms,
                          bool is_bounded, const cop_then *then, const cop_type *type,
                          const void *message);
/* That call ends with COP_E_CANCELLED; what its handler returned. */
cop_err copi_ask_cancelled(cop_actor *self, uint64_t ref);
/* Somebody else is to be told of its end, and what goes wrong there is that scope's. */
void copi_ask_redirect(cop_actor *self, uint64_t ref, const cop_then *then, uint32_t scope);
/* As cop_ask, of a local actor, with an order to its debugger; the kind says when it acts.
 * `out` may be NULL. */
cop_err copi_ask_debugger(cop_actor *me, cop_pid to, int32_t within_ms, const cop_then *then,
                          copi_kind kind, const cop_type *type, const void *order,
                          cop_ref *out);
/* The envelope is still the caller's. */
cop_err copi_handle_reply(cop_actor *self, copi_envelope *envelope);
cop_err copi_handle_deadline(cop_actor *self, copi_envelope *envelope);
void copi_drop_deadline(cop_actor *self, copi_envelope *envelope);
/* An actor that is ending has got that: a call whose deadline it is, or whose answer, waits no
 * longer, and is told so.  True if the envelope has been dropped. */
bool copi_call_ends_with(cop_actor *self, copi_envelope *envelope);

/* answers.c */
void copi_deferred_end(cop_actor *self);
/* Answers the request being handled, if nobody has, as far as it is one. */
void copi_answer_unanswered(cop_actor *self, cop_err err);
/* The same when its handler, or body, has returned `err`: of an actor that ends with an error
 * it is answered COP_E_DOWN, and like what was deferred when all that it owned is gone. */
void copi_answer_handled(cop_actor *self, cop_err err);

/* ask_leaf.c */
/* The call is no longer a child of a scope, if it was. */
void copi_ask_given_up(cop_actor *self, cop_ref ref);

/* alarms.c */
void copi_alarms_end(cop_actor *self);
void copi_alarm_due(copi_worker *worker, copi_timer *timer);
cop_err copi_handle_alarm(cop_actor *self, copi_envelope *envelope);
void copi_drop_alarm(cop_actor *self, copi_envelope *envelope);
uint32_t copi_alarms_count(const cop_actor *self);
/* The memory of all of them, of an actor that does not end. */
void copi_alarms_discard(cop_actor *self);

/* io/watch.c */
void copi_watches_end(cop_actor *self);
/* Moves them to another event base; nothing may run meanwhile. */
struct event_base;
void copi_watches_move(cop_actor *self, struct event_base *to);
cop_err copi_handle_watch(cop_actor *self, copi_envelope *envelope);
void copi_drop_watch(cop_actor *self, copi_envelope *envelope);

/* children.c */
/* The child of that pid; NULL: it is none of this actor's. */
cop_actor *copi_child_of(cop_actor *self, cop_pid pid);
void copi_child_add(cop_actor *self, cop_actor *child, const cop_spawn_opts *opts);
void copi_child_remove(cop_actor *self, cop_actor *child);
void copi_on_adopt(cop_actor *self, copi_envelope *envelope);
/* The owner's rule for a child that has ended; the record is freed. */
cop_err copi_handle_child_end(cop_actor *self, copi_envelope *envelope);

/* stop_children.c */
/* Tells the next child, or all of them, to stop. */
void copi_children_stop_all(cop_actor *self);
static inline void
copi_children_stop(cop_actor *self)
{
    if (self->ties != NULL && self->ties->child_count > 0)
        copi_children_stop_all(self);
}
/* Kills all of them: the node is in a hurry. */
void copi_children_kill(cop_actor *self);
void copi_child_tell(cop_actor *self, cop_actor *child, const cop_exit *why);
void copi_child_kill(cop_actor *self, cop_actor *child);
/* As cop_stop_child, with a reason. */
cop_err copi_stop_child(cop_actor *self, cop_pid child, const cop_exit *why);
void copi_on_ladder(cop_actor *self);
/* There may be memory again: a child has ended, or some time has passed. */
void copi_pay_debts(cop_actor *self);
/* By a child that has taken it out of its mailbox. */
void copi_letter_read(copi_envelope *letter);
void copi_ladder_due(copi_worker *worker, copi_timer *timer);
void copi_ladder_end(cop_actor *self);

#endif /* COPPICE_CORE_TIES_H */
