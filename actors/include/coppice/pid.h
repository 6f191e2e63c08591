/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pid.h - who an actor is: a weak reference that is plain data.
 *
 * A pid never keeps its actor alive and never dangles.  It can be copied, compared,
 * printed, parsed and sent to other nodes.  The id holds a slot and a generation that
 * never comes again, the node is the incarnation of one run of one node: a pid of an
 * earlier run or an ended actor is refused, never delivered to a stranger.
 */
#ifndef COPPICE_PID_H
#define COPPICE_PID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <coppice/err.h>

typedef struct cop_pid {
    uint64_t node; /* incarnation of the node that the actor lives on */
    uint64_t id;   /* generation in the upper half, slot in the lower */
} cop_pid;

/* No actor at all; what a zeroed struct holds. */
#define COP_PID_NONE ((cop_pid){0, 0})

/* Names one monitor, call or timer of one actor; zero names none. */
typedef struct cop_ref {
    uint64_t bits;
} cop_ref;

/* Room for any printed pid with its terminating zero. */
#define COP_PID_TEXT 48

static inline bool
cop_pid_equal(cop_pid a, cop_pid b)
{
    return a.id == b.id && a.node == b.node;
}

static inline bool
cop_pid_is_none(cop_pid pid)
{
    return pid.id == 0 && pid.node == 0;
}

/* A total order, for sorted tables: negative, zero or positive.  Any thread. */
COP_API int cop_pid_compare(cop_pid a, cop_pid b);

/*
 * Writes "<node.slot.generation>" (node in hexadecimal) into `text` and returns it.
 * Any thread.  `text` must have COP_PID_TEXT bytes.
 */
COP_API char *cop_pid_print(cop_pid pid, char text[COP_PID_TEXT]);

/*
 * Reads what cop_pid_print wrote, the whole string.  Any thread.
 * COP_E_INVAL, and `out` untouched, if it is anything else.
 */
COP_API COP_MUST_USE cop_err cop_pid_parse(const char *text, cop_pid *out);

#endif /* COPPICE_PID_H */
