/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event.h - telling what happened; <coppice/event.h> is what is told.
 *
 * Nothing here allocates: an event is told by who has just failed.
 */
#ifndef COPPICE_DEBUG_EVENT_H
#define COPPICE_DEBUG_EVENT_H

#include <stdatomic.h>

#include <coppice/node.h>

#include "core/envelope.h"

enum {
    COPI_EVENT_KINDS = COP_EVENT_LEFT_OUT,
    COPI_EVENTS_PER_SECOND = 10,
};

/*
 * How many events of each kind there were in the present second.  Shared by all threads that
 * tell, each word on its own, relaxed: the second in the upper 32 bits, events in the lower.
 * Who moves a word to a new second has its old count, and tells of what was left out.
 */
typedef struct copi_event_counts {
    _Atomic uint64_t words[COPI_EVENT_KINDS];
} copi_event_counts;

/* May one more of this kind be told now?  To be asked once before an event is put together,
 * but for a STUCK one, which is not counted.  Any thread. */
bool copi_event_may(cop_node *node, cop_event_kind kind);

/* Tells an event that may be told, and sets its time.  Everything in it is borrowed.  Any
 * thread. */
void copi_event_tell(cop_node *node, cop_event *event);

/* child.c */

/* COP_EVENT_CHILD or COP_EVENT_PROGRESS, if it may be told: something has happened to a child,
 * which may have no actor; `why` may be NULL.  The supervisor's runner. */
void copi_event_child(cop_actor *supervisor, cop_event_kind kind, const char *child,
                      const char *news, cop_pid pid, const cop_exit *why);

/* crash.c */

/* The last words of an actor that a handler has ended abnormally: its end has begun, and
 * nothing is freed yet.  `handled`: what was being handled, NULL if it may be gone;
 * `message`: its name.  It may be told: copi_event_may.  The actor's runner. */
void copi_crash_report(cop_actor *self, const copi_envelope *handled, const char *message);

#endif /* COPPICE_DEBUG_EVENT_H */
